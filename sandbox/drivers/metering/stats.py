"""Counters of all containers of one sandbox from Docker's statistics, where the files of containers.py are out of reach: the engine of
Docker Desktop runs in a virtual machine of its own. One stream for each container, which brings a value about every second; a single
request would take a second each. Standard library only, for the socket filter.
"""

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sandbox.drivers.metering.containers import Ask, running

Follow = Callable[[str], Iterable[bytes]]  # path of a Docker API GET → the lines of its answer, as they come


class StatsCounters:
    def __init__(self, ask: Ask, follow: Follow, name: str) -> None:
        self._ask, self._follow, self._name = ask, follow, name
        self._lock = threading.Lock()
        self._latest: dict[str, dict[str, Any] | None] = {}  # container id → newest counters; None: followed, none yet

    def read(self) -> dict[str, dict[str, Any]]:
        """As ContainerCounters.read. An instance is missing until its first statistics have come."""
        containers = running(self._ask, self._name)
        with self._lock:
            for container in containers.keys() - self._latest.keys():
                self._latest[container] = None
                threading.Thread(target=self._watch, args=(container,), name="statistics", daemon=True).start()
            return {instance: found for container, instance in containers.items() if (found := self._latest[container])}

    def _watch(self, container: str) -> None:
        """Until the stream ends. The next `read` begins another one if the container runs then."""
        try:
            for line in self._follow(f"/containers/{container}/stats"):
                found = counters(json.loads(line), self._ask(f"/containers/{container}/json"))
                if found is None:
                    break
                with self._lock:
                    self._latest[container] = found
        except (OSError, ValueError):
            pass  # the engine or the container has ended
        finally:
            with self._lock:
                self._latest.pop(container, None)


def counters(stats: Mapping[str, Any], container: Mapping[str, Any]) -> dict[str, Any] | None:
    """Of one line of a container's statistics and its description. None: it does not run."""
    if not container.get("State", {}).get("Running") or not stats.get("cpu_stats", {}).get("cpu_usage"):
        return None
    networks = (stats.get("networks") or {}).values()
    total = {name: sum(each[name] for each in networks) for name in ("rx_bytes", "tx_bytes", "rx_packets", "tx_packets")}
    nano = int(container["HostConfig"].get("NanoCpus") or 0)
    return {
        "cpu_seconds": stats["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9,
        "network_in": total["rx_bytes"],
        "network_out": total["tx_bytes"],
        "packets_in": total["rx_packets"],
        "packets_out": total["tx_packets"],
        "cpu_limit": nano / 1e9 if nano else 1.0,
        "boot": container["State"]["StartedAt"],
    }
