"""Features that groups here do not have: lifecycle hooks, instance refresh, warm pools, classic load balancers. Describing them shows that
there are none; a request that would make one is refused, because it would have no effect (ASG-88, ASG-100, ASG-107).

A part of `SandboxAutoScalingResponse` (api/responses.py).
"""

from collections.abc import Callable
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.responses import ActionResult

from sandbox.aws.seams import adds, replaces
from sandbox.services.autoscaling import errors
from sandbox.services.autoscaling.api.scaling_responses import ScalingResponses

NO_HOOKS = "ASG-88: the sandbox has no lifecycle hooks, and ignores none silently"
NO_REFRESH = "ASG-100: the sandbox has no instance refresh"
NO_WARM_POOL = "ASG-107: the sandbox has no warm pools"
NO_CLASSIC = "the sandbox has no classic load balancers"
HOOK_TYPES = ("autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING")


def _refusal(what: str) -> Callable[[Any], ActionResult]:
    def refuse(self: Any) -> ActionResult:
        raise errors.not_supported(what)

    return refuse


class AbsentFeatures(ScalingResponses):
    # ---- lifecycle hooks ---------------------------------------------------------------------------------------------------------------

    put_lifecycle_hook = replaces(why=NO_HOOKS)(_refusal("a lifecycle hook"))
    complete_lifecycle_action = adds(why=NO_HOOKS)(_refusal("a lifecycle hook"))
    record_lifecycle_action_heartbeat = adds(why=NO_HOOKS)(_refusal("a lifecycle hook"))

    @replaces(why="ASG-124: an unknown group is an error; there are no hooks")
    def describe_lifecycle_hooks(self) -> ActionResult:
        self._group()
        return ActionResult({"LifecycleHooks": []})

    @replaces(why="ASG-124: an unknown hook is an error")
    def delete_lifecycle_hook(self) -> ActionResult:
        raise errors.unknown_hook(self._get_param("LifecycleHookName"), self._group().name)

    @adds(why="ASG-88")
    def describe_lifecycle_hook_types(self) -> ActionResult:
        return ActionResult({"LifecycleHookTypes": list(HOOK_TYPES)})

    # ---- instance refresh --------------------------------------------------------------------------------------------------------------

    start_instance_refresh = adds(why=NO_REFRESH)(_refusal("an instance refresh"))
    rollback_instance_refresh = adds(why=NO_REFRESH)(_refusal("an instance refresh"))

    @adds(why="ASG-124: there are no instance refreshes")
    def describe_instance_refreshes(self) -> ActionResult:
        self._group()
        return self._paged("InstanceRefreshes", [])

    @adds(why="ASG-124: there is none to cancel")
    def cancel_instance_refresh(self) -> ActionResult:
        raise errors.no_active_refresh(self._group().name)

    # ---- warm pools --------------------------------------------------------------------------------------------------------------------

    put_warm_pool = replaces(why=NO_WARM_POOL)(_refusal("a warm pool"))

    @replaces(why="ASG-124: an unknown group is an error; there are no warm pools")
    def describe_warm_pool(self) -> ActionResult:
        self._group()
        return self._paged("Instances", [])

    @replaces(why="ASG-124: there is none to delete")
    def delete_warm_pool(self) -> ActionResult:
        raise errors.no_warm_pool(self._group().name)

    # ---- classic load balancers --------------------------------------------------------------------------------------------------------

    attach_load_balancers = replaces(why=NO_CLASSIC)(_refusal("a classic load balancer of an Auto Scaling group"))

    @replaces(why="ASG-124: an unknown group is an error; there are no classic load balancers")
    def describe_load_balancers(self) -> ActionResult:
        self._group()
        return self._paged("LoadBalancers", [])

    @replaces(why="ASG-124: there is none to detach")
    def detach_load_balancers(self) -> ActionResult:
        raise errors.load_balancer_not_attached(self._group().name, self._get_param("LoadBalancerNames", []))

    def _group(self) -> Any:
        return self.autoscaling_backend.group(self._get_param("AutoScalingGroupName"))
