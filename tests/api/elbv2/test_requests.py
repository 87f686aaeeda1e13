"""What holds for all operations of ELBv2: empty parameters, ARNs, tags, limits, pages; and that a refused call changes nothing."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.http.gateway import Gateway
from tests.support import rule
from tests.support.aws import request, signed
from tests.support.elb import FIXED, UNKNOWN_LB, UNKNOWN_TG, error_of

UNKNOWN_LISTENER = f"{UNKNOWN_LB.replace(':loadbalancer/', ':listener/')}/1"
UNKNOWN_RULE = f"{UNKNOWN_LB.replace(':loadbalancer/', ':listener-rule/')}/1/2"
NOT_FOUND = {
    UNKNOWN_LB: ("LoadBalancerNotFound", "One or more load balancers not found"),
    UNKNOWN_TG: ("TargetGroupNotFound", "One or more target groups not found"),
    UNKNOWN_LISTENER: ("ListenerNotFound", "One or more listeners not found"),
    UNKNOWN_RULE: ("RuleNotFound", "One or more rules not found"),
}
PATH = [{"Field": "path-pattern", "Values": ["/x"]}]


def tags_of(elb: Any, arn: str) -> dict[str, str]:
    (found,) = elb.api.describe_tags(ResourceArns=[arn])["TagDescriptions"]
    return {tag["Key"]: tag["Value"] for tag in found["Tags"]}


def make_rule(elb: Any, listener: str, priority: int = 1, **parameters: Any) -> dict[str, Any]:
    usual = {"Conditions": PATH, "Actions": FIXED}
    return elb.api.create_rule(ListenerArn=listener, Priority=priority, **(usual | parameters))["Rules"][0]


def raw(form: str) -> str:
    """The answer to a request that botocore's client would not send."""
    kind = "application/x-www-form-urlencoded"
    body = f"{form}&Version=2015-12-01".encode()
    return request(Gateway(), "POST", "/", body, CONTENT_TYPE=kind, HTTP_AUTHORIZATION=signed("elasticloadbalancing"))[2].decode()


# ---- empty parameters --------------------------------------------------------------------------------------------------------------------


@rule("ALB-12")
def test_an_empty_optional_parameter_is_as_if_absent(elb):
    empty = {"ProtocolVersion": "", "HealthCheckPort": "", "IpAddressType": "", "TargetType": ""}
    assert elb.group(**empty) == elb.group()
    (made,) = elb.api.describe_target_groups()["TargetGroups"]
    assert (made["ProtocolVersion"], made["HealthCheckPath"], made["IpAddressType"], made["TargetType"]) == (
        "HTTP1",
        "/",
        "ipv4",
        "instance",
    )
    assert elb.balancer(Scheme="", Type="", IpAddressType="") == elb.balancer()
    assert elb.api.describe_load_balancers(Marker="")["LoadBalancers"]


# ---- ARNs --------------------------------------------------------------------------------------------------------------------------------

