"""HTTP between clients, a real Envoy and targets: headers, malformed messages, upgrades, clients that give up."""

import socket
import time

import pytest

from tests.support import rule as proves
from tests.support.drivers.proxies import ARN, EnvoyHarness, fixed, forward, group, listener, rule
from tests.support.waiting import until


@pytest.mark.process
@proves("ALB-30")
def test_the_target_sees_who_asked_and_how(envoy: EnvoyHarness) -> None:
    plain = headers_seen(envoy)
    assert plain["X-Forwarded-For"] == "127.0.0.1"
    assert (plain["X-Forwarded-Proto"], plain["X-Forwarded-Port"]) == ("http", "80")
    given = {"X-Forwarded-For": "10.1.1.1"}
    assert headers_seen(envoy, given)["X-Forwarded-For"] == "10.1.1.1, 127.0.0.1"
    assert headers_seen(envoy, given, xff_mode="preserve")["X-Forwarded-For"] == "10.1.1.1"
    assert "X-Forwarded-For" not in headers_seen(envoy, given, xff_mode="remove")


def headers_seen(envoy: EnvoyHarness, headers: dict[str, str] | None = None, **changes) -> dict[str, str]:
    """By the target, of a request with these headers to a listener with these changes."""
    envoy.apply(listener(rule(None, forward("tg")), **changes), group("tg", envoy.endpoint("i-a")))
    assert envoy.ask("/a?b=c", headers=headers).status == 200
    last = envoy.targets["i-a"].requests[-1]
    assert last["line"] == "GET /a?b=c HTTP/1.1"
    return dict(last["headers"])


@pytest.mark.process
@proves("ALB-31")
def test_the_trace_id_begins_at_the_load_balancer_or_gets_its_own_part(envoy: EnvoyHarness) -> None:
    plain = headers_seen(envoy)["X-Amzn-Trace-Id"]
    assert plain.startswith("Root=1-") and len(plain) == len("Root=1-") + 8 + 1 + 24
    continued = headers_seen(envoy, {"X-Amzn-Trace-Id": "Self=1-0-0;Root=1-67891233-abcdef012345678912345678;CalledFrom=app"})
    assert continued["X-Amzn-Trace-Id"].startswith("Self=1-") and not continued["X-Amzn-Trace-Id"].startswith("Self=1-0-0")
    assert continued["X-Amzn-Trace-Id"].endswith(";Root=1-67891233-abcdef012345678912345678;CalledFrom=app")


@pytest.mark.process
@proves("ALB-32")
def test_the_host_header_gets_the_listeners_port_unless_it_is_preserved(envoy: EnvoyHarness) -> None:
    assert headers_seen(envoy, {"Host": "WWW.Example.com:8081"})["Host"] == "www.example.com"
    assert headers_seen(envoy, {"Host": "WWW.Example.com"}, port=8080)["Host"] == "www.example.com:8080"
    assert headers_seen(envoy, {"Host": "WWW.Example.com:8081"}, preserve_host_header=True)["Host"] == "WWW.Example.com:8081"


@pytest.mark.process
@proves("ALB-33")
def test_hop_by_hop_headers_end_at_the_load_balancer_and_others_are_kept(envoy: EnvoyHarness) -> None:
    seen = headers_seen(envoy, {"X-MiXeD": "case", "X-Request-Id": "mine", "Keep-Alive": "timeout=5", "Proxy-Connection": "keep-alive"})
    assert (seen["X-MiXeD"], seen["X-Request-Id"]) == ("case", "mine")
    assert {"keep-alive", "proxy-connection", "connection"} & {name.lower() for name in seen} == set()


@pytest.mark.process
def test_the_target_sees_nothing_of_the_proxy_behind_the_load_balancer(envoy: EnvoyHarness) -> None:
    plain = headers_seen(envoy, {"x-envoy-retry-on": "5xx"})
    assert [name for name in plain if name.lower().startswith("x-envoy") or name.lower() == "x-request-id"] == []


