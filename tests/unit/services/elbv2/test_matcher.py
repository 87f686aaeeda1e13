import pytest

from sandbox.services.elbv2.model import Codes
from tests.support import rule


@rule("TG-1")
@pytest.mark.parametrize(
    ("matcher", "code", "matches"),
    [
        ("200", 200, True),
        ("200", 201, False),
        ("200,202", 202, True),
        ("200,202", 201, False),
        ("200-299", 200, True),
        ("200-299", 299, True),
        ("200-299", 300, False),
        ("200,300-304", 302, True),
        ("200,300-304", 201, False),
        ("200-499", 500, False),
        ("200", None, False),
    ],
)
def test_a_code_matches_lists_and_ranges(matcher, code, matches):
    assert Codes(matcher).match(code) is matches


@rule("TG-1")
@pytest.mark.parametrize("matcher", ["", "2xx", "200-", "200,", "20", "299-200", "199", "200-500", "200 ,202", "200;202"])
def test_refuses_what_is_no_list_of_codes_within_200_to_499(matcher):
    with pytest.raises(ValueError, match=f"^.{matcher}. "):
        Codes(matcher)
