"""What ELBv2's API refuses, with the codes and texts of AWS, and what it does not support."""

from html import unescape

import pytest

from sandbox.aws.http.gateway import Gateway
from tests.support import rule
from tests.support.aws import request, signed
from tests.support.elb import FIXED, OWN_API, UNKNOWN_LB, UNKNOWN_TG, error_of


def too_close(elb):
    subnet = elb.subnets(1)[0]
    block = f"{subnet['CidrBlock'].split('.')[0]}.{subnet['CidrBlock'].split('.')[1]}.240.0/24"
    other = elb.ec2.create_subnet(VpcId=elb.vpc, CidrBlock=block, AvailabilityZone=subnet["AvailabilityZone"])["Subnet"]
    return elb.balancer(Subnets=[subnet["SubnetId"], other["SubnetId"]])


def attribute(elb, key, value):
    elb.api.modify_target_group_attributes(TargetGroupArn=elb.group(), Attributes=[{"Key": key, "Value": value}])


def balancer_attribute(elb, key, value):
    elb.api.modify_load_balancer_attributes(LoadBalancerArn=elb.balancer(), Attributes=[{"Key": key, "Value": value}])


def make_rule(elb, priority=1, conditions=None, actions=None, **more):
    listener = elb.listener(elb.balancer())
    conditions = conditions or [{"Field": "path-pattern", "Values": ["/x"]}]
    elb.api.create_rule(ListenerArn=listener, Priority=priority, Conditions=conditions, Actions=actions or FIXED, **more)
    return listener


def default_action(elb, action):
    elb.listener(elb.balancer(), DefaultActions=[action])


