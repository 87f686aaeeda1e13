"""Alarms as of a moment: their state and its reason by the events, what they measure as now, if nobody has changed it since."""

from collections.abc import Sequence
from dataclasses import replace

from sandbox.control.observed.model import Alarm
from sandbox.core.events import Event
from sandbox.dashboard.past.told import Told, asked, clock, newest, operation
from sandbox.dashboard.shown.timeline import ALARM

PUT = ("PutMetricAlarm", "PutCompositeAlarm")
DELETED = "DeleteAlarms"
NO_DATA = "INSUFFICIENT_DATA"


def alarms(told: Told, present: Sequence[Alarm]) -> tuple[tuple[Alarm, ...], tuple[str, ...]]:
    """→ the alarms, and what is not known of them and of those that were deleted since."""
    changes, puts = newest(told.before, ALARM, "alarmName"), _puts(told)
    found, unknown = list[Alarm](), list(_deleted(told, present))
    for each in present:
        was = _was(told, each, changes.get(each.name), puts.get(each.name))
        if was is None:
            continue
        if changed := told.changed_since([each.name], *PUT):
            was = replace(was, measures="what it measured then is not known", comparison="", threshold=None)
            unknown.append(f"what the alarm {each.name} measured: {operation(changed)} changed it at {clock(changed.at)}")
        found.append(was)
    return tuple(found), tuple(unknown)


def _puts(told: Told) -> dict[str, Event]:
    """By name, the first call that made the alarm and was not followed by its deletion."""
    found: dict[str, Event] = {}
    for call in told.calls_before:
        if operation(call) in PUT:
            found.setdefault(str(asked(call).get("AlarmName")), call)
        elif operation(call) == DELETED:
            for name in asked(call).get("AlarmNames", ()):
                found.pop(str(name), None)
    return found


def _was(told: Told, alarm: Alarm, change: Event | None, put: Event | None) -> Alarm | None:
    """None: it did not exist."""
    if change is not None and (put is None or put.at <= change.at):
        state = change.detail["state"]
        return replace(alarm, state=str(state["value"]), reason=str(state["reason"]), since=change.at)
    if put is not None:
        return replace(alarm, state=NO_DATA, reason="Unchecked: Initial alarm creation", since=put.at)
    return alarm if alarm.since <= told.moment and not told.changed_since([alarm.name], *PUT) else None


def _deleted(told: Told, present: Sequence[Alarm]) -> Sequence[str]:
    names = {each.name for each in present}
    calls = [call for call in told.calls_after if operation(call) == DELETED]
    gone = {str(name): call for call in calls for name in asked(call).get("AlarmNames", ()) if str(name) not in names}
    return [f"the alarm {name}: it was deleted at {clock(call.at)}" for name, call in gone.items()]
