"""From a change of state to the actions that the alarm names by ARN (CW-45 to CW-47). Pure; controller.py carries them out."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.services.cloudwatch.actions import AlarmAction, Ec2Action, ExecuteScalingPolicy, NotifyTopic, UnsupportedAction
from sandbox.services.cloudwatch.decide import notifications
from sandbox.services.cloudwatch.decide.notifications import Location
from sandbox.services.cloudwatch.model import Alarm, AlarmState, MetricAlarm, StateChange

_AUTOMATE = re.compile(r"arn:aws[\w-]*:automate:[\w-]+:ec2:(stop|terminate|reboot|recover)")
_SWF = re.compile(r"arn:aws[\w-]*:swf:[\w-]+:\d{12}:action/actions/AWS_EC2\.InstanceId\.(Stop|Terminate|Reboot|Recover)/1\.0")
_POLICY = re.compile(r"arn:aws[\w-]*:autoscaling:[\w-]+:\d{12}:scalingPolicy:.+:policyName/.+")
_TOPIC = re.compile(r"arn:aws[\w-]*:sns:[\w-]+:\d{12}:\S+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What the actions of a change need to know beside the alarm and the change."""

    location: Location
    because: str | None = None  # id of the event that causes the actions, if the decision has none
    children: Mapping[str, AlarmState] = field(default_factory=dict)  # by ARN: a composite alarm's children in ALARM
    datapoints: tuple[float, ...] = ()  # that were evaluated, oldest first


def actions_of(alarm: Alarm, change: StateChange, details: Details) -> Iterator[AlarmAction]:
    """All actions of the new state, in the order in which the alarm names them."""
    for arn in alarm.actions_for(change.new.value):
        yield _action(alarm, arn, change, details)


def repeated_actions(alarm: MetricAlarm, state: AlarmState, details: Details) -> Iterator[AlarmAction]:
    """SCL-4: the scaling policies of the current state, once more."""
    for arn in alarm.actions_for(state.value):
        if is_scaling_policy(arn):
            yield _execute_policy(alarm, arn, state, details, repeated=True)


def ec2_verb(arn: str) -> str | None:
    """`stop`, `terminate`, `reboot` or `recover`, when it is an EC2 action."""
    match = _AUTOMATE.fullmatch(arn) or _SWF.fullmatch(arn)
    return match[1].lower() if match else None


def is_scaling_policy(arn: str) -> bool:
    return bool(_POLICY.fullmatch(arn))


def _action(alarm: Alarm, arn: str, change: StateChange, details: Details) -> AlarmAction:
    location = details.location
    common: dict[str, Any] = {"arn": arn, "state_updated_at": change.new.updated_at, "because": details.because}
    if _TOPIC.fullmatch(arn):
        message = notifications.publication(alarm, change, location, details.children)
        return NotifyTopic(**common, subject=notifications.subject(alarm, change, location), message=message)
    if is_scaling_policy(arn):
        return _execute_policy(alarm, arn, change.new, details)
    verb, instance = ec2_verb(arn), alarm.instance_id if isinstance(alarm, MetricAlarm) else None
    if verb and instance:
        return Ec2Action(**common, verb=verb, instance_id=instance)
    return UnsupportedAction(**common, error=f"Alarm actions of service {_service(arn)} are not supported by this sandbox")


def _execute_policy(alarm: Alarm, arn: str, state: AlarmState, details: Details, repeated: bool = False) -> ExecuteScalingPolicy:
    return ExecuteScalingPolicy(
        arn=arn,
        state_updated_at=state.updated_at,
        repeated=repeated,
        state=state.value,
        because=details.because,
        datapoints=details.datapoints,
        threshold=alarm.threshold if isinstance(alarm, MetricAlarm) else None,
    )


def _service(arn: str) -> str:
    parts = arn.split(":")
    return parts[2] if len(parts) > 2 else arn
