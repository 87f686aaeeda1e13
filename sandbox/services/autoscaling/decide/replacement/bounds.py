"""How many instances a group has at least and at most while instances are replaced (ASG-102, ASG-105), and which are ready. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from sandbox.services.autoscaling.lifecycle_model import LifecycleState
from sandbox.services.autoscaling.model import Group, Health, Member

UNREADY = frozenset({"initial", "unhealthy"})  # states of a target


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    minimum: int  # of instances that are ready
    maximum: int  # of instances in service and pending
    launch_first: bool  # else an instance is terminated and its replacement launched at the same time


def bounds(desired: int, low: int, high: int | None) -> Bounds:
    """`low`, `high`: healthy percentages; high None: not given.

    Terminating first takes out one instance at least. Launching first adds one at least: also where 100 is the explicit maximum and the
    minimum permits no instance less (ASG-102)."""
    minimum = ceil(desired * low / 100)
    impossible = high is not None and minimum >= desired
    if low == 100 or (high or 100) > 100 or impossible:
        return Bounds(minimum=minimum, maximum=max(desired * (high or 100) // 100, desired + 1), launch_first=True)
    return Bounds(minimum=min(minimum, desired - 1), maximum=desired, launch_first=False)


def is_ready(group: Group, member: Member, warmup: timedelta, now: datetime) -> bool:
    """In service, healthy and warm. With health checks of type ELB, its first checks have passed."""
    if member.lifecycle is not LifecycleState.IN_SERVICE or member.in_service_since is None:
        return False
    if member.health is not Health.HEALTHY or member.instance_state != "running":
        return False
    if "ELB" in group.health_check_types and UNREADY & set(member.targets.values()):
        return False
    return now >= member.in_service_since + warmup
