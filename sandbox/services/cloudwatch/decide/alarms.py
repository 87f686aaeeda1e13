"""What an alarm does now: evaluate when its second has come, change state, run actions. Pure; AWS's rules are section 4 of the rules.

Metric alarms look at data each minute, in a second of their own; composite alarms look at their children whenever one of them changed.
The controller calls `decide` with what it observed; what was decided is carried out in the order given.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sandbox.core.control import Action, Decision
from sandbox.core.events import Event
from sandbox.core.machine import move
from sandbox.services.cloudwatch.actions import ClearSetStates, UpdateState
from sandbox.services.cloudwatch.decide import alarm_actions, composite, evaluation, reasons
from sandbox.services.cloudwatch.decide.notifications import Place, state_change_event
from sandbox.services.cloudwatch.decide.suppression import Hold, held_actions
from sandbox.services.cloudwatch.model import (
    DAY,
    SHORT_PERIODS,
    TRANSITIONS,
    Alarm,
    AlarmState,
    CompositeAlarm,
    Datapoint,
    Finding,
    MetricAlarm,
    StateChange,
    StateValue,
)

MINUTE = timedelta(minutes=1)
JITTER = timedelta(seconds=5)  # an evaluation may come a little early or late of its second on a real clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    alarm: Alarm
    state: AlarmState
    place: Place
    points: tuple[Datapoint, ...] | None = None  # of the evaluation range, oldest first; None: not its second yet
    set_states: tuple[StateChange, ...] = ()  # by SetAlarmState, not yet answered with actions
    children: Mapping[str, AlarmState] = field(default_factory=dict)  # by name; of a composite alarm
    suppressor: AlarmState | None = None  # of a composite alarm that names one
    cause: str | None = None  # id of the event behind the newest datapoints


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    configured_at: datetime  # of the configuration that the rest belongs to
    next_evaluation: datetime
    policies_run_at: datetime | None = None  # None: the present state has run none
    points: tuple[float, ...] = ()  # real ones of the last evaluation, oldest first
    seen: tuple[tuple[str, StateValue, datetime], ...] | None = None  # children as last evaluated
    hold: Hold | None = None  # actions that wait for the suppressor


def decide(observed: Observed, memory: Memory | None, now: datetime) -> Decision[Memory]:
    if memory is None or memory.configured_at != observed.alarm.updated_at:
        hold = memory.hold if memory else None
        first = next_evaluation(observed.alarm, now)
        memory = Memory(configured_at=observed.alarm.updated_at, next_evaluation=first, hold=hold)
    answered: list[Action] = [ClearSetStates()] if observed.set_states else []
    if isinstance(observed.alarm, CompositeAlarm):
        return _composite(observed, observed.alarm, memory, now, answered)
    return _metric(observed, observed.alarm, memory, now, answered)


# ---- metric alarms ------------------------------------------------------------


def _metric(observed: Observed, alarm: MetricAlarm, memory: Memory, now: datetime, done: list[Action]) -> Decision[Memory]:
    state, events = observed.state, list[Event]()
    for change in observed.set_states:  # CW-21
        done += alarm_actions.runs(alarm, change, observed.place, {}, memory.points)
        memory = replace(memory, policies_run_at=now)
    if observed.points is not None and now >= memory.next_evaluation:
        found = evaluation.evaluate(alarm, observed.points)
        points = tuple(point.value for point in found.considered if point.value is not None)
        memory = replace(memory, next_evaluation=next_evaluation(alarm, now), points=points)
        if change_found := _change(alarm, state, found, observed.points, now):
            state = change_found.new
            events.append(state_change_event(alarm, change_found, observed.cause))
            done += [UpdateState(change=change_found), *alarm_actions.runs(alarm, change_found, observed.place, {}, points)]
            memory = replace(memory, policies_run_at=now)
        memory, again = _policies_again(alarm, state, memory, now)
        done += again
    return Decision(
        memory=memory,
        actions=tuple(done),
        events=tuple(events),
        look_again=max(memory.next_evaluation - now, timedelta(milliseconds=1)),
    )


def _change(
    alarm: MetricAlarm, state: AlarmState, found: evaluation.Evaluation, points: Sequence[Datapoint], now: datetime
) -> StateChange | None:
    """None: the state is as it was (its reason too)."""
    if found.finding is None:
        return None
    value = move(TRANSITIONS, alarm.name, state.value, found.finding)
    if value is state.value:
        return None
    reason = reasons.reason(alarm, found, state.value)
    data = reasons.reason_data(alarm, found, points, now)
    return StateChange(old=state, new=AlarmState(value=value, reason=reason, reason_data=data, updated_at=now, transitioned_at=now))


def _policies_again(alarm: MetricAlarm, state: AlarmState, memory: Memory, now: datetime) -> tuple[Memory, tuple[Action, ...]]:
    """SCL-4: scaling policies are re-run every minute while the state lasts; after a restart the first re-run is a minute away."""
    if memory.policies_run_at is None:
        return replace(memory, policies_run_at=now), ()
    if now - memory.policies_run_at < MINUTE - JITTER:
        return memory, ()
    return replace(memory, policies_run_at=now), tuple(alarm_actions.reruns(alarm, state, memory.points))


def cadence(alarm: Alarm) -> timedelta:
    """CW-16, CW-24: every 10 s for periods below a minute, hourly when the evaluation periods span more than a day, else every minute."""
    if isinstance(alarm, MetricAlarm) and alarm.period in SHORT_PERIODS:
        return timedelta(seconds=10)
    if isinstance(alarm, MetricAlarm) and alarm.span > DAY:
        return timedelta(hours=1)
    return MINUTE


def next_evaluation(alarm: Alarm, now: datetime) -> datetime:
    """The alarm's next own second after `now` (CW-31). Never in the first five of a minute: what was measured in the last one comes in."""
    every = cadence(alarm).total_seconds()
    room = min(every, 60)
    number = zlib.crc32(alarm.arn.encode())
    second = 1 + number % 9 if room == 10 else 5 + number % 55
    start = range_end(alarm, now)
    due = start + timedelta(seconds=second)
    return due if due > now else due + timedelta(seconds=every)


