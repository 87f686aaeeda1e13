"""What active faults do to API calls: whose calls they see, and answers that come late."""

import time
from collections.abc import Callable
from datetime import timedelta

from tests.support.aws import SCOPE, Aws

ROLE = "arn:aws:iam::123456789012:role/deployer"


def test_a_fault_sees_the_parameters_of_a_call_and_the_role_that_a_user_assumed(aws: Aws, call: Callable[..., object]) -> None:
    credentials = aws("sts").assume_role(RoleArn=ROLE, RoleSessionName="me")["Credentials"]
    signature = f"AWS4-HMAC-SHA256 Credential={credentials['AccessKeyId']}/20260507/us-east-1/ec2/aws4_request, SignedHeaders=host"
    form = b"Action=DescribeInstances&Version=2016-11-15&InstanceId.1=i-0123456789abcdef0"
    call(body=form, HTTP_AUTHORIZATION=signature, CONTENT_TYPE="application/x-www-form-urlencoded")
    seen = aws.faults.calls[-1]
    assert (seen.service, seen.operation, seen.role, seen.internal) == ("ec2", "DescribeInstances", ROLE, False)
    assert seen.parameters == {"InstanceIds": ["i-0123456789abcdef0"]}


def test_an_answer_comes_late_after_the_call_was_carried_out_and_nobody_else_waits(aws: Aws) -> None:
    aws("ec2").describe_vpcs()
    aws.faults.delay = timedelta(milliseconds=60)
    begun = time.monotonic()
    aws("ec2").create_security_group(GroupName="late", Description="d")
    assert time.monotonic() - begun >= 0.06
    inside = aws.transport.client("ec2", SCOPE, "autoscaling")
    aws.faults.delay = timedelta(seconds=30)
    begun = time.monotonic()
    assert [group["GroupName"] for group in inside.describe_security_groups(GroupNames=["late"])["SecurityGroups"]] == ["late"]
    assert time.monotonic() - begun < 30, "AWS's own services call while they hold the lock: they never wait"
