"""A call with one bad part changes nothing: each operation that takes several things, with one that is right and one that is wrong."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from sandbox.aws import state
from tests.support import AMI
from tests.support import rule as behaviour
from tests.support.bad_requests import states
from tests.support.bad_requests.account import ACCOUNT, REGION, Account
from tests.support.virtual import VirtualSandbox, virtual_sandbox

Names = dict[str, str]
Case = tuple[str, str, Callable[[Names], dict[str, Any]]]

NO = "0123456789abcdef0"
ELB = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}"
NO_GROUP, NO_BALANCER = f"{ELB}:targetgroup/none/{NO[:16]}", f"{ELB}:loadbalancer/app/none/{NO[:16]}"
TAGS = [{"Key": "k", "Value": "v"}, {"Key": "aws:x", "Value": "v"}]
RULE = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
WRONG_RULES: dict[str, dict[str, Any]] = {
    "address": RULE | {"IpRanges": [{"CidrIp": "10.0.0.0/33"}]},
    "second address": RULE | {"IpRanges": [{"CidrIp": "10.1.0.0/16"}, {"CidrIp": "x"}]},
    "port": RULE | {"FromPort": 70_000},
    "ports": {"IpProtocol": "tcp", "IpRanges": [{"CidrIp": "10.9.0.0/16"}]},
    "protocol": RULE | {"IpProtocol": "nonsense"},
    "group": {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "UserIdGroupPairs": [{"GroupId": f"sg-{NO}"}]},
}


def rules(operation: str) -> list[Case]:
    return [
        ("ec2", operation, lambda n, wrong=wrong: {"GroupId": n["GroupId"], "IpPermissions": [RULE | {"FromPort": 79}, wrong]})
        for wrong in WRONG_RULES.values()
    ]


CASES: list[Case] = [
    *rules("AuthorizeSecurityGroupIngress"),
    *rules("AuthorizeSecurityGroupEgress"),
    *rules("RevokeSecurityGroupIngress"),
    *rules("RevokeSecurityGroupEgress"),
    ("ec2", "CreateTags", lambda n: {"Resources": [n["VpcId"], f"vpc-{NO}"], "Tags": TAGS[:1]}),
    ("ec2", "CreateTags", lambda n: {"Resources": [n["VpcId"]], "Tags": TAGS}),
    ("ec2", "TerminateInstances", lambda n: {"InstanceIds": [n["InstanceId"], f"i-{NO}"]}),
    ("ec2", "StopInstances", lambda n: {"InstanceIds": [n["InstanceId"], f"i-{NO}"]}),
    ("ec2", "RebootInstances", lambda n: {"InstanceIds": [n["InstanceId"], f"i-{NO}"]}),
    ("ec2", "MonitorInstances", lambda n: {"InstanceIds": [n["InstanceId"], f"i-{NO}"]}),
    ("ec2", "ModifyInstanceAttribute", lambda n: {"InstanceId": n["InstanceId"], "Groups": [n["GroupId"], f"sg-{NO}"]}),
    ("ec2", "ModifyVpcEndpoint", lambda n: {"VpcEndpointId": n["VpcEndpointId"], "AddRouteTableIds": [n["RouteTableId"], f"rtb-{NO}"]}),
    ("ec2", "ModifyManagedPrefixList", lambda n: prefixes(n, [{"Cidr": "10.0.0.0/8"}, {"Cidr": "x"}])),
    ("ec2", "AssignPrivateIpAddresses", lambda n: addresses(n, ["10.1.0.50", "10.9.9.9"])),
    ("ec2", "CreateNetworkInterface", lambda n: {"SubnetId": n["SubnetId"], "Groups": [n["GroupId"], f"sg-{NO}"]}),
    ("ec2", "CreateVpcEndpoint", lambda n: endpoint(n, {"RouteTableIds": [n["RouteTableId"], f"rtb-{NO}"]})),
    ("ec2", "CreateVolume", lambda n: {"AvailabilityZone": "us-east-1a", "Size": 1, "TagSpecifications": tagged("volume")}),
    ("ec2", "CreateVpc", lambda n: {"CidrBlock": "10.3.0.0/16", "TagSpecifications": tagged("vpc")}),
    ("ec2", "CreateSubnet", lambda n: {"VpcId": n["VpcId"], "CidrBlock": "10.1.5.0/24", "TagSpecifications": tagged("subnet")}),
    ("ec2", "CreateSecurityGroup", lambda n: {"GroupName": "x", "Description": "x", "TagSpecifications": tagged("security-group")}),
    ("ec2", "CreateKeyPair", lambda n: {"KeyName": "x", "TagSpecifications": tagged("key-pair")}),
    ("ec2", "CreateLaunchTemplate", lambda n: template({"TagSpecifications": tagged("launch-template")})),
    ("ec2", "DeleteLaunchTemplateVersions", lambda n: {"LaunchTemplateId": n["LaunchTemplateId"], "Versions": ["2", ""]}),
    ("ec2", "CreateInternetGateway", lambda n: {"TagSpecifications": tagged("internet-gateway")}),
    ("ec2", "CreateRouteTable", lambda n: {"VpcId": n["VpcId"], "TagSpecifications": tagged("route-table")}),
    ("ec2", "CreateNetworkInterface", lambda n: {"SubnetId": n["SubnetId"], "TagSpecifications": tagged("network-interface")}),
    ("ec2", "AllocateAddress", lambda n: {"Domain": "vpc", "TagSpecifications": tagged("elastic-ip")}),
    (
        "ec2",
        "CreateDhcpOptions",
        lambda n: {"DhcpConfigurations": [{"Key": "domain-name", "Values": ["a"]}, {"Key": "x", "Values": ["y"]}]},
    ),
    ("elbv2", "AddTags", lambda n: {"ResourceArns": [n["TargetGroupArn"], NO_GROUP], "Tags": TAGS[:1]}),
    ("elbv2", "AddTags", lambda n: {"ResourceArns": [n["TargetGroupArn"]], "Tags": TAGS}),
    ("elbv2", "RemoveTags", lambda n: {"ResourceArns": [n["TargetGroupArn"], NO_GROUP], "TagKeys": ["k"]}),
    ("elbv2", "RegisterTargets", lambda n: targets(n, [{"Id": n["InstanceId"]}, {"Id": f"i-{NO}"}])),
    ("elbv2", "RegisterTargets", lambda n: targets(n, [{"Id": n["InstanceId"]}, {"Id": "x"}])),
    ("elbv2", "ModifyTargetGroupAttributes", lambda n: attributes("TargetGroupArn", n, "deregistration_delay.timeout_seconds")),
    ("elbv2", "ModifyLoadBalancerAttributes", lambda n: attributes("LoadBalancerArn", n, "idle_timeout.timeout_seconds")),
    ("elbv2", "CreateTargetGroup", lambda n: {"Name": "x", "Protocol": "HTTP", "Port": 80, "VpcId": n["VpcId"], "Tags": TAGS}),
    ("elbv2", "CreateListener", lambda n: listener(n, {"Tags": TAGS})),
    ("elbv2", "CreateListener", lambda n: listener(n, {"DefaultActions": [{"Type": "forward", "TargetGroupArn": NO_GROUP}]})),
    ("elbv2", "CreateRule", lambda n: rule(n, {"Tags": TAGS})),
    (
        "elbv2",
        "CreateRule",
        lambda n: rule(n, {"Conditions": [{"Field": "path-pattern", "Values": ["/x"]}, {"Field": "x", "Values": ["y"]}]}),
    ),
    (
        "elbv2",
        "SetRulePriorities",
        lambda n: {"RulePriorities": [{"RuleArn": n["RuleArn"], "Priority": 9}, {"RuleArn": "x", "Priority": 8}]},
    ),
    ("elbv2", "SetSecurityGroups", lambda n: balancer(n, {"SecurityGroups": [n["GroupId"], f"sg-{NO}"]})),
    ("elbv2", "SetSubnets", lambda n: balancer(n, {"Subnets": [n["SubnetId"], f"subnet-{NO}"]})),
    ("elbv2", "ModifyTargetGroup", lambda n: {"TargetGroupArn": n["TargetGroupArn"], "HealthCheckPath": "/x", "HealthyThresholdCount": 99}),
    ("autoscaling", "CreateOrUpdateTags", lambda n: {"Tags": [group_tag("asg"), group_tag("none")]}),
    ("autoscaling", "DeleteTags", lambda n: {"Tags": [group_tag("asg"), group_tag("none")]}),
    ("autoscaling", "AttachLoadBalancerTargetGroups", lambda n: group({"TargetGroupARNs": [n["TargetGroupArn"], NO_GROUP]})),
    ("autoscaling", "AttachInstances", lambda n: group({"InstanceIds": [n["InstanceId"], f"i-{NO}"]})),
    ("autoscaling", "DetachInstances", lambda n: group({"InstanceIds": ["MEMBER", f"i-{NO}"], "ShouldDecrementDesiredCapacity": True})),
    ("autoscaling", "EnterStandby", lambda n: group({"InstanceIds": ["MEMBER", f"i-{NO}"], "ShouldDecrementDesiredCapacity": True})),
    ("autoscaling", "SetInstanceProtection", lambda n: group({"InstanceIds": ["MEMBER", f"i-{NO}"], "ProtectedFromScaleIn": True})),
    ("autoscaling", "SuspendProcesses", lambda n: group({"ScalingProcesses": ["Launch", "Lunch"]})),
    ("autoscaling", "EnableMetricsCollection", lambda n: group({"Granularity": "1Minute", "Metrics": ["GroupMinSize", "x"]})),
    ("autoscaling", "UpdateAutoScalingGroup", lambda n: group({"DefaultCooldown": 7, "MinSize": 9, "MaxSize": 3})),
    ("autoscaling", "UpdateAutoScalingGroup", lambda n: group({"DefaultCooldown": 7, "TerminationPolicies": ["x"]})),
    ("autoscaling", "UpdateAutoScalingGroup", lambda n: group({"DefaultCooldown": 7, "VPCZoneIdentifier": f"subnet-{NO}"})),
    ("autoscaling", "PutNotificationConfiguration", lambda n: notify(n, ["autoscaling:EC2_INSTANCE_LAUNCH", "x"])),
    ("cloudwatch", "PutMetricData", lambda n: {"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": 1.0}, {"MetricName": "m"}]}),
    ("cloudwatch", "TagResource", lambda n: {"ResourceARN": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:a", "Tags": TAGS}),
    ("cloudwatch", "PutDashboard", lambda n: {"DashboardName": "x", "DashboardBody": '{"widgets": []}', "Tags": TAGS}),
    ("sns", "CreateTopic", lambda n: {"Name": "x", "Attributes": {"DisplayName": "y", "Colour": "red"}}),
    ("sns", "CreateTopic", lambda n: {"Name": "x", "Tags": TAGS}),
    ("sns", "TagResource", lambda n: {"ResourceArn": n["TopicArn"], "Tags": TAGS}),
    ("sns", "Subscribe", lambda n: {"TopicArn": n["TopicArn"], "Protocol": "sqs", "Endpoint": "x"}),
    ("sns", "Subscribe", lambda n: subscribe(n, {"RawMessageDelivery": "true", "FilterPolicy": "{"})),
    ("sqs", "CreateQueue", lambda n: {"QueueName": "x", "Attributes": {"DelaySeconds": "1", "VisibilityTimeout": "x"}}),
    ("sqs", "SetQueueAttributes", lambda n: {"QueueUrl": n["QueueUrl"], "Attributes": {"DelaySeconds": "1", "RedrivePolicy": "x"}}),
    (
        "sqs",
        "SetQueueAttributes",
        lambda n: queue(n, {"DelaySeconds": "1", "RedrivePolicy": '{"deadLetterTargetArn":"a","maxReceiveCount":1}'}),
    ),
    ("sqs", "TagQueue", lambda n: {"QueueUrl": n["QueueUrl"], "Tags": {"k": "v", "": "v"}}),
]


def tagged(kind: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": TAGS}]


def template(more: dict[str, Any]) -> dict[str, Any]:
    return {"LaunchTemplateName": "x", "LaunchTemplateData": {"InstanceType": "t3.micro"}, **more}


def prefixes(names: Names, entries: list[dict[str, str]]) -> dict[str, Any]:
    return {"PrefixListId": names["PrefixListId"], "CurrentVersion": 1, "AddEntries": entries}


def addresses(names: Names, wanted: list[str]) -> dict[str, Any]:
    return {"NetworkInterfaceId": names["NetworkInterfaceId"], "PrivateIpAddresses": wanted}


def endpoint(names: Names, more: dict[str, Any]) -> dict[str, Any]:
    return {"VpcId": names["VpcId"], "ServiceName": "com.amazonaws.us-east-1.s3", "VpcEndpointType": "Gateway", **more}


def targets(names: Names, wanted: list[dict[str, Any]]) -> dict[str, Any]:
    return {"TargetGroupArn": names["TargetGroupArn"], "Targets": wanted}


def attributes(parameter: str, names: Names, key: str) -> dict[str, Any]:
    return {parameter: names[parameter], "Attributes": [{"Key": key, "Value": "11"}, {"Key": "no.such.attribute", "Value": "x"}]}


def listener(names: Names, more: dict[str, Any]) -> dict[str, Any]:
    forward = [{"Type": "forward", "TargetGroupArn": names["TargetGroupArn"]}]
    return {"LoadBalancerArn": names["LoadBalancerArn"], "Protocol": "HTTP", "Port": 81, "DefaultActions": forward, **more}


def rule(names: Names, more: dict[str, Any]) -> dict[str, Any]:
    forward = [{"Type": "forward", "TargetGroupArn": names["TargetGroupArn"]}]
    conditions = [{"Field": "path-pattern", "Values": ["/x"]}]
    return {"ListenerArn": names["ListenerArn"], "Priority": 7, "Conditions": conditions, "Actions": forward, **more}


def balancer(names: Names, more: dict[str, Any]) -> dict[str, Any]:
    return {"LoadBalancerArn": names["LoadBalancerArn"], **more}


def group(more: dict[str, Any]) -> dict[str, Any]:
    return {"AutoScalingGroupName": "asg", **more}


def group_tag(name: str) -> dict[str, Any]:
    return {"ResourceId": name, "ResourceType": "auto-scaling-group", "Key": "k", "Value": "v", "PropagateAtLaunch": True}


def scheduled(name: str) -> dict[str, Any]:
    return {"ScheduledActionName": name, "Recurrence": "0 0 * * *", "MinSize": 1}


def notify(names: Names, kinds: list[str]) -> dict[str, Any]:
    return group({"TopicARN": names["TopicArn"], "NotificationTypes": kinds})


def subscribe(names: Names, given: dict[str, str]) -> dict[str, Any]:
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:other"
    return {"TopicArn": names["TopicArn"], "Protocol": "sqs", "Endpoint": queue, "Attributes": given}


def queue(names: Names, given: dict[str, str]) -> dict[str, Any]:
    return {"QueueUrl": names["QueueUrl"], "Attributes": given}


@pytest.fixture(scope="module")
def world() -> tuple[VirtualSandbox, Account]:
    sandbox = virtual_sandbox()
    state.reset(0)
    return sandbox, Account(sandbox)


@behaviour("REQ-7")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case[1])
def test_a_call_with_one_bad_part_changes_nothing(world: tuple[VirtualSandbox, Account], case: Case) -> None:
    sandbox, account = world
    service, operation, parameters = case
    names = {name: values[0] for name, values in account.names.items()} | {"GroupId": account.names["GroupId"][0]}
    before = states.digest()
    with pytest.raises(ClientError) as refused:
        getattr(sandbox.client(service), xform_name(operation))(**with_member(parameters(names), account.names["InstanceId"][-1]))
    assert 400 <= refused.value.response["ResponseMetadata"]["HTTPStatusCode"] < 500
    assert states.difference(before, states.digest()) is None


def with_member(parameters: dict[str, Any], member: str) -> dict[str, Any]:
    if "MEMBER" in parameters.get("InstanceIds", ()):
        parameters["InstanceIds"] = [member if one == "MEMBER" else one for one in parameters["InstanceIds"]]
    return parameters


WORDS = [
    (
        "ec2",
        "CreateTags",
        lambda n: {"Resources": [n["VpcId"]], "Tags": TAGS},
        "keys starting with 'aws:' are reserved for internal use",
    ),
    (
        "ec2",
        "CreateVpc",
        lambda n: {"CidrBlock": "10.0.0.0/33"},
        "for parameter cidrBlock is invalid. This is not a valid CIDR",
    ),
    ("ec2", "AuthorizeSecurityGroupIngress", lambda n: authorized(n, "address"), "CIDR block 10.0.0.0/33 is malformed"),
    (
        "ec2",
        "AuthorizeSecurityGroupIngress",
        lambda n: authorized(n, "ports"),
        "both from and to ports with TCP/UDP.' for portRange.",
    ),
    ("ec2", "AuthorizeSecurityGroupIngress", lambda n: authorized(n, "port"), "Invalid TCP/UDP port range (70000:80)"),
    (
        "ec2",
        "AuthorizeSecurityGroupIngress",
        lambda n: authorized(n, "protocol"),
        "'nonsense' for IP protocol. Unknown protocol.",
    ),
    (
        "autoscaling",
        "CreateOrUpdateTags",
        lambda n: {"Tags": [group_tag("asg") | {"Key": "aws:x"}]},
        "tag key names are not allowed",
    ),
    ("sns", "CreateTopic", lambda n: {"Name": "x", "Tags": TAGS[:1] * 2}, "Invalid parameter: Duplicated keys are not allowed."),
]


def authorized(names: Names, wrong: str) -> dict[str, Any]:
    return {"GroupId": names["GroupId"], "IpPermissions": [WRONG_RULES[wrong]]}


@behaviour("REQ-8", "REQ-9")
@pytest.mark.parametrize(("service", "operation", "parameters", "text"), WORDS)
def test_what_is_wrong_is_said_in_the_words_of_the_service(
    world: tuple[VirtualSandbox, Account], service: str, operation: str, parameters: Callable[[Names], dict[str, Any]], text: str
) -> None:
    sandbox, account = world
    with pytest.raises(ClientError) as refused:
        getattr(sandbox.client(service), xform_name(operation))(**parameters({name: values[0] for name, values in account.names.items()}))
    assert text in refused.value.response["Error"]["Message"]


def test_nobody_ends_or_changes_an_image_of_somebody_else(world: tuple[VirtualSandbox, Account]) -> None:
    """Groups went on launching from it, and each launch failed."""
    api = world[0].client("ec2")
    for change in (api.deregister_image, api.disable_image, api.modify_image_attribute):
        with pytest.raises(ClientError) as refused:
            change(ImageId=AMI)
        assert refused.value.response["Error"] == {"Code": "AuthFailure", "Message": f"Not authorized for image:{AMI}"}


def test_a_launch_from_an_image_that_is_gone_is_refused(world: tuple[VirtualSandbox, Account]) -> None:
    api = world[0].client("ec2")
    own = api.register_image(Name="own", ImageLocation="docker://my/service:1")["ImageId"]
    api.deregister_image(ImageId=own)
    with pytest.raises(ClientError) as refused:
        api.run_instances(ImageId=own, MinCount=1, MaxCount=1)
    assert refused.value.response["Error"] == {
        "Code": "InvalidAMIID.Unavailable",
        "Message": f"The image ID '{own}' is no longer available",
    }
