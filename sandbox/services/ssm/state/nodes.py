"""The managed nodes: EC2's instances, as Systems Manager sees them (SSM-1, SSM-2). Reads only."""

from collections.abc import Iterator
from datetime import UTC
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.models import ec2_backends

from sandbox.aws import backends
from sandbox.aws.active_faults import Hosted
from sandbox.aws.context import context
from sandbox.core.control import Scope
from sandbox.services.ssm.model import Node, NodeState

RUNNING = "running"
KNOWN = (RUNNING, "stopping", "stopped")
"""States of an instance that was registered, and is not gone."""


def nodes(scope: Scope) -> Iterator[Node]:
    """All that are registered, in the order of their launch."""
    ec2 = backends.find(ec2_backends, scope)
    instances = [each for reservation in ec2.reservations.values() for each in reservation.instances] if ec2 else []
    return (_node(each) for each in instances if each.lifecycle_state.value in KNOWN)


def node(scope: Scope, instance_id: str) -> Node | None:
    ec2 = backends.find(ec2_backends, scope)
    found = backends.find_instance(ec2, instance_id) if ec2 else None
    return _node(found) if found is not None and found.lifecycle_state.value in KNOWN else None


def state(scope: Scope, instance_id: str) -> NodeState:
    found = node(scope, instance_id)
    return NodeState.GONE if found is None else found.state


def _node(instance: Any) -> Node:
    running = instance.lifecycle_state.value == RUNNING
    return Node(
        instance_id=instance.id,
        state=NodeState.ONLINE if running and _answers(instance) else NodeState.CONNECTION_LOST,
        name=instance.private_dns_name or "",
        address=instance.private_ip,
        image_id=instance.image_id,
        running=running,
        registered=instance.launch_time.replace(tzinfo=UTC),
        tags=dict(instance.ec2_backend.tags.get(instance.id, {})),
    )


def _answers(instance: Any) -> bool:
    """The agent needs the host, the network and a machine that is not frozen."""
    faults = context().faults
    hosted = Hosted(instance_id=instance.id, zone=instance.availability_zone, launched_at=instance.launch_time.replace(tzinfo=UTC))
    if faults.host_unreachable(hosted) or faults.without_network(hosted):
        return False
    return context().machines.reachable(instance.id) is True
