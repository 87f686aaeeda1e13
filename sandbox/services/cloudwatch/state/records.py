"""What is stored of each alarm, and how alarms refer to each other. Each of moto's alarm objects has an `AlarmRecord` as `.sandbox`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.core.persisted import persisted
from sandbox.services.cloudwatch.decide import composite
from sandbox.services.cloudwatch.model import ActionsSuppression, Alarm, AlarmState, CompositeAlarm, StateChange
from sandbox.services.cloudwatch.state.backends import Backend


@persisted("cloudwatch.AlarmRecord")
@dataclass(slots=True)
class AlarmRecord:
    configuration: Alarm
    state: AlarmState
    set_states: tuple[StateChange, ...] = ()  # by SetAlarmState; their actions have not run yet
    suppression: ActionsSuppression = field(default_factory=ActionsSuppression)
    outcomes: dict[str, str] = field(default_factory=dict)  # action ARN -> summary of its last run


Records = Mapping[str, AlarmRecord]
"""By name, in the order of creation."""


def record_of(backend: Backend, name: str) -> AlarmRecord | None:
    alarm = backend.alarms.get(name)
    return alarm.sandbox if alarm else None


def records_of(backend: Backend) -> Records:
    return {name: alarm.sandbox for name, alarm in backend.alarms.items()}


def children_of(records: Records, name: str) -> list[str]:
    """Alarms in a composite alarm's rule, each once, in the order of the rule; none for a metric alarm (CW-60)."""
    record = records.get(name)
    if record is None or not isinstance(record.configuration, CompositeAlarm):
        return []
    return list(dict.fromkeys(composite.children(composite.parse(record.configuration.rule))))


def parents_of(records: Records, name: str) -> list[str]:
    """Composite alarms that depend on the alarm: it is in their rule, or is their suppressor."""
    composites = [record.configuration for record in records.values() if isinstance(record.configuration, CompositeAlarm)]
    return [alarm.name for alarm in composites if name == alarm.suppressor or name in children_of(records, alarm.name)]
