"""Composite alarms whose actions another alarm, the suppressor, can suppress (CW-61). Pure; called by decide/alarms.py.

Without a suppressor the actions of a change run at once. With one they are suppressed for `WaitPeriod` after the change (the suppressor may
still go to ALARM), while the suppressor is in ALARM, and for `ExtensionPeriod` after that. A newer change replaces a suppressed one.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sandbox.core.control import Action
from sandbox.services.cloudwatch.actions import UpdateSuppression
from sandbox.services.cloudwatch.model import ActionsSuppression, AlarmState, CompositeAlarm, StateChange, StateValue


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressedActions:
    change: StateChange
    since: datetime
    by: str | None = None  # as DescribeAlarms returns it: "Alarm", "WaitPeriod", "ExtensionPeriod"
    until: datetime | None = None  # None: as long as the suppressor is in ALARM

    def look_again(self, now: datetime) -> timedelta | None:
        return max(self.until - now, timedelta(milliseconds=1)) if self.until else None


def decide_suppression(
    alarm: CompositeAlarm, suppressed: SuppressedActions | None, suppressor: AlarmState | None, now: datetime
) -> tuple[SuppressedActions | None, StateChange | None, tuple[Action, ...]]:
    """→ what is suppressed from now on, the change whose actions run now, updates of what DescribeAlarms returns."""
    if suppressed is None:
        return None, None, ()
    remaining = _still_suppressed(alarm, suppressed, suppressor, now)
    if remaining is None:
        return None, suppressed.change, (UpdateSuppression(suppression=ActionsSuppression()),) if suppressed.by else ()
    if remaining.by == suppressed.by:
        return remaining, None, ()
    shown = ActionsSuppression(by=remaining.by, reason=_reason(alarm, remaining))
    return remaining, None, (UpdateSuppression(suppression=shown),)


def _still_suppressed(
    alarm: CompositeAlarm, suppressed: SuppressedActions, suppressor: AlarmState | None, now: datetime
) -> SuppressedActions | None:
    if alarm.suppressor is None or suppressor is None:
        return None
    if suppressor.value is StateValue.ALARM:
        return replace(suppressed, by="Alarm", until=None)
    if suppressed.by == "Alarm":
        suppressed = replace(suppressed, by="ExtensionPeriod", until=now + alarm.suppressor_extension)
    elif suppressed.by is None:
        suppressed = replace(suppressed, by="WaitPeriod", until=suppressed.since + alarm.suppressor_wait)
    assert suppressed.until is not None
    return suppressed if now < suppressed.until else None


def _reason(alarm: CompositeAlarm, suppressed: SuppressedActions) -> str:
    if suppressed.by == "Alarm":
        return f"Actions suppressed by alarm {alarm.suppressor}"
    return f"Actions suppressed by {suppressed.by} until {suppressed.until:%Y-%m-%dT%H:%M:%SZ}"
