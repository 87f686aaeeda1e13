"""Requests about scaling policies, schedules and notifications, and how they are refused."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.services.scaling_stage import ScalingStage

Request = Callable[[ScalingStage], object]
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
STEP = {"PolicyType": "StepScaling", "AdjustmentType": "ChangeInCapacity"}
TRACK = {"PolicyType": "TargetTrackingScaling"}


def refusal(request: Request, stage: ScalingStage) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        request(stage)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def of(group: str, operation: str, **parameters: Any) -> Request:
    return lambda stage: getattr(stage.asg, operation)(AutoScalingGroupName=group, **parameters)


def steps(*bounds: tuple[float | None, float | None]) -> list[dict[str, Any]]:
    made = [{"MetricIntervalLowerBound": low, "MetricIntervalUpperBound": high, "ScalingAdjustment": 1} for low, high in bounds]
    return [{name: value for name, value in step.items() if value is not None} for step in made]


def predefined(kind: str, **more: Any) -> dict[str, Any]:
    return {"PredefinedMetricSpecification": {"PredefinedMetricType": kind} | more, "TargetValue": 50.0}


def custom(**given: Any) -> dict[str, Any]:
    return {"CustomizedMetricSpecification": given, "TargetValue": 50.0}