BY_ARN = {
    "describe load balancers": (lambda api, arn: api.describe_load_balancers(LoadBalancerArns=[arn]), UNKNOWN_LB),
    "listeners of a load balancer": (lambda api, arn: api.describe_listeners(LoadBalancerArn=arn), UNKNOWN_LB),
    "target groups of a load balancer": (lambda api, arn: api.describe_target_groups(LoadBalancerArn=arn), UNKNOWN_LB),
    "attributes of a load balancer": (lambda api, arn: api.describe_load_balancer_attributes(LoadBalancerArn=arn), UNKNOWN_LB),
    "security groups": (lambda api, arn: api.set_security_groups(LoadBalancerArn=arn, SecurityGroups=["sg-1"]), UNKNOWN_LB),
    "subnets": (lambda api, arn: api.set_subnets(LoadBalancerArn=arn, Subnets=["subnet-1"]), UNKNOWN_LB),
    "address type": (lambda api, arn: api.set_ip_address_type(LoadBalancerArn=arn, IpAddressType="ipv4"), UNKNOWN_LB),
    "capacity reservation": (lambda api, arn: api.describe_capacity_reservation(LoadBalancerArn=arn), UNKNOWN_LB),
    "create a listener": (
        lambda api, arn: api.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=FIXED),
        UNKNOWN_LB,
    ),
    "describe target groups": (lambda api, arn: api.describe_target_groups(TargetGroupArns=[arn]), UNKNOWN_TG),
    "target health": (lambda api, arn: api.describe_target_health(TargetGroupArn=arn), UNKNOWN_TG),
    "attributes of a target group": (lambda api, arn: api.describe_target_group_attributes(TargetGroupArn=arn), UNKNOWN_TG),
    "modify a target group": (lambda api, arn: api.modify_target_group(TargetGroupArn=arn), UNKNOWN_TG),
    "delete a target group": (lambda api, arn: api.delete_target_group(TargetGroupArn=arn), UNKNOWN_TG),
    "describe listeners": (lambda api, arn: api.describe_listeners(ListenerArns=[arn]), UNKNOWN_LISTENER),
    "attributes of a listener": (lambda api, arn: api.describe_listener_attributes(ListenerArn=arn), UNKNOWN_LISTENER),
    "certificates of a listener": (lambda api, arn: api.describe_listener_certificates(ListenerArn=arn), UNKNOWN_LISTENER),
    "remove certificates": (
        lambda api, arn: api.remove_listener_certificates(ListenerArn=arn, Certificates=[{"CertificateArn": "x"}]),
        UNKNOWN_LISTENER,
    ),
    "modify a listener": (lambda api, arn: api.modify_listener(ListenerArn=arn, Port=81), UNKNOWN_LISTENER),
    "rules of a listener": (lambda api, arn: api.describe_rules(ListenerArn=arn), UNKNOWN_LISTENER),
    "create a rule": (
        lambda api, arn: api.create_rule(ListenerArn=arn, Priority=1, Conditions=PATH, Actions=FIXED),
        UNKNOWN_LISTENER,
    ),
    "describe rules": (lambda api, arn: api.describe_rules(RuleArns=[arn]), UNKNOWN_RULE),
    "modify a rule": (lambda api, arn: api.modify_rule(RuleArn=arn, Actions=FIXED), UNKNOWN_RULE),
    "rule priorities": (lambda api, arn: api.set_rule_priorities(RulePriorities=[{"RuleArn": arn, "Priority": 1}]), UNKNOWN_RULE),
}
KINDS = {UNKNOWN_LB: "load balancer", UNKNOWN_TG: "target group", UNKNOWN_LISTENER: "listener", UNKNOWN_RULE: "rule"}


@pytest.mark.parametrize("case", [pytest.param(case, marks=rule("ALB-14") if case == "describe rules" else ()) for case in BY_ARN])
def test_an_unknown_arn_is_not_found_and_nonsense_or_another_regions_is_not_valid(elb, case):
    call, unknown = BY_ARN[case]
    assert error_of(call, api=elb.api, arn=unknown) == NOT_FOUND[unknown]
    for wrong in ("web", unknown.replace("us-east-1", "eu-west-1"), unknown.replace("123456789012", "210987654321")):
        assert error_of(call, api=elb.api, arn=wrong) == ("ValidationError", f"'{wrong}' is not a valid {KINDS[unknown]} ARN")


@rule("ALB-10")
def test_a_rule_is_described_by_its_arn_until_it_is_deleted(elb):
    made = make_rule(elb, elb.listener(elb.balancer()))
    assert elb.api.describe_rules(RuleArns=[made["RuleArn"]])["Rules"] == [made]
    elb.api.delete_rule(RuleArn=made["RuleArn"])
    assert error_of(elb.api.describe_rules, RuleArns=[made["RuleArn"]]) == NOT_FOUND[UNKNOWN_RULE]


