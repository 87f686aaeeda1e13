"""Alarm parameters that botocore's clients do not let through, but other clients may send."""

from typing import Any

import pytest

from sandbox.core.errors import ApiError
from sandbox.services.cloudwatch.api.validation import alarms as alarm_validation
from tests.support import rule
from tests.support.services.alarms import ARN, CREATED

GOOD: dict[str, Any] = {
    "AlarmName": "a",
    "Namespace": "App",
    "MetricName": "x",
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1.0,
    "ComparisonOperator": "LessThanThreshold",
}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"EvaluationPeriods": 0}, "ValidationError", marks=rule("CW-17")),
        pytest.param({"DatapointsToAlarm": 0}, "ValidationError", marks=rule("CW-17")),
        ({"AlarmName": ""}, "MissingParameter"),
        pytest.param({"AlarmName": "x" * 256}, "ValidationError", marks=rule("CW-18")),
        ({"EvaluateLowSampleCountPercentile": "never"}, "ValidationError"),
        pytest.param({"Threshold": float("nan")}, "InvalidParameterValue", marks=rule("CW-20")),
        pytest.param({"Threshold": float("-inf")}, "InvalidParameterValue", marks=rule("CW-20")),
        ({"AlarmDescription": "x" * 1025}, "ValidationError"),
        ({"Unit": "Apples"}, "ValidationError"),
        pytest.param({"ComparisonOperator": "LessThanLowerThreshold"}, "ValidationError", marks=rule("CW-17")),
    ],
)
def test_what_is_refused(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(ApiError) as refused:
        alarm_validation.metric_alarm(GOOD | changes, ARN + "a", CREATED)
    assert refused.value.code == code


@rule("CW-32")
def test_options_of_2026_are_taken_and_ignored() -> None:
    plain = alarm_validation.metric_alarm(GOOD, ARN + "a", CREATED)
    assert alarm_validation.metric_alarm(GOOD | {"EvaluationWindow": "SLIDING", "EvaluationInterval": 60}, ARN + "a", CREATED) == plain


@rule("CW-16")
@pytest.mark.parametrize(("period", "n"), [(10, 8640), (60, 1440), (300, 288), (3600, 168), (86_400, 7)])
def test_the_longest_spans(period: int, n: int) -> None:
    assert alarm_validation.metric_alarm(GOOD | {"Period": period, "EvaluationPeriods": n}, ARN + "a", CREATED).evaluation_periods == n
