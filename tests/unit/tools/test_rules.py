"""The ratchet over rules and tests: what is newly without a test is named, and a test cannot stand for many rules at once."""

from tools.rules import complaints, crowded, documented, named

TABLE = """
from tests.support import rule as proves

@proves("TG-1", "TG-2", "TG-3", "TG-4")
@parametrize("x", [param(1, marks=proves("ALB-1")), param(2, marks=proves("ALB-2"))])
def test_a() -> None:
    '''rule("TG-9") in a text is no marker.'''

@proves("TG-5")
def test_b() -> None: ...
"""


def test_markers_of_tests_and_of_rows_name_rules() -> None:
    assert sorted(named(TABLE)) == ["ALB-1", "ALB-2", "TG-1", "TG-2", "TG-3", "TG-4", "TG-5"]


def test_only_the_markers_of_a_whole_test_crowd_it() -> None:
    assert crowded(TABLE) == {"test_a": 4}


def test_rules_are_paragraphs_rows_and_timelines() -> None:
    assert documented("- **TG-1** x\n| LBM-2 | y |\nB3. z\nsee **TG-9**\n") == ["TG-1", "LBM-2", "B3"]


def test_a_rule_newly_without_a_test_is_refused_by_name() -> None:
    (sentence,) = complaints({"TG-1", "TG-2"}, {"TG-1"}, {})
    assert sentence.startswith("TG-2 has no test. next: ")


def test_a_rule_that_has_a_test_leaves_the_list() -> None:
    (sentence,) = complaints(set(), {"TG-1"}, {})
    assert sentence.startswith("TG-1 is tested or no longer documented. next: remove it")


def test_a_crowded_test_is_refused_by_name() -> None:
    (sentence,) = complaints(set(), set(), {"tests/test_x.py": TABLE})
    assert sentence.startswith("tests/test_x.py: test_a names 4 rules, at most 3")