@rule("ALB-10")
def test_an_unknown_name_beside_a_known_one_is_not_found(elb):
    elb.group("web"), elb.balancer("shop")
    assert error_of(elb.api.describe_target_groups, Names=["web", "none"]) == NOT_FOUND[UNKNOWN_TG]
    assert error_of(elb.api.describe_load_balancers, Names=["shop", "none"]) == NOT_FOUND[UNKNOWN_LB]
    assert [each["TargetGroupName"] for each in elb.api.describe_target_groups(Names=["web"])["TargetGroups"]] == ["web"]


# ---- tags --------------------------------------------------------------------------------------------------------------------------------

TAG = [{"Key": "team", "Value": "a"}]
TAG_OPERATIONS = {
    "describe": lambda api, arns: api.describe_tags(ResourceArns=arns),
    "add": lambda api, arns: api.add_tags(ResourceArns=arns, Tags=TAG),
    "remove": lambda api, arns: api.remove_tags(ResourceArns=arns, TagKeys=["old"]),
}


@pytest.mark.parametrize("operation", TAG_OPERATIONS)
def test_tags_of_a_known_and_an_unknown_resource_are_refused_and_stay_as_they_are(elb, operation):
    good = elb.group(Tags=[{"Key": "old", "Value": "1"}])
    for unknown, error in NOT_FOUND.items():
        assert error_of(TAG_OPERATIONS[operation], api=elb.api, arns=[good, unknown]) == error
    assert error_of(TAG_OPERATIONS[operation], api=elb.api, arns=[good, "web"]) == ("ValidationError", "'web' must be in ARN format")
    assert tags_of(elb, good) == {"old": "1"}


@rule("ALB-15")
def test_tags_of_every_kind_of_resource_can_be_changed_one_resource_at_a_time(elb):
    group, balancer = elb.group(), elb.balancer()
    listener = elb.listener(balancer)
    resources = [group, balancer, listener, make_rule(elb, listener)["RuleArn"]]
    for arn in resources:
        elb.api.add_tags(ResourceArns=[arn], Tags=TAG)
        assert tags_of(elb, arn) == {"team": "a"}
        elb.api.remove_tags(ResourceArns=[arn], TagKeys=["team", "none"])
        assert tags_of(elb, arn) == {}
    assert error_of(elb.api.add_tags, ResourceArns=resources, Tags=TAG) == ("ValidationError", "Only one resource can be tagged at a time")


def test_a_deleted_resource_has_no_tags(elb):
    group = elb.group(Tags=TAG)
    elb.api.delete_target_group(TargetGroupArn=group)
    assert error_of(elb.api.describe_tags, ResourceArns=[group]) == NOT_FOUND[UNKNOWN_TG]


