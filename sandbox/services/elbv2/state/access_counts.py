"""Counts requests as the data plane tells of them, in its thread, until the metrics loop takes the counts. A few microseconds a record.

A request belongs to the minute of sandbox time in which its response ended. Access records carry real time: the moment is found from the
record's age at arrival, so a record that comes late, after its minute or after a restart of the control plane, counts where it belongs.
Between two takings there is one tally for each kind of request, so memory follows the number of targets and status codes, not of requests.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from sandbox.core.clock import Clock
from sandbox.drivers.proxy.base import AccessRecord
from sandbox.services.elbv2.decide.request_counts import MINUTE, Kind, Tally


class AccessCounts:
    """Thread-safe. `wake` is called when requests come after a time without any: then somebody should `waiting`."""

    def __init__(self, clock: Clock, real_now: Callable[[], datetime] | None, wake: Callable[[], None]) -> None:
        """`real_now`: what the records' times are measured by; None: they are in sandbox time (simulated proxy)."""
        self._clock, self._real_now, self._wake = clock, real_now, wake
        self._lock = threading.Lock()
        self._tallies: dict[tuple[object, ...], Tally] = {}
        self._waiting: list[tuple[Kind, Tally]] = []
        self._idle = True

    def take(self, records: Sequence[AccessRecord]) -> None:
        """Counts each of them once."""
        now = self._clock.now().timestamp()
        real, speed = (self._real_now().timestamp(), self._clock.speed) if self._real_now else (now, 1.0)
        with self._lock:
            tallies = self._tallies
            for record in records:
                moment = now - max(0.0, real - record.time.timestamp()) * speed
                kind = (
                    int(moment) // MINUTE * MINUTE,
                    record.listener,
                    record.load_balancer,
                    record.target_group,
                    record.target,
                    record.elb_status_code,
                    record.target_status_code,
                    record.actions_executed,
                    record.target_connection_error,
                )
                tally = tallies.get(kind)
                if tally is None:
                    tally = tallies[kind] = Tally()
                tally.add(record)
            idle, self._idle = self._idle, False
        if idle:
            self._wake()

    def waiting(self) -> tuple[tuple[Kind, Tally], ...]:
        """What was counted and not yet marked as `taken`. Nothing: the next record wakes."""
        with self._lock:
            tallies, self._tallies = self._tallies, {}
            self._waiting += [(Kind._make(kind), tally) for kind, tally in tallies.items()]
            self._idle = not self._waiting
            return tuple(self._waiting)

    def taken(self) -> None:
        """What `waiting` gave is in the metrics."""
        with self._lock:
            self._waiting = []
