"""What a load balancer does to headers by its attributes and those of its listeners (ALB-7, ALB-17), and the limits of requests (ALB-36).
What needs bytes on the wire is marked `process`.
"""

import socket

import pytest

from tests.support import rule as proves
from tests.support.drivers.proxies import ARN, EnvoyHarness, Got, Harness, fixed, forward, group, listener, rule


def headers_of(got: Got) -> dict[str, str]:
    return {name.lower(): value for name, value in got.headers.items()}


TOO_LARGE = {
    "request line": ("/" + "a" * 17_000, {}, 414),
    "query string": ("/?" + "a" * 17_000, {}, 414),
    "header": ("/", {"X-Big": "x" * 20_000}, 400),
    "name of a header": ("/", {"X-" + "x" * 20_000: "1"}, 400),
}


@proves("ALB-36")
@pytest.mark.parametrize("case", TOO_LARGE)
def test_a_request_line_or_a_header_over_16_k_is_refused_before_any_rule(harness: Harness, case: str) -> None:
    path, headers, status = TOO_LARGE[case]
    harness.apply(listener(rule(1, fixed("fine"), path_patterns=("/*",)), rule(None, forward("tg"))), group("tg"))
    before = len(harness.all_records(0))
    got = harness.ask(path, headers=headers)
    assert (got.status, headers_of(got)["server"]) == (status, "awselb/2.0")
    (record,) = harness.all_records(before + 1)[before:]
    assert (record.elb_status_code, record.rule_priority, record.actions_executed, record.target_group) == (status, -1, "-", None)


def test_a_request_of_almost_16_k_in_line_and_header_is_served(harness: Harness) -> None:
    harness.apply(listener(rule(None, fixed("fine"))))
    assert harness.ask("/" + "a" * 16_300, headers={"X-Big": "x" * 16_300}).status == 200


HEADERS = (("Strict-Transport-Security", "max-age=60"), ("X-Frame-Options", "DENY"))


@proves("ALB-17")
@pytest.mark.parametrize("path", ["/target", "/fixed", "/empty", "/trace"])
def test_each_response_has_the_headers_of_the_listener(harness: Harness, path: str) -> None:
    rules = (rule(1, fixed("fine"), path_patterns=("/fixed",)), rule(2, forward("empty"), path_patterns=("/empty",)))
    shown = listener(*rules, rule(None, forward("tg")), response_headers=HEADERS)
    harness.apply(shown, group("tg", harness.endpoint("i-a")), group("empty"))
    got = harness.ask(path, method="TRACE" if path == "/trace" else "GET")
    assert {name.lower(): value for name, value in HEADERS}.items() <= headers_of(got).items()


@proves("ALB-17")
@pytest.mark.parametrize("path", ["/fixed", "/empty", "/dead", "/" + "a" * 17_000])
def test_own_responses_have_no_server_header_where_the_listener_has_it_switched_off(harness: Harness, path: str) -> None:
    rules = [rule(n, forward(name), path_patterns=(f"/{name}",)) for n, name in enumerate(("empty", "dead"), start=1)]
    dead = group("dead", harness.endpoint("i-refused", behaves="refused"))
    for switched_on in (False, True):
        harness.apply(listener(*rules, rule(None, fixed("fine")), server_header=switched_on), group("empty"), dead)
        assert ("server" in headers_of(harness.ask(path))) is switched_on


# ---- only a real proxy has these ---------------------------------------------------------------------------------------------------------


def seen_by_the_target(envoy: EnvoyHarness, lines: bytes, **attributes: bool | str) -> list[tuple[str, str]]:
    """The headers of a request with these header lines, in order."""
    envoy.apply(listener(rule(None, forward("tg")), **attributes), group("tg", envoy.endpoint("i-a")))
    with socket.create_connection(envoy.proxy.local_address(ARN), timeout=5) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + lines + b"\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        client_port = connection.getsockname()[1]
    headers = envoy.targets["i-a"].requests[-1]["headers"]
    return [(name, value.replace(str(client_port), "PORT")) for name, value in dict(headers).items()]


@pytest.mark.process
@proves("ALB-7")
def test_headers_with_invalid_names_are_dropped_where_the_load_balancer_does_so(envoy: EnvoyHarness) -> None:
    lines = b"X-Good-1: a\r\nX_Under_Score: b\r\nx.dot: c\r\nX!y: d\r\n"
    invalid = {("X_Under_Score", "b"), ("x.dot", "c"), ("X!y", "d")}
    assert invalid | {("X-Good-1", "a")} <= set(seen_by_the_target(envoy, lines))
    dropped = set(seen_by_the_target(envoy, lines, drop_invalid_headers=True))
    assert ("X-Good-1", "a") in dropped and not invalid & dropped


@pytest.mark.process
@proves("ALB-30")
@pytest.mark.parametrize(
    ("mode", "given", "seen"),
    [
        ("append", b"", "127.0.0.1:PORT"),
        ("append", b"X-Forwarded-For: 10.1.1.1\r\n", "10.1.1.1, 127.0.0.1:PORT"),
        ("preserve", b"X-Forwarded-For: 10.1.1.1\r\n", "10.1.1.1"),
        ("remove", b"X-Forwarded-For: 10.1.1.1\r\n", None),
    ],
)
def test_the_client_port_is_part_of_what_is_appended(envoy: EnvoyHarness, mode: str, given: bytes, seen: str | None) -> None:
    headers = dict(seen_by_the_target(envoy, given, xff_client_port=True, xff_mode=mode))
    assert headers.get("X-Forwarded-For") == seen