@pytest.mark.process
@proves("ALB-34")
def test_own_responses_have_the_server_header_and_responses_of_targets_keep_theirs(envoy: EnvoyHarness) -> None:
    envoy.apply(
        listener(rule(1, forward("empty"), path_patterns=("/none",)), rule(None, forward("tg"))), group("tg", envoy.endpoint("i-a"))
    )
    own = {name.lower(): value for name, value in envoy.ask("/none").headers.items()}
    assert (own["server"], own["content-type"], own["content-length"]) == ("awselb/2.0", "text/html", "162")
    assert "date" in own
    assert envoy.ask("/").headers["Server"].startswith("BaseHTTP")


@pytest.mark.process
@proves("ALB-39")
@pytest.mark.parametrize(("behaves", "status"), [("reset", 502), ("garbage", 502), pytest.param("huge", 502, marks=proves("ALB-36"))])
def test_malformed_responses_become_502_without_a_retry(envoy: EnvoyHarness, behaves: str, status: int) -> None:
    envoy.apply(listener(rule(None, forward("tg"))), group("tg", envoy.endpoint("i-broken", behaves=behaves)))
    envoy.targets["i-broken"].requests.clear()
    got = envoy.ask()
    assert (got.status, len(got.body), len(envoy.targets["i-broken"].requests)) == (status, 122, 1)


@pytest.mark.process
@proves("ALB-36")
@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: " + b"1.1.1.1, " * 30 + b"1.1.1.1\r\n\r\n", 463),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-Big: " + b"x" * 66_000 + b"\r\n\r\n", 400),
        (b"GET / HTTP/1.0\r\nHost: x\r\n\r\n", 200),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: " + b"1.1.1.1, " * 29 + b"1.1.1.1\r\nConnection: close\r\n\r\n", 200),
    ],
)
def test_unusual_requests(envoy: EnvoyHarness, request_text: bytes, status: int) -> None:
    envoy.apply(listener(rule(None, fixed("fine"))))
    with socket.create_connection(envoy.proxy.local_address(ARN), timeout=5) as connection:
        connection.sendall(request_text)
        answer = connection.recv(65536)
    assert int(answer.split()[1]) == status
    assert b"awselb/2.0" in answer


@pytest.mark.process
@proves("ALB-37")
def test_websocket_passes(envoy: EnvoyHarness) -> None:
    envoy.apply(listener(rule(None, forward("tg"))), group("tg", envoy.endpoint("i-ws", behaves="upgrade")))
    with socket.create_connection(envoy.proxy.local_address(ARN), timeout=5) as connection:
        connection.sendall(b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 101")
        connection.sendall(b"hello")
        assert connection.recv(65536) == b"echo hello"


@pytest.mark.process
def test_a_client_that_gives_up_is_recorded_with_460(envoy: EnvoyHarness) -> None:
    endpoint = envoy.endpoint("i-slow", behaves="slow")
    envoy.apply(listener(rule(None, forward("tg"))), group("tg", endpoint))
    with socket.create_connection(envoy.proxy.local_address(ARN), timeout=5) as connection:
        connection.sendall(b"GET /gives-up HTTP/1.1\r\nHost: x\r\n\r\n")
        assert envoy.targets["i-slow"].entered.wait(5)
    until(lambda: [r for r in envoy.records if "/gives-up" in r.request and r.elb_status_code == 460])
    envoy.targets["i-slow"].go.set()


@pytest.mark.process
@proves("ALB-39")
def test_a_client_cannot_control_envoy_with_headers(envoy: EnvoyHarness) -> None:
    steering = {"x-envoy-upstream-rq-timeout-ms": "10", "x-envoy-retry-on": "5xx,connect-failure", "x-envoy-max-retries": "3"}
    envoy.apply(listener(rule(None, forward("tg"))), group("tg", envoy.endpoint("i-steered", behaves="hang")))
    began = time.monotonic()
    assert envoy.ask(headers=steering).status == 504
    assert time.monotonic() - began > 0.9  # the idle timeout, not the client's
    assert len(envoy.targets["i-steered"].requests) == 1
