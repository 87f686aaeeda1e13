"""Scaling policies as values: what PutScalingPolicy stored, and the inputs and results of decide/policies.py.

A policy belongs to one group, and is found by its ARN (what alarms name) or by group and name (what requests name).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from sandbox.core.persisted import persisted, renamed


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


@persisted("autoscaling.ScalingPolicy", migrations={3: renamed(least="min_adjustment_magnitude")})
@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingPolicy:
    arn: str
    name: str
    auto_scaling_group_name: str
    type: PolicyType
    enabled: bool = True
    adjustment_type: AdjustmentType | None = None  # None: target tracking
    adjustment: int | None = None  # of a simple policy
    min_adjustment_magnitude: int | None = None  # of PercentChangeInCapacity
    cooldown: int | None = None  # seconds; None: the group's default
    steps: tuple[Step, ...] = ()
    aggregation: Aggregation = Aggregation.AVERAGE
    warmup: int | None = None  # EstimatedInstanceWarmup in seconds; None: the group's (SCL-17)
    target: float | None = None  # of target tracking
    scales_in: bool = True  # not DisableScaleIn
    configuration: Mapping[str, Any] = field(default_factory=dict)  # TargetTrackingConfiguration of the request
    high: ManagedAlarm | None = None  # AlarmHigh, created by target tracking (SCL-11)
    low: ManagedAlarm | None = None  # AlarmLow; None: the policy does not scale in

    @property
    def alarms(self) -> tuple[ManagedAlarm, ...]:
        return tuple(alarm for alarm in (self.high, self.low) if alarm)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCapacity:
    """The size of a group, as a scaling policy sees it."""

    min_size: int
    max_size: int
    desired: int
    warm: int  # in service and past their warmup: what feeds the metric (SCL-16)
    terminating: int = 0  # instances that terminate and still exist
    scaling_out: bool = False  # instances are launched or warm up
    metric_current: bool = True  # the size has not changed since before the newest datapoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """Why a policy runs."""

    datapoints: tuple[float, ...] = ()  # evaluated by the alarm, newest last
    threshold: float | None = None
    low: bool = False  # the alarm is AlarmLow of target tracking, which scales in


@persisted("autoscaling.RequestedCapacity")
@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedCapacity:
    """The capacity that a policy requested when it last ran. Of policies that run together, the largest request wins (SCL-2)."""

    at: datetime
    capacity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """Numbers that AWS does not publish. They are defined nowhere else."""

    tt_low_ratio: float = 0.9  # AlarmLow's threshold as a fraction of the target (SCL-13)
    tt_low_ratio_small: float = 0.7  # the same for a small group that tracks an EC2 metric
    small_group: int = 3  # instances in service at most
    max_instances_removed: int = 1  # at once, by target tracking (SCL-21)
    request_lifetime: timedelta = timedelta(seconds=75)  # how long a request counts: alarms run policies every minute (SCL-4)


TUNING = Tuning()
