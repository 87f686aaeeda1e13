"""Notifications, metrics and small descriptions of a group by the API."""

from typing import Any

import pytest

from tests.support import rule
from tests.support.api.scaling import of, refusal
from tests.support.services.scaling_stage import ScalingStage


@rule("ASG-119")
def test_notifications_are_configured_by_topic(stage: ScalingStage) -> None:
    topic = stage.sns.create_topic(Name="ops")["TopicArn"]
    launch, end = "autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_TERMINATE"
    for types in ([launch], [end, launch]):
        stage.asg.put_notification_configuration(AutoScalingGroupName="web", TopicARN=topic, NotificationTypes=types)
    found = stage.asg.describe_notification_configurations()["NotificationConfigurations"]
    assert [("web", topic, end), ("web", topic, launch)] == [
        tuple(f[k] for k in ("AutoScalingGroupName", "TopicARN", "NotificationType")) for f in found
    ]
    stage.asg.delete_notification_configuration(AutoScalingGroupName="web", TopicARN=topic)
    assert stage.asg.describe_notification_configurations()["NotificationConfigurations"] == []


@pytest.mark.parametrize(
    ("topic", "types", "message"),
    [
        ("none", ["autoscaling:EC2_INSTANCE_LAUNCH"], "Unable to publish test message to notification target"),
        ("ops", ["autoscaling:LUNCH"], "Invalid notification type: autoscaling:LUNCH."),
        ("ops", [], "You must specify at least one notification type."),
    ],
)
@rule("ASG-119")
def test_a_notification_that_cannot_be_is_refused(topic: str, types: list[str], message: str, stage: ScalingStage) -> None:
    ops = stage.sns.create_topic(Name="ops")["TopicArn"]
    arn = ops.replace(":ops", f":{topic}")
    code, text = refusal(of("web", "put_notification_configuration", TopicARN=arn, NotificationTypes=types), stage)
    assert (code, text.startswith(message)) == ("ValidationError", True)
    assert stage.asg.describe_notification_configurations()["NotificationConfigurations"] == []


@rule("ASG-118")
def test_metrics_are_enabled_one_after_the_other_all_at_once_and_disabled(stage: ScalingStage) -> None:
    def enabled() -> list[str]:
        return [m["Metric"] for m in stage.described()["EnabledMetrics"]]

    on, off = of("web", "enable_metrics_collection", Granularity="1Minute"), of("web", "disable_metrics_collection")
    of("web", "enable_metrics_collection", Granularity="1Minute", Metrics=["GroupMaxSize"])(stage)
    of("web", "enable_metrics_collection", Granularity="1Minute", Metrics=["GroupMinSize"])(stage)
    assert enabled() == ["GroupMinSize", "GroupMaxSize"]
    on(stage)
    assert len(enabled()) == 22
    of("web", "disable_metrics_collection", Metrics=["GroupMinSize"])(stage)
    assert "GroupMinSize" not in enabled()
    off(stage)
    assert enabled() == []
    assert refusal(of("web", "enable_metrics_collection", Granularity="5Minutes"), stage)[1].startswith("Granularity is not valid")
    assert refusal(of("web", "enable_metrics_collection", Granularity="1Minute", Metrics=["Size"]), stage)[1].startswith(
        "Invalid metric: Size"
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, True), ({"InstanceMonitoring": {"Enabled": False}}, False), ({"InstanceMonitoring": {"Enabled": True}}, True)],
)
@rule("EC2-43")
def test_launch_configurations_ask_for_detailed_monitoring_unless_told_otherwise(
    given: dict[str, Any], expected: bool, stage: ScalingStage
) -> None:
    stage.configuration("another", **given)
    found = stage.asg.describe_launch_configurations(LaunchConfigurationNames=["another"])["LaunchConfigurations"][0]
    assert expected == found["InstanceMonitoring"]["Enabled"]


def test_small_descriptions(stage: ScalingStage) -> None:
    types = [a["AdjustmentType"] for a in stage.asg.describe_adjustment_types()["AdjustmentTypes"]]
    assert types == ["ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity"]
    assert len(stage.asg.describe_auto_scaling_notification_types()["AutoScalingNotificationTypes"]) == 5
    assert "ScheduledActions" in {p["ProcessName"] for p in stage.asg.describe_scaling_process_types()["Processes"]}
    assert "OldestInstance" in stage.asg.describe_termination_policy_types()["TerminationPolicyTypes"]
    assert {"Granularity": "1Minute"} in stage.asg.describe_metric_collection_types()["Granularities"]
    limits = stage.asg.describe_account_limits()
    assert (limits["NumberOfAutoScalingGroups"], limits["NumberOfLaunchConfigurations"]) == (1, 1)
