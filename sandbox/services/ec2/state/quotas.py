"""vCPU quotas and memory of launches and starts (EC2-15): what is in use, and whether more fits. decide/quotas.py has the rule."""

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
from sandbox.services.ec2.state.launch_spec import memory_mib, vcpus

COUNTED = (InstanceState.PENDING, InstanceState.RUNNING)  # a stopped instance uses no vCPU


def held(backend: Any) -> list[Held]:
    """The pending and running instances of all accounts and Regions; `here` are those of `backend`'s."""
    every = ((one, instance) for _, one in walk(ec2_backends) for instance in one.all_instances())
    return [_held(instance.instance_type, here=one is backend) for one, instance in every if instance.lifecycle_state in COUNTED]


def fitting(instance_type: str, minimum: int, maximum: int, present: Iterable[Held]) -> int:
    """How many of `maximum` instances the quotas and the machine's memory leave room for. Raises VcpuLimitExceeded or
    InsufficientInstanceCapacity when that is less than `minimum`."""
    present = list(present)
    count = min(maximum, _fitting_vcpus(instance_type, minimum, maximum, present))
    memory, together = memory_mib(instance_type), context().settings.machine_memory_mib
    fitting = quotas.fit_in_memory(memory, present, together)
    if fitting is not None and fitting < minimum:
        raise errors.no_memory_left(instance_type, memory, together)
    return count if fitting is None else min(count, fitting)


def _fitting_vcpus(instance_type: str, minimum: int, maximum: int, present: Iterable[Held]) -> int:
    settings = context().settings
    room = quotas.room(instance_type, present, Limits(quota=settings.vcpu_limit, machine=settings.machine_vcpus))
    if room is None:
        return maximum
    count = min(maximum, room.vcpus // vcpus(instance_type))
    if count < minimum:
        raise errors.vcpu_limit_exceeded(room.limit)
    return count


def check_quotas_of_start(backend: Any, stopped: Iterable[Any]) -> None:
    """VcpuLimitExceeded or InsufficientInstanceCapacity when not all of them can run."""
    present = held(backend)
    for instance in stopped:
        fitting(instance.instance_type, 1, 1, present)
        present.append(_held(instance.instance_type, here=True))


def _held(instance_type: str, *, here: bool) -> Held:
    return Held(instance_type=instance_type, vcpus=vcpus(instance_type), here=here, memory_mib=memory_mib(instance_type))
