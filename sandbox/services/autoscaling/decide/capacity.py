"""The size of a group: missing instances are launched, surplus instances terminated, uneven zones rebalanced. Pure.

Each function returns a `Plan`: the actions for now, or when to look again. A change is acted on after AWS's own delay (ASG-120).
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sandbox.core.control import Action
from sandbox.core.text import plural
from sandbox.services.autoscaling.actions import (
    ClearHandledRequests,
    LaunchInstances,
    OpenActivity,
)
from sandbox.services.autoscaling.activity_model import ActivityKind, StatusCode, Trigger
from sandbox.services.autoscaling.decide import events, lifecycle, placement, termination_policy, texts
from sandbox.services.autoscaling.decide.placement import Placement
from sandbox.services.autoscaling.lifecycle_model import LifecycleState
from sandbox.services.autoscaling.model import Delays, Group, Health, Memory, PendingReplacement, Process, Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    actions: tuple[Action, ...] = ()
    look_at: datetime | None = None  # None: nothing to wait for


def missing(group: Group) -> int:
    """By how many instances the group is below its desired capacity; negative: above."""
    return group.desired_capacity - len(group.counted())


def clear_requests(group: Group) -> Plan:
    """The group has its desired capacity: the changes and replacements that still wait need no action."""
    return Plan(actions=(_all_handled(group),) if group.changes or group.pending_replacements else ())


def _all_handled(group: Group) -> ClearHandledRequests:
    return ClearHandledRequests(changes=len(group.changes), replacements=len(group.pending_replacements))


# ---- scale out ---------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchRequest:
    """Instances to be launched for one reason."""

    count: int
    cause: str
    purpose: Purpose
    because: str | None
    trigger: Trigger | None = None


def scale_out(group: Group, now: datetime, delays: Delays) -> Plan:
    if not group.runs(Process.LAUNCH):
        return Plan()
    pending = group.pending_replacements[: missing(group)]
    due = tuple(p for p in pending if now >= p.at + delays.replacement)
    change_due = _change_due(group, delays)
    difference = missing(group) - len(pending) if change_due is None or now >= change_due else 0
    requests = _launch_requests(group, due, difference, now)
    count = sum(request.count for request in requests)
    placements = placement.placements(group, count, now, delays)
    if count == 0 or not placements:
        return Plan(look_at=_next_launch(group, change_due, now, delays))
    handled = ClearHandledRequests(changes=len(group.changes) if difference else 0, replacements=len(due))
    return Plan(actions=(*launches(group, requests, placements), handled))


def _next_launch(group: Group, change_due: datetime | None, now: datetime, delays: Delays) -> datetime | None:
    moments = [p.at + delays.replacement for p in group.pending_replacements]
    moments += [moment for moment in (change_due, placement.next_retry(group.open_zones(), now, delays)) if moment]
    return min((moment for moment in moments if moment > now), default=None)


def _change_due(group: Group, delays: Delays) -> datetime | None:
    """When the group acts on the change of its desired capacity; None: there is no change, and a difference is corrected at once."""
    return group.changes[0].at + delays.launch if group.changes else None


def _launch_requests(group: Group, replacements: tuple[PendingReplacement, ...], difference: int, now: datetime) -> list[LaunchRequest]:
    """One for each instance that is replaced, and one for all others: their cause is the difference between desired and actual capacity."""
    unhealthy, refreshed = [r for r in replacements if r.unhealthy], [r for r in replacements if r.refresh]
    requests = [LaunchRequest(count=1, cause=texts.replaced(now), purpose=Purpose.REPLACEMENT, because=r.cause) for r in unhealthy]
    requests += [LaunchRequest(count=1, cause=texts.refreshed(now), purpose=Purpose.REFRESH, because=r.cause) for r in refreshed]
    others = difference + len(replacements) - len(requests)
    if not others:
        return requests
    changes = group.changes if difference else ()
    cause = texts.cause(*(c.sentence for c in changes), texts.started(now, len(group.counted()), group.desired_capacity))
    causes = [c.cause for c in reversed(changes)] + [r.cause for r in replacements]
    because = next((event for event in causes if event), group.cause)
    trigger = _trigger(group) if difference else None
    return [*requests, LaunchRequest(count=others, cause=cause, purpose=Purpose.DIFFERENCE, because=because, trigger=trigger)]


def _trigger(group: Group) -> Trigger | None:
    """The policy that made the newest of the changes that are acted on; None: no policy made any."""
    return next((c.trigger for c in reversed(group.changes) if c.trigger), None)


def launches(group: Group, requests: list[LaunchRequest], placements: tuple[Placement, ...]) -> tuple[Action, ...]:
    """One RunInstances for each reason and subnet."""
    rest = list(placements)
    actions: list[Action] = []
    for request in requests:
        own, rest = rest[: request.count], rest[request.count :]
        actions += [_launch(group, request, target, count) for target, count in Counter(own).items()]
    return tuple(actions)


def _launch(group: Group, request: LaunchRequest, target: Placement, count: int) -> Action:
    subject = events.Subject(group=group.name, cause=request.because)
    summary = f"{group.name} launches {plural(count, 'instance')} in {target.zone}: {request.purpose.value}"
    return LaunchInstances(
        zone=target.zone,
        subnet_id=target.subnet_id,
        count=count,
        cause=request.cause,
        purpose=request.purpose,
        trigger=request.trigger,
        event=events.event(events.STARTED, summary, subject, {"Cause": request.cause}),
    )


# ---- scale in ----------------------------------------------------------------------------------------------------------------------------


def scale_in(group: Group, now: datetime, delays: Delays) -> Plan:
    if not group.runs(Process.TERMINATE):
        return Plan()
    if not group.changes and (_rebalance_in_progress(group) or group.is_replacing):
        return Plan()  # ASG-27, ASG-102: the surplus is there until it has taken the place of others
    due = group.changes[-1].at + delays.scale_in if group.changes else now
    if now < due:
        return Plan(look_at=due)
    selected = termination_policy.choose(group, -missing(group), now)
    if not selected:
        return Plan(actions=(_all_protected(group, now), _all_handled(group)) if group.changes else ())
    size = len(group.counted())
    shrunk = texts.shrunk(now, size, size - len(selected), [m.instance_id for m in selected])
    cause = texts.cause(*(c.sentence for c in group.changes), shrunk)
    because = group.changes[-1].cause if group.changes else group.cause
    trigger = _trigger(group)
    actions = [action for member in selected for action in lifecycle.take_out(group, member, cause, because, trigger)]
    return Plan(actions=(*actions, _all_handled(group)))


def _rebalance_in_progress(group: Group) -> bool:
    return any(m.purpose is Purpose.REBALANCE and m.lifecycle.is_pending for m in group.members)


def _all_protected(group: Group, now: datetime) -> Action:
    """ASG-62."""
    subject = events.Subject(group=group.name, cause=group.changes[-1].cause)
    return OpenActivity(
        kind=ActivityKind.REFUSAL,
        description=texts.PROTECTED,
        cause=texts.cause(*(c.sentence for c in group.changes)),
        status=StatusCode.CANCELLED,
        progress=100,
        end=now,
        event=events.event(events.ENDED, f"{group.name}: {texts.PROTECTED}", subject),
    )


# ---- rebalance ---------------------------------------------------------------------------------------------------------------------------


def uneven(group: Group, now: datetime, delays: Delays) -> bool:
    """The group is stable, and its zones differ by more than 1 or it has instances in a zone that is not enabled (ASG-27, ASG-29)."""
    if any(not group.runs(p) for p in (Process.AZ_REBALANCE, Process.LAUNCH)):
        return False
    if group.refresh is not None:
        return False
    stable = all(m.lifecycle is LifecycleState.IN_SERVICE and m.health is Health.HEALTHY for m in group.counted())
    return missing(group) == 0 and stable and bool(placement.rebalancing(group, now, delays))


def rebalance(group: Group, memory: Memory, now: datetime, delays: Delays) -> Plan:
    """`memory` has the current `uneven_since`. Scale-in then terminates the surplus, in the zone with most instances."""
    if memory.uneven_since is None:
        return Plan(look_at=placement.next_retry(group.open_zones(), now, delays))
    due = memory.uneven_since + delays.rebalance
    if now < due:
        return Plan(look_at=due)
    moves = placement.rebalancing(group, now, delays)
    room = _most_while_rebalancing(group) - len(group.counted())
    present = placement.counts(group)
    actions: list[Action] = []
    for zone, count in Counter(moves[:room]).items():
        request = LaunchRequest(count=count, cause=texts.rebalanced(now, zone, present), purpose=Purpose.REBALANCE, because=group.cause)
        placements = placement.spread([z for z in group.zones if z.name == zone], present, count)
        actions += launches(group, [request], placements)
    return Plan(actions=tuple(actions))


def _most_while_rebalancing(group: Group) -> int:
    """ASG-28; a maintenance policy says it in its own way (ASG-105), and it leaves room for one at least."""
    if group.maintenance is None:
        return group.max_size + placement.allowance(group.max_size)
    return max(group.desired_capacity * group.maintenance.max_healthy // 100, group.desired_capacity + 1)
