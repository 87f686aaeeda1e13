"""What only AWS writes: target health, the end of a drain, a load balancer's state. Called by the controllers, under the lock."""

from datetime import datetime

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.elbv2.models import elbv2_backends

from sandbox.aws.backends import find
from sandbox.core.control import Scope
from sandbox.services.elbv2.model import Health, TargetKey
from sandbox.services.elbv2.state.snapshot import backends, group_named


def set_health(scope: Scope, name: str, target: TargetKey, health: Health, now: datetime) -> None:
    backend = find(elbv2_backends, scope)
    group = group_named(backend, name)
    if backend is not None and group is not None and target in group.sandbox.targets:
        backend.set_target_health(group, target, health, now)


def remove_target(scope: Scope, name: str, target: TargetKey) -> None:
    group = group_named(find(elbv2_backends, scope), name)
    if group is not None:
        group.sandbox.targets.pop(target, None)


def activate(arn: str) -> None:
    """ALB-3: the provisioning is over."""
    for _, backend in backends():
        if arn in backend.load_balancers:
            backend.load_balancers[arn].state = "active"
