"""Converts the parameters of PutCompositeAlarm to a CompositeAlarm; checks rules and deletions against the other alarms (CW-60, CW-61).

Called by api/responses.py and api/assembly.py. Raises ApiError for what AWS refuses.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sandbox.services.cloudwatch.api.validation.alarms import common
from sandbox.services.cloudwatch.api.validation.metrics import Parameters
from sandbox.services.cloudwatch.decide import composite
from sandbox.services.cloudwatch.errors import missing, validation
from sandbox.services.cloudwatch.model import CompositeAlarm
from sandbox.services.cloudwatch.state.records import Records, children_of, parents_of


def composite_alarm(given: Parameters, arn: str, now: datetime) -> CompositeAlarm:
    """Raises ApiError. `check_rule` checks the rule, which needs the other alarms."""
    if not given.get("AlarmRule"):
        raise missing("AlarmRule")
    shared = common(given, arn, now)
    for action in (*shared["ok_actions"], *shared["alarm_actions"], *shared["insufficient_data_actions"]):
        if ":automate:" in action or ":swf:" in action or ":autoscaling:" in action:
            raise validation(f"Unsupported action for a composite alarm: {action}")  # CW-61
    suppressor = given.get("ActionsSuppressor")
    times = [given.get("ActionsSuppressorWaitPeriod"), given.get("ActionsSuppressorExtensionPeriod")]
    if suppressor and None in times:
        raise validation("ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod are required with ActionsSuppressor.")
    if not suppressor and any(time is not None for time in times):
        raise validation("ActionsSuppressor is required with ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod.")
    wait, extension = (timedelta(seconds=int(time or 0)) for time in times)
    name = suppressor.split(":", 6)[-1] if suppressor else None
    return CompositeAlarm(**shared, rule=given["AlarmRule"], suppressor=name, suppressor_wait=wait, suppressor_extension=extension)


def check_rule(records: Records, alarm: CompositeAlarm) -> None:
    """CW-60: the alarms that the rule names exist, and none of them depends on it. Raises ApiError."""
    children = list(composite.children(composite.parse(alarm.rule)))
    named = {*children, *([alarm.suppressor] if alarm.suppressor else [])}
    if unknown := sorted(named - set(records) - {alarm.name}):
        raise validation(f"Could not save the composite alarm as alarms [{', '.join(unknown)}] in the alarm rule do not exist")
    if any(alarm.name in _below(records, child) for child in children):
        raise validation("Could not save the composite alarm as the alarm rule would lead to a cycle")


def check_deletion(records: Records, names: Sequence[str]) -> None:
    """CW-60: at most one composite alarm, and a child only together with its parents. Raises ApiError."""
    if sum(isinstance(records[name].configuration, CompositeAlarm) for name in names if name in records) > 1:
        raise validation("You can delete up to one composite alarm per operation.")
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
