"""A meter that reads counters every few seconds in its own thread and keeps those of the last minutes. The Docker and the process runtime
differ only in the function that reads.
"""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sandbox.core.clock import Clock
from sandbox.core.errors import DriverUnavailable
from sandbox.drivers.metering.base import Usage

KEEP = timedelta(minutes=12)  # sandbox time: a little more than two periods of basic monitoring
LONGEST_PAUSE = 5.0  # real seconds
SHORTEST_PAUSE = 0.25

Counters = Mapping[str, Any]  # cpu_seconds, network_*, packets_*, cpu_limit, boot


class SamplingMeter:
    """`read` returns counters by instance id. It may do I/O and raise DriverUnavailable or OSError; then there are no readings of that
    round."""

    def __init__(self, clock: Clock, read: Callable[[], Mapping[str, Counters]]) -> None:
        self._clock, self._read = clock, read
        self._readings: dict[str, deque[Usage]] = defaultdict(deque)
        self._boots: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._why_not: str | None = None  # why the last round failed
        self._thread = threading.Thread(target=self._work, name="meter", daemon=True)

    def started(self) -> "SamplingMeter":
        """Starts the thread; without it only `sample` reads."""
        self._thread.start()
        return self

    def readings(self, instance_id: str) -> Sequence[Usage]:
        with self._lock:
            return tuple(self._readings.get(instance_id, ()))

    def instances(self) -> Sequence[str]:
        with self._lock:
            return tuple(self._readings)

    def available(self) -> str | None:
        return self._why_not

    def close(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def pause(self) -> float:
        """Real seconds between rounds: six rounds per sandbox minute, within bounds."""
        return min(LONGEST_PAUSE, max(SHORTEST_PAUSE, self._clock.real(timedelta(seconds=10))))

    def _work(self) -> None:
        while not self._stop.is_set():
            self.sample()
            self._stop.wait(self.pause())

    def sample(self) -> None:
        """One round."""
        try:
            counters = self._read()
        except (DriverUnavailable, OSError, ValueError) as error:
            self._why_not = f"could not read what instances use: {error}"
            return
        self._why_not = None
        now, real = self._clock.now(), time.monotonic()
        with self._lock:
            for instance_id, seen in counters.items():
                if self._boots.get(instance_id) != seen["boot"]:
                    self._readings.pop(instance_id, None)  # counters restarted at 0
                    self._boots[instance_id] = seen["boot"]
                values = {k: v for k, v in seen.items() if k != "boot"}
                self._readings[instance_id].append(Usage(instance_id=instance_id, at=now, real=real, **values))
            self._forget(now)

    def _forget(self, now: Any) -> None:
        for instance_id, kept in list(self._readings.items()):
            while kept and now - kept[0].at > KEEP:
                kept.popleft()
            if not kept:
                del self._readings[instance_id]
                self._boots.pop(instance_id, None)
