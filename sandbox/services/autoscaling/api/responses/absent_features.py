"""Features that groups here do not have: warm pools, classic load balancers. Describing them shows that there are none; a request that
would make one is refused, because it would have no effect (ASG-107).

A part of `SandboxAutoScalingResponse` (api/responses/groups.py).
"""

from collections.abc import Callable
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.responses import ActionResult

from sandbox.aws.seams import replaces
from sandbox.services.autoscaling import errors
from sandbox.services.autoscaling.api.responses.refreshes import RefreshResponses

NO_WARM_POOL = "ASG-107: the sandbox has no warm pools"
NO_CLASSIC = "the sandbox has no classic load balancers"


def _refusal(what: str) -> Callable[[Any], ActionResult]:
    def refuse(self: Any) -> ActionResult:
        raise errors.not_supported(what)

    return refuse


class AbsentFeatures(RefreshResponses):
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
