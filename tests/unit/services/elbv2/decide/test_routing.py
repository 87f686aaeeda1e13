from dataclasses import replace
from datetime import timedelta

import pytest

from sandbox.core.control import Decision
from sandbox.drivers.proxy import base as proxy
from sandbox.services.elbv2 import model
from sandbox.services.elbv2.actions import ActivateLoadBalancer, ApplyConfig
from sandbox.services.elbv2.decide import routing, rules
from sandbox.services.elbv2.decide.routing import (
    Candidate,
    Listener,
    LoadBalancer,
    ObservedRouting,
    RoutingMemory,
    TargetGroup,
)
from sandbox.services.elbv2.decide.rules import Rule
from tests.support import rule
from tests.support.services.targets import ARN, START, ZONE, target

BALANCER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/shop/50dc6c495c0c9188"
LISTENER = BALANCER.replace(":loadbalancer/", ":listener/") + "/aaaaaaaaaaaaaaaa"
ATTRIBUTES = {
    "idle_timeout.timeout_seconds": "60",
    "client_keep_alive.seconds": "3600",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http.preserve_host_header.enabled": "false",
}


def applied(decision: Decision[RoutingMemory]) -> list[ApplyConfig]:
    return [each for each in decision.actions if isinstance(each, ApplyConfig)]


FORWARD = {"Type": "forward", "TargetGroupArn": ARN}


def default_rule(action=FORWARD):
    return Rule(arn=f"{LISTENER}/default", priority=None, conditions=(), action=action)


def balancer(*rules, **changes):
    usual = LoadBalancer(
        arn=BALANCER,
        name="shop",
        dns_name="shop-1.us-east-1.elb.localhost",
        active_from=START,
        active=True,
        attributes=ATTRIBUTES,
        listeners=(Listener(arn=LISTENER, port=80, rules=rules or (default_rule(),)),),
    )
    return replace(usual, **changes)


def candidate(health, **changes):
    usual = Candidate(target=target(health=health), zone=ZONE, address="172.31.0.5", endpoint=("127.0.0.5", 80))
    return replace(usual, **changes)


def observed(*candidates, balancers=None):
    group = TargetGroup(arn=ARN, candidates=candidates)
    return ObservedRouting(load_balancers=balancers or (balancer(),), target_groups=(group,))


@pytest.mark.parametrize(
    ("health", "healthy"),
    [
        pytest.param(model.HEALTHY, True, marks=rule("TG-35")),
        (model.CHECKS_DISABLED, True),
        pytest.param(model.FAILED, False, marks=rule("TG-35")),
        (model.CHECKING, False),
        pytest.param(model.REGISTERING, None, marks=rule("TG-15")),
        pytest.param(model.DRAINING, None, marks=rule("TG-20")),
        pytest.param(model.NOT_IN_USE, None, marks=rule("TG-38")),
        pytest.param(model.STOPPED, None, marks=rule("TG-38")),
    ],
)
def test_which_targets_receive_requests(health, healthy):
    """None: never; False: only when no target of the group is healthy."""
    found = routing.endpoint(candidate(health))
    assert (found.healthy if found else None) is healthy


def test_an_endpoint_has_host_and_port_and_the_names_for_the_access_log():
    assert routing.endpoint(candidate(model.HEALTHY)) == proxy.Endpoint(
        target_id="i-0a1", host="127.0.0.5", port=80, target="172.31.0.5:80", zone=ZONE, healthy=True
    )


def test_a_target_whose_instance_is_gone_has_no_endpoint():
    assert routing.endpoint(candidate(model.HEALTHY, address=None, endpoint=None)) is None


@rule("ALB-21")
def test_rules_are_in_order_of_priority_with_the_default_last():
    rules = [Rule(arn=f"{LISTENER}/{n}", priority=n, conditions=(), action=FORWARD) for n in (200, 9, 50000)]
    config = routing.render(observed(balancers=(balancer(rules[0], default_rule(), *rules[1:]),)), START)
    assert [each.priority for each in config.listeners[0].rules] == [9, 200, 50000, None]


@rule("ALB-7", "ALB-35")
def test_a_listener_has_the_attributes_of_its_load_balancer():
    attributes = ATTRIBUTES | {
        "idle_timeout.timeout_seconds": "5",
        "client_keep_alive.seconds": "120",
        "routing.http.xff_header_processing.mode": "remove",
        "routing.http.preserve_host_header.enabled": "true",
    }
    listener = routing.render(observed(balancers=(balancer(attributes=attributes),)), START).listeners[0]
    assert (listener.load_balancer, listener.name, listener.port) == ("app/shop/50dc6c495c0c9188", "shop", 80)
    assert (listener.idle_timeout, listener.client_keep_alive) == (timedelta(seconds=5), timedelta(minutes=2))
    assert (listener.xff_mode, listener.preserve_host_header) == ("remove", True)


