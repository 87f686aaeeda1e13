"""What every Proxy does, simulated or Envoy: rules, redirects, choice of target, statuses, access records. Tests of what only Envoy has
(bytes, headers, restarts under load) are at the end, marked `process`.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.core.clock import WallClock
from sandbox.drivers.proxy.base import Connections, ProxyConfig, Redirect
from sandbox.drivers.proxy.envoy import admin
from sandbox.drivers.proxy.envoy import proxy as process
from sandbox.drivers.proxy.envoy.admin import Admin, socket_path
from sandbox.drivers.proxy.envoy.config.bootstrap import bootstrap
from sandbox.drivers.proxy.envoy.ports import can_bind
from sandbox.drivers.proxy.envoy.process import binary
from sandbox.drivers.proxy.envoy.proxy import EnvoyProxy
from tests.support import rule as proves
from tests.support.drivers.proxies import ARN, DNS, SPEED, EnvoyHarness, Harness, Load, fixed, forward, free_ports, group, listener, rule
from tests.support.waiting import until


@proves("LBM-2")
def test_connections_of_clients_and_to_targets_are_counted(harness: Harness) -> None:
    harness.apply(listener(rule(None, forward("counted"))), group("counted", harness.endpoint("i-1")))
    none = Connections(opened=0, open=0)
    before = harness.proxy.connections().get(ARN, none).opened
    assert [harness.ask().status for _ in range(3)] == [200] * 3
    until(lambda: harness.proxy.connections().get(ARN, none).opened == before + 3)
    until(lambda: 1 <= harness.proxy.connections().get("counted", none).opened <= 3)  # Envoy keeps them open for the next request


def test_a_killed_proxy_is_reported_and_serves_its_configuration_again(harness: Harness) -> None:
    harness.apply(listener(rule(None, forward("killed"))), group("killed", harness.endpoint("i-1")))
    assert [harness.ask().status for _ in range(5)] == [200] * 5
    address, before = harness.proxy.local_address(ARN), list(harness.troubles)
    harness.kill()
    assert harness.proxy.available() is None
    assert [sentence.endswith("it is started again") for sentence in harness.troubles[len(before) :]] == [True]
    assert harness.proxy.local_address(ARN) == address
    assert harness.ask().status == 200
    none = Connections(opened=0, open=0)
    until(lambda: 0 < harness.proxy.connections().get(ARN, none).opened < 5)  # counted from 0 again


# ---- rules -------------------------------------------------------------------------------------------------------------------------------


@proves("ALB-22")
@pytest.mark.parametrize(
    ("conditions", "asked", "met"),
    [
        ({"path_patterns": ("/img/*",)}, {"path": "/img/a/b.png"}, True),
        ({"path_patterns": ("/img/*",)}, {"path": "/IMG/a"}, False),
        ({"path_patterns": ("/img/*",)}, {"path": "/x?/img/"}, False),
        ({"path_patterns": ("/a",)}, {"path": "/a?query=is&not=looked-at"}, True),
        ({"path_patterns": ("/a?c",)}, {"path": "/abc"}, True),
        ({"path_patterns": ("/a?c",)}, {"path": "/ac"}, False),
        ({"path_patterns": ("/a.c",)}, {"path": "/abc"}, False),
        ({"path_patterns": ("/x", "/y")}, {"path": "/y"}, True),
        ({"host_headers": ("*.example.com",)}, {"headers": {"Host": "WWW.Example.com"}}, True),
        ({"host_headers": ("*.example.com",)}, {"headers": {"Host": "www.example.com:8081"}}, True),
        ({"host_headers": ("*.example.com",)}, {"headers": {"Host": "example.com"}}, False),
        ({"http_headers": (("X-Kind", ("red*", "blue")),)}, {"headers": {"x-kind": "REDDISH"}}, True),
        ({"http_headers": (("X-Kind", ("red*", "blue")),)}, {"headers": {"x-kind": "green"}}, False),
        ({"http_headers": (("X-Kind", ("*",)),)}, {}, False),
        ({"http_headers": (("A", ("1",)), ("B", ("2",)))}, {"headers": {"A": "1"}}, False),
        ({"http_headers": (("A", ("1",)), ("B", ("2",)))}, {"headers": {"A": "1", "B": "2"}}, True),
        ({"request_methods": ("PUT", "DELETE")}, {"method": "PUT"}, True),
        ({"request_methods": ("PUT",)}, {"method": "GET"}, False),
        ({"query_strings": ((("version", "v1*"),),)}, {"path": "/?a=b&Version=V12&c=d"}, True),
        ({"query_strings": ((("version", "v1"),),)}, {"path": "/?version=v12"}, False),
        ({"query_strings": ((("version", "v1"),),)}, {"path": "/?noversion=v1"}, False),
        ({"query_strings": (((None, "*needle*"),),)}, {"path": "/?any=a-needle-b"}, True),
        ({"query_strings": ((("a", "1"),), (("b", "2"), ("b", "3")))}, {"path": "/?b=3&a=1"}, True),
        ({"query_strings": ((("a", "1"),), (("b", "2"),))}, {"path": "/?a=1"}, False),
        ({"query_strings": (((None, "*"),),)}, {"path": "/a"}, False),
        ({"query_strings": (((None, "a=1"),),)}, {"path": "/?b=2&a=1"}, True),
        ({"query_strings": ((("a", "1&b=2"),),)}, {"path": "/?a=1&b=2"}, False),  # & is between parameters
        ({"query_strings": ((("a", "1"), ("a=b", "1")),)}, {"path": "/?a=b=1"}, False),
        ({"path_patterns": (r"/a\*c",)}, {"path": "/a*c"}, True),
        ({"path_patterns": (r"/a\*c",)}, {"path": "/abc"}, False),
        ({"path_patterns": ("/*a*a*a*ab",)}, {"path": "/" + "a" * 4000}, False),
        ({"query_strings": ((("*a*a", "*a*a*ab"),),)}, {"path": "/?" + "a" * 2000 + "=" + "a" * 2000}, False),
        ({"source_ips": ("127.0.0.8/30", "10.0.0.0/8")}, {"source": "127.0.0.9"}, True),
        ({"source_ips": ("127.0.0.8/30",)}, {"source": "127.0.0.1", "headers": {"X-Forwarded-For": "127.0.0.9"}}, False),
        ({"path_patterns": ("/a",), "request_methods": ("PUT",)}, {"path": "/a"}, False),
    ],
)
def test_all_conditions_must_match(harness: Harness, conditions, asked, met) -> None:
    harness.apply(listener(rule(10, fixed("met"), **conditions), rule(None, fixed("not met"))))
    assert harness.ask(**asked).body == ("met" if met else "not met")


@proves("ALB-21")
def test_first_rule_that_matches_wins_and_default_is_last(harness: Harness) -> None:
    harness.apply(
        listener(
            rule(1, fixed("one"), path_patterns=("/a",)), rule(2, fixed("two"), path_patterns=("/*",)), rule(None, fixed("default", 404))
        )
    )
    assert [harness.ask(path).body for path in ("/a", "/b")] == ["one", "two"]
    harness.apply(listener(rule(1, fixed("one"), path_patterns=("/a",)), rule(None, fixed("default", 404))))
    assert harness.ask("/b")[:2] == (404, None)


@proves("ALB-25")
@pytest.mark.parametrize(
    ("redirect", "path", "location"),
    [
        (Redirect(status_code=301, protocol="HTTPS", port="443"), "/a/b?c=d", "https://www.example.com:443/a/b?c=d"),
        (Redirect(status_code=302, host="new.#{host}"), "/a", "http://new.www.example.com:80/a"),
        (
            Redirect(status_code=302, path="/new/#{path}", query="from=#{port}&#{query}"),
            "/a?x=1",
            "http://www.example.com:80/new/a?from=80&x=1",
        ),
        (Redirect(status_code=301, path="/fixed", query=""), "/a?x=1", "http://www.example.com:80/fixed"),
    ],
)
def test_redirect_fills_placeholders(harness: Harness, redirect: Redirect, path: str, location: str) -> None:
    harness.apply(listener(rule(None, redirect)))
    got = harness.ask(path, headers={"Host": "www.example.com"})
    headers = {name.lower(): value for name, value in got.headers.items()}
    assert (got.status, headers["location"]) == (redirect.status_code, location)


def test_trace_is_not_allowed(harness: Harness) -> None:
    harness.apply(listener(rule(None, fixed("never"))))
    assert harness.ask(method="TRACE").status == 405


# ---- choice of target --------------------------------------------------------------------------------------------------------------------


@proves("TG-24")
def test_round_robin_is_exact(harness: Harness) -> None:
    harness.apply(listener(rule(None, forward("tg"))), group("tg", *(harness.endpoint(name) for name in ("i-a", "i-b", "i-c"))))
    seen = Counter(harness.ask().target for _ in range(30))
    assert seen == {"i-a": 10, "i-b": 10, "i-c": 10}


@proves("TG-35")
def test_unhealthy_targets_get_nothing_until_none_is_healthy(harness: Harness) -> None:
    def served(*healthy: bool) -> set[str | None]:
        endpoints = [harness.endpoint(f"i-{n}", healthy=state) for n, state in enumerate(healthy)]
        harness.apply(listener(rule(None, forward("tg"))), group("tg", *endpoints))
        return {harness.ask().target for _ in range(12)}

    assert served(True, False, True) == {"i-0", "i-2"}
    assert served(False, False, True) == {"i-2"}
    assert served(False, False, False) == {"i-0", "i-1", "i-2"}  # fail open
    assert served(True, False, False) == {"i-0"}


@proves("TG-35")
def test_one_healthy_target_of_150_gets_everything(harness: Harness) -> None:
    """Envoy's panic threshold in percent would count this as none."""
    good = harness.endpoint("i-good")
    bad = [harness.endpoint("i-refused", healthy=False, behaves="refused")] * 1
    others = [type(good)(target_id=f"i-{n}", host=bad[0].host, port=1 + n, target=f"x:{n}", zone="a", healthy=False) for n in range(149)]
    harness.apply(listener(rule(None, forward("tg"))), group("tg", good, *others))
    assert {harness.ask().target for _ in range(10)} == {"i-good"}


