"""What the tutorial's commands do when typed as written, and what their corrections change, one rule of chapter 9 at a time.

The whole of it in its order is scenarios/tutorial_as_written.py; here each command stands alone.
"""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support import rule
from tests.support.services.autoscaling_stage import AMI
from tests.support.services.scaling_stage import ScalingStage, scaling

TYPICAL = {"HealthCheckIntervalSeconds": 10, "HealthCheckTimeoutSeconds": 3, "HealthyThresholdCount": 2, "UnhealthyThresholdCount": 2}
TUTORIALS_ALARM = {  # without --dimensions, which the group's name is put in for where a test needs data (TUT-41)
    "AlarmName": "coinbase-instance-health-check",
    "MetricName": "CPUUtilization",
    "Namespace": "AWS/EC2",
    "Statistic": "Average",
    "Period": 300,
    "Threshold": 80.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "EvaluationPeriods": 2,
}


@pytest.fixture
def stage() -> ScalingStage:
    return scaling()


def template(stage: ScalingStage, **data: Any) -> dict[str, Any]:
    """→ the group's parameter."""
    given = {"ImageId": AMI, "InstanceType": "t3.medium"} | data
    stage.ec2.create_launch_template(LaunchTemplateName="coinbase-lt", LaunchTemplateData=given)
    return {"LaunchTemplate": {"LaunchTemplateName": "coinbase-lt", "Version": "$Latest"}}


def tutorials_target_group(stage: ScalingStage, **checks: int) -> str:
    vpc = stage.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    made = stage.elbv2.create_target_group(Name="coinbase-targets", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="instance", **checks)
    return str(made["TargetGroups"][0]["TargetGroupArn"])


def balance(stage: ScalingStage, target_group: str) -> None:
    subnets = list(stage.subnets(2).values())
    balancer = stage.elbv2.create_load_balancer(Name="coinbase-alb", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    forward = [{"Type": "forward", "TargetGroupArn": target_group}]
    stage.elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=forward)


# ---- step 3: the group -------------------------------------------------------------------------------------------------------------------


@rule("TUT-21")
def test_an_image_that_the_region_does_not_have_is_not_launched(stage: ScalingStage) -> None:
    with pytest.raises(ClientError) as refused:
        stage.ec2.run_instances(ImageId="ami-0123456789abcdef0", InstanceType="t3.medium", MinCount=1, MaxCount=1)
    error = refused.value.response["Error"]
    assert (error["Code"], "ami-0123456789abcdef0" in error["Message"]) == ("InvalidAMIID.NotFound", True)
    assert stage.ec2.describe_instances()["Reservations"] == []
    assert [image["ImageId"] for image in stage.ec2.describe_images(ImageIds=[AMI])["Images"]] == [AMI]  # the tutorial's is ours


@pytest.mark.parametrize(
    ("given", "status_message"),
    [
        pytest.param(
            {"ImageId": "ami-0123456789abcdef0"},
            "The AMI ID ami-0123456789abcdef0 does not exist. Launching EC2 instance failed.",
            marks=rule("TUT-21", "ASG-60"),
        ),
        pytest.param(
            {"SecurityGroups": ["your-security-group"]},
            "The security group your-security-group does not exist. Launching EC2 instance failed.",
            marks=rule("TUT-22", "ASG-60"),
        ),
        pytest.param(
            {"KeyName": "your-key-pair"},
            "The key pair your-key-pair does not exist. Launching EC2 instance failed.",
            marks=rule("TUT-23", "ASG-60"),
        ),
    ],
    ids=["image", "security group", "key pair"],
)
def test_placeholders_are_accepted_and_fail_each_launch(given: dict[str, Any], status_message: str, stage: ScalingStage) -> None:
    stage.group(LaunchConfigurationName=stage.configuration("coinbase-lc", **given))
    stage.wait(60)
    assert stage.instances(None) == []
    told = {(a["StatusCode"], a["StatusMessage"], a["Description"]) for a in stage.activities()}
    assert told == {("Failed", status_message, f"Launching a new EC2 instance.  Status Reason: {status_message}")}


