"""Reads a container's kernel counters: processor time from its cgroup (v1 or v2), bytes and packets from its network namespace.

Reads files only, about 0.2 ms per container; Docker's own one-shot statistics take a second each. Standard library only: the socket filter
uses it too, on read-only mounts of the host's /proc and /sys/fs/cgroup.
"""

from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Counters:
    """Since the container's start."""

    cpu_seconds: float
    network_in: int | None
    network_out: int | None
    packets_in: int | None
    packets_out: int | None

    def as_json(self) -> dict[str, float | int | None]:
        return asdict(self)


def read(pid: int, proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup"), within: str = "") -> Counters | None:
    """Counters of the container whose first process is `pid` (in the host's PID namespace). None when the process has ended, or when the
    name of its cgroup does not contain `within` (another process has the id now)."""
    try:
        membership = (proc / str(pid) / "cgroup").read_text()
        if within not in membership:
            return None
        cpu = _cpu_seconds(membership, cgroups)
        return Counters(cpu, *_network((proc / str(pid) / "net" / "dev").read_text()))
    except (FileNotFoundError, ProcessLookupError):
        return None


def _cpu_seconds(membership: str, cgroups: Path) -> float:
    """`membership` is /proc/<pid>/cgroup: lines `id:controllers:path`; version 2 has one line `0::path`."""
    unified = None
    for line in membership.splitlines():
        _, controllers, path = line.split(":", 2)
        if "cpuacct" in controllers.split(","):
            return int(_first(cgroups, ("cpuacct", "cpu,cpuacct"), path, "cpuacct.usage").read_text()) / 1e9
        if controllers == "":
            unified = path
    if unified is None:
        raise FileNotFoundError("no cgroup has a processor time counter")
    stat = dict(line.split() for line in (cgroups / unified.lstrip("/") / "cpu.stat").read_text().splitlines())
    return int(stat["usage_usec"]) / 1e6


def cpu_limit(pid: int, proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> float | None:
    """Cores that the container's quota gives it now, which a fault may have lowered (Runtime.impair). None: no quota, or it has ended."""
    try:
        quota, period = _quota((proc / str(pid) / "cgroup").read_text(), cgroups)
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(quota) / int(period) if quota not in ("max", "-1") else None


def _quota(membership: str, cgroups: Path) -> tuple[str, str]:
    unified = ""
    for line in membership.splitlines():
        _, controllers, path = line.split(":", 2)
        if "cpu" in controllers.split(","):
            quota, period = (_first(cgroups, ("cpu", "cpu,cpuacct"), path, f"cpu.cfs_{name}_us") for name in ("quota", "period"))
            return quota.read_text().strip(), period.read_text().strip()
        if controllers == "":
            unified = path
    found, _, period_text = (cgroups / unified.lstrip("/") / "cpu.max").read_text().strip().partition(" ")
    return found, period_text


def _first(cgroups: Path, mounts: tuple[str, ...], path: str, name: str) -> Path:
    for mount in mounts:
        candidate = cgroups / mount / path.lstrip("/") / name
        if candidate.exists():
            return candidate
    raise FileNotFoundError(f"{name} of {path}")


def _network(text: str) -> tuple[int, int, int, int]:
    """Sums /proc/<pid>/net/dev over all interfaces except the loopback: received bytes, sent bytes, received packets, sent packets."""
    totals = [0, 0, 0, 0]
    for line in text.splitlines()[2:]:
        name, _, numbers = line.partition(":")
        if name.strip() == "lo":
            continue
        fields = [int(n) for n in numbers.split()]
        for index, column in enumerate((0, 8, 1, 9)):
            totals[index] += fields[column]
    return totals[0], totals[1], totals[2], totals[3]
