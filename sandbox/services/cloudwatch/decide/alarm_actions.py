"""From a change of state to the actions that the alarm names by ARN (CW-45 to CW-47). Pure; carried out by controller.py."""

import re
from collections.abc import Iterator, Mapping

from sandbox.services.cloudwatch.actions import AlarmAction, Ec2Action, ExecuteScalingPolicy, NotifyTopic, UnsupportedAction
from sandbox.services.cloudwatch.decide import notifications
from sandbox.services.cloudwatch.decide.notifications import Place
from sandbox.services.cloudwatch.model import Alarm, AlarmState, MetricAlarm, StateChange

_AUTOMATE = re.compile(r"arn:aws[\w-]*:automate:[\w-]+:ec2:(stop|terminate|reboot|recover)")
_SWF = re.compile(r"arn:aws[\w-]*:swf:[\w-]+:\d{12}:action/actions/AWS_EC2\.InstanceId\.(Stop|Terminate|Reboot|Recover)/1\.0")
_POLICY = re.compile(r"arn:aws[\w-]*:autoscaling:[\w-]+:\d{12}:scalingPolicy:.+:policyName/.+")
_TOPIC = re.compile(r"arn:aws[\w-]*:sns:[\w-]+:\d{12}:\S+")


def ec2_verb(arn: str) -> str | None:
    """`stop`, `terminate`, `reboot` or `recover`, when it is an EC2 action."""
    match = _AUTOMATE.fullmatch(arn) or _SWF.fullmatch(arn)
    return match[1].lower() if match else None


def is_scaling_policy(arn: str) -> bool:
    return bool(_POLICY.fullmatch(arn))


def runs(
    alarm: Alarm, change: StateChange, place: Place, children: Mapping[str, AlarmState], points: tuple[float, ...]
) -> Iterator[AlarmAction]:
    """All actions of the new state, in the order in which the alarm names them."""
    for arn in alarm.actions_for(change.new.value):
        yield _run(alarm, arn, change, place, children, points)


def reruns(alarm: MetricAlarm, state: AlarmState, points: tuple[float, ...]) -> Iterator[AlarmAction]:
    """SCL-4: the scaling policies of the present state, once more."""
    for arn in alarm.actions_for(state.value):
        if is_scaling_policy(arn):
            yield _policy(alarm, arn, state, points, repeated=True)


def _policy(alarm: Alarm, arn: str, state: AlarmState, points: tuple[float, ...], repeated: bool = False) -> AlarmAction:
    return ExecuteScalingPolicy(
        arn=arn,
        state_updated_at=state.updated_at,
        repeated=repeated,
        state=state.value,
        datapoints=points,
        threshold=alarm.threshold if isinstance(alarm, MetricAlarm) else None,
    )


def _run(
    alarm: Alarm, arn: str, change: StateChange, place: Place, children: Mapping[str, AlarmState], points: tuple[float, ...]
) -> AlarmAction:
    at = change.new.updated_at
    if _TOPIC.fullmatch(arn):
        message = notifications.publication(alarm, change, place, children)
        return NotifyTopic(arn=arn, state_updated_at=at, subject=notifications.subject(alarm, change, place), message=message)
    if is_scaling_policy(arn):
        return _policy(alarm, arn, change.new, points)
    verb, instance = ec2_verb(arn), alarm.instance_id if isinstance(alarm, MetricAlarm) else None
    if verb and instance:
        return Ec2Action(arn=arn, state_updated_at=at, verb=verb, instance_id=instance)
    return UnsupportedAction(arn=arn, state_updated_at=at, error=f"This sandbox carries out no action of service {service(arn)}")


def service(arn: str) -> str:
    parts = arn.split(":")
    return parts[2] if len(parts) > 2 else arn