@pytest.mark.parametrize(
    ("aws", "expected"),
    [
        pytest.param(FORWARD, proxy.Forward(target_groups=((ARN, 1),)), marks=rule("ALB-23")),
        pytest.param(
            {"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "a", "Weight": 90}, {"TargetGroupArn": "b"}]}},
            proxy.Forward(target_groups=(("a", 90), ("b", 1))),
            marks=rule("ALB-24"),
        ),
        pytest.param(
            {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_302", "Port": "443"}},
            proxy.Redirect(status_code=302, port="443"),
            marks=rule("ALB-25"),
        ),
        pytest.param(
            {
                "Type": "redirect",
                "RedirectConfig": {"StatusCode": "HTTP_301", "Protocol": "HTTPS", "Host": "h", "Path": "/p", "Query": "q=1"},
            },
            proxy.Redirect(status_code=301, protocol="HTTPS", host="h", path="/p", query="q=1"),
            marks=rule("ALB-25"),
        ),
        pytest.param(
            {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/html", "MessageBody": "no"}},
            proxy.FixedResponse(status_code=404, content_type="text/html", body="no"),
            marks=rule("ALB-26"),
        ),
        pytest.param(
            {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "204"}},
            proxy.FixedResponse(status_code=204),
            marks=rule("ALB-26"),
        ),
    ],
)
def test_actions(aws, expected):
    assert rules.action(aws) == expected


@rule("ALB-22")
def test_conditions_of_every_kind():
    aws = (
        {"Field": "path-pattern", "Values": ["/api/*"]},
        {"Field": "host-header", "HostHeaderConfig": {"Values": ["*.example.com", "example.com"]}},
        {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "User-Agent", "Values": ["*Chrome*"]}},
        {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Beta", "Values": ["1", "yes"]}},
        {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET"]}},
        {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "v", "Value": "2"}, {"Value": "*x*"}]}},
        {"Field": "query-string", "QueryStringConfig": {"Values": [{"Value": "y"}]}},
        {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}},
    )
    assert rules.conditions(aws) == proxy.Conditions(
        path_patterns=("/api/*",),
        host_headers=("*.example.com", "example.com"),
        http_headers=(("User-Agent", ("*Chrome*",)), ("X-Beta", ("1", "yes"))),
        request_methods=("GET",),
        query_strings=((("v", "2"), (None, "*x*")), ((None, "y"),)),
        source_ips=("10.0.0.0/8",),
    )


def test_only_target_groups_that_a_listener_uses_are_configured():
    state = observed(candidate(model.HEALTHY))
    state = replace(state, target_groups=(*state.target_groups, TargetGroup(arn="unused")))
    assert [group.arn for group in routing.render(state, START).target_groups] == [ARN]


@rule("ALB-3")
def test_a_load_balancer_listens_when_its_provisioning_ends():
    waiting = observed(balancers=(balancer(active=False, active_from=START + timedelta(seconds=3)),))
    decision = routing.decide(waiting, None, START)
    assert applied(decision) == [ApplyConfig(config=proxy.ProxyConfig())]
    assert decision.look_again == timedelta(seconds=3)
    later = routing.decide(waiting, decision.memory, START + timedelta(seconds=3))
    assert later.actions[0] == ActivateLoadBalancer(arn=BALANCER)
    assert isinstance(later.actions[1], ApplyConfig) and [each.port for each in later.actions[1].config.listeners] == [80]
    assert [event.summary for event in later.events] == ["load balancer shop is active"]


def test_an_unchanged_configuration_is_not_applied_again():
    state = observed(candidate(model.HEALTHY))
    first = routing.decide(state, None, START)
    assert routing.decide(state, first.memory, START).actions == ()
    changed = routing.decide(observed(candidate(model.FAILED)), first.memory, START)
    assert isinstance(changed.actions[0], ApplyConfig)
    assert [endpoint.healthy for endpoint in changed.actions[0].config.target_groups[0].endpoints] == [False]


def test_an_unreachable_listener_is_reported_once():
    state = replace(observed(), problems=((LISTENER, "ports 8081-8100 are all in use"),))
    first = routing.decide(state, None, START)
    assert [event.summary for event in first.events] == ["a listener of shop cannot be reached: ports 8081-8100 are all in use"]
    assert routing.decide(state, first.memory, START).events == ()


def test_a_port_that_all_load_balancers_share_is_reported_as_what_it_is():
    state = replace(observed(), problems=(("names", "port 80 is in use by another program"),))
    [event] = routing.decide(state, None, START).events
    assert (event.summary, event.resources) == ("port 80 is in use by another program", ())


def test_after_lost_state_the_proxy_keeps_its_configuration_until_there_is_a_load_balancer() -> None:
    lost = routing.decide(ObservedRouting(state_lost=True), None, START)
    assert lost.actions == (ApplyConfig(config=None),)
    assert routing.decide(ObservedRouting(state_lost=True), lost.memory, START).actions == ()
    made = replace(observed(candidate(model.HEALTHY)), state_lost=True)
    [first] = applied(routing.decide(made, lost.memory, START))
    assert first.config is not None
    [emptied] = applied(routing.decide(ObservedRouting(), lost.memory, START))
    assert emptied == ApplyConfig(config=proxy.ProxyConfig()), "a reset ends it"


def test_a_target_with_a_fault_of_the_data_plane_has_it_while_it_is_healthy() -> None:
    fault = proxy.EndpointFault(error_percent=30)
    found = [routing.endpoint(candidate(health, fault=fault)) for health in (model.HEALTHY, model.FAILED)]
    assert [each.fault for each in found if each] == [fault, None]
