"""Requests that no SDK would send: AWS's code in JSON, never a traceback, and nothing is kept of them."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.aws import Aws, signed
from tests.support.services.zones.arc import ShiftBench

START = {"resourceIdentifier": "ARN", "awayFrom": "use1-az6", "expiresIn": "2h", "comment": "x"}


@pytest.fixture
def raw(call: Any) -> Callable[[str, str, Any], tuple[int, str]]:
    """Method, path and body → status and code."""

    def send(method: str, path: str, body: Any = None) -> tuple[int, str]:
        sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        given = {"CONTENT_TYPE": "application/json", "HTTP_AUTHORIZATION": signed("arc-zonal-shift")}
        status, headers, answer = call(method, path, sent, **given)
        document = json.loads(answer)
        assert document["message"], "an error says what is wrong"
        return status, headers["x-amzn-errortype"]

    return send


@pytest.mark.parametrize(
    ("method", "path", "body", "error"),
    [
        ("POST", "/zonalshifts", None, (400, "ValidationException")),
        ("POST", "/zonalshifts", b"{", (400, "SerializationException")),
        ("POST", "/zonalshifts", b"\xff\xfe", (400, "SerializationException")),
        ("POST", "/zonalshifts", [], (400, "SerializationException")),
        ("POST", "/zonalshifts", START | {"comment": 7}, (400, "SerializationException")),
        ("POST", "/zonalshifts", START | {"comment": None}, (400, "ValidationException")),
        ("POST", "/zonalshifts", START | {"awayFrom": {"zone": "a"}}, (400, "SerializationException")),
        ("POST", "/zonalshifts", START | {"expiresIn": "2h\u0000"}, (400, "ValidationException")),
        ("POST", "/zonalshifts", START | {"expiresIn": "٣h"}, (400, "ValidationException")),  # a digit, but not of ASCII
        ("POST", "/zonalshifts", START | {"resourceIdentifier": "arn:aws:::::::"}, (404, "ResourceNotFoundException")),
        ("POST", "/zonalshifts", START | {"resourceIdentifier": "x" * 2000}, (400, "ValidationException")),
        ("PATCH", "/zonalshifts/no-such-shift", {"comment": "x"}, (404, "ResourceNotFoundException")),
        ("PATCH", "/zonalshifts/..%2f..", {"comment": "x"}, (404, "ResourceNotFoundException")),
        ("DELETE", "/zonalshifts/no-such-shift", None, (404, "ResourceNotFoundException")),
        ("DELETE", "/practiceruns/no-such-shift", None, (404, "ResourceNotFoundException")),
        ("GET", "/zonalshifts?maxResults=0", None, (400, "ValidationException")),
        ("GET", "/zonalshifts?maxResults=101", None, (400, "ValidationException")),
        ("GET", "/zonalshifts?maxResults=many", None, (400, "SerializationException")),
        ("GET", "/zonalshifts?status=ACTIVE%20", None, (400, "ValidationException")),
        ("GET", "/autoshifts?status=EXPIRED", None, (400, "ValidationException")),
        ("GET", "/autoshifts?nextToken=7", None, (400, "ValidationException")),
        ("GET", "/managedresources/nonsense", None, (400, "ValidationException")),
        ("PUT", "/managedresources/arn%3Aaws%3Aelasticloadbalancing%3Aus-east-1%3A123456789012%3Ax", {}, (400, "ValidationException")),
        ("PATCH", "/configuration/arn%3Aaws%3Aelasticloadbalancing%3Aus-east-1%3A123456789012%3Ax", {}, (404, "ResourceNotFoundException")),
        ("PATCH", "/configuration/nonsense", {"blockedDates": "2026-05-07"}, (400, "SerializationException")),
        ("POST", "/configuration", {"resourceIdentifier": "nonsense", "outcomeAlarms": [None]}, (400, "SerializationException")),
        ("PUT", "/autoshift-observer-notification", {"status": "SOMETIMES"}, (400, "ValidationException")),
        ("GET", "/nowhere", None, (404, "UnknownOperationException")),
        ("PUT", "/zonalshifts", {}, (404, "UnknownOperationException")),
    ],
)
def test_a_bad_request_gets_the_code_of_its_error(raw: Any, aws: Aws, method: str, path: str, body: Any, error: tuple[int, str]) -> None:
    arn = ShiftBench(aws).load_balancer()
    given = body | {"resourceIdentifier": arn} if isinstance(body, dict) and body.get("resourceIdentifier") == "ARN" else body
    assert raw(method, path, given) == error
    assert [event.summary for event in aws.journal.events() if event.detail_type == "Sandbox Fault"] == []
    assert aws("arc-zonal-shift").list_zonal_shifts()["items"] == []
