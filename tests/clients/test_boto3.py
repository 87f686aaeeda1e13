"""boto3: the waiters of a service that is made, broken and deleted, and every paginator of the services that the sandbox implements."""

from collections.abc import Iterator
from typing import Any

import botocore.session
import jmespath
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from tests.support.clients import ClientSandbox
from tests.support.live import until
from tests.support.services.security_groups import EVERYTHING, admit_everything

SERVICES = ("ec2", "autoscaling", "elbv2", "cloudwatch", "sns", "sqs")
AMI = "ami-0c047a86012500412"
QUICK = {"Delay": 1, "MaxAttempts": 60}
PAGE = 5
"""Items of a page: the least that DescribeInstances and others accept."""
MANY = 7
REFUSALS = {"NotImplemented", "MissingParameter", "ValidationError", "MissingRequiredParameter"}
"""A refusal by name, or the error of an operation that needs one of two optional parameters."""


def test_the_waiters_follow_a_service_that_is_made_broken_and_deleted(sandbox: ClientSandbox, nothing_left: None) -> None:
    ec2, elbv2, autoscaling, cloudwatch = (sandbox.aws(name) for name in ("ec2", "elbv2", "autoscaling", "cloudwatch"))
    vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    zones = {"Name": "availability-zone", "Values": ["us-east-1a", "us-east-1b"]}
    subnets = [found["SubnetId"] for found in ec2.describe_subnets(Filters=[zones, {"Name": "vpc-id", "Values": [vpc]}])["Subnets"]]
    ec2.get_waiter("subnet_available").wait(SubnetIds=subnets, WaiterConfig=QUICK)

    default = admit_everything(ec2)
    [balancer] = elbv2.create_load_balancer(Name="boto3", Subnets=subnets)["LoadBalancers"]
    elbv2.get_waiter("load_balancer_available").wait(LoadBalancerArns=[balancer["LoadBalancerArn"]], WaiterConfig=QUICK)
    [group] = elbv2.create_target_group(
        Name="boto3", Protocol="HTTP", Port=80, VpcId=vpc, HealthCheckPath="/health", HealthCheckIntervalSeconds=10, HealthyThresholdCount=2
    )["TargetGroups"]
    arn = group["TargetGroupArn"]
    elbv2.modify_target_group_attributes(TargetGroupArn=arn, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "10"}])
    elbv2.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}]
    )

    launched = ec2.run_instances(ImageId=AMI, InstanceType="t3.micro", MinCount=2, MaxCount=2, SubnetId=subnets[0])["Instances"]
    ids = [instance["InstanceId"] for instance in launched]
    ec2.get_waiter("instance_exists").wait(InstanceIds=ids, WaiterConfig=QUICK)
    ec2.get_waiter("instance_running").wait(InstanceIds=ids, WaiterConfig=QUICK)
    ec2.get_waiter("instance_status_ok").wait(InstanceIds=ids, WaiterConfig=QUICK)
    elbv2.register_targets(TargetGroupArn=arn, Targets=[{"Id": i} for i in ids])
    elbv2.get_waiter("target_in_service").wait(TargetGroupArn=arn, Targets=[{"Id": i} for i in ids], WaiterConfig=QUICK)
    elbv2.deregister_targets(TargetGroupArn=arn, Targets=[{"Id": ids[0]}])
    elbv2.get_waiter("target_deregistered").wait(TargetGroupArn=arn, Targets=[{"Id": ids[0]}], WaiterConfig=QUICK)
    ec2.stop_instances(InstanceIds=[ids[1]])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[ids[1]], WaiterConfig=QUICK)

    cloudwatch.put_metric_alarm(
        AlarmName="boto3", Namespace="AWS/EC2", MetricName="CPUUtilization", Statistic="Average", Period=60, EvaluationPeriods=1,
        Threshold=50, ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    cloudwatch.get_waiter("alarm_exists").wait(AlarmNames=["boto3"], WaiterConfig=QUICK)

    cloudwatch.delete_alarms(AlarmNames=["boto3"])
    ec2.terminate_instances(InstanceIds=ids)
    ec2.get_waiter("instance_terminated").wait(InstanceIds=ids, WaiterConfig=QUICK)
    elbv2.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
    elbv2.get_waiter("load_balancers_deleted").wait(LoadBalancerArns=[balancer["LoadBalancerArn"]], WaiterConfig=QUICK)
    until(lambda: not autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"], "no group")
    elbv2.delete_target_group(TargetGroupArn=arn)
    ec2.revoke_security_group_ingress(GroupId=default, IpPermissions=EVERYTHING)


@pytest.fixture(scope="module")
def more_than_a_page(sandbox: ClientSandbox) -> Iterator[None]:
    """Seven target groups, launch templates, launch configurations, alarms, topics and queues: more than a page of five."""
    made = MadeOfEach(sandbox)
    for number in range(MANY):
        made.make(f"page-{number}")
    yield
    made.remove()


class MadeOfEach:
    def __init__(self, sandbox: ClientSandbox) -> None:
        self.aws = sandbox.aws
        self.vpc = self.aws("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
        self.names: list[str] = []
        self.target_groups: list[str] = []
        self.topics: list[str] = []
        self.queues: list[str] = []

    def make(self, name: str) -> None:
        self.names.append(name)
        groups = self.aws("elbv2").create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=self.vpc)["TargetGroups"]
        self.target_groups.append(groups[0]["TargetGroupArn"])
        self.aws("ec2").create_launch_template(LaunchTemplateName=name, LaunchTemplateData={"ImageId": AMI})
        self.aws("autoscaling").create_launch_configuration(LaunchConfigurationName=name, ImageId=AMI, InstanceType="t3.micro")
        self.aws("cloudwatch").put_metric_alarm(
            AlarmName=name, Namespace="Own", MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )  # fmt: skip
        self.topics.append(self.aws("sns").create_topic(Name=name)["TopicArn"])
        self.queues.append(self.aws("sqs").create_queue(QueueName=name)["QueueUrl"])

    def remove(self) -> None:
        for arn in self.target_groups:
            self.aws("elbv2").delete_target_group(TargetGroupArn=arn)
        for name in self.names:
            self.aws("ec2").delete_launch_template(LaunchTemplateName=name)
            self.aws("autoscaling").delete_launch_configuration(LaunchConfigurationName=name)
        self.aws("cloudwatch").delete_alarms(AlarmNames=self.names)
        for arn in self.topics:
            self.aws("sns").delete_topic(TopicArn=arn)
        for url in self.queues:
            self.aws("sqs").delete_queue(QueueUrl=url)


def found(client: Any, operation: str, key: str, size: int | None) -> list[Any]:
    """All items, by pages of `size`; None: of the size that the service chooses."""
    config = {"PageSize": size} if size else {}
    pages = client.get_paginator(operation).paginate(PaginationConfig=config)
    return [item for page in pages for item in jmespath.search(key, page) or []]


@pytest.mark.parametrize("service", SERVICES)
def test_every_paginator_finds_by_small_pages_what_one_large_page_has(sandbox: ClientSandbox, more_than_a_page: None, service: str) -> None:
    """Operations that need parameters are left to the tests of their service; the others answer, or refuse by name."""
    client = sandbox.aws(service)
    model = botocore.session.get_session().get_paginator_model(service)
    answered, wrong = [], []
    for name in model._paginator_config:  # the model has no public list of its names
        shape = client.meta.service_model.operation_model(name).input_shape
        if shape is not None and shape.required_members:
            continue
        config = model.get_paginator(name)
        key = config["result_key"] if isinstance(config["result_key"], str) else config["result_key"][0]
        size = _least(shape, config.get("limit_key"))
        operation = xform_name(name)
        try:
            whole = found(client, operation, key, None)
        except ClientError as error:
            assert error.response["Error"]["Code"] in REFUSALS, f"{name}: {error}"
            continue
        answered.append(name)
        if found(client, operation, key, size) != whole:
            wrong.append(name)
    assert wrong == []
    assert len(answered) >= {"ec2": 40, "autoscaling": 7, "elbv2": 3, "cloudwatch": 3, "sns": 2, "sqs": 1}[service]


def _least(shape: Any, limit_key: str | None) -> int | None:
    """The smallest page of at least five items that the operation's model accepts."""
    if limit_key is None:
        return None
    return max(PAGE, int(shape.members[limit_key].metadata.get("min", 0)))