@proves("ALB-24")
def test_weights_divide_requests_and_zero_gets_none(harness: Harness) -> None:
    groups = [group(name, harness.endpoint(f"i-{name}")) for name in ("blue", "green", "off")]
    harness.apply(listener(rule(None, forward(("blue", 3), ("green", 1), ("off", 0)))), *groups)
    seen = Counter(harness.ask().target for _ in range(200))
    assert set(seen) == {"i-blue", "i-green"}
    assert 120 <= seen["i-blue"] <= 180  # 150 ± 5 standard deviations
    harness.apply(listener(rule(None, forward(("blue", 0), ("off", 0)))), *groups)
    assert harness.ask().status == 503


# ---- statuses ----------------------------------------------------------------------------------------------------------------------------


@proves("ALB-34", "ALB-45", "ALB-46")
@pytest.mark.parametrize(("behaves", "status"), [("refused", 502), ("blackhole", 504), ("hang", 504), ("500", 500), ("404", 404)])
def test_the_behaviour_of_the_only_target_decides_the_status(harness: Harness, behaves: str, status: int) -> None:
    endpoint = harness.endpoint(f"i-{behaves}", behaves=behaves)
    harness.apply(listener(rule(None, forward("tg"))), group("tg", endpoint))
    got = harness.ask()
    assert got.status == status
    if status in (502, 504):
        size = {502: 122, 504: 132}[status]
        assert len(got.body) == size and f"<h1>{status} " in got.body