def constraint(value, member, text):
    return ("ValidationError", f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {text}")


AT_LEAST = "Member must have value greater than or equal to"
AT_MOST = "Member must have value less than or equal to"
LOOP = {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301"}}
ERRORS = {
    "one subnet": (
        lambda elb: elb.balancer(Subnets=elb.subnet_ids(1)),
        ("ValidationError", "At least two subnets in two different Availability Zones must be specified"),
    ),
    "two subnets of a zone": (
        too_close,
        ("InvalidConfigurationRequest", "A load balancer cannot be attached to multiple subnets in the same Availability Zone"),
    ),
    "unknown subnet": (
        lambda elb: elb.balancer(Subnets=["subnet-12345", *elb.subnet_ids(1)]),
        ("SubnetNotFound", "The subnet ID 'subnet-12345' does not exist"),
    ),
    "unknown security group": (
        lambda elb: elb.balancer(SecurityGroups=["sg-0123456789abcdef0"]),
        ("InvalidSecurityGroup", "One or more security groups are invalid"),
    ),
    "long name": (
        lambda elb: elb.balancer("a" * 33),
        ("ValidationError", f"The load balancer name '{'a' * 33}' cannot be longer than '32' characters"),
    ),
    "internal name": (
        lambda elb: elb.balancer("internal-shop"),
        ("ValidationError", "The load balancer name 'internal-shop' cannot begin with 'internal-'"),
    ),
    "underscore": (
        lambda elb: elb.balancer("a_b"),
        (
            "ValidationError",
            "The load balancer name 'a_b' can only contain characters that are alphanumeric characters and hyphens(-)",
        ),
    ),
    "unknown load balancer": (
        lambda elb: elb.api.describe_load_balancers(Names=["none"]),
        ("LoadBalancerNotFound", "One or more load balancers not found"),
    ),
    "listener of an unknown load balancer": (
        lambda elb: elb.listener(UNKNOWN_LB),
        ("LoadBalancerNotFound", "One or more load balancers not found"),
    ),
    "unknown target group": (
        lambda elb: elb.described(UNKNOWN_TG),
        ("TargetGroupNotFound", "One or more target groups not found"),
    ),
    "forward to an unknown target group": (
        lambda elb: elb.listener(elb.balancer(), UNKNOWN_TG),
        ("TargetGroupNotFound", "One or more target groups not found"),
    ),
    "register in an unknown target group": (
        lambda elb: elb.register(UNKNOWN_TG, "i-1"),
        ("TargetGroupNotFound", "One or more target groups not found"),
    ),
    "unknown VPC": (lambda elb: elb.group(VpcId="vpc-12345"), ("ValidationError", "The VPC ID 'vpc-12345' is not found")),
    "port too high": (lambda elb: elb.listener(elb.balancer(), port=65536), constraint(65536, "port", f"{AT_MOST} 65535")),
    "TCP": (
        lambda elb: elb.listener(elb.balancer(), Protocol="TCP"),
        ("ValidationError", "Listener protocol 'TCP' must be one of 'HTTP, HTTPS'"),
    ),
    "redirect to itself": (
        lambda elb: default_action(elb, LOOP),
        ("InvalidLoadBalancerAction", "The redirect configuration is not valid because it creates a loop."),
    ),
    "redirect without configuration": (
        lambda elb: default_action(elb, {"Type": "redirect"}),
        ("InvalidLoadBalancerAction", "For actions of type 'redirect', you must specify the following fields: 'RedirectConfig'"),
    ),
    "content type": (
        lambda elb: default_action(
            elb, {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200", "ContentType": "image/png"}}
        ),
        (
            "InvalidLoadBalancerAction",
            "The ContentType must be one of:'text/html', 'application/json', 'application/javascript', 'text/css', 'text/plain'",
        ),
    ),
    "two actions": (
        lambda elb: elb.listener(elb.balancer(), DefaultActions=FIXED * 2),
        ("InvalidLoadBalancerAction", "A rule must have exactly one action of type forward, redirect or fixed-response"),
    ),
    "priority": (lambda elb: make_rule(elb, priority=50001), constraint(50001, "priority", f"{AT_MOST} 50000")),
    "condition field": (
        lambda elb: make_rule(elb, conditions=[{"Field": "cookie", "Values": ["x"]}]),
        (
            "ValidationError",
            "Condition field 'cookie' must be one of '[path-pattern,host-header,http-header,http-request-method,query-string,source-ip]'",
        ),
    ),
    "six values": (
        lambda elb: make_rule(elb, conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": [f"/{n}" for n in range(6)]}}]),
        ("ValidationError", "A rule can only have '5' condition values"),
    ),
    "two paths": (
        lambda elb: make_rule(elb, conditions=[{"Field": "path-pattern", "Values": ["/x"]}] * 2),
        ("ValidationError", "A rule can only have one 'path-pattern' condition"),
    ),
    "no CIDR": (
        lambda elb: make_rule(elb, conditions=[{"Field": "source-ip", "SourceIpConfig": {"Values": ["here"]}}]),
        ("ValidationError", "The 'source-ip' value 'here' must be in CIDR format"),
    ),
    "interval": (
        lambda elb: elb.group(HealthCheckIntervalSeconds=301),
        constraint(301, "healthCheckIntervalSeconds", f"{AT_MOST} 300"),
    ),
    "timeout not below interval": (
        lambda elb: elb.group(HealthCheckIntervalSeconds=10, HealthCheckTimeoutSeconds=10),
        ("ValidationError", "Health check timeout '10' must be smaller than the interval '10'"),
    ),
    "threshold": (
        lambda elb: elb.group(HealthyThresholdCount=11),
        constraint(11, "healthyThresholdCount", f"{AT_MOST} 10"),
    ),
    "matcher": (
        lambda elb: elb.group(Matcher={"HttpCode": "200-599"}),
        ("ValidationError", "Health check matcher HTTP code '200-599' must be within '200-499' inclusive"),
    ),
    "health check path": (
        lambda elb: elb.group(HealthCheckPath="health"),
        ("ValidationError", "Health check path 'health' must begin with a '/' character"),
    ),
    "health check port": (
        lambda elb: elb.group(HealthCheckPort="web"),
        ("ValidationError", "Health check port 'web' must be 'traffic-port' or in the range '1-65535'"),
    ),
    "health checks off": (
        lambda elb: elb.group(HealthCheckEnabled=False),
        ("InvalidConfigurationRequest", "Health check enabled must be true for target groups with target type 'instance'"),
    ),
    "long target group name": (
        lambda elb: elb.group("a" * 33),
        ("ValidationError", f"Target group name '{'a' * 33}' cannot be longer than '32' characters"),
    ),
    "modified interval": (
        lambda elb: elb.api.modify_target_group(TargetGroupArn=elb.group(), HealthCheckTimeoutSeconds=30),
        ("ValidationError", "Health check timeout '30' must be smaller than the interval '30'"),
    ),
    "deregistration delay": (
        lambda elb: attribute(elb, "deregistration_delay.timeout_seconds", "3601"),
        ("ValidationError", "'deregistration_delay.timeout_seconds' value '3601' must be between '0-3600' inclusive"),
    ),
    "attribute key": (
        lambda elb: attribute(elb, "delay", "1"),
        ("ValidationError", "Target group attribute key 'delay' is not recognized"),
    ),
    "load balancer attribute key": (
        lambda elb: balancer_attribute(elb, "timeout", "1"),
        ("ValidationError", "Load balancer attribute key 'timeout' is not recognized"),
    ),
    "idle timeout": (
        lambda elb: balancer_attribute(elb, "idle_timeout.timeout_seconds", "4001"),
        ("ValidationError", "'idle_timeout.timeout_seconds' value '4001' must be between '1-4000' inclusive"),
    ),
    "unknown instance": (
        lambda elb: elb.register(elb.group(), "i-0123456789abcdef0"),
        ("InvalidTarget", "The following targets are not valid instances: 'i-0123456789abcdef0'"),
    ),
    "address in a group of instances": (
        lambda elb: elb.register(elb.group(), "10.0.0.1"),
        ("ValidationError", "Instance ID '10.0.0.1' is not valid"),
    ),
    "no address": (
        lambda elb: elb.register(elb.group(TargetType="ip"), "web.example"),
        ("ValidationError", "The IP address 'web.example' is not a valid IPv4 address"),
    ),
    "the API as a target": (
        lambda elb: elb.register(elb.group(TargetType="ip"), "127.0.0.1", Port=4566, AvailabilityZone="all"),
        ("InvalidTarget", f"The following targets are not valid: '127.0.0.1:4566' is {OWN_API}"),
    ),
    "the API as a target by the group's port": (
        lambda elb: elb.register(elb.group(TargetType="ip", Port=4566), "127.0.0.1", AvailabilityZone="all"),
        ("InvalidTarget", f"The following targets are not valid: '127.0.0.1:4566' is {OWN_API}"),
    ),
    "the API as a health check": (
        lambda elb: elb.register(elb.group(TargetType="ip", HealthCheckPort="4566"), "127.0.0.1", Port=5000, AvailabilityZone="all"),
        ("InvalidTarget", f"The following targets are not valid: '127.0.0.1:4566' is {OWN_API}"),
    ),
    "the front port as a target": (
        lambda elb: elb.register(elb.group(TargetType="ip"), "127.0.0.1", Port=8080, AvailabilityZone="all"),
        (
            "InvalidTarget",
            "The following targets are not valid: '127.0.0.1:8080' is the front port of the sandbox's load balancers (SANDBOX_FRONT_PORT)",
        ),
    ),
    "a listener as a target": (
        lambda elb: elb.register(elb.group(TargetType="ip"), "0.0.0.0", Port=8100, AvailabilityZone="all"),
        (
            "InvalidTarget",
            "The following targets are not valid: '0.0.0.0:8100' is a port for listeners of the sandbox's load balancers "
            "(SANDBOX_LISTENER_PORTS)",
        ),
    ),
    "an invalid marker of load balancers": (
        lambda elb: elb.api.describe_load_balancers(Marker="more"),
        ("ValidationError", "The marker 'more' is not valid"),
    ),
    "an invalid marker of rules": (
        lambda elb: elb.api.describe_rules(ListenerArn=elb.listener(elb.balancer()), Marker="more"),
        ("ValidationError", "The marker 'more' is not valid"),
    ),
    "unknown listener": (
        lambda elb: elb.api.delete_listener(ListenerArn=f"{UNKNOWN_LB.replace(':loadbalancer/', ':listener/')}/1"),
        ("ListenerNotFound", "One or more listeners not found"),
    ),
    "unknown rule": (
        lambda elb: elb.api.delete_rule(RuleArn=f"{UNKNOWN_LB.replace(':loadbalancer/', ':listener-rule/')}/1/2"),
        ("RuleNotFound", "One or more rules not found"),
    ),
}


RULES = {
    **dict.fromkeys(["one subnet", "two subnets of a zone"], rule("ALB-1")),
    **dict.fromkeys(["long name", "internal name", "underscore"], rule("ALB-5")),
    **dict.fromkeys(["load balancer attribute key", "idle timeout"], rule("ALB-7")),
    "six values": rule("ALB-9"),
    **dict.fromkeys(
        ["unknown load balancer", "unknown target group", "unknown listener", "unknown rule", "unknown subnet"], rule("ALB-10")
    ),
    **dict.fromkeys(["port too high", "TCP"], rule("ALB-20")),
    "priority": rule("ALB-21"),
    **dict.fromkeys(["condition field", "two paths", "no CIDR"], rule("ALB-22")),
    "two actions": rule("ALB-23"),
    "redirect to itself": rule("ALB-25"),
    "content type": rule("ALB-26"),
    **dict.fromkeys(["interval", "threshold", "matcher", "timeout not below interval"], rule("TG-1")),
    **dict.fromkeys(["deregistration delay", "attribute key"], rule("TG-3")),
    "unknown instance": rule("TG-4"),
}


@pytest.mark.parametrize("case", [pytest.param(case, marks=RULES.get(case, ())) for case in ERRORS])
def test_refused_with_the_code_and_the_text_of_aws(elb, case):
    call, expected = ERRORS[case]
    assert error_of(call, elb=elb) == expected


def test_a_page_has_at_least_one(elb):
    """botocore validates it in the client; other clients do not."""
    form = b"Action=DescribeLoadBalancers&Version=2015-12-01&PageSize=0"
    kind = "application/x-www-form-urlencoded"
    answer = request(Gateway(), "POST", "/", form, CONTENT_TYPE=kind, HTTP_AUTHORIZATION=signed("elasticloadbalancing"))
    assert (answer[0], f"<Message>{constraint('0', 'pageSize', f'{AT_LEAST} 1')[1]}</Message>" in unescape(answer[2].decode())) == (
        400,
        True,
    )


NOT_SUPPORTED = {
    "HTTPS": lambda elb: elb.listener(elb.balancer(), Protocol="HTTPS", Certificates=[{"CertificateArn": "arn:aws:acm:x:1:certificate/y"}]),
    "network": lambda elb: elb.balancer(Subnets=elb.subnet_ids(), Type="network"),
    "lambda": lambda elb: elb.api.create_target_group(Name="f", TargetType="lambda"),
    "TCP group": lambda elb: elb.group(Protocol="TCP"),
    "gRPC": lambda elb: elb.group(ProtocolVersion="GRPC"),
    "slow start": lambda elb: attribute(elb, "slow_start.duration_seconds", "30"),
    "connection log": lambda elb: balancer_attribute(elb, "connection_logs.s3.enabled", "true"),
    "health check log": lambda elb: balancer_attribute(elb, "health_check_logs.s3.enabled", "true"),
    "authenticate": lambda elb: default_action(elb, {"Type": "authenticate-cognito"}),
    "regular expression": lambda elb: make_rule(elb, conditions=[{"Field": "path-pattern", "RegexValues": ["^/x"]}]),
    "transforms": lambda elb: make_rule(elb, Transforms=[{"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": []}}]),
    "anomaly mitigation": lambda elb: attribute(elb, "load_balancing.algorithm.anomaly_mitigation", "on"),
}


@pytest.mark.parametrize("case", NOT_SUPPORTED)
def test_what_the_sandbox_does_not_support_is_refused(elb, case):
    _, text = error_of(NOT_SUPPORTED[case], elb=elb)
    assert "not supported by the sandbox yet" in text
    assert elb.api.describe_listeners(LoadBalancerArn=elb.balancer("probe"))["Listeners"] == []


@rule("TG-4")
def test_the_error_names_all_instances_that_are_not_running_and_none_is_registered(elb):
    group = elb.group()
    running, first, second = elb.instance(), elb.instance(), elb.instance()
    for instance in (first, second):
        elb.set_state(instance, "stopped")
    assert error_of(elb.api.register_targets, TargetGroupArn=group, Targets=[{"Id": each} for each in (running, first, second)]) == (
        "InvalidTarget",
        f"The following targets are not in a running state and cannot be registered: '{first}', '{second}'",
    )
    assert elb.described(group) == []


@rule("ALB-20")
def test_two_listeners_cannot_share_a_port(elb):
    balancer = elb.balancer()
    elb.listener(balancer)
    assert error_of(elb.listener, balancer=balancer) == (
        "DuplicateListener",
        f"A listener already exists on this port for this load balancer '{balancer}'",
    )
    other = elb.listener(balancer, port=81)
    assert error_of(elb.api.modify_listener, ListenerArn=other, Port=80) == (
        "ValidationError",
        "Listener port '80' is already in use",
    )


@rule("ALB-21")
def test_priorities_are_unique_and_the_default_rule_cannot_be_deleted(elb):
    listener = make_rule(elb)
    conditions = [{"Field": "path-pattern", "Values": ["/y"]}]
    assert error_of(elb.api.create_rule, ListenerArn=listener, Priority=1, Conditions=conditions, Actions=FIXED) == (
        "PriorityInUse",
        "The specified priority is in use.",
    )
    default = elb.api.describe_rules(ListenerArn=listener)["Rules"][-1]["RuleArn"]
    assert error_of(elb.api.delete_rule, RuleArn=default) == ("OperationNotPermitted", f"Default rule '{default}' cannot be deleted")


@rule("ALB-9", "ALB-11")
def test_a_target_group_in_use_cannot_be_deleted_or_used_by_another_load_balancer(elb):
    group, _ = elb.serving()
    assert error_of(elb.listener, balancer=elb.balancer("other"), group=group) == (
        "TargetGroupAssociationLimit",
        f"The following target groups cannot be associated with more than one load balancer: {group}",
    )
    assert error_of(elb.api.delete_target_group, TargetGroupArn=group) == (
        "ResourceInUse",
        f"Target group '{group}' is currently in use by a listener or a rule",
    )


@rule("TG-3")
def test_target_group_attributes_have_aws_defaults(elb):
    group = elb.group()
    changed = elb.api.modify_target_group_attributes(
        TargetGroupArn=group, Attributes=[{"Key": "load_balancing.algorithm.type", "Value": "least_outstanding_requests"}]
    )
    found = {a["Key"]: a.get("Value") for a in changed["Attributes"]}
    assert found["load_balancing.algorithm.type"] == "least_outstanding_requests"
    assert found["deregistration_delay.timeout_seconds"] == "300"
    assert len(found) == 14


@rule("TG-1")
def test_health_check_settings_have_aws_defaults_and_can_be_modified(elb):
    group = elb.group()
    (made,) = elb.api.describe_target_groups(TargetGroupArns=[group])["TargetGroups"]
    assert {key: value for key, value in made.items() if key.startswith(("Health", "Unhealthy", "Matcher"))} == {
        "HealthCheckProtocol": "HTTP",
        "HealthCheckPort": "traffic-port",
        "HealthCheckEnabled": True,
        "HealthCheckIntervalSeconds": 30,
        "HealthCheckTimeoutSeconds": 5,
        "HealthyThresholdCount": 5,
        "UnhealthyThresholdCount": 2,
        "HealthCheckPath": "/",
        "Matcher": {"HttpCode": "200"},
    }
    elb.api.modify_target_group(
        TargetGroupArn=group, HealthCheckIntervalSeconds=10, HealthyThresholdCount=2, Matcher={"HttpCode": "200-399"}
    )
    (now,) = elb.api.describe_target_groups(TargetGroupArns=[group])["TargetGroups"]
    assert (now["HealthCheckIntervalSeconds"], now["HealthyThresholdCount"], now["Matcher"]) == (10, 2, {"HttpCode": "200-399"})
    assert (now["HealthCheckTimeoutSeconds"], now["HealthCheckPath"]) == (5, "/")
