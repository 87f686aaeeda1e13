"""API calls in CloudTrail's words."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.aws.http import trail
from sandbox.aws.http.calls import Call

ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012"
ASG = "arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:1b2c:autoScalingGroupName/web"


def call(operation: str, caller: str | None = None, **parameters: Any) -> Call:
    return Call(service="ec2", source="ec2", operation=operation, protocol="ec2", region="us-east-1", caller=caller, parameters=parameters)


RESOURCES = [
    ({"InstanceIds": ["i-0a1b2c3d4e5f60718", "i-1a2b3c4d"]}, ("i-0a1b2c3d4e5f60718", "i-1a2b3c4d")),
    ({"AutoScalingGroupName": "web", "DesiredCapacity": 3}, ("web",)),
    ({"AlarmNames": ["cpu", "disk"]}, ("cpu", "disk")),
    ({"TargetGroupArn": f"{ARN}:targetgroup/web/0123456789abcdef"}, (f"{ARN}:targetgroup/web/0123456789abcdef", "web")),
    ({"LoadBalancerArn": f"{ARN}:loadbalancer/app/front/0123"}, (f"{ARN}:loadbalancer/app/front/0123", "front")),
    ({"ResourceARN": ASG}, (ASG, "web")),
    ({"Name": "web", "Port": 80}, ("web",)),
    ({"Name": "x", "VpcId": "vpc-0a1b2c3d"}, ("vpc-0a1b2c3d",)),
    ({"Filters": [{"Name": "tag:Name", "Values": ["i-am-no-id"]}]}, ()),
    ({"KeyName": "k", "MetricName": "CPUUtilization", "InstanceType": "t3.micro"}, ()),
    ({"InstanceIds": ["i-1a2b3c4d", "i-1a2b3c4d"]}, ("i-1a2b3c4d",)),
    ({"Groups": ["sg-0a1b2c3d"], "VpcEndpointId": "vpce-0a1b2c3d"}, ("sg-0a1b2c3d", "vpce-0a1b2c3d")),
]


@pytest.mark.parametrize(("parameters", "expected"), RESOURCES)
def test_what_a_call_is_about(parameters: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert trail.resources(parameters) == expected


SUMMARIES = [
    (call("TerminateInstances", InstanceIds=["i-1a2b3c4d"]), "a user called TerminateInstances on i-1a2b3c4d"),
    (call("RunInstances", caller="autoscaling"), "Auto Scaling called RunInstances"),
    (
        call(
            "RegisterTargets",
            TargetGroupArn="arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef",
            Targets=[{"Id": "i-1a2b3c4d"}],
        ),
        "a user called RegisterTargets on web, i-1a2b3c4d",
    ),
    (call("Publish", caller="somebody-new"), "somebody-new called Publish"),
    (
        call("StopInstances", InstanceIds=[f"i-1a2b3c4{n}" for n in range(4)]),
        "a user called StopInstances on i-1a2b3c40, i-1a2b3c41, i-1a2b3c42 …",
    ),
]


@pytest.mark.parametrize(("made", "expected"), SUMMARIES)
def test_the_sentence_of_a_call(made: Call, expected: str) -> None:
    assert trail.called(made).summary == expected


SHORTENED = [
    ({"MasterUserPassword": "hunter2"}, {"MasterUserPassword": "***"}),
    ({"UserData": "#!/bin/sh"}, {"UserData": "(9 characters)"}),
    ({"Blob": b"12345"}, {"Blob": "(5 characters)"}),
    ({"Text": "x" * 300}, {"Text": "x" * 200 + "…"}),
    ({"Ids": list(range(25))}, {"Ids": [*range(20), "… 5 more"]}),
    ({"StartTime": datetime(2026, 5, 7, tzinfo=UTC)}, {"StartTime": "2026-05-07T00:00:00+00:00"}),
    ({"Deep": {"Tags": [{"Key": "a", "Value": None}]}}, {"Deep": {"Tags": [{"Key": "a", "Value": None}]}}),
]


@pytest.mark.parametrize(("value", "expected"), SHORTENED)
def test_what_the_journal_keeps_of_the_parameters(value: Any, expected: Any) -> None:
    assert trail.shortened(value) == expected
