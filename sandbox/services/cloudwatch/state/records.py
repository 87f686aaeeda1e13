"""What is kept of each alarm, and how alarms refer to each other. An `AlarmRecord` sits on each of moto's alarm objects, as `.sandbox`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.core.persisted import persisted
from sandbox.services.cloudwatch.decide import composite
from sandbox.services.cloudwatch.errors import validation
from sandbox.services.cloudwatch.model import Alarm, AlarmState, CompositeAlarm, ShowSuppression, StateChange


@persisted("cloudwatch.AlarmRecord")
@dataclass(slots=True)
class AlarmRecord:
    configuration: Alarm
    state: AlarmState
    set_states: tuple[StateChange, ...] = ()  # by SetAlarmState; their actions have not run yet
    suppression: ShowSuppression = field(default_factory=ShowSuppression)
    outcomes: dict[str, str] = field(default_factory=dict)  # action ARN -> summary of its last run


Records = Mapping[str, AlarmRecord]
"""By name, in the order of creation."""


def children_of(records: Records, name: str) -> list[str]:
    """Alarms in a composite alarm's rule, each once, in the order of the rule; none for a metric alarm (CW-60)."""
    record = records.get(name)
    if record is None or not isinstance(record.configuration, CompositeAlarm):
        return []
    return list(dict.fromkeys(composite.children(composite.parse(record.configuration.rule))))


def parents_of(records: Records, name: str) -> list[str]:
    """Composite alarms that look at the alarm, in their rule or as their suppressor."""
    composites = [record.configuration for record in records.values() if isinstance(record.configuration, CompositeAlarm)]
    return [alarm.name for alarm in composites if name == alarm.suppressor or name in children_of(records, alarm.name)]


def check_rule(records: Records, alarm: CompositeAlarm) -> None:
    """CW-60: the alarms that it names exist, and none of them depends on it. Raises ApiError."""
    children = list(composite.children(composite.parse(alarm.rule)))
    named = {*children, *([alarm.suppressor] if alarm.suppressor else [])}
    if unknown := sorted(named - set(records) - {alarm.name}):
        raise validation(f"Could not save the composite alarm as alarms [{', '.join(unknown)}] in the alarm rule do not exist")
    if any(alarm.name in _below(records, child) for child in children):
        raise validation("Could not save the composite alarm as the alarm rule would lead to a cycle")


def check_deletion(records: Records, names: list[str]) -> None:
    """CW-60: a child goes only together with its parents. Raises ApiError."""
    for name in names:
        if name in records and (parents := sorted(set(parents_of(records, name)) - set(names))):
            raise validation(f"Cannot delete {name} as there are composite alarm(s) depending on it: {', '.join(parents)}")


def _below(records: Records, name: str) -> set[str]:
    """The alarm and all that its rule refers to, however deep."""
    found, waiting = set[str](), [name]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += children_of(records, one)
    return found
