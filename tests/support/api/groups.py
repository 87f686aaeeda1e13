"""Requests about Auto Scaling groups, and how they are refused."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.services.autoscaling_stage import Stage

UNKNOWN = "i-0123456789abcdef0"
Request = Callable[[Stage], object]


def refusal(request: Request, stage: Stage) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        request(stage)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def asg(operation: str, **parameters: Any) -> Request:
    return lambda stage: getattr(stage.asg, operation)(**parameters)


def of_web(operation: str, **parameters: Any) -> Request:
    return asg(operation, AutoScalingGroupName="web", **parameters)


NOT_NEGATIVE = (
    "1 validation error detected: Value '{}' at '{}' failed to satisfy constraint: Member must have value greater than or equal to 0"
)
