"""Which members a scale-in terminates (ASG-65): by the balance of the zones, the group's termination policies, the tie-breaker. Pure.

A policy narrows the candidates; the next policy sees the rest. Between candidates that all policies rate equally, the tie-breaker decides:
a random number that each member drew from the sandbox's seeded generator at launch, so that a run can be repeated.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.services.autoscaling.model import Group, LaunchSource, Member

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What policies compare members with."""

    current: LaunchSource
    now: datetime


Policy = Callable[[Sequence[Member], Situation], Sequence[Member]]


def choose(group: Group, count: int, now: datetime) -> tuple[Member, ...]:
    """Up to `count` members in the order of choice; fewer when the others are protected (ASG-68)."""
    situation = Situation(current=group.source, now=now)
    left, chosen = list(group.counted()), list[Member]()
    for _ in range(count):
        candidates = _of_fullest_zones(group, left)
        if not candidates:
            break
        selected = _narrowed(candidates, group.termination_policies, situation)
        left.remove(selected)
        chosen.append(selected)
    return tuple(chosen)


def _of_fullest_zones(group: Group, members: Sequence[Member]) -> list[Member]:
    """The unprotected members of the zone or zones with most instances; a zone that is no longer enabled comes first (ASG-65)."""
    enabled = {z.name for z in group.zones}
    size = Counter(m.zone for m in members)

    def fullness(member: Member) -> tuple[bool, int]:
        return member.zone not in enabled, size[member.zone]

    free = [m for m in members if not m.protected]
    most = max(map(fullness, free), default=None)
    return [m for m in free if fullness(m) == most]


def _narrowed(candidates: Sequence[Member], policies: Sequence[str], situation: Situation) -> Member:
    for name in policies:
        candidates = POLICIES[name](candidates, situation)
    return min(candidates, key=lambda m: (m.tie_breaker, m.instance_id))


# ---- the policies of ASG-67 ------------------------------------------------------------------------------------------------------------


def _least(members: Sequence[Member], key: Callable[[Member], object]) -> list[Member]:
    best = min(map(key, members))  # type: ignore[type-var]  # each key below is comparable with itself
    return [m for m in members if key(m) == best]


def _oldest_instance(members: Sequence[Member], situation: Situation) -> Sequence[Member]:
    return _least(members, lambda m: m.launched_at)


def _newest_instance(members: Sequence[Member], situation: Situation) -> Sequence[Member]:
    return _least(members, lambda m: situation.now - m.launched_at)


def _oldest_launch_configuration(members: Sequence[Member], situation: Situation) -> Sequence[Member]:
    """Members launched from a template come last."""
    return _least(members, lambda m: (m.source.is_template, m.source.created_at if not m.source.is_template else situation.now))


def _oldest_launch_template(members: Sequence[Member], situation: Situation) -> Sequence[Member]:
    """Those of another template than the current one first, then the oldest version of the current one."""

    def rank(member: Member) -> tuple[int, int]:
        if not member.source.is_template:
            return 2, 0
        current = member.source.name == situation.current.name
        return (1, member.source.version or 0) if current else (0, 0)

    return _least(members, rank)


def _closest_to_next_instance_hour(members: Sequence[Member], situation: Situation) -> Sequence[Member]:
    return _least(members, lambda m: HOUR - (situation.now - m.launched_at) % HOUR)


def _allocation_strategy(members: Sequence[Member], situation: Situation) -> Sequence[Member]:
    """Groups here have one instance type and no Spot Instances: every member fits the strategy equally."""
    return members


def _default(members: Sequence[Member], situation: Situation) -> Sequence[Member]:
    """ASG-66."""
    from_configuration = [m for m in members if not m.source.is_template]
    oldest = _oldest_launch_configuration if from_configuration else _oldest_launch_template
    return _closest_to_next_instance_hour(oldest(from_configuration or members, situation), situation)


POLICIES: Mapping[str, Policy] = {
    "Default": _default,
    "AllocationStrategy": _allocation_strategy,
    "OldestInstance": _oldest_instance,
    "NewestInstance": _newest_instance,
    "OldestLaunchConfiguration": _oldest_launch_configuration,
    "OldestLaunchTemplate": _oldest_launch_template,
    "ClosestToNextInstanceHour": _closest_to_next_instance_hour,
}
