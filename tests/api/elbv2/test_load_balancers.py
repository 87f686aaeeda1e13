"""Load balancers, listeners and rules by ELBv2's API."""

import pytest

from tests.support import rule
from tests.support.elb import FIXED, PROVISIONING, error_of


@rule("ALB-3", "ALB-4", "ALB-2")
def test_a_load_balancer_is_provisioning_first(elb):
    made = elb.api.create_load_balancer(Name="shop", Subnets=elb.subnet_ids())["LoadBalancers"][0]
    assert made["State"] == {"Code": "provisioning"}
    assert (made["Scheme"], made["Type"], made["IpAddressType"]) == ("internet-facing", "application", "ipv4")
    assert [zone["ZoneName"] for zone in made["AvailabilityZones"]] == ["us-east-1a", "us-east-1b"]
    (default,) = elb.ec2.describe_security_groups(GroupNames=["default"])["SecurityGroups"]
    assert made["SecurityGroups"] == [default["GroupId"]]
    prefix, _, rest = made["DNSName"].partition(".")
    assert prefix.startswith("shop-") and prefix[5:].isdigit() and rest == "us-east-1.elb.localhost"
    elb.wait(PROVISIONING - 0.1)
    assert elb.api.describe_load_balancers()["LoadBalancers"][0]["State"]["Code"] == "provisioning"
    elb.wait(0.2)
    assert elb.api.describe_load_balancers(Names=["shop"])["LoadBalancers"][0]["State"]["Code"] == "active"


@rule("ALB-3")
def test_nothing_listens_while_it_is_provisioned(elb):
    group = elb.group()
    listener = elb.listener(elb.balancer(), group)
    elb.wait(1)
    with pytest.raises(KeyError, match="no listener"):
        elb.proxy.request(listener)
    elb.wait(PROVISIONING)
    assert elb.proxy.request(listener).status == 503


@rule("ALB-4")
def test_the_dns_name_of_an_internal_load_balancer_begins_with_internal(elb):
    made = elb.api.create_load_balancer(Name="shop", Subnets=elb.subnet_ids(), Scheme="internal")["LoadBalancers"][0]
    assert made["DNSName"].startswith("internal-shop-")


@rule("ALB-6")
def test_the_same_request_returns_the_same_load_balancer_and_target_group(elb):
    assert elb.balancer() == elb.balancer()
    assert elb.group() == elb.group()
    assert error_of(elb.balancer, Scheme="internal") == (
        "DuplicateLoadBalancerName",
        "A load balancer with the same name 'shop' exists, but with different settings",
    )
    assert error_of(elb.group, Port=8080) == (
        "DuplicateTargetGroupName",
        "A target group with the same name 'web' exists, but with different settings",
    )


@rule("ALB-8")
def test_a_protected_load_balancer_is_not_deleted_and_deleting_one_keeps_its_target_groups(elb):
    group = elb.group()
    balancer = elb.balancer()
    elb.listener(balancer, group)
    elb.api.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=[{"Key": "deletion_protection.enabled", "Value": "true"}])
    assert error_of(elb.api.delete_load_balancer, LoadBalancerArn=balancer) == (
        "OperationNotPermitted",
        f"Load balancer '{balancer}' cannot be deleted because deletion protection is enabled",
    )
    elb.api.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=[{"Key": "deletion_protection.enabled", "Value": "false"}])
    elb.api.delete_load_balancer(LoadBalancerArn=balancer)
    elb.api.delete_load_balancer(LoadBalancerArn=balancer)  # again: no error
    (left,) = elb.api.describe_target_groups()["TargetGroups"]
    assert left.get("LoadBalancerArns", []) == []
    assert elb.api.describe_load_balancers()["LoadBalancers"] == []


