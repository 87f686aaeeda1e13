"""The `aws` commands that scenarios print. The AWS CLI's own parser reads the parameters of the boto3 call from them."""

import shlex
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from scenarios.kit.command import aws_command

CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("ec2", "terminate_instances", {"InstanceIds": ["i-1", "i-2"]}),
    ("autoscaling", "create_auto_scaling_group", {
        "AutoScalingGroupName": "coinbase-asg", "MinSize": 3, "MaxSize": 10, "VPCZoneIdentifier": "subnet-1,subnet-2",
        "HealthCheckType": "ELB", "TargetGroupARNs": ["arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/a/1"],
    }),
    ("autoscaling", "delete_auto_scaling_group", {"AutoScalingGroupName": "coinbase-asg", "ForceDelete": True}),
    ("autoscaling", "terminate_instance_in_auto_scaling_group", {"InstanceId": "i-1", "ShouldDecrementDesiredCapacity": False}),
    ("autoscaling", "put_scaling_policy", {
        "AutoScalingGroupName": "coinbase-asg", "PolicyName": "cpu", "PolicyType": "TargetTrackingScaling",
        "TargetTrackingConfiguration": {
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}, "TargetValue": 70.0,
        },
    }),
    ("ec2", "authorize_security_group_ingress", {
        "GroupId": "sg-1", "IpPermissions": [
            {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "it's open"}]}
        ],
    }),
    ("elbv2", "register_targets", {"TargetGroupArn": "arn:tg", "Targets": [{"Id": "i-1"}, {"Id": "i-2", "Port": 80}]}),
    ("elbv2", "create_listener", {
        "LoadBalancerArn": "arn:lb", "Protocol": "HTTP", "Port": 80, "DefaultActions": [{"Type": "forward", "TargetGroupArn": "arn:tg"}],
    }),
    ("elbv2", "modify_target_group_attributes", {
        "TargetGroupArn": "arn:tg", "Attributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}],
    }),
    ("cloudwatch", "put_metric_alarm", {
        "AlarmName": "a", "AlarmDescription": "Health check for instances", "MetricName": "M", "Namespace": "AWS/EC2", "Period": 60,
        "Threshold": 80.0, "EvaluationPeriods": 2, "ComparisonOperator": "GreaterThanThreshold",
        "Dimensions": [{"Name": "LoadBalancer", "Value": "app/coinbase-alb/1"}], "AlarmActions": ["arn:aws:sns:us-east-1:1:x"],
    }),
]  # fmt: skip


@pytest.mark.parametrize(("service", "operation", "parameters"), CALLS, ids=[call[1] for call in CALLS])
def test_the_command_has_the_parameters_of_the_call(service: str, operation: str, parameters: dict[str, Any]) -> None:
    assert read_by_aws_cli(aws_command(service, operation, parameters)) == parameters


def test_long_commands_are_wrapped() -> None:
    command = aws_command("ec2", "terminate_instances", {"InstanceIds": [f"i-{n:017x}" for n in range(6)]})
    assert command.startswith("aws ec2 terminate-instances \\\n    --instance-ids i-0")
    assert len(shlex.split(command.replace("\\\n", ""))) == 4 + 6


def test_shown_text_replaces_the_value() -> None:
    command = aws_command("autoscaling", "create_launch_configuration", {"UserData": "#!/bin/bash\n…"}, {"UserData": "file://deploy.sh"})
    assert command == "aws autoscaling create-launch-configuration --user-data file://deploy.sh"


def read_by_aws_cli(command: str) -> dict[str, Any]:
    """The parameters that the AWS CLI parses from the command. It sends nothing."""
    clidriver = pytest.importorskip("awscli.clidriver")
    words = shlex.split(command.replace("\\\n", ""))
    assert words[0] == "aws"
    driver = clidriver.create_clidriver()
    found: list[dict[str, Any]] = []
    driver.session.set_credentials("test", "test")
    driver.session.register("provide-client-params", lambda params, **_: found.append(params))
    driver.session.register("before-call", lambda **_: (AWSResponse("", 200, {}, None), {}))
    assert driver.main([*words[1:], "--region", "us-east-1"]) == 0
    return found[0]