@proves("TG-38", "ALB-34")
@pytest.mark.parametrize("name", ["empty", "unknown"])
def test_without_targets_the_answer_is_503(harness: Harness, name: str) -> None:
    harness.apply(listener(rule(None, forward(name))), group("empty"))
    got = harness.ask()
    assert (got.status, len(got.body)) == (503, 162)
    assert got.body == (
        "<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n<body>\r\n"
        "<center><h1>503 Service Temporarily Unavailable</h1></center>\r\n</body>\r\n</html>\r\n"
    )


@proves("ALB-39")
def test_a_failed_request_is_not_retried_on_another_target(harness: Harness) -> None:
    endpoints = [harness.endpoint("i-good"), harness.endpoint("i-refused", behaves="refused")]
    harness.apply(listener(rule(None, forward("tg"))), group("tg", *endpoints))
    assert Counter(harness.ask().status for _ in range(10)) == {200: 5, 502: 5}


# ---- access records ----------------------------------------------------------------------------------------------------------------------


@proves("LBM-6")
def test_each_request_is_recorded_once(harness: Harness) -> None:
    endpoints = [harness.endpoint("i-good"), harness.endpoint("i-refused", behaves="refused")]
    harness.apply(
        listener(
            rule(7, fixed("x", 404), path_patterns=("/fixed",)),
            rule(8, forward("empty"), path_patterns=("/empty",)),
            rule(None, forward("tg")),
        ),
        group("tg", *endpoints),
        group("empty"),
    )
    before = len(harness.all_records(0))
    for path in ("/ok", "/ok", "/fixed", "/empty"):
        harness.ask(path)
    records = harness.all_records(before + 4)[before:]
    seen = Counter((r.elb_status_code, r.target_status_code, r.target_group, r.rule_priority, r.actions_executed) for r in records)
    assert seen == {
        (200, 200, "tg", 0, "forward"): 1,
        (502, None, "tg", 0, "forward"): 1,
        (404, None, None, 7, "fixed-response"): 1,
        (503, None, "empty", 8, "forward"): 1,
    }
    good = next(r for r in records if r.elb_status_code == 200)
    assert (good.listener, good.load_balancer, good.target) == (ARN, "app/web/50dc6c495c0c9188", endpoints[0].target)
    assert good.request == f"GET http://{DNS}:80/ok HTTP/1.1"
    assert good.target_processing_time >= 0 and good.time >= good.request_creation_time
    refused = next(r for r in records if r.elb_status_code == 502)
    assert refused.target_connection_error and refused.target_processing_time == -1.0


