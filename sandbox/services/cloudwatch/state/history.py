"""The history of alarms (CW-52 to CW-55): changes of configuration, changes of state, results of actions. Items are kept for 30 days.

Each backend (account and Region) has a `History`, which keeps the items of deleted alarms and is saved with the backend.
"""

import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.core.persisted import persisted
from sandbox.services.cloudwatch.model import Alarm, AlarmState, CompositeAlarm, StateChange

RETENTION = timedelta(days=30)
MAX_ITEMS = 20_000  # of an account and Region: our limit, to bound memory
MAX_DATA_LENGTH = 4095

CONFIGURATION_UPDATE, STATE_UPDATE, ACTION = "ConfigurationUpdate", "StateUpdate", "Action"
KINDS = (CONFIGURATION_UPDATE, STATE_UPDATE, ACTION)


@persisted("cloudwatch.HistoryItem")
@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryItem:
    alarm_name: str
    alarm_type: str  # "MetricAlarm" or "CompositeAlarm"
    at: datetime
    kind: str
    summary: str
    data: str  # JSON


@persisted("cloudwatch.History")
class History:
    """Oldest first."""

    def __init__(self) -> None:
        self._items: deque[HistoryItem] = deque(maxlen=MAX_ITEMS)

    def add(self, item: HistoryItem) -> None:
        self._items.append(item)
        while self._items and self._items[0].at < item.at - RETENTION:
            self._items.popleft()

    def items(self, now: datetime) -> Iterator[HistoryItem]:
        return (item for item in self._items if item.at >= now - RETENTION)


def alarm_type(alarm: Alarm) -> str:
    return "CompositeAlarm" if isinstance(alarm, CompositeAlarm) else "MetricAlarm"


def _item(alarm: Alarm, at: datetime, kind: str, summary: str, data: Mapping[str, Any]) -> HistoryItem:
    return HistoryItem(alarm_name=alarm.name, alarm_type=alarm_type(alarm), at=at, kind=kind, summary=summary, data=_json(data))


def _json(data: Mapping[str, Any]) -> str:
    """At most MAX_DATA_LENGTH characters: a message that is too long is left out, so that the JSON stays valid."""
    text = json.dumps(data, separators=(",", ":"), default=str)
    if len(text) > MAX_DATA_LENGTH and "publishedMessage" in data:
        text = json.dumps({**data, "publishedMessage": None}, separators=(",", ":"), default=str)
    return text[:MAX_DATA_LENGTH]


def configured(alarm: Alarm, at: datetime, verb: str, description: Mapping[str, Any]) -> HistoryItem:
    """`verb`: created, updated or deleted."""
    kind = {"created": "Create", "updated": "Update", "deleted": "Delete"}[verb]
    data = {"version": "1.0", "type": kind, f"{verb}Alarm": description}
    return _item(alarm, at, CONFIGURATION_UPDATE, f'Alarm "{alarm.name}" {verb}', data)


def state_updated(alarm: Alarm, change: StateChange) -> HistoryItem:
    old, new = change.old, change.new
    summary = f"Alarm updated from {old.value.value} to {new.value.value}"
    data = {"version": "1.0", "oldState": _state(old), "newState": _state(new)}
    return _item(alarm, new.updated_at, STATE_UPDATE, summary, data)


def _state(state: AlarmState) -> dict[str, Any]:
    found: dict[str, Any] = {"stateValue": state.value.value, "stateReason": state.reason}
    if state.reason_data != "{}":
        found["stateReasonData"] = json.loads(state.reason_data)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmActionResult:
    """Of one run of one alarm action."""

    arn: str
    state_updated_at: datetime
    error: str | None = None  # None: it succeeded
    message: str | None = None  # that was published to the topic

    @property
    def summary(self) -> str:
        if self.error is None:
            return f"Successfully executed action {self.arn}"
        if ":autoscaling:" in self.arn:
            return f"Failed to execute AutoScaling action: {self.error}"
        return f'Failed to execute action {self.arn}. Received error: "{self.error}"'


def action_run(alarm: Alarm, at: datetime, result: AlarmActionResult) -> HistoryItem:
    data = {
        "actionState": "Succeeded" if result.error is None else "Failed",
        "stateUpdateTimestamp": int(result.state_updated_at.timestamp() * 1000),
        "notificationResource": result.arn,
        "publishedMessage": result.message,
        "error": result.error,
    }
    return _item(alarm, at, ACTION, result.summary, data)
