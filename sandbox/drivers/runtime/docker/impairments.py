"""What an Impairment is for a container: paused, and limits below those of its specification. Pure."""

from sandbox.drivers.runtime.base import Impairment, LaunchSpec
from sandbox.drivers.runtime.docker.values import ContainerInfo, EngineMachine

LEAST_NANO_CPUS = 10_000_000  # Docker refuses less than 0.01 cores
LEAST_MEMORY = 6 << 20  # Docker refuses less than 6 MiB


def limits(spec: LaunchSpec, impairment: Impairment, machine: EngineMachine) -> tuple[int, int]:
    """→ NanoCpus and Memory."""
    nano_cpus = int(machine.nano_cpus(spec) * impairment.cpu_percent / 100)
    memory = int(machine.memory_of(spec) * impairment.memory_percent / 100)
    return max(nano_cpus, LEAST_NANO_CPUS), max(memory, LEAST_MEMORY)


def observed(info: ContainerInfo) -> Impairment:
    """As Docker reports it, whoever caused it."""
    if info.spec is None:
        return Impairment(frozen=info.status == "paused")
    return Impairment(
        frozen=info.status == "paused",
        cpu_percent=_percent(info.nano_cpus, info.machine.nano_cpus(info.spec)),
        memory_percent=_percent(info.memory, info.machine.memory_of(info.spec)),
    )


def _percent(now: int, full: int) -> float:
    """In whole percent, because limits are whole bytes and whole nanoseconds. No limit is all of it."""
    return float(round(100 * now / full)) if now else 100.0