@rule("ALB-7")
def test_attributes_have_aws_defaults_and_the_supported_ones_can_be_changed(elb):
    balancer = elb.balancer()
    elb.api.modify_load_balancer_attributes(
        LoadBalancerArn=balancer,
        Attributes=[
            {"Key": "idle_timeout.timeout_seconds", "Value": "5"},
            {"Key": "routing.http.xff_header_processing.mode", "Value": "preserve"},
        ],
    )
    found = {a["Key"]: a["Value"] for a in elb.api.describe_load_balancer_attributes(LoadBalancerArn=balancer)["Attributes"]}
    assert found["idle_timeout.timeout_seconds"] == "5"
    assert found["routing.http.xff_header_processing.mode"] == "preserve"
    assert found["client_keep_alive.seconds"] == "3600"
    assert found["load_balancing.cross_zone.enabled"] == "true"


@rule("ALB-21", "ALB-22")
def test_rules_are_evaluated_by_priority_and_the_default_last(elb):
    _, listener = elb.serving()
    for priority, path, status in ((20, "/api/*", "402"), (10, "/api/v2/*", "403")):
        elb.api.create_rule(
            ListenerArn=listener,
            Priority=priority,
            Conditions=[{"Field": "path-pattern", "Values": [path]}],
            Actions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": status}}],
        )
    elb.wait(1)
    assert [elb.proxy.request(listener, path=path).status for path in ("/api/v2/x", "/api/v1/x", "/")] == [403, 402, 503]
    found = elb.api.describe_rules(ListenerArn=listener)["Rules"]
    assert [(each["Priority"], each["IsDefault"]) for each in found] == [("10", False), ("20", False), ("default", True)]
    first, second = (each["RuleArn"] for each in found[:2])
    elb.api.set_rule_priorities(RulePriorities=[{"RuleArn": first, "Priority": 20}, {"RuleArn": second, "Priority": 10}])
    elb.wait(1)
    assert elb.proxy.request(listener, path="/api/v2/x").status == 402
    elb.api.delete_rule(RuleArn=second)
    elb.wait(1)
    assert elb.proxy.request(listener, path="/api/v2/x").status == 403


@rule("ALB-24", "ALB-9")
def test_a_weighted_forward_uses_several_groups(elb):
    groups = [elb.group(name) for name in ("blue", "green")]
    actions = [{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": g, "Weight": 1} for g in groups]}}]
    balancer = elb.balancer()
    listener = elb.listener(balancer, DefaultActions=actions)
    instances = [elb.instance(), elb.instance(1)]
    for group, instance in zip(groups, instances, strict=True):
        elb.register(group, instance)
    elb.wait(PROVISIONING + 4)
    assert {elb.proxy.request(listener).target_id for _ in range(40)} == set(instances)
    assert [group["LoadBalancerArns"] for group in elb.api.describe_target_groups(LoadBalancerArn=balancer)["TargetGroups"]] == [
        [balancer],
        [balancer],
    ]


@rule("ALB-23", "ALB-25")
def test_actions_are_completed_with_aws_defaults(elb):
    group = elb.group()
    balancer = elb.balancer()
    forward = elb.api.describe_listeners(ListenerArns=[elb.listener(balancer, group)])["Listeners"][0]["DefaultActions"]
    config = {"TargetGroups": [{"TargetGroupArn": group, "Weight": 1}], "TargetGroupStickinessConfig": {"Enabled": False}}
    assert forward == [{"Type": "forward", "TargetGroupArn": group, "ForwardConfig": config}]
    asked = [{"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301", "Port": "443", "Protocol": "HTTPS"}}]
    redirect = elb.api.describe_listeners(ListenerArns=[elb.listener(balancer, port=81, DefaultActions=asked)])["Listeners"][0]
    assert redirect["DefaultActions"][0]["RedirectConfig"] == {
        "Protocol": "HTTPS",
        "Port": "443",
        "Host": "#{host}",
        "Path": "/#{path}",
        "Query": "#{query}",
        "StatusCode": "HTTP_301",
    }


@rule("ALB-20")
def test_a_listener_can_be_modified(elb):
    group, listener = elb.serving()
    elb.api.modify_listener(ListenerArn=listener, Port=8000, DefaultActions=FIXED)
    elb.wait(1)
    assert elb.proxy.request(listener).status == 404
    assert elb.api.describe_listeners(ListenerArns=[listener])["Listeners"][0]["Port"] == 8000
    assert elb.api.describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0].get("LoadBalancerArns", []) == []
    elb.api.delete_target_group(TargetGroupArn=group)
