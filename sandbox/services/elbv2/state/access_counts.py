"""Counts requests as the data plane reports them, in its thread, until the metrics loop publishes the counts. About a microsecond per
request.

A request belongs to the minute of sandbox time in which its response ended. Access records carry real time: the sandbox time is computed
from the record's age at arrival, so a record that arrives late, after its minute or after a restart of the control plane, is counted in
the right minute. Until it is published there is one tally per kind of request, so the memory used depends on the number of targets and
status codes, not on the number of requests.
"""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime

from sandbox.core.clock import Clock
from sandbox.drivers.proxy.batches import AccessBatch, RequestGroup
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

    def count(self, batch: AccessBatch) -> None:
        now = self._clock.now().timestamp()
        real, speed = (self._real_now().timestamp(), self._clock.speed) if self._real_now else (now, 1.0)
        with self._lock:
            for group in batch.groups():
                for minute, part in _by_minute(group, now, real, speed):
                    tally = self._tallies.get((minute, *group.kind))
                    if tally is None:
                        tally = self._tallies[minute, *group.kind] = RequestTally()
                    tally.add(part)
            wake = self._idle and bool(self._tallies)
            self._idle = self._idle and not wake
        if wake:
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


def _by_minute(group: RequestGroup, now: float, real: float, speed: float) -> Iterator[tuple[int, RequestGroup]]:
    """The requests of the group that ended in each minute of sandbox time. Most often it is one minute."""

    def minute_of(end: float) -> int:
        return int(now - max(0.0, real - end) * speed) // MINUTE * MINUTE

    if minute_of(min(group.ends)) == (minute := minute_of(max(group.ends))):
        yield minute, group
        return
    for number, end in enumerate(group.ends):
        times = group.times[number : number + 1] if len(group.times) == len(group.ends) else ()
        yield minute_of(end), group._replace(ends=(end,), sizes=group.sizes[number : number + 1], times=times)
