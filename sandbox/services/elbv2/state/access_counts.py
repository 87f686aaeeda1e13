"""Counts requests as the data plane tells of them, in its thread, until the metrics loop takes the counts. A few microseconds a record.

A request belongs to the minute of sandbox time in which its response ended. Access records carry real time: the moment is found from the
record's age at arrival, so a record that comes late, after its minute or after a restart of the control plane, counts where it belongs.
Between two takings there is one tally for each kind of request, so memory follows the number of targets and status codes, not of requests.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from sandbox.core.clock import Clock
from sandbox.drivers.proxy.base import AccessRecord

MINUTE = 60


class Kind(NamedTuple):
    """What requests of one tally have in common."""

    minute: int  # its start, seconds since 1970
    listener: str  # arn
    load_balancer: str  # "app/<name>/<id>"
    target_group: str | None  # arn
    target: str | None  # "172.31.0.5:80"; None: none was chosen
    status: int  # that the client got
    target_status: int | None  # None: the load balancer answered by itself
    action: str  # "forward" | "fixed-response" | "redirect" | "-"
    connection_error: bool


class Tally:
    """Of the requests of one kind."""

    __slots__ = ("largest", "requests", "size", "smallest", "times")

    def __init__(self) -> None:
        self.requests = 0
        self.size = 0  # bytes, received and sent
        self.smallest, self.largest = 1 << 62, 0
        self.times: dict[float, int] = {}
        """Response times in seconds and how often each occurred: three significant digits, so that there are at most 900 to a decade
        and a percentile is off by half a percent at most."""

    def add(self, record: AccessRecord) -> None:
        self.requests += 1
        size = record.received_bytes + record.sent_bytes
        self.size += size
        self.smallest = min(self.smallest, size)
        self.largest = max(self.largest, size)
        if record.target_status_code is not None and record.target_processing_time >= 0:
            time = float(f"{record.target_processing_time:.3g}")
            self.times[time] = self.times.get(time, 0) + 1


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