# ---- only a real proxy has these ---------------------------------------------------------------------------------------------------------


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
@proves("TG-24")
def test_least_outstanding_requests_goes_where_least_is_open(envoy: EnvoyHarness) -> None:
    slow, quick = envoy.endpoint("i-busy", behaves="slow"), envoy.endpoint("i-quick")
    envoy.targets["i-busy"].go.clear()
    envoy.apply(listener(rule(None, forward("tg"))), group("tg", slow, quick, algorithm="least_outstanding_requests"))
    entered, waiting = envoy.targets["i-busy"].entered, list[threading.Thread]()
    while not entered.is_set():
        waiting.append(threading.Thread(target=envoy.ask))
        waiting[-1].start()
        until(lambda: entered.is_set() or not waiting[-1].is_alive())
    # It has one open request, so all others go to the other target.
    assert {envoy.ask().target for _ in range(10)} == {"i-quick"}
    envoy.targets["i-busy"].go.set()
    for thread in waiting:
        thread.join()


@pytest.mark.process
@proves("TG-20")
def test_open_requests_complete_when_their_target_group_is_removed(envoy: EnvoyHarness) -> None:
    slow = envoy.endpoint("i-draining", behaves="slow")
    envoy.apply(listener(rule(None, forward("leaving"))), group("leaving", slow))
    answers = []
    thread = threading.Thread(target=lambda: answers.append(envoy.ask().status))
    thread.start()
    assert envoy.targets["i-draining"].entered.wait(5)
    envoy.apply(listener(rule(None, fixed("other"))))
    assert envoy.ask().body == "other"
    envoy.targets["i-draining"].go.set()
    thread.join()
    assert answers == [200]


