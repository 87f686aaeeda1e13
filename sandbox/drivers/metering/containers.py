"""Counters of all containers of one sandbox: finds the containers by label through Docker, reads the counters from kernel files.

Runs where the Docker socket and the host's /proc are: in the socket filter (compose), or in the control plane itself on a Linux host.
The first process of a container is read from Docker once and then checked against its cgroup, so a round of readings needs only one Docker
call, the list of containers. Standard library only.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sandbox.drivers.metering import kernel

Ask = Callable[[str], Any]  # path of a Docker API GET → its JSON, {} on 404


def running(ask: Ask, name: str) -> dict[str, str]:
    """Container id → instance id, of the running instances of the sandbox with that name."""
    label = f"%7B%22label%22%3A%5B%22sandbox.name%3D{name}%22%5D%2C%22status%22%3A%5B%22running%22%5D%7D"
    found = ask(f"/containers/json?filters={label}") or ()
    return {each["Id"]: each["Labels"]["sandbox.instance-id"] for each in found if each["Labels"].get("sandbox.instance-id")}


class ContainerCounters:
    def __init__(self, ask: Ask, name: str, proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> None:
        self._ask, self._name, self._proc, self._cgroups = ask, name, proc, cgroups
        self._known: dict[str, tuple[int, float]] = {}  # container id → first process, cores

    def read(self) -> dict[str, dict[str, Any]]:
        """Running instances by id: counters, `cpu_limit` (cores) and `boot` (differs after a restart of the container)."""
        containers = running(self._ask, self._name)
        return {instance: found for container, instance in containers.items() if (found := self._one(container))}

    def _one(self, container_id: str) -> dict[str, Any] | None:
        pid, limit = self._known.get(container_id, (0, 1.0))
        counters = kernel.read(pid, self._proc, self._cgroups, within=container_id) if pid else None
        if counters is None:  # not seen yet, or restarted since: then it has another first process
            pid, limit = self._inspect(container_id)
            counters = kernel.read(pid, self._proc, self._cgroups) if pid else None
        if counters is None:
            return None
        return {**counters.as_json(), "cpu_limit": kernel.cpu_limit(pid, self._proc, self._cgroups) or limit, "boot": pid}

    def _inspect(self, container_id: str) -> tuple[int, float]:
        seen: Mapping[str, Any] = self._ask(f"/containers/{container_id}/json")
        pid = int(seen.get("State", {}).get("Pid") or 0)
        nano = int(seen.get("HostConfig", {}).get("NanoCpus") or 0)
        self._known[container_id] = (pid, nano / 1e9 if nano else 1.0)
        return self._known[container_id]