WRONG_TAGS = {
    "no key": ([{"Value": "a"}], "Value null at 'tags.1.member.key' failed to satisfy constraint: Member must not be null"),
    "empty key": (
        [{"Key": ""}],
        "Value '' at 'tags.1.member.key' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ),
    "long key": (
        [{"Key": "k" * 129}],
        f"Value '{'k' * 129}' at 'tags.1.member.key' failed to satisfy constraint: Member must have length less than or equal to 128",
    ),
    "long value": (
        [{"Key": "k", "Value": "v" * 257}],
        f"Value '{'v' * 257}' at 'tags.1.member.value' failed to satisfy constraint: Member must have length less than or equal to 256",
    ),
}


@pytest.mark.parametrize("case", WRONG_TAGS)
def test_nothing_is_made_with_a_wrong_tag(elb, case):
    tags, text = WRONG_TAGS[case]
    form = "&".join(f"Tags.member.{n}.{key}={value}" for n, tag in enumerate(tags, start=1) for key, value in tag.items())
    known = elb.balancer("known")
    listener = elb.listener(known)
    subnets = "&".join(f"Subnets.member.{n}={subnet}" for n, subnet in enumerate(elb.subnet_ids(), start=1))
    action = "member.1.Type=fixed-response&{0}.member.1.FixedResponseConfig.StatusCode=404"
    creations = [
        f"Action=CreateLoadBalancer&Name=shop&{subnets}",
        f"Action=CreateTargetGroup&Name=web&Protocol=HTTP&Port=80&VpcId={elb.vpc}",
        f"Action=CreateListener&LoadBalancerArn={known}&Protocol=HTTP&Port=81&DefaultActions.{action.format('DefaultActions')}",
        f"Action=CreateRule&ListenerArn={listener}&Priority=5&Conditions.member.1.Field=path-pattern"
        f"&Conditions.member.1.Values.member.1=/x&Actions.{action.format('Actions')}",
        f"Action=AddTags&ResourceArns.member.1={known}",
    ]
    for creation in creations:
        answer = raw(f"{creation}&{form}")
        assert "<Code>ValidationError</Code>" in answer and text in answer.replace("&apos;", "'").replace("&#x27;", "'")
    assert [each["LoadBalancerName"] for each in elb.api.describe_load_balancers()["LoadBalancers"]] == ["known"]
    assert elb.api.describe_target_groups()["TargetGroups"] == []
    assert len(elb.api.describe_listeners(LoadBalancerArn=known)["Listeners"]) == 1
    assert len(elb.api.describe_rules(ListenerArn=listener)["Rules"]) == 1
    assert tags_of(elb, known) == {}


@rule("ALB-15")
def test_a_resource_has_at_most_50_tags_and_each_key_once(elb):
    fifty = [{"Key": f"k{n}", "Value": ""} for n in range(50)]
    group = elb.group(Tags=fifty)
    assert error_of(elb.api.add_tags, ResourceArns=[group], Tags=TAG)[0] == "TooManyTags"
    assert error_of(elb.group, name="more", Tags=fifty + TAG)[0] == "TooManyTags"
    assert error_of(elb.group, name="twice", Tags=TAG * 2)[0] == "DuplicateTagKeys"
    elb.api.add_tags(ResourceArns=[group], Tags=[{"Key": "k1", "Value": "new"}])
    assert (len(tags_of(elb, group)), tags_of(elb, group)["k1"]) == (50, "new")


# ---- limits and pages --------------------------------------------------------------------------------------------------------------------

TOO_MANY = {
    "target group names": (
        lambda api: api.describe_target_groups(Names=["web"] * 21),
        "You cannot describe more than '20' target groups at a time",
    ),
    "target groups": (
        lambda api: api.describe_target_groups(TargetGroupArns=[UNKNOWN_TG] * 21),
        "You cannot describe more than '20' target groups at a time",
    ),
    "load balancers": (
        lambda api: api.describe_load_balancers(Names=["shop"] * 21),
        "Up to 20 load balancers can be described at a time, but 21 were specified",
    ),
    "listeners": (
        lambda api: api.describe_listeners(ListenerArns=[UNKNOWN_LISTENER] * 21),
        "You cannot describe more than '20' listeners at a time",
    ),
    "rules": (lambda api: api.describe_rules(RuleArns=[UNKNOWN_RULE] * 21), "You cannot describe more than '20' rules at a time"),
    "tags": (
        lambda api: api.describe_tags(ResourceArns=[UNKNOWN_TG] * 21),
        "You cannot describe the tags of more than '20' resources at a time",
    ),
    "no way to select rules": (lambda api: api.describe_rules(), "You must specify either listener rule ARNs or a listener ARN"),
    "two ways to select rules": (
        lambda api: api.describe_rules(ListenerArn=UNKNOWN_LISTENER, RuleArns=[UNKNOWN_RULE]),
        "You must specify either listener rule ARNs or a listener ARN",
    ),
    "no way to select listeners": (lambda api: api.describe_listeners(), "You must specify either listener ARNs or a load balancer ARN"),
    "two ways to select load balancers": (
        lambda api: api.describe_load_balancers(LoadBalancerArns=[UNKNOWN_LB], Names=["shop"]),
        "Load balancer names and load balancer ARNs cannot be specified at the same time",
    ),
}


@pytest.mark.parametrize("case", [pytest.param(case, marks=rule("ALB-13") if "target" in case else ()) for case in TOO_MANY])
def test_a_describe_call_names_at_most_20_resources_in_one_way(elb, case):
    call, text = TOO_MANY[case]
    assert error_of(call, api=elb.api) == ("ValidationError", text)


PAGED = ("describe_load_balancers", "describe_target_groups", "describe_listeners", "describe_rules", "describe_ssl_policies")


@pytest.mark.parametrize("operation", [pytest.param(each, marks=rule("ALB-13") if each == "describe_rules" else ()) for each in PAGED])
def test_pages_of_a_description_hold_each_resource_once(elb, operation):
    balancers = [elb.balancer(f"shop-{n}") for n in range(3)]
    for n in range(3):
        elb.group(f"web-{n}")
    listeners = [elb.listener(balancers[0], port=80 + n) for n in range(3)]
    for n in range(2):
        make_rule(elb, listeners[0], priority=n + 1)
    of = {"describe_listeners": {"LoadBalancerArn": balancers[0]}, "describe_rules": {"ListenerArn": listeners[0]}}.get(operation, {})
    pages = list(elb.api.get_paginator(operation).paginate(**of, PaginationConfig={"PageSize": 2}))
    (name,) = {key for key in pages[0] if key not in ("NextMarker", "ResponseMetadata")}
    everything = getattr(elb.api, operation)(**of)[name]
    assert [item for page in pages for item in page[name]] == everything
    assert [len(page[name]) for page in pages[:-1]] == [2] * (len(pages) - 1) and len(everything) >= 3


@pytest.mark.parametrize("size", [0, 401])
def test_a_page_has_1_to_400(elb, size):
    for action in ("DescribeLoadBalancers", "DescribeTargetGroups", "DescribeSSLPolicies", "DescribeAccountLimits"):
        assert "<Code>ValidationError</Code>" in raw(f"Action={action}&PageSize={size}")


def test_ssl_policies_are_those_of_the_type_of_load_balancer(elb):
    found = {kind: elb.api.describe_ssl_policies(LoadBalancerType=kind)["SslPolicies"] for kind in ("application", "network")}
    assert all(kind in policy["SupportedLoadBalancerTypes"] for kind, policies in found.items() for policy in policies)
    assert elb.api.describe_ssl_policies(Names=["ELBSecurityPolicy-2016-08"], LoadBalancerType="application")["SslPolicies"]


NOT_SUPPORTED = {
    "private link": lambda elb: elb.api.set_security_groups(
        LoadBalancerArn=elb.balancer(), SecurityGroups=[], EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic="on"
    ),
    "IPv6 subnets": lambda elb: elb.api.set_subnets(LoadBalancerArn=elb.balancer(), Subnets=elb.subnet_ids(), IpAddressType="dualstack"),
    "gRPC matcher": lambda elb: elb.api.modify_target_group(TargetGroupArn=elb.group(), Matcher={"GrpcCode": "0"}),
}


@pytest.mark.parametrize("case", NOT_SUPPORTED)
def test_a_parameter_without_effect_here_is_refused(elb, case):
    assert error_of(NOT_SUPPORTED[case], elb=elb)[0] == "NotImplemented"


def test_an_http_listener_has_no_ssl_policy(elb):
    balancer = elb.balancer()
    refused = ("ValidationError", "An SSL policy cannot be specified for HTTP listeners")
    assert error_of(elb.listener, balancer=balancer, SslPolicy="ELBSecurityPolicy-2016-08") == refused
    listener = elb.listener(balancer)
    assert error_of(elb.api.modify_listener, ListenerArn=listener, SslPolicy="ELBSecurityPolicy-2016-08") == refused


# ---- both spellings of one value ---------------------------------------------------------------------------------------------------------

SPELLINGS = {
    "path": ("path-pattern", "PathPatternConfig", ["/a", "/b/*"]),
    "host": ("host-header", "HostHeaderConfig", ["shop.example", "*.shop.example"]),
}


@rule("ALB-16")
@pytest.mark.parametrize("case", SPELLINGS)
def test_a_path_or_host_condition_is_returned_in_both_spellings(elb, case):
    field, config, values = SPELLINGS[case]
    both = {"Field": field, "Values": values, config: {"Values": values}}
    listener = elb.listener(elb.balancer())
    for number, asked in enumerate(({"Values": values}, {config: {"Values": values}}), start=1):
        made = make_rule(elb, listener, priority=number, Conditions=[{"Field": field} | asked])
        assert made["Conditions"] == [both]
        changed = elb.api.modify_rule(RuleArn=made["RuleArn"], Conditions=[{"Field": field} | asked])["Rules"][0]
        assert changed["Conditions"] == [both] == elb.api.describe_rules(RuleArns=[made["RuleArn"]])["Rules"][0]["Conditions"]
    assert error_of(make_rule, elb=elb, listener=listener, priority=9, Conditions=[both]) == (
        "ValidationError",
        f"You cannot provide both Values and '{config}' for a condition of type '{field}'",
    )


def test_the_other_conditions_have_one_spelling(elb):
    method = {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET"]}}
    assert make_rule(elb, elb.listener(elb.balancer()), Conditions=[method])["Conditions"] == [method]


@pytest.mark.parametrize("short", [True, False])
def test_a_forward_to_one_group_is_returned_in_both_spellings(elb, short):
    group = elb.group()
    asked = {"TargetGroupArn": group} if short else {"ForwardConfig": {"TargetGroups": [{"TargetGroupArn": group}]}}
    both = {
        "Type": "forward",
        "TargetGroupArn": group,
        "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": group, "Weight": 1}], "TargetGroupStickinessConfig": {"Enabled": False}},
    }
    listener = elb.listener(elb.balancer(), DefaultActions=[{"Type": "forward"} | asked])
    assert elb.api.describe_listeners(ListenerArns=[listener])["Listeners"][0]["DefaultActions"] == [both]
    made = make_rule(elb, listener, Actions=[{"Type": "forward"} | asked])
    assert made["Actions"] == [both]
    assert elb.api.modify_rule(RuleArn=made["RuleArn"], Actions=[both])["Rules"][0]["Actions"] == [both]


# ---- waiters -----------------------------------------------------------------------------------------------------------------------------


def test_the_waiters_of_botocore_end(elb):
    group, _ = elb.serving()
    instance = elb.instance()
    elb.register(group, instance)
    elb.wait(5)
    once = {"Delay": 0, "MaxAttempts": 1}
    arn = elb.balancer()
    for name, of in {
        "load_balancer_available": {"LoadBalancerArns": [arn]},
        "load_balancer_exists": {"Names": ["shop"]},
        "target_in_service": {"TargetGroupArn": group},
    }.items():
        elb.api.get_waiter(name).wait(**of, WaiterConfig=once)
    elb.deregister(group, instance)
    elb.wait(301)
    elb.api.get_waiter("target_deregistered").wait(TargetGroupArn=group, Targets=[{"Id": instance}], WaiterConfig=once)
    elb.api.delete_load_balancer(LoadBalancerArn=arn)
    elb.api.get_waiter("load_balancers_deleted").wait(LoadBalancerArns=[arn], WaiterConfig=once)
    with pytest.raises(ClientError):
        elb.api.describe_load_balancers(LoadBalancerArns=[arn])
