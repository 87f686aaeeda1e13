"""CloudFormation's resource types of load balancing."""

from typing import Any

import pytest

from sandbox.core.errors import ApiError
from tests.support.services.cloudformation import Made, Workbench

ELB = "AWS::ElasticLoadBalancingV2::"
FIXED = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": 404}}
SHOP = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/shop/*"]}}


def elbv2(bench: Workbench) -> Any:
    return bench.sandbox.client("elbv2")


def subnets(bench: Workbench, *zones: str) -> list[str]:
    found = bench.sandbox.client("ec2").describe_subnets()["Subnets"]
    return [each["SubnetId"] for each in found if each["AvailabilityZone"] in zones]


@pytest.fixture
def load_balancer(bench: Workbench) -> Made:
    return bench.make(f"{ELB}LoadBalancer", "Front", Subnets=subnets(bench, "us-east-1a", "us-east-1b"))


@pytest.fixture
def target_group(bench: Workbench) -> Made:
    vpc = bench.sandbox.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    given = {"Port": "80", "Protocol": "HTTP", "VpcId": vpc, "HealthCheckPath": "/health", "Matcher": {"HttpCode": 200}}
    return bench.make(f"{ELB}TargetGroup", **given)


def test_a_load_balancer_is_ready_when_it_is_active(bench: Workbench, load_balancer: Made) -> None:
    found = elbv2(bench).describe_load_balancers(LoadBalancerArns=[load_balancer.ref])["LoadBalancers"][0]
    assert found["State"]["Code"] == "active"
    assert load_balancer.attributes["DNSName"] == found["DNSName"]
    assert load_balancer.attributes["LoadBalancerFullName"] == "app/" + "/".join(load_balancer.ref.split("/")[-2:])
    assert load_balancer.attributes["SecurityGroups"] == found["SecurityGroups"]
    assert len(found["LoadBalancerName"]) <= 32
    assert found["LoadBalancerName"].startswith("shop-Front-")


def test_a_load_balancer_changes_its_subnets_attributes_and_tags(bench: Workbench, load_balancer: Made) -> None:
    idle = {"Key": "idle_timeout.timeout_seconds", "Value": 30}
    wider = subnets(bench, "us-east-1a", "us-east-1b", "us-east-1c")
    bench.change(load_balancer, {"team": "web"}, Subnets=wider, LoadBalancerAttributes=[idle])
    found = elbv2(bench).describe_load_balancers(LoadBalancerArns=[load_balancer.ref])["LoadBalancers"][0]
    assert {zone["SubnetId"] for zone in found["AvailabilityZones"]} == set(wider)
    attributes = elbv2(bench).describe_load_balancer_attributes(LoadBalancerArn=load_balancer.ref)["Attributes"]
    assert {"Key": "idle_timeout.timeout_seconds", "Value": "30"} in attributes
    tags = elbv2(bench).describe_tags(ResourceArns=[load_balancer.ref])["TagDescriptions"][0]["Tags"]
    assert {"Key": "team", "Value": "web"} in tags


def test_a_target_group_changes_its_health_check_and_attributes(bench: Workbench, target_group: Made) -> None:
    delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "10"}
    bench.change(target_group, HealthCheckIntervalSeconds="10", HealthyThresholdCount=2, TargetGroupAttributes=[delay])
    found = elbv2(bench).describe_target_groups(TargetGroupArns=[target_group.ref])["TargetGroups"][0]
    assert (found["HealthCheckIntervalSeconds"], found["HealthyThresholdCount"], found["HealthCheckPath"]) == (10, 2, "/health")
    assert delay in elbv2(bench).describe_target_group_attributes(TargetGroupArn=target_group.ref)["Attributes"]
    assert target_group.attributes["TargetGroupFullName"] == target_group.ref.split(":")[-1]
    assert target_group.attributes["LoadBalancerArns"] == []


def test_listeners_and_rules_route(bench: Workbench, load_balancer: Made, target_group: Made) -> None:
    forward = {"Type": "forward", "TargetGroupArn": target_group.ref}
    listener = bench.make(f"{ELB}Listener", LoadBalancerArn=load_balancer.ref, Port="80", Protocol="HTTP", DefaultActions=[FIXED])
    rule = bench.make(f"{ELB}ListenerRule", ListenerArn=listener.ref, Priority="10", Conditions=[SHOP], Actions=[forward])
    bench.change(listener, Port=8080, DefaultActions=[forward])
    bench.change(rule, Priority=20, Actions=[FIXED], Conditions=[{"Field": "path-pattern", "Values": ["/cart"]}])
    found = elbv2(bench).describe_listeners(ListenerArns=[listener.ref])["Listeners"][0]
    assert (found["Port"], found["DefaultActions"][0]["TargetGroupArn"]) == (8080, target_group.ref)
    shown = elbv2(bench).describe_rules(RuleArns=[rule.ref])["Rules"][0]
    assert (shown["Priority"], shown["Actions"][0]["Type"], shown["Conditions"][0]["Values"]) == ("20", "fixed-response", ["/cart"])
    assert rule.attributes == {"RuleArn": rule.ref, "IsDefault": False}


def test_what_the_api_refuses_is_refused_in_its_words(bench: Workbench, load_balancer: Made) -> None:
    with pytest.raises(ApiError, match="HTTPS"):
        bench.make(f"{ELB}Listener", LoadBalancerArn=load_balancer.ref, Port=443, Protocol="HTTPS", DefaultActions=[FIXED])


def test_a_target_group_that_exists_is_not_taken_over(bench: Workbench, target_group: Made) -> None:
    vpc = target_group.wanted.properties["VpcId"]
    elbv2(bench).create_target_group(Name="web", Port=80, Protocol="HTTP", VpcId=vpc)
    with pytest.raises(ApiError, match="web already exists"):
        bench.make(f"{ELB}TargetGroup", Name="web", Port=80, Protocol="HTTP", VpcId=vpc)
