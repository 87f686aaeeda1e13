"""Attributes of load balancers, listeners, target groups: AWS's keys, defaults, limits (ALB-7, ALB-17, TG-3), and what they change."""

from typing import Any

import pytest

from tests.support import rule
from tests.support.elb import error_of

BALANCER = {
    "routing.http.drop_invalid_header_fields.enabled": "true",
    "routing.http.xff_client_port.enabled": "true",
    "routing.http.preserve_host_header.enabled": "true",
    "routing.http.xff_header_processing.mode": "remove",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "true",
    "routing.http2.enabled": "false",
    "waf.fail_open.enabled": "true",
    "zonal_shift.config.enabled": "true",
    "idle_timeout.timeout_seconds": "120",
    "client_keep_alive.seconds": "60",
}
RESPONSE = "routing.http.response"


def modify_balancer(elb: Any, balancer: str, **attributes: str) -> dict[str, str]:
    given = [{"Key": key, "Value": value} for key, value in attributes.items()]
    answer = elb.api.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=given)
    return {each["Key"]: each["Value"] for each in answer["Attributes"]}


def modify_listener(elb: Any, listener: str, **attributes: str) -> dict[str, str]:
    given = [{"Key": key, "Value": value} for key, value in attributes.items()]
    answer = elb.api.modify_listener_attributes(ListenerArn=listener, Attributes=given)
    return {each["Key"]: each["Value"] for each in answer["Attributes"]}


@rule("ALB-7")
@pytest.mark.parametrize("key", BALANCER)
def test_an_attribute_of_a_load_balancer_is_kept_beside_the_defaults_of_the_others(elb, key):
    balancer = elb.balancer()
    defaults = modify_balancer(elb, balancer)
    changed = modify_balancer(elb, balancer, **{key: BALANCER[key]})
    assert changed == defaults | {key: BALANCER[key]} != defaults
    answer = elb.api.describe_load_balancer_attributes(LoadBalancerArn=balancer)["Attributes"]
    assert {each["Key"]: each["Value"] for each in answer} == changed


def test_attributes_of_the_load_balancer_reach_the_proxy(elb):
    elb.serving()
    modify_balancer(elb, elb.balancer(), **BALANCER)
    elb.wait(1)
    config = elb.proxy.configuration.listeners[0]
    assert (config.drop_invalid_headers, config.xff_client_port, config.preserve_host_header) == (True, True, True)
    assert (config.xff_mode, config.idle_timeout.total_seconds(), config.client_keep_alive.total_seconds()) == ("remove", 120, 60)


@rule("ALB-17")
def test_the_attributes_of_a_listener_have_defaults_and_change_its_responses(elb):
    _, listener = elb.serving()
    defaults = modify_listener(elb, listener)
    assert defaults.pop(f"{RESPONSE}.server.enabled") == "true" and set(defaults.values()) == {""} and len(defaults) == 10
    changes = {f"{RESPONSE}.server.enabled": "false", f"{RESPONSE}.x_frame_options.header_value": "SAMEORIGIN"}
    changed = modify_listener(elb, listener, **changes)
    assert changes.items() <= changed.items()
    answer = elb.api.describe_listener_attributes(ListenerArn=listener)["Attributes"]
    assert {each["Key"]: each["Value"] for each in answer} == changed
    elb.wait(1)
    assert elb.proxy.request(listener).headers == {"Content-Type": "text/html", "X-Frame-Options": "SAMEORIGIN"}
    modify_listener(elb, listener, **{f"{RESPONSE}.x_frame_options.header_value": "", f"{RESPONSE}.server.enabled": "true"})
    elb.wait(1)
    assert elb.proxy.request(listener).headers == {"Content-Type": "text/html", "Server": "awselb/2.0"}


