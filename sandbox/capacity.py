"""How many instances this machine can hold, in vCPUs: what `auto` means for the settings machine_vcpus and vcpu_limit.

wiring resolves both before it builds a sandbox; `sandbox settings` shows the numbers. The smallest instance types have one vCPU, so the
number of vCPUs also bounds the number of instances. The simulated runtime holds the same number on every machine.
"""

import resource
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from sandbox.settings import Settings

SIMULATED = 2000  # vCPUs; a simulated instance costs a few kilobytes
LEAST = 20  # vCPUs, on however small a machine: the ten t3.medium of the tutorial
MEMORY_OVERCOMMIT = (
    2  # memory limits of all instances ÷ memory of the machine: an instance of the sample application uses 30 of its 256 MiB
)
CPU_OVERCOMMIT = 16  # CPU limits of all instances ÷ cores of the machine: most instances are idle most of the time
TASKS = 24  # processes and threads of one instance: in a container 9 of the application, the rest of its shim
CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What instances share."""

    cores: int
    memory_mib: int
    tasks: int | None = None  # processes and threads that we may have; None: no limit is known

    def vcpus(self, settings: Settings) -> int:
        """How many vCPUs of instances it holds. Half of the tasks are left to everything else."""
        bounds = [
            self.memory_mib * MEMORY_OVERCOMMIT // settings.memory_mib,
            int(self.cores * CPU_OVERCOMMIT / settings.cores_per_vcpu),
        ]
        if self.tasks is not None:
            bounds.append(self.tasks // 2 // TASKS)
        return max(LEAST, min(bounds))


def resolved(settings: Settings, *, simulated: bool) -> Settings:
    """The settings with numbers in the place of `auto`."""
    machine = settings.machine_vcpus or (SIMULATED if simulated else this_machine(settings).vcpus(settings))
    return replace(settings, machine_vcpus=machine, vcpu_limit=machine if settings.vcpu_limit is None else settings.vcpu_limit)


def this_machine(settings: Settings, cgroup: Path = CGROUP) -> Machine:
    """Measured now. Limits of our own control group bound instances that are our processes, not containers beside our own."""
    cores, memory = psutil.cpu_count() or 1, psutil.virtual_memory().total
    if settings.topology == "compose":
        return Machine(cores=cores, memory_mib=memory >> 20)
    memory = min(memory, _limit(cgroup / "memory.max") or memory)
    of_user, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    known = [limit for limit in (_limit(cgroup / "pids.max"), of_user) if limit is not None and limit != resource.RLIM_INFINITY]
    return Machine(cores=cores, memory_mib=memory >> 20, tasks=min(known, default=None))


def _limit(file: Path) -> int | None:
    """None: there is none, or no control groups of version 2."""
    try:
        return int(file.read_text())
    except (OSError, ValueError):  # "max"
        return None
