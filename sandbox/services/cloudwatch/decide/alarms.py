"""What an alarm does now: evaluate, change its state, run its actions. Pure. Section 4 of docs/aws-behaviour.md has AWS's rules.

A metric alarm evaluates its datapoints every minute, at a second of its own. A composite alarm evaluates its rule when the state of a child
changes. The controller carries out the actions in their order.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sandbox.core.control import Action, Decision
from sandbox.core.events import Event
from sandbox.core.machine import move
from sandbox.services.cloudwatch.actions import ClearSetStates, UpdateState
from sandbox.services.cloudwatch.decide import composite, evaluation, reasons
from sandbox.services.cloudwatch.decide.alarm_actions import Details, actions_of, repeated_actions
from sandbox.services.cloudwatch.decide.notifications import Location, state_change_event
from sandbox.services.cloudwatch.decide.suppression import SuppressedActions, decide_suppression
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
JITTER = timedelta(seconds=5)  # on a real clock, an evaluation is a little early or late


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    alarm: Alarm
    state: AlarmState
    location: Location
    points: tuple[Datapoint, ...] | None = None  # of the evaluation range, oldest first; None: no evaluation is due
    set_states: tuple[StateChange, ...] = ()  # by SetAlarmState, whose actions have not run yet
    children: Mapping[str, AlarmState] = field(default_factory=dict)  # by name; of a composite alarm
    suppressor: AlarmState | None = None  # of a composite alarm that names one
    cause: str | None = None  # id of the event behind the newest datapoints, or behind the newest change of a child
    latest_event: str | None = None  # id of the newest event about the alarm: causes actions of a decision without an event


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    configured_at: datetime  # of the configuration that the rest belongs to
    next_evaluation: datetime
    policies_run_at: datetime | None = None  # None: not in the current state
    points: tuple[float, ...] = ()  # that the last evaluation considered, oldest first
    children: tuple[tuple[str, StateValue, datetime], ...] | None = None  # name, state, time of its last change: as last evaluated
    suppressed: SuppressedActions | None = None  # actions that the suppressor holds back


def decide(observed: Observed, memory: Memory | None, now: datetime) -> Decision[Memory]:
    if memory is None or memory.configured_at != observed.alarm.updated_at:
        suppressed = memory.suppressed if memory else None
        first = next_evaluation(observed.alarm, now)
        memory = Memory(configured_at=observed.alarm.updated_at, next_evaluation=first, suppressed=suppressed)
    actions: list[Action] = [ClearSetStates()] if observed.set_states else []
    if isinstance(observed.alarm, CompositeAlarm):
        return _composite(observed, observed.alarm, memory, now, actions)
    return _metric(observed, observed.alarm, memory, now, actions)


def _details(observed: Observed, datapoints: tuple[float, ...] = (), children: Mapping[str, AlarmState] | None = None) -> Details:
    return Details(location=observed.location, because=observed.latest_event, datapoints=datapoints, children=children or {})


# ---- metric alarms ------------------------------------------------------------


def _metric(observed: Observed, alarm: MetricAlarm, memory: Memory, now: datetime, actions: list[Action]) -> Decision[Memory]:
    state, events = observed.state, list[Event]()
    for change in observed.set_states:  # CW-21
        actions += actions_of(alarm, change, _details(observed, datapoints=memory.points))
        memory = replace(memory, policies_run_at=now)
    if observed.points is not None and now >= memory.next_evaluation:
        found = evaluation.evaluate(alarm, observed.points)
        points = tuple(point.value for point in found.considered if point.value is not None)
        memory = replace(memory, next_evaluation=next_evaluation(alarm, now), points=points)
        if change_found := _change(alarm, state, found, observed.points, now):
            state = change_found.new
            events.append(state_change_event(alarm, change_found, observed.cause))
            details = _details(observed, datapoints=points)
            actions += [UpdateState(change=change_found), *actions_of(alarm, change_found, details)]
            memory = replace(memory, policies_run_at=now)
        memory, repeated = _repeated_policies(observed, alarm, state, memory, now)
        actions += repeated
    return Decision(
        memory=memory,
        actions=tuple(actions),
        events=tuple(events),
        look_again=max(memory.next_evaluation - now, timedelta(milliseconds=1)),
    )


def _change(
    alarm: MetricAlarm, state: AlarmState, found: evaluation.Evaluation, points: Sequence[Datapoint], now: datetime
) -> StateChange | None:
    """None: the state, and its reason, stay as they are."""
    if found.finding is None:
        return None
    value = move(TRANSITIONS, alarm.name, state.value, found.finding)
    if value is state.value:
        return None
    reason = reasons.reason(alarm, found, state.value)
    data = reasons.reason_data(alarm, found, points, now)
    return StateChange(old=state, new=AlarmState(value=value, reason=reason, reason_data=data, updated_at=now, transitioned_at=now))


def _repeated_policies(
    observed: Observed, alarm: MetricAlarm, state: AlarmState, memory: Memory, now: datetime
) -> tuple[Memory, tuple[Action, ...]]:
    """SCL-4: scaling policies run again every minute while the state lasts; after a restart, for the first time a minute later."""
    if memory.policies_run_at is None:
        return replace(memory, policies_run_at=now), ()
    if now - memory.policies_run_at < MINUTE - JITTER:
        return memory, ()
    return replace(memory, policies_run_at=now), tuple(repeated_actions(alarm, state, _details(observed, datapoints=memory.points)))


def cadence(alarm: Alarm) -> timedelta:
    """CW-16, CW-24: every 10 s for periods below a minute, hourly when the evaluation periods span more than a day, else every minute."""
    if isinstance(alarm, MetricAlarm) and alarm.period in SHORT_PERIODS:
        return timedelta(seconds=10)
    if isinstance(alarm, MetricAlarm) and alarm.span > DAY:
        return timedelta(hours=1)
    return MINUTE


def next_evaluation(alarm: Alarm, now: datetime) -> datetime:
    """The next time that the alarm evaluates (CW-31): not in a minute's first five seconds, when the last minute's data arrives."""
    every = cadence(alarm).total_seconds()
    number = zlib.crc32(alarm.arn.encode())  # spreads alarms over the minute, the same way in each run
    second = 1 + number % 9 if every == 10 else 5 + number % 55
    start = range_end(alarm, now)
    due = start + timedelta(seconds=second)
    return due if due > now else due + timedelta(seconds=every)


def range_end(alarm: Alarm, now: datetime) -> datetime:
    """The end of the newest complete minute (or 10 seconds, or hour), which is the end of the evaluation range (CW-24)."""
    every = int(cadence(alarm).total_seconds())
    seconds = int(now.timestamp())
    return datetime.fromtimestamp(seconds - seconds % every, tz=now.tzinfo)


# ---- composite alarms ------------------------------------------------------------


def _composite(observed: Observed, alarm: CompositeAlarm, memory: Memory, now: datetime, actions: list[Action]) -> Decision[Memory]:
    changes, events = list(observed.set_states), list[Event]()
    children = tuple((name, state.value, state.transitioned_at) for name, state in observed.children.items())
    if memory.children != children:  # CW-21: a state set by hand stays until a child changes
        memory = replace(memory, children=children)
        if change := _composite_change(observed, alarm, now):
            changes.append(change)
            events.append(state_change_event(alarm, change, observed.cause))
            actions.append(UpdateState(change=change))
    suppressed = memory.suppressed
    for change in changes:
        suppressed = SuppressedActions(change=change, since=now)
    suppressed, released, updates = decide_suppression(alarm, suppressed, observed.suppressor, now)
    if released:
        by_arn = {_arn(alarm, name): state for name, state in observed.children.items() if state.value is StateValue.ALARM}
        actions += actions_of(alarm, released, _details(observed, children=by_arn))
    return Decision(
        memory=replace(memory, suppressed=suppressed),
        actions=(*actions, *updates),
        events=tuple(events),
        look_again=suppressed.look_again(now) if suppressed else None,
    )


def _composite_change(observed: Observed, alarm: CompositeAlarm, now: datetime) -> StateChange | None:
    states = {name: state.value for name, state in observed.children.items()}
    finding = Finding.BREACHING if composite.is_true(composite.parse(alarm.rule), states) else Finding.WITHIN
    value = move(TRANSITIONS, alarm.name, observed.state.value, finding)
    if value is observed.state.value:
        return None
    reason, data = _composite_reason(observed, alarm, value)
    new = AlarmState(value=value, reason=reason, reason_data=data, updated_at=now, transitioned_at=now)
    return StateChange(old=observed.state, new=new)


def _composite_reason(observed: Observed, alarm: CompositeAlarm, value: StateValue) -> tuple[str, str]:
    """CW-61: names the child that changed last; for a new alarm, its creation."""
    name = changed_child(observed)
    if name is None:
        return f"{alarm.arn} was created and its alarm rule evaluates to {value.value}", "{}"
    arn, state = _arn(alarm, name), observed.children[name]
    moment = f"{state.transitioned_at:%A %d %B, %Y %H:%M:%S} UTC"
    data = {
        "triggeringAlarms": [{"arn": arn, "state": {"value": state.value.value, "timestamp": reasons.json_time(state.transitioned_at)}}]
    }
    return f"{arn} transitioned to {state.value.value} at {moment}", reasons.as_json(data)


def changed_child(observed: Observed) -> str | None:
    """The child that changed last; None: none has changed since the composite alarm was configured."""
    name, state = max(observed.children.items(), key=lambda child: child[1].transitioned_at, default=(None, None))
    return name if state and state.transitioned_at > observed.alarm.updated_at else None


def _arn(alarm: CompositeAlarm, name: str) -> str:
    """Of another alarm in the same account and Region."""
    return alarm.arn.removesuffix(alarm.name) + name
