"""Alarms and datapoints with AWS's defaults, so that a test states only what matters."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.services.cloudwatch.data.series import MetricId
from sandbox.services.cloudwatch.decide.notifications import Location
from sandbox.services.cloudwatch.model import INITIAL_REASON, AlarmState, CompositeAlarm, Datapoint, MetricAlarm, StateChange, StateValue

CREATED = datetime(2026, 8, 19, 5, 0, tzinfo=UTC)
LOCATION = Location(account="123456789012", region="us-east-1", region_name="US East (N. Virginia)")
ARN = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:"
TOPIC = "arn:aws:sns:us-east-1:123456789012:coinbase-alerts"
POLICY = "arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:0a1b:autoScalingGroupName/web:policyName/out"


def metric_alarm(name: str = "cpu-high", **changes: Any) -> MetricAlarm:
    defaults: dict[str, Any] = {
        "name": name,
        "arn": ARN + name,
        "updated_at": CREATED,
        "comparison_operator": "GreaterThanThreshold",
        "threshold": 70.0,
        "evaluation_periods": 1,
        "period": 60,
        "metric": MetricId("AWS/EC2", "CPUUtilization", (("InstanceId", "i-0a1"),)),
        "statistic": "Average",
    }
    return MetricAlarm(**defaults | changes)


def composite_alarm(rule: str, name: str = "both", **changes: Any) -> CompositeAlarm:
    return CompositeAlarm(**{"name": name, "arn": ARN + name, "updated_at": CREATED, "rule": rule} | changes)


def state(value: str = "INSUFFICIENT_DATA", at: datetime = CREATED, reason: str = INITIAL_REASON) -> AlarmState:
    return AlarmState(value=StateValue(value), reason=reason, updated_at=at, transitioned_at=at)


def change(old: str, new: str, at: datetime = CREATED, reason: str = "because") -> StateChange:
    return StateChange(old=state(old), new=state(new, at, reason))


def points(text: str, ok: float = 0.0, breach: float = 100.0, period: int = 60) -> tuple[Datapoint, ...]:
    """From AWS's notation, newest right: `0 - X` (0 does not breach, X does, - is missing)."""
    values = {"0": ok, "X": breach, "-": None}
    marks = text.split()
    times = [CREATED + timedelta(seconds=period * number) for number in range(len(marks))]
    return tuple(Datapoint(at, values[mark], None if values[mark] is None else 1.0) for at, mark in zip(times, marks, strict=True))