@rule("TUT-22")
def test_a_security_group_of_the_vpc_is_named_by_its_id(stage: ScalingStage) -> None:
    vpc = stage.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group_id = stage.ec2.create_security_group(GroupName="your-security-group", Description="x", VpcId=vpc)["GroupId"]
    stage.ready(LaunchConfigurationName=stage.configuration("coinbase-lc", SecurityGroups=[group_id]))
    found = stage.ec2.describe_instances(InstanceIds=stage.instances())["Reservations"]
    groups = {g["GroupId"] for r in found for i in r["Instances"] for g in i["SecurityGroups"]}
    assert (len(stage.instances()), groups) == (3, {group_id})


@pytest.mark.parametrize(
    ("source", "monitoring"),
    [
        (lambda stage: {"LaunchConfigurationName": stage.configuration("coinbase-lc")}, "enabled"),
        (template, "disabled"),
        (lambda stage: template(stage, Monitoring={"Enabled": True}), "enabled"),
    ],
    ids=["launch configuration", "template", "template that asks for it"],
)
@rule("TUT-27", "EC2-43")
def test_detailed_monitoring_is_a_launch_configuration_s_default_and_not_a_template_s(
    source: Any, monitoring: str, stage: ScalingStage
) -> None:
    stage.ready(**source(stage))
    found = stage.ec2.describe_instances(InstanceIds=stage.instances())["Reservations"]
    instances = [i for r in found for i in r["Instances"]]
    assert [i["Monitoring"]["State"] for i in instances] == [monitoring] * 3
    assert "DefaultInstanceWarmup" not in stage.described()
    assert {t["Key"] for i in instances for t in i["Tags"]} <= {"aws:autoscaling:groupName", *_template_tags(instances)}


def _template_tags(instances: list[dict[str, Any]]) -> set[str]:
    return {t["Key"] for i in instances for t in i["Tags"] if t["Key"].startswith("aws:ec2launchtemplate:")}


@rule("TUT-28", "TUT-25", "ASG-83")
def test_a_group_that_is_older_than_its_target_group_has_to_be_attached(stage: ScalingStage) -> None:
    stage.ready(zones=2)
    arn = tutorials_target_group(stage, **TYPICAL)
    balance(stage, arn)
    stage.wait(600)
    assert stage.health(arn) == {}
    stage.asg.attach_load_balancer_target_groups(AutoScalingGroupName="web", TargetGroupARNs=[arn])
    stage.wait(10)
    assert stage.health(arn) == dict.fromkeys(stage.instances(), "healthy")


# ---- step 4: the load balancer -----------------------------------------------------------------------------------------------------------


@rule("TUT-33", "TG-1", "TG-14")
def test_default_checks_find_a_dead_application_three_times_as_late_as_those_for_a_demonstration(stage: ScalingStage) -> None:
    def found_after(**checks: int) -> int:
        arn = tutorials_target_group(stage, **checks)
        balance(stage, arn)
        stage.ready(zones=2, TargetGroupARNs=[arn])
        stage.wait(120)
        victim = stage.instances()[0]
        stage.world.machine(victim).running = False  # gone without a word, as a zone that loses power
        for seconds in range(120):
            if stage.health(arn)[victim] == "unhealthy":
                return seconds
            stage.wait(1)
        return 120

    slow = found_after()
    (group,) = stage.elbv2.describe_target_groups()["TargetGroups"]
    defaults = ("HealthCheckIntervalSeconds", "HealthCheckTimeoutSeconds", "UnhealthyThresholdCount", "HealthyThresholdCount")
    assert ([group[name] for name in defaults], group["HealthCheckPath"]) == ([30, 5, 2, 5], "/")
    attributes = stage.elbv2.describe_target_group_attributes(TargetGroupArn=group["TargetGroupArn"])["Attributes"]
    assert {"Key": "deregistration_delay.timeout_seconds", "Value": "300"} in attributes
    assert 35 < slow <= 65
    stage = scaling()
    assert 13 < found_after(**TYPICAL) <= 23


