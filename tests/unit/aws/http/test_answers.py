"""Errors as they are rendered, read back for the journal."""

import pytest

from sandbox.aws.http.answers import error_of


@pytest.mark.parametrize(
    ("body", "error_type", "read"),
    [
        ("<Error><Code>NotFound</Code><Message>No\nsuch</Message></Error>", None, ("NotFound", "No\nsuch")),
        ("<Error><Code>NotFound</Code><message>No such</message></Error>", None, ("NotFound", "No such")),
        ("<Error><Code>NotFound</Code></Error>", None, ("NotFound", "")),
        ('{"__type": "com.amazonaws#NotFound", "message": "No such"}', None, ("NotFound", "No such")),
        ('{"Message": "No such"}', "NotFound", ("NotFound", "No such")),
        ("nothing known", None, ("Unknown", "nothing known")),
        ('{"message": "' + "<Code>" * 100_000 + '"}', "Invalid", ("Invalid", "<Code>" * 100_000)),  # a caller's text, in an error's
    ],
)
def test_code_and_message_of_an_error(body: str, error_type: str | None, read: tuple[str, str]) -> None:
    assert error_of(body.encode(), error_type) == read
