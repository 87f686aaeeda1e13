"""Counts requests as the data plane reports them, in its thread, until the metrics loop publishes the counts. A few microseconds per
record.

A request belongs to the minute of sandbox time in which its response ended. Access records carry real time: the sandbox time is computed
from the record's age at arrival, so a record that arrives late, after its minute or after a restart of the control plane, is counted in
the right minute. Until it is published there is one tally per kind of request, so the memory used depends on the number of targets and
status codes, not on the number of requests.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from sandbox.core.clock import Clock
from sandbox.drivers.proxy.base import AccessRecord
from sandbox.services.elbv2.decide.request_counts import MINUTE, RequestKind, RequestTally


class AccessCounts:
    """Thread-safe. `wake` is called at the first request after a time without any: the caller should then read `unpublished`."""

    def __init__(self, clock: Clock, real_now: Callable[[], datetime] | None, wake: Callable[[], None]) -> None:
        """`real_now`: the clock of the records' timestamps; None: they are in sandbox time (simulated proxy)."""
        self._clock, self._real_now, self._wake = clock, real_now, wake
        self._lock = threading.Lock()
        self._tallies: dict[tuple[object, ...], RequestTally] = {}
        self._unpublished: list[tuple[RequestKind, RequestTally]] = []
        self._idle = True

    def count(self, records: Sequence[AccessRecord]) -> None:
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
                    tally = tallies[kind] = RequestTally()
                tally.add(record)
            idle, self._idle = self._idle, False
        if idle:
            self._wake()

    def unpublished(self) -> tuple[tuple[RequestKind, RequestTally], ...]:
        """The counts that are not marked as published. When there are none, the next record calls `wake`."""
        with self._lock:
            tallies, self._tallies = self._tallies, {}
            self._unpublished += [(RequestKind._make(kind), tally) for kind, tally in tallies.items()]
            self._idle = not self._unpublished
            return tuple(self._unpublished)

    def mark_published(self) -> None:
        """The counts that `unpublished` returned last are in the metrics."""
        with self._lock:
            self._unpublished = []
