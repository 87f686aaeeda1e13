"""Rendering: only changed resources are rendered again, timeouts follow the clock, health follows fail open."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from sandbox.drivers.proxy.base import Endpoint, Forward, ListenerConfig, ProxyConfig, RuleConfig, TargetGroupConfig
from sandbox.drivers.proxy.envoy.ads.stream import Kind, Snapshot
from sandbox.drivers.proxy.envoy.config import bootstrap
from sandbox.drivers.proxy.envoy.config.clusters import assignment
from sandbox.drivers.proxy.envoy.config.local_replies import page
from sandbox.drivers.proxy.envoy.config.render import ListenAddresses, Renderer
from sandbox.drivers.proxy.envoy.config.routes import front_configuration, names_configuration, route_configuration
from tests.support import rule

WEB = ListenerConfig(
    arn="arn:web",
    load_balancer="app/web/1",
    name="web",
    dns_name="Web-1.elb",
    port=80,
    rules=(RuleConfig(arn="r", priority=None, action=Forward(target_groups=(("tg", 1),))),),
)
PLACE = ListenAddresses(bind="127.0.0.1", ports={"arn:web": 8081}, front_port=8080, log_path="/tmp/access.log")


def real(speed: float = 1.0) -> Callable[[timedelta], float]:
    return lambda duration: duration.total_seconds() / speed


def endpoint(n: int, healthy: bool) -> Endpoint:
    return Endpoint(target_id=f"i-{n}", host=f"127.0.0.{n}", port=80, target=f"10.0.0.{n}:80", zone="a", healthy=healthy)


def config(*healthy: bool, listener: ListenerConfig = WEB) -> ProxyConfig:
    group = TargetGroupConfig(arn="tg", endpoints=tuple(endpoint(n + 1, state) for n, state in enumerate(healthy)))
    return ProxyConfig(listeners=(listener,), target_groups=(group,))


def changed(before: Snapshot, after: Snapshot) -> set[tuple[Kind, str]]:
    return {(kind, name) for kind in Kind for name in {*before[kind], *after[kind]} if before[kind].get(name) is not after[kind].get(name)}


def test_only_changed_resources_are_rendered_again() -> None:
    renderer = Renderer()
    first = renderer.render(config(True, True), PLACE, real())
    assert changed(first, renderer.render(config(True, True), PLACE, real())) == set()
    flipped = renderer.render(config(True, False), PLACE, real())
    assert changed(first, flipped) == {(Kind.ENDPOINTS, "tg")}
    patient = renderer.render(config(True, False, listener=replace(WEB, xff_mode="remove")), PLACE, real())
    assert changed(flipped, patient) == {(Kind.ROUTE, "arn:web"), (Kind.ROUTE, "front")}  # no listener drains


def test_another_speed_changes_timeouts_down_to_their_minimums() -> None:
    def timeouts(speed: float) -> tuple[str, str]:
        forwarded = route_configuration(WEB, None, frozenset(), real(speed))["virtual_hosts"][0]["routes"][-1]["route"]
        return forwarded["idle_timeout"], forwarded["timeout"]

    assert timeouts(1) == ("60.000s", "0s")
    assert timeouts(10) == ("6.000s", "0s")
    assert timeouts(1000) == ("1.000s", "0s")
    renderer = Renderer()
    slow = renderer.render(config(True), PLACE, real(1))
    assert (Kind.CLUSTER, "tg") in changed(slow, renderer.render(config(True), PLACE, real(10)))


@rule("TG-35")
@pytest.mark.parametrize(
    ("healthy", "rendered_as"), [((True, False), ["HEALTHY", "UNHEALTHY"]), ((False, False), ["HEALTHY", "HEALTHY"]), ((), [])]
)
def test_when_none_is_healthy_all_are_rendered_as_healthy(healthy: tuple[bool, ...], rendered_as: list[str]) -> None:
    rendered = assignment("tg", config(*healthy).target_groups[0].endpoints)
    assert [e["health_status"] for part in rendered["endpoints"] for e in part["lb_endpoints"]] == rendered_as


def test_a_listener_without_a_port_is_left_out() -> None:
    rendered = Renderer().render(config(True), replace(PLACE, ports={}, front_port=None), real())
    assert not rendered[Kind.LISTENER] and not rendered[Kind.ROUTE] and list(rendered[Kind.CLUSTER]) == ["tg"]


def test_the_front_port_has_names_with_any_port_and_other_listeners_with_theirs() -> None:
    second, on_front = replace(WEB, arn="arn:8081", port=8081), replace(WEB, arn="arn:8080", port=8080)
    hosts = front_configuration((on_front, second, WEB), "", frozenset(), 8080, real())["virtual_hosts"]
    assert [(host["name"], host["domains"]) for host in hosts] == [
        ("arn:web", ["web-1.elb", "web-1.elb:*"]),
        ("arn:8081", ["web-1.elb:8081"]),
        ("unknown-host", ["*"]),
    ]


def test_names_have_the_listeners_on_port_80_only() -> None:
    other = replace(WEB, arn="arn:other", dns_name="other-1.elb", port=8000)
    hosts = names_configuration((other, WEB), "", frozenset(), real())["virtual_hosts"]
    assert [(host["name"], host["domains"]) for host in hosts] == [
        ("arn:web", ["web-1.elb", "web-1.elb:*"]),
        ("unknown-host", ["*"]),
    ]


@rule("ALB-34")
@pytest.mark.parametrize(("status", "size"), [(400, 122), (502, 122), (503, 162), (504, 132)])
def test_pages_have_the_size_of_an_albs(status: int, size: int) -> None:
    assert len(page(status)) == size


def test_the_bootstrap_command_writes_what_a_container_needs(capsys: pytest.CaptureFixture[str]) -> None:
    bootstrap.main(["--ads", "10.0.0.9:18000", "--admin", "/run/x.sock"])
    made = json.loads(capsys.readouterr().out)
    endpoint = made["static_resources"]["clusters"][0]["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]
    assert endpoint["address"] == {"socket_address": {"address": "10.0.0.9", "port_value": 18000}}
    assert made["admin"]["address"]["pipe"]["path"] == "/run/x.sock"
