"""What this machine can hold of instances: the value of `auto` for the settings machine_vcpus, vcpu_limit and machine_memory_mib.

wiring resolves them before it builds a sandbox; `sandbox settings` shows the numbers. The smallest instance types have one vCPU, so the
number of vCPUs also bounds the number of instances. Larger types have more memory (memory_scale), so the sum of the memory limits is
bounded too. The simulated runtime holds the same number of vCPUs on every machine, and its instances use no memory.
"""

import resource
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from sandbox.settings import Settings

SIMULATED = 2000  # vCPUs; a simulated instance costs a few kilobytes
LEAST = 20  # vCPUs, even on a small machine: the ten t3.medium instances of the tutorial
TUTORIAL = 10 * 4096  # MiB, the memory of their type
MEMORY_OVERCOMMIT = 2  # memory limits of all instances ÷ memory of the machine: the sample application uses 30 MiB of its 256
CPU_OVERCOMMIT = 16  # CPU limits of all instances ÷ cores of the machine: most instances are idle most of the time
TASKS = 24  # processes and threads of one instance: in a container, 9 of the application and the rest of its shim
CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The resources that instances share."""

    cores: int
    memory_mib: int
    tasks: int | None = None  # limit on our processes and threads; None: unknown

    def vcpus(self, settings: Settings) -> int:
        """How many vCPUs of instances it can hold. Half of the tasks are reserved for everything else."""
        bounds = [
            self.memory_mib * MEMORY_OVERCOMMIT // settings.memory_mib,
            int(self.cores * CPU_OVERCOMMIT / settings.cores_per_vcpu),
        ]
        if self.tasks is not None:
            bounds.append(self.tasks // 2 // TASKS)
        return max(LEAST, min(bounds))

    def instance_memory_mib(self, settings: Settings) -> int:
        """The memory limits of all instances together."""
        return max(self.memory_mib * MEMORY_OVERCOMMIT, int(TUTORIAL * settings.memory_scale))


def resolved(settings: Settings, *, simulated: bool) -> Settings:
    """The settings with numbers instead of `auto`."""
    this = this_machine(settings)
    machine = settings.machine_vcpus or (SIMULATED if simulated else this.vcpus(settings))
    memory = settings.machine_memory_mib or (None if simulated else this.instance_memory_mib(settings))
    quota = machine if settings.vcpu_limit is None else settings.vcpu_limit
    return replace(settings, machine_vcpus=machine, vcpu_limit=quota, machine_memory_mib=memory)


def this_machine(settings: Settings, cgroup: Path = CGROUP) -> Machine:
    """Measures this machine. The limits of our own control group apply to instances that are our processes, but not to containers."""
    cores, memory = psutil.cpu_count() or 1, psutil.virtual_memory().total
    if settings.topology == "compose":
        return Machine(cores=cores, memory_mib=memory >> 20)
    memory = min(memory, _limit(cgroup / "memory.max") or memory)
    of_user, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    known = [limit for limit in (_limit(cgroup / "pids.max"), of_user) if limit is not None and limit != resource.RLIM_INFINITY]
    return Machine(cores=cores, memory_mib=memory >> 20, tasks=min(known, default=None))


def _limit(file: Path) -> int | None:
    """None: no limit, or no control groups v2."""
    try:
        return int(file.read_text())
    except (OSError, ValueError):  # "max"
        return None
