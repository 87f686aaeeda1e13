"""Validation of PutNotificationConfiguration (ASG-119)."""

from sandbox.services.autoscaling import errors
from sandbox.services.autoscaling.decide import notifications


def types(types: list[str]) -> None:
    if unknown := [kind for kind in types if kind not in notifications.TYPES]:
        raise errors.invalid(f"Invalid notification type: {unknown[0]}. Valid types are: {', '.join(notifications.TYPES)}.")
    if not types:
        raise errors.invalid("You must specify at least one notification type.")