@pytest.mark.process
@proves("TG-22")
def test_an_application_that_closes_before_the_delay_is_over_costs_its_open_requests(envoy: EnvoyHarness) -> None:
    leaving, staying = envoy.endpoint("i-hasty", behaves="slow"), envoy.endpoint("i-stays")
    envoy.apply(listener(rule(None, forward("tg"))), group("tg", leaving))
    answers: list[int] = []
    thread = threading.Thread(target=lambda: answers.append(envoy.ask().status))
    thread.start()
    assert envoy.targets["i-hasty"].entered.wait(5)
    envoy.apply(listener(rule(None, forward("tg"))), group("tg", staying))  # it drains
    envoy.targets["i-hasty"].close_connections()
    thread.join()
    envoy.targets["i-hasty"].go.set()
    assert answers == [502]
    assert {envoy.ask().target for _ in range(5)} == {"i-stays"}


@pytest.mark.process
@proves("LBM-2")
def test_an_open_connection_is_counted_while_it_is_open(envoy: EnvoyHarness) -> None:
    envoy.apply(listener(rule(None, fixed("here"))))
    until(lambda: ARN in envoy.proxy.connections() and envoy.proxy.connections()[ARN].open == 0)
    address = envoy.proxy.local_address(ARN)
    assert address is not None
    with socket.create_connection(address):
        until(lambda: envoy.proxy.connections()[ARN].open == 1)
    until(lambda: envoy.proxy.connections()[ARN].open == 0)


@pytest.mark.process
@proves("TG-20")
def test_open_requests_of_closed_connections_get_a_502(envoy: EnvoyHarness) -> None:
    stuck = envoy.endpoint("i-cut", behaves="slow")
    envoy.apply(listener(rule(None, forward("tg"))), group("tg", stuck))
    answers: list[int] = []
    thread = threading.Thread(target=lambda: answers.append(envoy.ask().status))
    thread.start()
    assert envoy.targets["i-cut"].entered.wait(5)
    troubles = len(envoy.troubles)
    envoy.proxy.close_connections(stuck.host, stuck.port)
    until(lambda: answers or len(envoy.troubles) > troubles)
    envoy.targets["i-cut"].go.set()
    thread.join()
    assert answers == ([200] if len(envoy.troubles) > troubles else [502])  # a kernel that cannot close connections is reported


@pytest.mark.process
def test_the_front_port_chooses_by_host(envoy: EnvoyHarness) -> None:
    envoy.apply(listener(rule(None, fixed("by name"))))
    front = envoy.ports.stop - 1
    assert envoy.ask(port=front).body == "by name"
    assert envoy.ask(port=front, headers={"Host": f"{DNS.upper()}:{front}"}).body == "by name"
    lost = envoy.ask(port=front, headers={"Host": "localhost"})
    assert lost.status == 404 and DNS in lost.body


@pytest.mark.process
def test_a_dns_name_answers_for_its_listener_on_port_80(envoy: EnvoyHarness) -> None:
    names = envoy.ports.stop - 2
    envoy.apply(listener(rule(None, fixed("by name"))))
    assert envoy.ask(port=names, headers={"Host": DNS}).body == "by name"
    assert envoy.ask(port=names, headers={"Host": f"{DNS.upper()}:{names}"}).body == "by name"
    envoy.apply(listener(rule(None, fixed("elsewhere")), port=8000))
    answer = envoy.ask(port=names, headers={"Host": DNS})
    assert answer.status == 404 and "Load balancers with a listener on port 80:" in answer.body


@pytest.mark.process
def test_a_taken_port_of_names_is_reported_and_used_when_it_is_free(tmp_path: Path) -> None:
    ports = free_ports(4)
    names = ports.stop - 1
    with socket.create_server(("127.0.0.1", names)) as other:
        proxy = EnvoyProxy(clock=WallClock(), directory=tmp_path, ports=range(ports.start, names), names_port=names)
        try:
            proxy.apply(ProxyConfig(listeners=(listener(rule(None, fixed("by name"))),)))
            assert proxy.problems()["names"].startswith(f"port {names} is in use by another program: http://<DNSName>/ reaches no")
            other.close()
            until(lambda: "names" not in proxy.problems())
            until(lambda: not can_bind("127.0.0.1", names))
        finally:
            proxy.close(keep_serving=False)