@rule("TUT-34", "ALB-3")
def test_a_new_load_balancer_answers_only_when_it_is_active(stage: ScalingStage) -> None:
    balance(stage, tutorials_target_group(stage))
    (made,) = stage.elbv2.describe_load_balancers()["LoadBalancers"]
    assert (made["State"]["Code"], made["DNSName"].startswith("coinbase-alb-")) == ("provisioning", True)
    with pytest.raises(KeyError):
        stage.proxy.request(made["DNSName"])
    stage.wait(180)
    assert stage.elbv2.describe_load_balancers()["LoadBalancers"][0]["State"]["Code"] == "active"
    assert stage.proxy.request(made["DNSName"]).status == 503  # it listens; its group has no targets (TG-38)


# ---- step 5: scaling and alarm -----------------------------------------------------------------------------------------------------------


@rule("TUT-40", "SCL-11", "SCL-12")
def test_the_policy_makes_two_alarms_of_its_own(stage: ScalingStage) -> None:
    stage.ready()
    arn = stage.policy("coinbase-scaling-policy")
    alarms = stage.cloudwatch.describe_alarms()["MetricAlarms"]
    high, low = sorted(alarms, key=lambda a: "AlarmLow" in a["AlarmName"])
    assert [a["AlarmActions"] for a in (high, low)] == [[arn], [arn]]
    shown = ("ComparisonOperator", "Threshold", "Period", "EvaluationPeriods", "Dimensions")
    group = [{"Name": "AutoScalingGroupName", "Value": "web"}]
    assert [high[name] for name in shown] == ["GreaterThanThreshold", 70.0, 60, 3, group]
    assert [low[name] for name in shown if name != "Threshold"] == ["LessThanThreshold", 60, 15, group]


def why_alarmed(stage: ScalingStage) -> str:
    """The reason of the newest move to ALARM."""
    items = stage.cloudwatch.describe_alarm_history(HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    return next(str(item["HistoryData"]) for item in items if item["HistorySummary"].endswith("to ALARM"))


@pytest.mark.parametrize(
    ("detailed", "minutes", "gaps"),
    [(True, [4, 4, 4, 4, 4], False), (False, [6, 5, 4, 8, 7], True)],
    ids=["detailed", "basic"],
)
@rule("SCL-14", "TUT-40", "TUT-27")
def test_only_with_detailed_monitoring_the_high_alarm_sees_three_minutes_in_a_row(detailed: bool, minutes: list[int], gaps: bool) -> None:
    """Load that comes at each of five minutes. Basic: it is seen when a datapoint of five minutes comes, and alone (CW-27)."""

    def grown_after(phase: int) -> int:
        stage = scaling()
        stage.ready(**template(stage, Monitoring={"Enabled": detailed}))
        stage.policy()
        stage.demand = 180
        stage.wait(1800 + 60 * phase)
        assert gaps is any("INSUFFICIENT_DATA" in told for told in stage.history("StateUpdate") if "from OK" in told)
        stage.demand = 270
        sizes = stage.sizes(10)
        assert ("3 datapoints [" in why_alarmed(stage)) is detailed
        return 1 + next(n for n, size in enumerate(sizes) if size > 3)

    assert [grown_after(phase) for phase in range(5)] == minutes


@rule("TUT-44", "CW-16")
def test_the_tutorial_s_alarm_needs_ten_minutes_and_tells_nobody_when_it_is_over(stage: ScalingStage) -> None:
    stage.ready()
    topic = stage.sns.create_topic(Name="coinbase-alerts")["TopicArn"]
    of_the_group = [{"Name": "AutoScalingGroupName", "Value": "web"}]
    stage.cloudwatch.put_metric_alarm(**TUTORIALS_ALARM, Dimensions=of_the_group, AlarmActions=[topic])
    stage.demand = 30
    stage.wait(1200)
    assert stage.states() == {"coinbase": "OK"}
    stage.demand = 270

    def until(state: str) -> float:
        for minute in range(40):
            if stage.states() == {"coinbase": state}:
                return minute
            stage.wait(60)
        return 40

    assert 10 <= until("ALARM") <= 16
    assert len(stage.history()) == 1
    stage.demand = 30
    until("OK")
    assert (stage.states(), len(stage.history())) == ({"coinbase": "OK"}, 1)
