"""Bounds what instances write to this machine's disk, where Docker's storage driver cannot: most have no limit for one container.

A thread looks at the free space of the disk. When much of it has gone since the last look, it asks Docker how much each container has
written, and freezes those that have written more than an instance's disk holds: a frozen machine writes nothing more. The instance goes on
existing, with a failing status check; terminating it frees the space.
"""

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.core.errors import SandboxError

INTERVAL = 2.0  # real seconds
NOTICED = 512 << 20  # bytes that are gone since the last look at the containers


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    path: Path  # any on the disk of the containers
    limit: int  # bytes that one container may write


class DiskGuard:
    """`sizes()`: instance id → bytes written, from Docker;
    it walks the files, and may take seconds. `freeze(instance_id, written)`: called at each look for each that has written more."""

    def __init__(self, disk: Disk, sizes: Callable[[], Mapping[str, int]], freeze: Callable[[str, int], None]) -> None:
        self._disk, self._sizes, self._freeze = disk, sizes, freeze
        self._free: int | None = None  # at the last look at the containers
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="docker-disk", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> None:
        """Raises DriverUnavailable when Docker does not answer; the next look asks again."""
        free = self.free()
        if self._free is not None and self._free - free < NOTICED:
            self._free = max(self._free, free)
            return
        written = self._sizes()
        self._free = free
        for instance_id in sorted(written):
            if written[instance_id] > self._disk.limit:
                self._freeze(instance_id, written[instance_id])

    def free(self) -> int:
        """Bytes."""
        found = os.statvfs(self._disk.path)
        return found.f_bavail * found.f_frsize

    def _work(self) -> None:
        while not self._stop.wait(INTERVAL):
            try:
                self.look()
            except (SandboxError, OSError):  # Docker or the disk does not answer
                continue
