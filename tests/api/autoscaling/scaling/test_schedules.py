"""Scheduled actions by the API."""

import re
from datetime import timedelta
from typing import Any

import pytest

from tests.support import rule
from tests.support.api.scaling import UUID, of, refusal
from tests.support.services.scaling_stage import ScalingStage


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ({"MinSize": 1}, "ValidationError", "You must specify a StartTime or a Recurrence for a scheduled action."),
        (
            {"Recurrence": "0 9 * * *"},
            "ValidationError",
            "At least one of MinSize, MaxSize and DesiredCapacity must be specified for a scheduled action.",
        ),
        ({"StartTime": "2026-05-07T11:00:00Z", "MinSize": 1}, "ValidationError", "Given start time is in the past"),
        (
            {"StartTime": "2026-05-07T14:00:00Z", "EndTime": "2026-05-07T13:00:00Z", "MinSize": 1},
            "ValidationError",
            "Given end time is before the start time",
        ),
        (
            {"Recurrence": "0 9 * * *", "EndTime": "2026-05-07T13:00:00Z", "MinSize": 1},
            "ValidationError",
            "The scheduled action would never run: its first time is after the end time.",
        ),
        (
            {"Recurrence": "0 0 9 * * *", "MinSize": 1},
            "ValidationError",
            "Given recurrence string:0 0 9 * * * is not valid: '0 0 9 * * *' does not have 5 fields.",
        ),
        ({"Recurrence": "0 25 * * *", "MinSize": 1}, "ValidationError", "Given recurrence string:0 25 * * * is not valid: Bad hour."),
        (
            {"Recurrence": "0 9 * * *", "TimeZone": "Mars/Olympus", "MinSize": 1},
            "ValidationError",
            "Given time zone Mars/Olympus is not valid.",
        ),
        (
            {"Recurrence": "0 9 * * *", "MinSize": 5, "MaxSize": 2},
            "ValidationError",
            "Max bound, 2, must be greater than or equal to min bound, 5",
        ),
        (
            {"Recurrence": "0 9 * * *", "DesiredCapacity": 3, "MaxSize": 2},
            "ValidationError",
            "Desired capacity:3 must be between the specified min size:0 and max size:2",
        ),
        (
            {"StartTime": "2026-05-07T20:00:00Z", "MinSize": 1},
            "AlreadyExists",
            "A scheduled action with this scheduled start time already exists",
        ),
    ],
)
@rule("ASG-108")
def test_a_scheduled_action_that_cannot_be_is_refused(given: dict[str, Any], code: str, message: str, stage: ScalingStage) -> None:
    stage.asg.put_scheduled_update_group_action(
        AutoScalingGroupName="web", ScheduledActionName="evening", Recurrence="0 20 * * *", DesiredCapacity=1
    )
    assert (code, message) == refusal(of("web", "put_scheduled_update_group_action", ScheduledActionName="a", **given), stage)
    assert [a["ScheduledActionName"] for a in stage.asg.describe_scheduled_actions()["ScheduledUpdateGroupActions"]] == ["evening"]


@rule("ASG-108")
def test_actions_are_put_described_and_deleted_in_batches(stage: ScalingStage) -> None:
    wanted = [
        {"ScheduledActionName": "morning", "Recurrence": "0 9 * * MON-FRI", "TimeZone": "Europe/Berlin", "MinSize": 4},
        {"ScheduledActionName": "wrong", "Recurrence": "never", "MinSize": 4},
        {"ScheduledActionName": "night", "StartTime": "2026-05-07T22:00:00Z", "DesiredCapacity": 2},
    ]
    failed = stage.asg.batch_put_scheduled_update_group_action(AutoScalingGroupName="web", ScheduledUpdateGroupActions=wanted)
    assert [(f["ScheduledActionName"], f["ErrorCode"]) for f in failed["FailedScheduledUpdateGroupActions"]] == [
        ("wrong", "ValidationError")
    ]
    night, morning = stage.asg.describe_scheduled_actions(AutoScalingGroupName="web")["ScheduledUpdateGroupActions"]
    assert (night["ScheduledActionName"], night["StartTime"].astimezone(stage.clock.now().tzinfo).isoformat()) == (
        "night",
        "2026-05-07T22:00:00+00:00",
    )
    assert morning["Time"].astimezone(stage.clock.now().tzinfo).isoformat() == "2026-05-08T07:00:00+00:00"
    assert re.fullmatch(
        rf"arn:aws:autoscaling:us-east-1:123456789012:scheduledUpdateGroupAction:{UUID}:autoScalingGroupName/web:scheduledActionName/morning",
        morning["ScheduledActionARN"],
    )
    window = stage.asg.describe_scheduled_actions(StartTime=stage.clock.now() + timedelta(hours=12))["ScheduledUpdateGroupActions"]
    assert [a["ScheduledActionName"] for a in window] == ["morning"]
    gone = stage.asg.batch_delete_scheduled_action(AutoScalingGroupName="web", ScheduledActionNames=["night", "none"])
    [failed] = gone["FailedScheduledActions"]
    assert (failed["ScheduledActionName"], failed["ErrorMessage"]) == ("none", "Scheduled action name not found")
    stage.asg.delete_scheduled_action(AutoScalingGroupName="web", ScheduledActionName="morning")
    assert stage.asg.describe_scheduled_actions()["ScheduledUpdateGroupActions"] == []
