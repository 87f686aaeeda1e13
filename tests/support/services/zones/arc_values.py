"""Observed shifts with few words: a test states only what matters to it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.services.arc.model import (
    Autoshift,
    Capacity,
    Observed,
    ObservedResource,
    PracticeConfiguration,
    PracticeOutcome,
    Resource,
    ResourceKind,
    ResourceSettings,
    ShiftType,
    ZonalShift,
)

NOW = datetime(2026, 5, 7, 17, 0, tzinfo=UTC)  # a Thursday
LB = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/web/0123456789abcdef"
GROUP = "arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:uuid:autoScalingGroupName/web"
OUTCOME = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:errors"
BLOCKING = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:deploying"
ZONES = {"use1-az6": "us-east-1a", "use1-az1": "us-east-1b", "use1-az2": "us-east-1c"}
BALANCED = Capacity(healthy={"us-east-1a": 2, "us-east-1b": 2, "us-east-1c": 2})
UNBALANCED = Capacity(healthy={"us-east-1a": 0, "us-east-1b": 3, "us-east-1c": 3})
PRACTICE = PracticeConfiguration(outcome_alarms=(OUTCOME,), blocking_alarms=(BLOCKING,))
QUIET = {OUTCOME: "OK", BLOCKING: "OK"}


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def shift(shift_type: ShiftType = ShiftType.ZONAL_SHIFT, **more: Any) -> ZonalShift:
    """Active since ten minutes, for half an hour."""
    given: dict[str, Any] = {
        "id": "shift-1",
        "resource_arn": LB,
        "away_from": "use1-az6",
        "start": NOW - minutes(10),
        "expiry": NOW + minutes(20),
        "comment": "",
        "outcome": PracticeOutcome.PENDING if shift_type is ShiftType.PRACTICE_RUN else None,
    }
    return ZonalShift(type=shift_type, **(given | more))


def settings(**more: Any) -> ResourceSettings:
    """Zonal autoshift enabled, with practice runs configured a day ago."""
    given: dict[str, Any] = {"autoshift": True, "practice": PRACTICE, "configured": NOW - timedelta(days=1)}
    return ResourceSettings(**(given | more))


def resource(arn: str = LB, **more: Any) -> ObservedResource:
    kind = ResourceKind.AUTO_SCALING_GROUP if arn == GROUP else ResourceKind.APPLICATION_LOAD_BALANCER
    made = Resource(arn=arn, name="web", kind=kind, zones=more.pop("zones", ZONES), opted_in=True)
    given: dict[str, Any] = {"alarms": QUIET, "settings": settings()}
    return ObservedResource(resource=made, **(given | more))


def observed(*resources: ObservedResource, **more: Any) -> Observed:
    return Observed(resources=resources or (resource(),), zone_names=ZONES, **more)


def autoshift(**more: Any) -> Autoshift:
    given: dict[str, Any] = {"away_from": "use1-az6", "start": NOW - minutes(20)}
    return Autoshift(**(given | more))
