"""The size of a group: what is missing is launched, what is too much is taken, what lies unevenly is balanced. Pure.

Each function returns a `Plan`: the steps for now, or when to look again. AWS's own delays (ASG-120) lie between a change and its step.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sandbox.core.control import Action
from sandbox.core.text import plural
from sandbox.services.autoscaling.actions import (
    LaunchInstances,
    OpenActivity,
    Settle,
)
from sandbox.services.autoscaling.activity_model import ActivityKind, StatusCode, Trigger
from sandbox.services.autoscaling.decide import events, lifecycle, placement, termination_policy, texts
from sandbox.services.autoscaling.decide.placement import Place
from sandbox.services.autoscaling.lifecycle_model import LifecycleState
from sandbox.services.autoscaling.model import Delays, Group, Health, Memory, Owed, Process, Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    steps: tuple[Action, ...] = ()
    look_at: datetime | None = None  # None: nothing to wait for


def missing(group: Group) -> int:
    """How many instances short of desired; negative: too many."""
    return group.desired_capacity - len(group.counted())


def settled(group: Group) -> Plan:
    """The group is as large as desired: what was asked meanwhile is done with."""
    return Plan(steps=(Settle(changes=len(group.changes), owed=len(group.owed)),) if group.changes or group.owed else ())


# ---- scale out ---------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """So many instances for one reason."""

    count: int
    cause: str
    purpose: Purpose
    because: str | None
    trigger: Trigger | None = None


def scale_out(group: Group, now: datetime, delays: Delays) -> Plan:
    if not group.does(Process.LAUNCH):
        return Plan()
    owed = tuple(o for o in group.owed[: missing(group)] if now >= o.at + delays.replacement)
    changed = _change_due(group, delays)
    for_difference = missing(group) - len(group.owed[: missing(group)]) if changed is None or now >= changed else 0
    wants = _wants(group, owed, for_difference, now)
    count = sum(w.count for w in wants)
    places = placement.places(group, count, now, delays)
    if count == 0 or not places:
        waits = [o.at + delays.replacement for o in group.owed] + ([changed] if changed else [])
        retry = placement.next_retry(group.zones, now, delays)
        return Plan(look_at=min([w for w in waits if w > now] + ([retry] if retry else []), default=None))
    return Plan(steps=(*_launches(group, wants, places), Settle(changes=len(group.changes) if for_difference else 0, owed=len(owed))))


def _change_due(group: Group, delays: Delays) -> datetime | None:
    """When the group acts on the change of desired; None: there is none to act on, a difference is made good at once."""
    return group.changes[0].at + delays.launch if group.changes else None


def _wants(group: Group, owed: tuple[Owed, ...], for_difference: int, now: datetime) -> list[Want]:
    unhealthy = [o for o in owed if o.unhealthy]
    others = for_difference + len(owed) - len(unhealthy)
    sentences = [c.sentence for c in group.changes] if for_difference else []
    difference = texts.cause(*sentences, texts.started(now, len(group.counted()), group.desired_capacity))
    asked = [c.cause for c in reversed(group.changes) if for_difference] + [o.cause for o in owed]
    because = next((cause for cause in asked if cause), group.cause)
    wants = [Want(count=1, cause=texts.replaced(now), purpose=Purpose.REPLACEMENT, because=o.cause) for o in unhealthy]
    trigger = _trigger(group) if for_difference else None
    grow = Want(count=others, cause=difference, purpose=Purpose.DIFFERENCE, because=because, trigger=trigger)
    return [*wants, *([grow] if others else [])]


def _trigger(group: Group) -> Trigger | None:
    """The newest policy behind the changes that are acted on."""
    return next((c.trigger for c in reversed(group.changes) if c.trigger), None)


def _launches(group: Group, wants: list[Want], places: tuple[Place, ...]) -> tuple[Action, ...]:
    """One RunInstances for each reason and subnet."""
    left = list(places)
    steps: list[Action] = []
    for want in wants:
        mine, left = left[: want.count], left[want.count :]
        steps += [_launch(group, want, place, count) for place, count in Counter(mine).items()]
    return tuple(steps)


def _launch(group: Group, want: Want, place: Place, count: int) -> Action:
    told = events.Told(group=group.name, cause=want.because)
    summary = f"{group.name} launches {plural(count, 'instance')} in {place.zone}: {want.purpose.value}"
    return LaunchInstances(
        zone=place.zone,
        subnet_id=place.subnet_id,
        count=count,
        cause=want.cause,
        purpose=want.purpose,
        trigger=want.trigger,
        event=events.event(events.STARTED, summary, told, {"Cause": want.cause}),
    )


# ---- scale in ----------------------------------------------------------------------------------------------------------------------------


def scale_in(group: Group, now: datetime, delays: Delays) -> Plan:
    if not group.does(Process.TERMINATE):
        return Plan()
    if not group.changes and _rebalance_under_way(group):
        return Plan()  # ASG-27: it launches first and terminates after
    due = group.changes[-1].at + delays.scale_in if group.changes else now
    if now < due:
        return Plan(look_at=due)
    victims = termination_policy.choose(group, -missing(group), now)
    settle = Settle(changes=len(group.changes), owed=len(group.owed))
    if not victims:
        return Plan(steps=(_all_protected(group, now), settle) if group.changes else ())
    size = len(group.counted())
    shrunk = texts.shrunk(now, size, size - len(victims), [v.instance_id for v in victims])
    cause = texts.cause(*(c.sentence for c in group.changes), shrunk)
    because = group.changes[-1].cause if group.changes else group.cause
    trigger = _trigger(group)
    steps = [step for victim in victims for step in lifecycle.take_out(group, victim, cause, because, trigger)]
    return Plan(steps=(*steps, settle))


def _rebalance_under_way(group: Group) -> bool:
    return any(m.purpose is Purpose.REBALANCE and m.lifecycle is LifecycleState.PENDING for m in group.members)


def _all_protected(group: Group, now: datetime) -> Action:
    """ASG-62."""
    told = events.Told(group=group.name, cause=group.changes[-1].cause)
    return OpenActivity(
        kind=ActivityKind.REFUSAL,
        description=texts.PROTECTED,
        cause=texts.cause(*(c.sentence for c in group.changes)),
        status=StatusCode.CANCELLED,
        progress=100,
        end=now,
        event=events.event(events.ENDED, f"{group.name}: {texts.PROTECTED}", told),
    )


# ---- rebalance ---------------------------------------------------------------------------------------------------------------------------


def uneven(group: Group, now: datetime, delays: Delays) -> bool:
    """The group is at rest and its zones differ by more than 1, or it has instances in a zone that it no longer uses (ASG-27, ASG-29)."""
    if any(not group.does(p) for p in (Process.AZ_REBALANCE, Process.LAUNCH)):
        return False
    resting = all(m.lifecycle is LifecycleState.IN_SERVICE and m.health is Health.HEALTHY for m in group.counted())
    return missing(group) == 0 and resting and bool(placement.rebalancing(group, now, delays))


def rebalance(group: Group, memory: Memory, now: datetime, delays: Delays) -> Plan:
    """`memory` with the present `uneven_since`. The surplus is then taken by scale-in, from the fullest zone."""
    if memory.uneven_since is None:
        return Plan(look_at=placement.next_retry(group.zones, now, delays))
    due = memory.uneven_since + delays.rebalance
    if now < due:
        return Plan(look_at=due)
    moves = placement.rebalancing(group, now, delays)
    room = group.max_size + placement.allowance(group.max_size) - len(group.counted())  # ASG-28
    present = placement.counts(group)
    steps: list[Action] = []
    for zone, count in Counter(moves[:room]).items():
        want = Want(count=count, cause=texts.rebalanced(now, zone, present), purpose=Purpose.REBALANCE, because=group.cause)
        places = placement.spread([z for z in group.zones if z.name == zone], present, count)
        steps += _launches(group, [want], places)
    return Plan(steps=tuple(steps))