WRONG_BALANCER = {
    "no.such.attribute": ("1", "ValidationError", "Load balancer attribute key 'no.such.attribute' is not recognized"),
    "zonal_shift.config.enabled": ("yes", "ValidationError", "'zonal_shift.config.enabled' value 'yes' must be one of [true, false]"),
    "load_balancing.cross_zone.enabled": (
        "false",
        "InvalidConfigurationRequest",
        "Cross-zone load balancing cannot be disabled for an Application Load Balancer",
    ),
}
WRONG_LISTENER = {
    "tcp.idle_timeout.seconds": ("350", "Listener attribute key 'tcp.idle_timeout.seconds' is not recognized"),
    "routing.http.request.x_amzn_tls_version.header_name": (
        "X-TLS",
        "Listener attribute key 'routing.http.request.x_amzn_tls_version.header_name' is not supported for HTTP listeners",
    ),
    f"{RESPONSE}.server.enabled": ("", f"'{RESPONSE}.server.enabled' value '' must be one of [true, false]"),
    f"{RESPONSE}.x_content_type_options.header_value": (
        "sniff",
        f"'{RESPONSE}.x_content_type_options.header_value' value 'sniff' must be one of [nosniff]",
    ),
    f"{RESPONSE}.content_security_policy.header_value": (
        "x" * 1025,
        f"'{RESPONSE}.content_security_policy.header_value' value cannot be longer than '1024' characters",
    ),
}


@pytest.mark.parametrize("key", WRONG_BALANCER)
def test_a_wrong_attribute_of_a_load_balancer_changes_none(elb, key):
    balancer = elb.balancer()
    before = modify_balancer(elb, balancer)
    value, code, text = WRONG_BALANCER[key]
    given = {"idle_timeout.timeout_seconds": "99", key: value}
    assert error_of(modify_balancer, elb=elb, balancer=balancer, **given) == (code, text)
    assert modify_balancer(elb, balancer) == before


@pytest.mark.parametrize("key", WRONG_LISTENER)
def test_a_wrong_attribute_of_a_listener_changes_none(elb, key):
    listener = elb.listener(elb.balancer())
    before = modify_listener(elb, listener)
    value, text = WRONG_LISTENER[key]
    given = {f"{RESPONSE}.x_frame_options.header_value": "DENY", key: value}
    assert error_of(modify_listener, elb=elb, listener=listener, **given) == ("ValidationError", text)
    assert modify_listener(elb, listener) == before


# ---- target groups -----------------------------------------------------------------------------------------------------------------------

THRESHOLD = "target_group_health.unhealthy_state_routing.minimum_healthy_targets"


def modify_group(elb: Any, group: str, **attributes: str) -> dict[str, str]:
    given = [{"Key": key, "Value": value} for key, value in attributes.items()]
    answer = elb.api.modify_target_group_attributes(TargetGroupArn=group, Attributes=given)
    return {each["Key"]: each["Value"] for each in answer["Attributes"]}


def serving_three(elb: Any, **attributes: str) -> tuple[str, list[str]]:
    """A listener, and three healthy instances behind it."""
    group, listener = elb.serving()
    instances = [elb.instance() for _ in range(3)]
    elb.register(group, *instances)
    modify_group(elb, group, **attributes)
    elb.wait(5)
    return listener, instances


@rule("TG-25")
def test_a_sticky_target_group_keeps_a_client_at_its_target(elb):
    listener, instances = serving_three(elb, **{"stickiness.enabled": "true", "stickiness.lb_cookie.duration_seconds": "60"})
    first = elb.proxy.request(listener)
    jar = {"Cookie": f"AWSALB={first.cookies['AWSALB']}"}
    assert {elb.proxy.request(listener, headers=jar).target_id for _ in range(5)} == {first.target_id}
    assert {elb.proxy.request(listener).target_id for _ in range(6)} == set(instances)
    elb.wait(61)
    assert {elb.proxy.request(listener, headers=jar).target_id for _ in range(6)} == set(instances)


@rule("TG-35")
@pytest.mark.parametrize(
    ("attributes", "open_with"),
    [({}, 0), ({f"{THRESHOLD}.count": "2"}, 1), ({f"{THRESHOLD}.percentage": "50"}, 1), ({f"{THRESHOLD}.percentage": "67"}, 2)],
)
def test_below_its_threshold_a_group_sends_requests_to_all_targets(elb, attributes, open_with):
    listener, instances = serving_three(elb, **attributes)
    for healthy in (2, 1):
        elb.world.machine(instances[healthy]).status_code = 500
        elb.wait(70)
        seen = {elb.proxy.request(listener).target_id for _ in range(6)}
        assert seen == (set(instances) if healthy <= open_with else set(instances[:healthy]))


