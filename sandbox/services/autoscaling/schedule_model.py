"""Scheduled actions as values (ASG-108): what PutScheduledUpdateGroupAction stored, and the observed state that the loop decides on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.core.persisted import persisted


@persisted("autoscaling.ScheduledAction")
@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledAction:
    arn: str
    name: str
    auto_scaling_group_name: str
    due: datetime  # when it runs next
    start: datetime | None = None
    end: datetime | None = None  # None: it recurs for ever
    recurrence: str | None = None  # None: once
    time_zone: str | None = None  # None: UTC
    min_size: int | None = None  # None: left as it is; so are the other two
    max_size: int | None = None
    desired_capacity: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSize:
    min_size: int
    max_size: int
    desired_capacity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The observed state of one group: its scheduled actions, and the size that they change."""

    auto_scaling_group_name: str
    actions: tuple[ScheduledAction, ...]
    size: GroupSize
    suspended: bool = False  # the process ScheduledActions
    causes: Mapping[str, str] = field(default_factory=dict)  # action name → id of the newest event about it
