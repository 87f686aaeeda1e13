"""Composite alarms whose actions wait for another alarm, the suppressor (CW-61). Pure; called by decide/alarms.py.

A change's actions run at once when there is no suppressor. Otherwise they are held: while the suppressor is in ALARM, for `WaitPeriod`
after the change (it may yet go to ALARM), and for `ExtensionPeriod` after it has left ALARM. What is held is replaced by a newer change.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sandbox.core.control import Action
from sandbox.services.cloudwatch.actions import UpdateSuppression
from sandbox.services.cloudwatch.model import ActionsSuppression, AlarmState, CompositeAlarm, StateChange, StateValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    change: StateChange
    since: datetime
    by: str | None = None  # as shown: "Alarm", "WaitPeriod", "ExtensionPeriod"
    until: datetime | None = None  # None: as long as the suppressor is in ALARM

    def look_again(self, now: datetime) -> timedelta | None:
        return max(self.until - now, timedelta(milliseconds=1)) if self.until else None


def held_actions(
    alarm: CompositeAlarm, hold: Hold | None, suppressor: AlarmState | None, now: datetime
) -> tuple[Hold | None, StateChange | None, tuple[Action, ...]]:
    """→ what is held from now on, the change whose actions run now, what DescribeAlarms is to show."""
    if hold is None:
        return None, None, ()
    kept = _kept(alarm, hold, suppressor, now)
    if kept is None:
        return None, hold.change, (UpdateSuppression(suppression=ActionsSuppression()),) if hold.by else ()
    shown = () if kept.by == hold.by else (UpdateSuppression(suppression=ActionsSuppression(by=kept.by, reason=_reason(alarm, kept))),)
    return kept, None, shown


def _kept(alarm: CompositeAlarm, hold: Hold, suppressor: AlarmState | None, now: datetime) -> Hold | None:
    if alarm.suppressor is None or suppressor is None:
        return None
    if suppressor.value is StateValue.ALARM:
        return replace(hold, by="Alarm", until=None)
    if hold.by == "Alarm":
        hold = replace(hold, by="ExtensionPeriod", until=now + alarm.suppressor_extension)
    elif hold.by is None:
        hold = replace(hold, by="WaitPeriod", until=hold.since + alarm.suppressor_wait)
    assert hold.until is not None
    return hold if now < hold.until else None


def _reason(alarm: CompositeAlarm, hold: Hold) -> str:
    if hold.by == "Alarm":
        return f"Actions suppressed by alarm {alarm.suppressor}"
    return f"Actions suppressed by {hold.by} until {hold.until:%Y-%m-%dT%H:%M:%SZ}"
