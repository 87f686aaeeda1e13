"""Which datapoints of namespace AWS/AutoScaling are due. Pure (ASG-118). metrics_controller.py publishes them.

One sample a minute of each metric that EnableMetricsCollection named. Groups here have no weighted capacity, so the capacity metrics count
instances. Warm pools and retained instances do not exist here: their metrics can be enabled and have no data.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sandbox.core.control import Decision, Scope
from sandbox.core.metrics import MetricDatum, of_value, period_start, until_next
from sandbox.services.autoscaling.actions import PublishGroupMetrics
from sandbox.services.autoscaling.lifecycle_model import LifecycleState

NAMESPACE = "AWS/AutoScaling"
METRICS = (  # ASG-118
    *("GroupMinSize", "GroupMaxSize", "GroupDesiredCapacity"),
    *(f"Group{kind}Instances" for kind in ("InService", "Pending", "Standby", "Terminating", "Total", "TerminatingRetained")),
    *(f"Group{kind}Capacity" for kind in ("InService", "Pending", "Standby", "Terminating", "Total", "TerminatingRetained")),
    *(f"WarmPool{kind}Capacity" for kind in ("Desired", "Warmed", "Pending", "Terminating", "Total")),
    *("GroupAndWarmPoolDesiredCapacity", "GroupAndWarmPoolTotalCapacity"),
)

KINDS: Mapping[str, Callable[[LifecycleState], bool]] = {
    "Pending": lambda state: state.is_pending,
    "InService": lambda state: state is LifecycleState.IN_SERVICE,
    "Standby": lambda state: state in (LifecycleState.ENTERING_STANDBY, LifecycleState.STANDBY),
    "Terminating": lambda state: state.is_terminating,
}
"""Which lifecycle states the metrics of each kind count (ASG-118); a detaching member is in none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSample:
    """What the metrics of one group are made of."""

    name: str
    enabled: tuple[str, ...]  # metrics
    min_size: int
    max_size: int
    desired_capacity: int
    members: tuple[LifecycleState, ...]
    published: datetime | None = None  # start of the last minute that was published


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedGroups:
    """The groups of an account and Region that collect metrics."""

    scope: Scope
    groups: tuple[GroupSample, ...] = ()


def decide(observed: ObservedGroups, now: datetime) -> Decision[None]:
    minute = period_start(now)
    actions = tuple(
        PublishGroupMetrics(group=group.name, minute=minute, data=_data(observed.scope, group, minute))
        for group in observed.groups
        if group.published is None or group.published < minute
    )
    return Decision(memory=None, actions=actions, look_again=until_next(now))


def _data(scope: Scope, group: GroupSample, minute: datetime) -> tuple[MetricDatum, ...]:
    values = measured(group)
    return tuple(
        MetricDatum(
            scope=scope,
            namespace=NAMESPACE,
            name=name,
            dimensions=(("AutoScalingGroupName", group.name),),
            unit="None",
            at=minute,
            sample=of_value(float(values[name])),
        )
        for name in group.enabled
        if name in values
    )


def measured(group: GroupSample) -> dict[str, int]:
    """Metric name → value, for every metric that can have one here."""
    counts = {kind: sum(map(counted, group.members)) for kind, counted in KINDS.items()}
    counts["Total"] = sum(counts.values())
    sizes = {"GroupMinSize": group.min_size, "GroupMaxSize": group.max_size, "GroupDesiredCapacity": group.desired_capacity}
    instances = {f"Group{kind}Instances": count for kind, count in counts.items()}
    return sizes | instances | {f"Group{kind}Capacity": count for kind, count in counts.items()}
