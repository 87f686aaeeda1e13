"""The network of the process runtime on Linux, where every instance has a loopback address: no packet can be dropped there without being
root, so the load balancer and the health checks are sent to a black hole instead of an instance whose subnet is cut off.

What the processes send is not affected. The cuts are kept in a file; while no control plane runs, connections to a black hole are refused.
"""

import json
import threading
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from sandbox.core.errors import Misconfigured
from sandbox.drivers.network.base import Cut, Cuts, Direction, normal
from sandbox.drivers.network.black_hole import BlackHole

WHOLE = 100  # percent of the packets
NO_LOSS = "single packets of processes cannot be dropped in the process runtime. Use the docker runtime (sandbox up --runtime docker)."
ONLY_INTO = (
    "what the processes of a zone send cannot be cut off in the process runtime. Use the docker runtime (sandbox up --runtime docker)."
)


class LoopbackNetwork:
    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._holes: dict[str, BlackHole] = {}  # by host
        self._callbacks: list[Callable[[], None]] = []
        self._cut_off = _read(file)

    def apply(self, cuts: Cuts) -> None:
        wanted = normal(cuts)
        if refused := next((refused for cut in wanted if (refused := self.cannot(cut))), None):
            raise Misconfigured(refused)
        with self._lock:
            if wanted == self._cut_off:
                return
            _write(self._file, wanted)
            self._cut_off = wanted
            if not wanted:
                self._close_holes()
        for callback in self._callbacks:
            callback()

    def cut_off(self) -> Cuts:
        return self._cut_off

    def endpoint(self, private_ip_address: str, at: tuple[str, int]) -> tuple[str, int]:
        """Where the load balancer and the health checks connect, to reach an instance that listens at `at`."""
        if not any(cut.hides(IPv4Address(private_ip_address)) for cut in self._cut_off):
            return at
        with self._lock:
            if at[0] not in self._holes:
                self._holes[at[0]] = BlackHole(at[0])
            return self._holes[at[0]].address

    def on_change(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)

    def available(self) -> str | None:
        return None

    def cannot(self, cut: Cut) -> str | None:
        if cut.percent < WHOLE:
            return NO_LOSS
        return ONLY_INTO if cut.direction is Direction.OUTBOUND else None

    def close(self) -> None:
        with self._lock:
            self._close_holes()

    def _close_holes(self) -> None:
        for hole in self._holes.values():
            hole.close()
        self._holes = {}


def _read(file: Path) -> Cuts:
    try:
        found = json.loads(file.read_text())
        return normal(_cut(each["ranges"], each["direction"]) for each in found)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return frozenset()


def _cut(ranges: list[str], direction: str) -> Cut:
    return Cut(ranges=frozenset(IPv4Network(text) for text in ranges), direction=Direction(direction))


def _write(file: Path, cuts: Cuts) -> None:
    if not cuts:
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    new.write_text(json.dumps([{"direction": cut.direction.value, "ranges": sorted(map(str, cut.ranges))} for cut in cuts]))
    new.replace(file)
