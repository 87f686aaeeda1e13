"""Auto Scaling's operations on lifecycle hooks (ASG-88 to ASG-92). Only translation: checks and state are in api/hooks.py.

A part of `SandboxAutoScalingResponse` (api/responses/groups.py).
"""

from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.responses import ActionResult, EmptyResult

from sandbox.aws.seams import adds, replaces
from sandbox.services.autoscaling.api.responses.scaling import ScalingResponses
from sandbox.services.autoscaling.hook_model import Hook, Transition


class HookResponses(ScalingResponses):
    @replaces(why="ASG-88: all parameters, with their effect")
    def put_lifecycle_hook(self) -> ActionResult:
        self.autoscaling_backend.put_hook(self._get_params())
        return EmptyResult()

    @replaces(why="ASG-5: an unknown group is a ValidationError; the hook as it was put")
    def describe_lifecycle_hooks(self) -> ActionResult:
        name, hooks = self._get_param("AutoScalingGroupName"), self._get_param("LifecycleHookNames", [])
        found = self.autoscaling_backend.describe_lifecycle_hooks(name, hooks)
        return ActionResult({"LifecycleHooks": [_wire(name, hook) for hook in found]})

    @replaces(why="ASG-88: an unknown hook is a ValidationError")
    def delete_lifecycle_hook(self) -> ActionResult:
        self.autoscaling_backend.delete_lifecycle_hook(self._get_param("AutoScalingGroupName"), self._get_param("LifecycleHookName"))
        return EmptyResult()

    @adds(why="ASG-88")
    def describe_lifecycle_hook_types(self) -> ActionResult:
        return ActionResult({"LifecycleHookTypes": [each.value for each in Transition]})

    @adds(why="ASG-89")
    def complete_lifecycle_action(self) -> ActionResult:
        self.autoscaling_backend.complete_lifecycle_action(self._get_params())
        return EmptyResult()

    @adds(why="ASG-89")
    def record_lifecycle_action_heartbeat(self) -> ActionResult:
        self.autoscaling_backend.record_lifecycle_action_heartbeat(self._get_params())
        return EmptyResult()


def _wire(group: str, hook: Hook) -> dict[str, Any]:
    return {
        "LifecycleHookName": hook.name,
        "AutoScalingGroupName": group,
        "LifecycleTransition": hook.transition.value,
        "NotificationTargetARN": hook.notification_target,
        "RoleARN": hook.role,
        "NotificationMetadata": hook.metadata,
        "HeartbeatTimeout": int(hook.heartbeat_timeout.total_seconds()),
        "GlobalTimeout": int(hook.global_timeout.total_seconds()),
        "DefaultResult": hook.default_result.value,
    }