@pytest.mark.process
@proves("ALB-35")
def test_a_connection_past_its_maximum_age_is_asked_to_close_and_never_closed_by_force(envoy: EnvoyHarness) -> None:
    envoy.apply(listener(rule(None, fixed("here")), client_keep_alive=timedelta(seconds=60)))  # 1 s of real time
    client = http.client.HTTPConnection(*envoy.proxy.local_address(ARN), timeout=5)
    seen: list[str | None] = []

    while not seen or seen[-1] != "close":
        client.request("GET", "/")  # fails when Envoy has closed the connection in the meantime
        response = client.getresponse()
        assert (response.status, response.read()) == (200, b"here")
        seen.append(response.getheader("Connection"))
        assert len(seen) < 10
        threading.Event().wait(0.3)  # the maximum age is reached while the connection is idle
    client.close()
    assert seen[:3] == [None] * 3


@pytest.mark.process
@proves("ALB-39")
def test_a_client_cannot_control_envoy_with_headers(envoy: EnvoyHarness) -> None:
    steering = {"x-envoy-upstream-rq-timeout-ms": "10", "x-envoy-retry-on": "5xx,connect-failure", "x-envoy-max-retries": "3"}
    envoy.apply(listener(rule(None, forward("tg"))), group("tg", envoy.endpoint("i-steered", behaves="hang")))
    began = time.monotonic()
    assert envoy.ask(headers=steering).status == 504
    assert time.monotonic() - began > 0.9  # the idle timeout, not the client's
    assert len(envoy.targets["i-steered"].requests) == 1


@pytest.mark.process
def test_another_speed_of_the_clock_changes_timeouts(envoy: EnvoyHarness) -> None:
    envoy.apply(listener(rule(None, forward("tg"))), group("tg", envoy.endpoint("i-a")))
    envoys = Admin(envoy.directory / "admin.sock")

    def connect_timeout() -> str:
        clusters = json.loads(envoys.ask("GET", "/config_dump?resource=dynamic_active_clusters") or "{}").get("configs", [])
        return clusters[0]["cluster"]["connect_timeout"] if clusters else ""

    assert connect_timeout() == "0.250s"
    try:
        envoy.clock.set_speed(5)
        until(lambda: connect_timeout() == "2s")
    finally:
        envoy.clock.set_speed(SPEED)
    until(lambda: connect_timeout() == "0.250s")


@pytest.mark.process
def test_what_envoy_rejects_is_reported_until_it_is_corrected(envoy: EnvoyHarness) -> None:
    envoy.apply(listener(rule(None, fixed("before"))))
    broken = listener(rule(None, fixed("x", 99)))  # no HTTP status
    envoy.proxy.apply(ProxyConfig(listeners=(broken,)))
    assert "99" in until(envoy.proxy.rejected)[0] or "status" in envoy.proxy.rejected()[0].lower()
    assert envoy.ask().body == "before"
    envoy.apply(listener(rule(None, fixed("after"))))
    assert envoy.ask().body == "after"


@pytest.mark.process
def test_a_hundred_changes_under_load_fail_no_request(envoy: EnvoyHarness) -> None:
    endpoints = [envoy.endpoint(name) for name in ("i-a", "i-b", "i-c")]
    envoy.apply(listener(rule(None, forward("tg-0"))), group("tg-0", *endpoints))
    before = len(envoy.all_records(0))
    with Load(envoy.proxy.local_address(ARN)) as load:
        for n in range(100):
            some = [e for k, e in enumerate(endpoints) if k != n % 3]  # a target is added or removed
            name = f"tg-{n // 4}"  # at times another target group
            extra = [rule(k, fixed("x"), path_patterns=(f"/none-{n}-{k}",)) for k in range(1, 1 + n % 5)]
            envoy.apply(listener(*extra, rule(None, forward(name))), group(name, *some))
        enough = load.good
        until(lambda: load.good > enough + 20)
    assert (load.bad, load.good > 50) == ([], True)
    recorded = [r for r in envoy.all_records(before + load.good)[before:] if r.request.endswith("/load HTTP/1.1")]
    assert len(recorded) == load.good


