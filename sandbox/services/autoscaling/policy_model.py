"""Scaling policies as values: what PutScalingPolicy stored, and what the rules of decide/policies.py look at and answer.

A policy belongs to one group, and is found by its ARN (what alarms name) or by group and name (what requests name).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from sandbox.core.persisted import persisted


@persisted("autoscaling.PolicyType")
class PolicyType(Enum):
    """SCL-1."""

    SIMPLE = "SimpleScaling"
    STEP = "StepScaling"
    TARGET_TRACKING = "TargetTrackingScaling"
    PREDICTIVE = "PredictiveScaling"


@persisted("autoscaling.AdjustmentType")
class AdjustmentType(Enum):
    """SCL-3."""

    CHANGE = "ChangeInCapacity"
    EXACT = "ExactCapacity"
    PERCENT = "PercentChangeInCapacity"


@persisted("autoscaling.Aggregation")
class Aggregation(Enum):
    """SCL-31."""

    AVERAGE = "Average"
    MINIMUM = "Minimum"
    MAXIMUM = "Maximum"


@persisted("autoscaling.Step")
@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """SCL-30: bounds are offsets from the alarm's threshold; None: open on that side."""

    lower: float | None = None
    upper: float | None = None
    adjustment: int


@persisted("autoscaling.ManagedAlarm")
@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedAlarm:
    name: str
    arn: str


@persisted("autoscaling.ScalingPolicy")
@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingPolicy:
    arn: str
    name: str
    auto_scaling_group_name: str
    type: PolicyType
    enabled: bool = True
    adjustment_type: AdjustmentType | None = None  # None: target tracking
    adjustment: int | None = None  # of a simple policy
    least: int | None = None  # MinAdjustmentMagnitude, with percentages
    cooldown: int | None = None  # seconds; None: the group's default
    steps: tuple[Step, ...] = ()
    aggregation: Aggregation = Aggregation.AVERAGE
    warmup: int | None = None  # EstimatedInstanceWarmup in seconds; None: the group's (SCL-17)
    target: float | None = None  # of target tracking
    scales_in: bool = True  # not DisableScaleIn
    configuration: Mapping[str, Any] = field(default_factory=dict)  # TargetTrackingConfiguration as it was given
    high: ManagedAlarm | None = None  # the alarms that target tracking made (SCL-11)
    low: ManagedAlarm | None = None  # None: it does not scale in

    @property
    def alarms(self) -> tuple[ManagedAlarm, ...]:
        return tuple(alarm for alarm in (self.high, self.low) if alarm)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How large a group is, as a policy sees it."""

    min_size: int
    max_size: int
    desired: int
    warm: int  # in service and past their warmup: what feeds the metric (SCL-16)
    leaving: int = 0  # terminating, and still there
    scaling_out: bool = False  # instances are launched or warm up
    settled: bool = True  # the size has been the same for so long that the newest datapoint tells of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """Why a policy runs."""

    datapoints: tuple[float, ...] = ()  # that the alarm evaluated, newest last
    threshold: float | None = None
    low: bool = False  # it is the alarm under which target tracking scales in


@persisted("autoscaling.Wish")
@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a policy asked for when it last ran: the largest wish of those that run together wins (SCL-2)."""

    at: datetime
    capacity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """Numbers that AWS does not publish. The one place for them."""

    tt_low_ratio: float = 0.9  # AlarmLow's threshold as a part of the target (SCL-13)
    tt_low_ratio_small: float = 0.7  # of a small group that tracks an EC2 metric
    small_group: int = 3  # instances in service at most
    most_removed: int = 1  # instances that target tracking takes at once (SCL-21)
    fresh: timedelta = timedelta(seconds=75)  # how long a wish counts: alarms run policies every minute (SCL-4)


TUNING = Tuning()
