"""Conditions, actions and the order of rules, in every Proxy."""

import pytest

from sandbox.drivers.proxy.base import Connections, Redirect
from tests.support import rule as proves
from tests.support.drivers.proxies import ARN, Harness, fixed, forward, group, listener, rule
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
