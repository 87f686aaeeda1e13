"""Which instances a refresh takes out of service and launches now (ASG-102). Pure.

Each call looks at what is there: as many instances leave as the group has ready ones to spare, as many are launched as it has room for.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from sandbox.core.control import Action
from sandbox.services.autoscaling.actions import RequestReplacement
from sandbox.services.autoscaling.decide import capacity, lifecycle, placement, termination_policy, texts
from sandbox.services.autoscaling.decide.replacement.bounds import Bounds, bounds, is_ready
from sandbox.services.autoscaling.decide.replacement.progress import NEEDED, Progress
from sandbox.services.autoscaling.lifecycle_model import LifecycleState
from sandbox.services.autoscaling.model import Delays, Group, Member, Purpose
from sandbox.services.autoscaling.refresh_model import Refresh, StandbyInstances


def batch(group: Group, refresh: Refresh, here: Progress, now: datetime, delays: Delays) -> Iterator[Action]:
    if not all(group.runs(process) for process in NEEDED):
        return
    preferences = refresh.preferences
    limits = bounds(group.desired_capacity, preferences.min_healthy, preferences.max_healthy)
    quota = here.goal(next_checkpoint(refresh)) - here.replaced  # so many more may be replaced before the refresh pauses
    yield from _leaving(group, refresh, here, limits, quota, now)
    if limits.launch_first:
        yield from _launched(group, here, limits, quota, now, delays)
    if preferences.standby is StandbyInstances.TERMINATE:
        for member in (m for m in here.standby if m.lifecycle is LifecycleState.STANDBY):
            yield from _take_out(group, member, now)


def next_checkpoint(refresh: Refresh) -> int:
    """Per cent; 100: no more checkpoint. A rollback makes no pause."""
    if refresh.rollback:
        return 100
    return next((each for each in refresh.preferences.checkpoints if each > refresh.checkpoint), 100)


def _leaving(group: Group, refresh: Refresh, here: Progress, limits: Bounds, quota: int, now: datetime) -> Iterator[Action]:
    """Ready ones that the group can spare; and those that are not ready, such as the broken ones of a rollback, which serve nobody."""
    ready = {m.instance_id for m in group.counted() if is_ready(group, m, refresh.preferences.warmup, now)}
    spare = len(ready) - limits.minimum
    if spare < 0:
        return
    idle = tuple(m for m in here.replaceable if m.instance_id not in ready)[: max(quota, 0)]
    serving = tuple(m for m in here.replaceable if m.instance_id in ready)
    surplus = _surplus(group)
    for member in (*idle, *_chosen(group, serving, max(min(spare, quota - len(idle)), 0), now)):
        yield from _take_out(group, member, now)
        if surplus <= 0:
            yield RequestReplacement(instance_id=member.instance_id, refresh=True)
        surplus -= 1


def _launched(group: Group, here: Progress, limits: Bounds, quota: int, now: datetime, delays: Delays) -> Iterator[Action]:
    """Instances above the desired capacity, each of which will take the place of an outdated one."""
    surplus = _surplus(group)
    count = min(len(here.replaceable) - surplus, limits.maximum - len(group.counted()), quota - surplus)
    if surplus < 0 or count <= 0:
        return  # the group launches up to its desired capacity first
    request = capacity.LaunchRequest(count=count, cause=texts.refreshed(now), purpose=Purpose.REFRESH, because=group.cause)
    yield from capacity.launches(group, [request], placement.placements(group, count, now, delays))


def _surplus(group: Group) -> int:
    return len(group.counted()) - group.desired_capacity


def _chosen(group: Group, members: tuple[Member, ...], count: int, now: datetime) -> tuple[Member, ...]:
    """As at a scale-in, but among the outdated ones, protected or not: whether those are replaced was a preference."""
    candidates = tuple(replace(m, protected=False) for m in members)
    chosen = {m.instance_id for m in termination_policy.choose(replace(group, members=candidates), count, now)}
    return tuple(m for m in members if m.instance_id in chosen)


def _take_out(group: Group, member: Member, now: datetime) -> Iterator[Action]:
    yield from lifecycle.take_out(group, member, texts.refreshed_out(now, member.instance_id), group.cause)
