"""Validation of requests for lifecycle hooks (ASG-88, ASG-89): what their parameters mean. The texts are ours (U) where none was found."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sandbox.services.autoscaling import errors
from sandbox.services.autoscaling.hook_model import Hook, Result, Transition

SHORTEST, LONGEST = 30, 7200  # seconds, of a heartbeat timeout
TARGETS = ("sns", "sqs")


def hook(given: Mapping[str, Any], before: Hook | None = None) -> Hook:
    """The hook after PutLifecycleHook. `before`: the one that is changed; what the request leaves out stays (ASG-88)."""
    made = before or Hook(name=given["LifecycleHookName"], transition=_transition(given.get("LifecycleTransition")))
    if given.get("LifecycleTransition"):
        made = replace(made, transition=_transition(given["LifecycleTransition"]))
    if given.get("HeartbeatTimeout") is not None:
        made = replace(made, heartbeat_timeout=_timeout(given["HeartbeatTimeout"]))
    if given.get("DefaultResult"):
        made = replace(made, default_result=result(given["DefaultResult"], "DefaultResult"))
    made = replace(
        made,
        notification_target=_kept(given.get("NotificationTargetARN"), made.notification_target),
        role=_kept(given.get("RoleARN"), made.role),
        metadata=_kept(given.get("NotificationMetadata"), made.metadata),
    )
    _target(made)
    return made


def hooks(specifications: Sequence[Mapping[str, Any]]) -> tuple[Hook, ...]:
    """Of LifecycleHookSpecificationList."""
    made = tuple(hook(each) for each in specifications)
    names = [each.name for each in made]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise errors.invalid(f"Duplicate lifecycle hook name: {twice}. Each name may be given once for a group.")
    return made


def _kept(given: str | None, before: str | None) -> str | None:
    """An empty string removes the value."""
    return before if given is None else given or None


def _transition(given: str | None) -> Transition:
    known = {each.value: each for each in Transition}
    if given not in known:
        shown = ", ".join(known)
        raise errors.invalid(f"LifecycleTransition {given or ''} is not valid. Valid values are: {shown}.".replace("  ", " "))
    return known[given]


def _timeout(seconds: int) -> timedelta:
    if not SHORTEST <= seconds <= LONGEST:
        raise errors.invalid(f"HeartbeatTimeout {seconds} is not valid. It must be between {SHORTEST} and {LONGEST} seconds.")
    return timedelta(seconds=seconds)


def result(given: str, parameter: str = "LifecycleActionResult") -> Result:
    known = {each.value: each for each in Result}
    if given not in known:
        raise errors.invalid(f"{parameter} {given} is not valid. Valid values are: {', '.join(known)}.")
    return known[given]


def _target(made: Hook) -> None:
    if made.notification_target is None:
        return
    parts = made.notification_target.split(":")
    if len(parts) != 6 or parts[0] != "arn" or parts[2] not in TARGETS:
        raise errors.invalid(
            f"NotificationTargetARN {made.notification_target} must be the ARN of an Amazon SNS topic or an Amazon SQS queue."
        )
    if made.role is None:
        raise errors.invalid("RoleARN must be specified together with NotificationTargetARN.")


def which(given: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """(token, instance id) of the lifecycle action that a request names; one of them is needed."""
    token, instance_id = given.get("LifecycleActionToken"), given.get("InstanceId")
    if not token and not instance_id:
        raise errors.invalid("Either a LifecycleActionToken or an InstanceId must be specified.")
    return token, instance_id


def group_name(name_or_arn: str) -> str:
    """CompleteLifecycleAction and RecordLifecycleActionHeartbeat take an ARN, too."""
    return name_or_arn.rpartition(":autoScalingGroupName/")[2]
