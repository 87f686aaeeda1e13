"""The writes that AWS makes by itself: target health, removal of drained targets, a load balancer's state, published host counts. Called by
the controllers, under the lock.
"""

from datetime import datetime

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.elbv2.models import elbv2_backends

from sandbox.aws.backends import find
from sandbox.core.control import Scope
from sandbox.services.elbv2.model import Health, PublishedHostCounts, TargetKey
from sandbox.services.elbv2.state import interfaces
from sandbox.services.elbv2.state.metrics import find_target_group
from sandbox.services.elbv2.state.snapshot import backends, target_group_named


def set_health(scope: Scope, name: str, target: TargetKey, health: Health, now: datetime) -> None:
    backend = find(elbv2_backends, scope)
    group = target_group_named(backend, name)
    if backend is not None and group is not None and target in group.sandbox.targets:
        backend.set_target_health(group, target, health, now)


def remove_target(scope: Scope, name: str, target: TargetKey) -> None:
    group = target_group_named(find(elbv2_backends, scope), name)
    if group is not None:
        group.sandbox.targets.pop(target, None)


def set_published_hosts(target_group_arn: str, published: PublishedHostCounts) -> None:
    group = find_target_group(target_group_arn)
    if group is not None:
        group.sandbox.published_hosts = published


def activate(arn: str) -> None:
    """ALB-3: the provisioning has ended."""
    for _, backend in backends():
        if arn in backend.load_balancers:
            backend.load_balancers[arn].state = "active"


def make_interfaces(arn: str) -> None:
    """ALB-60: of a load balancer that lacks some, as those of an earlier release do."""
    for _, backend in backends():
        if arn in backend.load_balancers:
            interfaces.settle(backend.ec2_backend, backend.load_balancers[arn])