@rule("TG-27")
def test_a_weighted_forward_may_be_sticky(elb):
    groups = [elb.group("blue"), elb.group("green")]
    config = {"TargetGroups": [{"TargetGroupArn": arn, "Weight": 1} for arn in groups]}
    sticky = {"Enabled": True, "DurationSeconds": 300}
    action = {"Type": "forward", "ForwardConfig": config | {"TargetGroupStickinessConfig": sticky}}
    listener = elb.listener(elb.balancer(), DefaultActions=[action])
    assert elb.api.describe_listeners(ListenerArns=[listener])["Listeners"][0]["DefaultActions"] == [action]
    for arn in groups:
        elb.register(arn, elb.instance())
    elb.wait(10)
    first = elb.proxy.request(listener)
    jar = {"Cookie": f"AWSALBTG={first.cookies['AWSALBTG']}"}
    assert {elb.proxy.request(listener, headers=jar).target_id for _ in range(8)} == {first.target_id}


WRONG_GROUP = {
    "stickiness.app_cookie.cookie_name": (
        "AWSALBAPP-0",
        "'stickiness.app_cookie.cookie_name' value 'AWSALBAPP-0' is reserved for use by the load balancer",
    ),
    "stickiness.type": ("app_cookie", "'stickiness.app_cookie.cookie_name' must be specified for stickiness of type 'app_cookie'"),
    f"{THRESHOLD}.count": ("0", f"'{THRESHOLD}.count' value '0' must be between '1-1000' inclusive"),
    f"{THRESHOLD}.percentage": ("101", f"'{THRESHOLD}.percentage' value '101' must be between '1-100' inclusive"),
}


@pytest.mark.parametrize("key", WRONG_GROUP)
def test_a_wrong_attribute_of_a_target_group_changes_none(elb, key):
    group = elb.group()
    before = modify_group(elb, group)
    value, text = WRONG_GROUP[key]
    given = {"stickiness.enabled": "true", "deregistration_delay.timeout_seconds": "1", key: value}
    assert error_of(modify_group, elb=elb, group=group, **given) == ("ValidationError", text)
    assert modify_group(elb, group) == before


def test_group_stickiness_needs_a_duration(elb):
    config = {"TargetGroups": [{"TargetGroupArn": elb.group()}], "TargetGroupStickinessConfig": {"Enabled": True}}
    code, _ = error_of(elb.listener, balancer=elb.balancer(), DefaultActions=[{"Type": "forward", "ForwardConfig": config}])
    assert code == "InvalidLoadBalancerAction"


# ---- changes keep what they do not name --------------------------------------------------------------------------------------------------


@rule("TG-1")
def test_a_change_of_a_target_group_keeps_what_it_does_not_name(elb):
    group = elb.group(HealthCheckPath="/a", HealthCheckPort="8080", HealthCheckIntervalSeconds=20, Matcher={"HttpCode": "200,204"})
    changes = {
        "HealthCheckPath": "/b",
        "HealthCheckPort": "traffic-port",
        "HealthCheckIntervalSeconds": 40,
        "HealthCheckTimeoutSeconds": 7,
        "HealthyThresholdCount": 3,
        "UnhealthyThresholdCount": 4,
        "Matcher": {"HttpCode": "200-299"},
    }
    for name, value in changes.items():
        (before,) = elb.api.describe_target_groups(TargetGroupArns=[group])["TargetGroups"]
        (after,) = elb.api.modify_target_group(TargetGroupArn=group, **{name: value})["TargetGroups"]
        assert after == before | {name: value} == elb.api.describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0]


def test_a_change_of_a_rule_or_listener_keeps_what_it_does_not_name(elb):
    listener = elb.listener(elb.balancer())
    condition = [{"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET"]}}]
    action = [{"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_302", "Host": "a.example"}}]
    (made,) = elb.api.create_rule(ListenerArn=listener, Priority=5, Conditions=condition, Actions=action)["Rules"]
    other = [{"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}}]
    assert elb.api.modify_rule(RuleArn=made["RuleArn"], Conditions=other)["Rules"] == [made | {"Conditions": other}]
    assert elb.api.set_rule_priorities(RulePriorities=[{"RuleArn": made["RuleArn"], "Priority": 9}])["Rules"] == [
        made | {"Conditions": other, "Priority": "9"}
    ]
    (before,) = elb.api.describe_listeners(ListenerArns=[listener])["Listeners"]
    assert elb.api.modify_listener(ListenerArn=listener, Port=8000)["Listeners"] == [before | {"Port": 8000}]
    assert elb.api.describe_rules(RuleArns=[made["RuleArn"]])["Rules"] == [made | {"Conditions": other, "Priority": "9"}]
