"""The capacity that scaling policies request when an alarm is in ALARM. Pure: section 3 of the rules.

`requested_capacity` is the request of one policy; `combined_capacity` combines it with the requests of the group's other policies.
state/policies.py changes the desired capacity.
"""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta

from sandbox.services.autoscaling.lifecycle_model import LifecycleState
from sandbox.services.autoscaling.model import Group, Member
from sandbox.services.autoscaling.policy_model import (
    TUNING,
    AdjustmentType,
    Aggregation,
    Breach,
    GroupCapacity,
    PolicyType,
    RequestedCapacity,
    ScalingPolicy,
    Step,
    Tuning,
)

TINY = 1e-9  # 3 × 70 / 70 may come out as 3.0000000000000004


class PolicyFailure(Exception):
    """The policy could not be executed; the text is for the alarm's history (SCL-5)."""


# ---- the group as policies see it --------------------------------------------------------------------------------------------------------


def group_capacity(group: Group, now: datetime, resolution: timedelta) -> GroupCapacity:
    """`resolution`: the time between two datapoints of the policy's metric. After two of them, the newest measures the current size."""
    counted = group.counted()
    warm = sum(is_warm(group, member, now) for member in counted)
    resized = group.resized_at
    return GroupCapacity(
        min_size=group.min_size,
        max_size=group.max_size,
        desired=group.desired_capacity,
        warm=warm,
        terminating=sum(member.lifecycle.is_terminating for member in group.members),
        scaling_out=warm < len(counted) or len(counted) < group.desired_capacity,
        metric_current=resized is None or now >= resized + 2 * resolution,
    )


def is_warm(group: Group, member: Member, now: datetime) -> bool:
    """SCL-16."""
    since = member.in_service_since
    return member.lifecycle is LifecycleState.IN_SERVICE and since is not None and now >= since + group.warmup_of(member)


def warmup(policy: ScalingPolicy, default_instance_warmup: int | None, default_cooldown: int) -> timedelta:
    """SCL-17: the policy's, else the group's, else its cooldown."""
    if policy.type is PolicyType.SIMPLE:
        return timedelta(seconds=default_instance_warmup or 0)
    chosen = next(value for value in (policy.warmup, default_instance_warmup, default_cooldown) if value is not None)
    return timedelta(seconds=chosen)


# ---- one policy --------------------------------------------------------------------------------------------------------------------------


def requested_capacity(policy: ScalingPolicy, group: GroupCapacity, breach: Breach, tuning: Tuning = TUNING) -> int:
    """The capacity that the policy requests, within the group's bounds (SCL-2). Raises PolicyFailure."""
    match policy.type:
        case PolicyType.TARGET_TRACKING:
            capacity = _tracked(policy, group, breach, tuning)
        case PolicyType.STEP:
            capacity = _stepped(policy, group, breach)
        case _:
            capacity = adjusted(policy, group.desired, policy.adjustment or 0)
    return min(max(capacity, group.min_size), group.max_size)


def adjusted(policy: ScalingPolicy, capacity: int, adjustment: int) -> int:
    """SCL-3."""
    match policy.adjustment_type:
        case AdjustmentType.EXACT:
            return adjustment
        case AdjustmentType.PERCENT:
            return capacity + _share(capacity, adjustment, policy.min_adjustment_magnitude or 1)
    return capacity + adjustment


def _share(capacity: int, percent: int, minimum: int) -> int:
    """Rounded toward zero, but to 1 at least: 0.4 of an instance is one instance."""
    if percent == 0:
        return 0
    size = max(abs(capacity * percent) // 100, minimum)
    return size if percent > 0 else -size


def _tracked(policy: ScalingPolicy, group: GroupCapacity, breach: Breach, tuning: Tuning) -> int:
    """SCL-15. Scales out by the newest datapoint, and in by the highest of those evaluated, which removes the fewest instances."""
    if not breach.datapoints:
        return group.desired  # SCL-19
    assert policy.target is not None
    if breach.low:
        return _tracked_in(policy.target, group, max(breach.datapoints), tuning)
    if group.warm == 0:
        return max(group.desired, 1)  # no instance counts for the metric; from zero to one (U)
    return max(group.desired, needed(group.warm, breach.datapoints[-1], policy.target))  # SCL-16: instances that warm up are in `desired`


def needed(current: int, metric: float, target: float) -> int:
    """How many instances bring the metric to the target or below, when the metric of `current` instances is `metric`."""
    return max(math.ceil(current * metric / target - TINY), 0)


def _tracked_in(target: float, group: GroupCapacity, metric: float, tuning: Tuning) -> int:
    """SCL-16, SCL-21."""
    if group.scaling_out or not group.metric_current:
        return group.desired
    surplus = group.desired - needed(group.warm + group.terminating, metric, target)
    return group.desired - min(max(surplus, 0), tuning.max_instances_removed)


def _stepped(policy: ScalingPolicy, group: GroupCapacity, breach: Breach) -> int:
    if not breach.datapoints or breach.threshold is None:
        raise PolicyFailure("Metric data points must be provided")
    value = aggregated(policy.aggregation, breach.datapoints)
    step = step_for(policy.steps, value - breach.threshold)
    if step is None:
        shown = ", ".join(f"{point}" for point in breach.datapoints)
        raise PolicyFailure(f"No step adjustment found for metric value [{shown}] and breach threshold {breach.threshold}")
    base = group.warm if group.scaling_out else group.desired
    capacity = adjusted(policy, base, step.adjustment)
    if capacity > base:
        return max(capacity, group.desired)  # SCL-33: only the difference to the instances that warm up
    return group.desired if group.scaling_out else capacity


def aggregated(how: Aggregation, points: tuple[float, ...]) -> float:
    """SCL-31."""
    match how:
        case Aggregation.MINIMUM:
            return min(points)
        case Aggregation.MAXIMUM:
            return max(points)
    return sum(points) / len(points)


def step_for(steps: Iterable[Step], offset: float) -> Step | None:
    """The step whose interval contains the value's distance from the threshold; of two, the higher one."""
    matching = [step for step in steps if _contains(step, offset)]
    return max(matching, key=lambda step: math.inf if step.upper is None else step.upper, default=None)


def _contains(step: Step, offset: float) -> bool:
    """SCL-30: above the threshold the lower bound belongs to the step, below it the upper one."""
    lower = -math.inf if step.lower is None else step.lower
    upper = math.inf if step.upper is None else step.upper
    return (lower < offset if lower < 0 else lower <= offset) and (offset <= upper if upper <= 0 else offset < upper)


# ---- several policies --------------------------------------------------------------------------------------------------------------------


def combined_capacity(own: int, group: GroupCapacity, others: Iterable[RequestedCapacity], now: datetime, tuning: Tuning = TUNING) -> int:
    """SCL-2: the largest of the capacities that the group's policies request now. `others`: the last requests of its other policies."""
    current = [request.capacity for request in others if now - request.at <= tuning.request_lifetime]
    return own if own >= group.desired else min(max([own, *current]), group.desired)