@pytest.mark.process
def test_envoy_outlives_the_control_plane_and_is_adopted(tmp_path) -> None:
    harness = EnvoyHarness(tmp_path)
    try:
        endpoints = [harness.endpoint("i-a"), harness.endpoint("i-b")]
        harness.apply(listener(rule(None, forward("tg"))), group("tg", *endpoints))
        address, pid = harness.proxy.local_address(ARN), harness.proxy.pid
        with Load(address) as load:
            until(lambda: load.good > 20)
            harness.proxy.close(keep_serving=True)
            alone = load.good
            until(lambda: load.good > alone + 20)  # it serves without a control plane
            harness.proxy = harness.open()
            harness.apply(listener(rule(1, fixed("new"), path_patterns=("/new",)), rule(None, forward("tg"))), group("tg", *endpoints))
            since = load.good
            until(lambda: load.good > since + 20)
        assert load.bad == []
        assert (harness.proxy.local_address(ARN), harness.proxy.pid) == (address, pid)
        assert harness.ask("/new").body == "new"
        records = [r for r in harness.all_records(load.good) if r.request.endswith("/load HTTP/1.1")]
        assert len(records) == load.good  # across the restart, each once
    finally:
        harness.close()


@pytest.mark.process
def test_an_envoy_whose_configuration_is_lost_goes_on_until_there_is_another(tmp_path) -> None:
    harness = EnvoyHarness(tmp_path)
    try:
        harness.apply(listener(rule(None, fixed("before"))))
        address, pid = harness.proxy.local_address(ARN), harness.proxy.pid
        with Load(address) as load:
            until(lambda: load.good > 20)
            harness.proxy.close(keep_serving=True)
            harness.proxy = harness.open()
            assert harness.proxy.available() == "the load balancers have no configuration yet"
            harness.proxy.apply(None)
            until(lambda: harness.proxy.available() is None)
            since = load.good
            until(lambda: load.good > since + 20)
        assert (load.bad, harness.proxy.pid, harness.proxy.settled()) == ([], pid, False)
        harness.apply(listener(rule(None, fixed("after"))))
        assert (harness.ask().body, harness.proxy.pid) == ("after", pid)
    finally:
        harness.close()


@pytest.mark.process
def test_an_envoy_of_an_earlier_version_is_replaced_and_its_ports_stay(tmp_path) -> None:
    harness = EnvoyHarness(tmp_path)
    try:
        harness.apply(listener(rule(None, fixed("before"))))
        address, pid = harness.proxy.local_address(ARN), harness.proxy.pid
        harness.proxy.close(keep_serving=True)
        started = json.loads((tmp_path / "envoy.pid").read_text())
        (tmp_path / "envoy.pid").write_text(json.dumps({**started, "identity": "of an earlier version"}))
        harness.proxy = harness.open()
        harness.apply(listener(rule(None, fixed("after"))))
        assert (harness.proxy.local_address(ARN), harness.proxy.problems(), harness.troubles) == (address, {}, [])
        assert harness.proxy.pid != pid
        assert harness.ask().body == "after"
    finally:
        harness.close()


@pytest.mark.process
def test_a_killed_envoy_is_restarted_with_its_configuration(tmp_path) -> None:
    harness = EnvoyHarness(tmp_path)
    try:
        harness.apply(listener(rule(None, fixed("here"))))
        address, pid = harness.proxy.local_address(ARN), harness.proxy.pid
        os.kill(pid, signal.SIGKILL)
        until(lambda: harness.troubles)
        assert harness.troubles == ["Envoy ended by signal 9; it is started again"]
        until(lambda: harness.proxy.available() is None and harness.proxy.settled())
        assert harness.ask().body == "here"
        assert harness.proxy.local_address(ARN) == address and harness.proxy.pid != pid
    finally:
        harness.close()


