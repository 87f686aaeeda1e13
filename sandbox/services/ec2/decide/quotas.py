"""vCPU quotas (EC2-15): which quota an instance type counts against, and how many more instances the quotas and the machine's memory leave
room for. Pure.

AWS has one quota for each group of instance families, account and Region. On top of that the sandbox bounds the sum of all its instances:
they share one machine. Pending and running instances count.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

STANDARD = "Standard"  # A, C, D, H, I, M, R, T, Z
FAMILIES = {"f": "F", "g": "G and VT", "gr": "G and VT", "vt": "G and VT", "p": "P", "x": "X", "u": "High Memory", "hpc": "HPC"} | {
    name: name.upper() for name in ("inf", "trn", "dl", "mac")
}
"""First letters of an instance type → the quota that it counts against, where that is not Standard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One pending or running instance."""

    instance_type: str
    vcpus: int
    here: bool  # of the account and Region in question
    memory_mib: int = 0  # its limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """In vCPUs. None: there is none."""

    quota: int | None = None  # of each bucket of an account and Region
    machine: int | None = None  # of all instances


def bucket(instance_type: str) -> str:
    """ "t3.micro" → "Standard"."""
    letters = re.match(r"[a-z]*", instance_type)
    return FAMILIES.get(letters[0] if letters else "", STANDARD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """vCPUs that are free in a bucket, and the limit that leaves no more."""

    vcpus: int
    limit: int


def room(wanted: str, held: Iterable[Held], limits: Limits) -> Room | None:
    """For instances of the type `wanted`. None: as much as one likes."""
    every = tuple(held)
    in_bucket = sum(one.vcpus for one in every if one.here and bucket(one.instance_type) == bucket(wanted))
    used = ((limits.quota, in_bucket), (limits.machine, sum(one.vcpus for one in every)))
    rooms = [Room(vcpus=max(0, limit - of_it), limit=limit) for limit, of_it in used if limit is not None]
    return min(rooms, key=lambda one: one.vcpus, default=None)


def fit_in_memory(memory_mib: int, held: Iterable[Held], machine_memory_mib: int | None) -> int | None:
    """How many instances with this memory limit the machine holds besides those that it has. None: as many as one likes."""
    if machine_memory_mib is None:
        return None
    return max(0, machine_memory_mib - sum(one.memory_mib for one in held)) // memory_mib
