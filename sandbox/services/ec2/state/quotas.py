"""vCPU quotas of launches and starts (EC2-15): what is in use, and whether more fits. decide/quotas.py has the rule."""

from collections.abc import Iterable
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.models import ec2_backends

from sandbox.aws.backends import walk
from sandbox.aws.context import context
from sandbox.services.ec2 import errors
from sandbox.services.ec2.decide import quotas
from sandbox.services.ec2.decide.quotas import Held, Limits
from sandbox.services.ec2.model import InstanceState
from sandbox.services.ec2.state.launch_spec import vcpus

COUNTED = (InstanceState.PENDING, InstanceState.RUNNING)  # a stopped instance uses no vCPU


def held(backend: Any) -> list[Held]:
    """The pending and running instances of all accounts and Regions; `here` are those of `backend`'s."""
    every = ((one, instance) for _, one in walk(ec2_backends) for instance in one.all_instances())
    return [
        Held(instance_type=instance.instance_type, vcpus=vcpus(instance.instance_type), here=one is backend)
        for one, instance in every
        if instance.lifecycle_state in COUNTED
    ]


def fitting(instance_type: str, minimum: int, maximum: int, present: Iterable[Held]) -> int:
    """How many of `maximum` instances the quotas leave room for; VcpuLimitExceeded when that is less than `minimum`."""
    settings = context().settings
    room = quotas.room(instance_type, present, Limits(quota=settings.vcpu_limit, machine=settings.machine_vcpus))
    if room is None:
        return maximum
    count = min(maximum, room.vcpus // vcpus(instance_type))
    if count < minimum:
        raise errors.vcpu_limit_exceeded(room.limit)
    return count


def check_quotas_of_start(backend: Any, stopped: Iterable[Any]) -> None:
    """VcpuLimitExceeded when not all of them can run."""
    present = held(backend)
    for instance in stopped:
        fitting(instance.instance_type, 1, 1, present)
        present.append(Held(instance_type=instance.instance_type, vcpus=vcpus(instance.instance_type), here=True))