@pytest.mark.process
def test_a_frozen_envoy_is_killed_and_restarted(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(process, "_LIVENESS_INTERVAL", 0.1)
    monkeypatch.setattr(admin, "_TIMEOUT", 0.5)
    harness = EnvoyHarness(tmp_path)
    try:
        harness.apply(listener(rule(None, fixed("here"))))
        pid = harness.proxy.pid
        os.kill(pid, signal.SIGSTOP)
        until(lambda: len(harness.troubles) == 2, seconds=20)
        ended = "Envoy ended by signal 9; it is started again"
        assert harness.troubles == ["Envoy did not answer and is killed", ended]
        until(lambda: harness.proxy.available() is None and harness.proxy.settled())
        assert harness.ask().body == "here"
        assert harness.proxy.pid != pid
    finally:
        harness.close()


def failed_connections(harness: EnvoyHarness) -> int:
    """To the control plane, by Envoy's counter."""
    said = Admin(socket_path(harness.directory, "admin")).ask("GET", "/stats?filter=control-plane.upstream_cx_connect_fail") or "0"
    return int(said.split()[-1])


@pytest.mark.process
def test_envoy_connects_at_once_to_a_new_control_plane_however_long_there_was_none(tmp_path) -> None:
    """Envoy's default backoff grows to half a minute."""
    harness = EnvoyHarness(tmp_path)
    try:
        harness.apply(listener(rule(None, fixed("here"))))
        harness.proxy.close(keep_serving=True)
        until(lambda: failed_connections(harness) >= 12, seconds=20)
        harness.proxy = harness.open()
        harness.proxy.apply(ProxyConfig(listeners=(listener(rule(None, fixed("there"))),)))
        until(harness.proxy.settled, seconds=3)
    finally:
        harness.close()


@pytest.mark.process
def test_ports_in_use_by_other_programs_are_skipped(tmp_path) -> None:
    harness = EnvoyHarness(tmp_path)
    first = harness.ports.start
    try:
        with socket.create_server(("127.0.0.1", first)), socket.create_server(("127.0.0.1", harness.ports.stop - 1)):
            harness.apply(listener(rule(None, fixed("here"))))
            assert "in use by another program" in harness.proxy.problems()["front"]
            assert harness.proxy.local_address(ARN) == ("127.0.0.1", first + 1)
        assert harness.ask().body == "here"
        until(lambda: harness.proxy.problems() == {} and harness.proxy.settled())
        assert harness.ask(port=harness.ports.stop - 1, headers={"Host": DNS}).body == "here"
    finally:
        harness.close()


@pytest.mark.process
def test_a_listener_without_a_port_gets_one_that_becomes_free(tmp_path) -> None:
    harness = EnvoyHarness(tmp_path)
    held = [socket.create_server(("127.0.0.1", port)) for port in harness.ports[:-2]]
    try:
        harness.proxy.apply(ProxyConfig(listeners=(listener(rule(None, fixed("here"))),)))
        assert "are all in use: free one" in harness.proxy.problems()[ARN]
        held.pop().close()
        assert until(lambda: harness.proxy.local_address(ARN)) == ("127.0.0.1", harness.ports.stop - 3)
        assert harness.ask().body == "here"
    finally:
        for each in held:
            each.close()
        harness.close()


@pytest.mark.process
def test_an_envoy_in_another_process_is_configured_over_tcp(tmp_path) -> None:
    ports = free_ports(4)
    ads = f"127.0.0.1:{ports.stop - 1}"
    proxy = EnvoyProxy(clock=WallClock(), directory=tmp_path, ports=range(ports.start, ports.stop - 1), child=False, ads=ads)
    config = tmp_path / "container.json"
    config.write_text(json.dumps(bootstrap(ads, str(tmp_path / "admin.sock"))))
    container = subprocess.Popen([binary(), "-c", config, "--disable-hot-restart", "--log-level", "off"])
    held = socket.create_server(("127.0.0.1", ports.start))  # only Envoy sees that it is in use
    try:
        proxy.apply(ProxyConfig(listeners=(listener(rule(None, fixed("from outside"))),)))
        host, port = until(lambda: proxy.settled() and proxy.local_address(ARN))
        assert port == ports.start + 1 and proxy.rejected() == ()
        with socket.create_connection((host, port), timeout=5) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert connection.recv(65536).endswith(b"from outside")
        assert proxy.available() is None and proxy.pid is None
    finally:
        held.close()
        proxy.close()
        container.kill()
        container.wait()