def range_end(alarm: Alarm, now: datetime) -> datetime:
    """The end of the newest whole minute (or 10 seconds, or hour): evaluation windows slide with it (CW-24)."""
    every = int(cadence(alarm).total_seconds())
    seconds = int(now.timestamp())
    return datetime.fromtimestamp(seconds - seconds % every, tz=now.tzinfo)


# ---- composite alarms ------------------------------------------------------------


def _composite(observed: Observed, alarm: CompositeAlarm, memory: Memory, now: datetime, done: list[Action]) -> Decision[Memory]:
    changes, events = list(observed.set_states), list[Event]()
    seen = tuple((name, state.value, state.transitioned_at) for name, state in observed.children.items())
    if memory.seen != seen:  # CW-21: a state set by hand stays until a child changes
        memory = replace(memory, seen=seen)
        if change := _composite_change(observed, alarm, now):
            changes.append(change)
            events.append(state_change_event(alarm, change, observed.cause))
            done.append(UpdateState(change=change))
    hold = memory.hold
    for change in changes:
        hold = Hold(change=change, since=now)
    hold, released, shown = held_actions(alarm, hold, observed.suppressor, now)
    if released:
        by_arn = {_arn(alarm, name): state for name, state in observed.children.items() if state.value is StateValue.ALARM}
        done += alarm_actions.runs(alarm, released, observed.place, by_arn, ())
    return Decision(
        memory=replace(memory, hold=hold),
        actions=(*done, *shown),
        events=tuple(events),
        look_again=hold.look_again(now) if hold else None,
    )


def _composite_change(observed: Observed, alarm: CompositeAlarm, now: datetime) -> StateChange | None:
    states = {name: state.value for name, state in observed.children.items()}
    finding = Finding.BREACHING if composite.holds(composite.parse(alarm.rule), states) else Finding.WITHIN
    value = move(TRANSITIONS, alarm.name, observed.state.value, finding)
    if value is observed.state.value:
        return None
    reason, data = _composite_reason(observed, alarm, value)
    new = AlarmState(value=value, reason=reason, reason_data=data, updated_at=now, transitioned_at=now)
    return StateChange(old=observed.state, new=new)


def _composite_reason(observed: Observed, alarm: CompositeAlarm, value: StateValue) -> tuple[str, str]:
    """CW-61: the child that changed last is the reason; at creation, the creation."""
    newest = max(observed.children.items(), key=lambda item: item[1].transitioned_at, default=None)
    if newest is None or newest[1].transitioned_at <= alarm.updated_at:
        return f"{alarm.arn} was created and its alarm rule evaluates to {value.value}", "{}"
    name, state = newest
    arn = _arn(alarm, name)
    moment = f"{state.transitioned_at:%A %d %B, %Y %H:%M:%S} UTC"
    data = {
        "triggeringAlarms": [{"arn": arn, "state": {"value": state.value.value, "timestamp": reasons.json_time(state.transitioned_at)}}]
    }
    return f"{arn} transitioned to {state.value.value} at {moment}", reasons.as_json(data)


def _arn(alarm: CompositeAlarm, name: str) -> str:
    """Of another alarm in the same account and Region."""
    return alarm.arn.removesuffix(alarm.name) + name
