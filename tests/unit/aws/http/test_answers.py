"""Errors as they are rendered, read back for the journal."""

import pytest

from sandbox.aws.http.answers import CBOR, Answer, error_of, render
from sandbox.aws.protocols.errors import named
from sandbox.core.errors import ApiError


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
    headers = (("X-Amzn-ErrorType", error_type),) if error_type else ()
    assert error_of(Answer(status=400, headers=headers, body=body.encode())) == read


@pytest.mark.parametrize("protocol", ["query", "json", CBOR])
def test_the_journal_has_the_same_code_in_every_protocol(protocol: str) -> None:
    refused = ApiError("InvalidParameterValue", "The value x is invalid.")
    answer = render(refused, protocol, named("cloudwatch", refused.code, protocol, {}))
    assert error_of(answer) == ("InvalidParameterValue", "The value x is invalid.")
