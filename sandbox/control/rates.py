"""Current load, for `sandbox top`: requests per second and latency by target from the access records, CPU from the meter's last readings.

CloudWatch has whole minutes, with a delay; these rates cover the last seconds. Requests are counted per real second; old counts are
dropped.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil
from typing import NamedTuple

from sandbox.core.clock import Clock
from sandbox.drivers.metering.base import Meter, usage_between
from sandbox.drivers.proxy.base import AccessRecord

WINDOW = 10  # real seconds
CPU_WINDOW = 15.0  # real seconds: three readings at their slowest
SAMPLES = 300  # latencies kept per target and second


class RateKey(NamedTuple):
    load_balancer: str  # "app/<name>/<id>"
    target_group: str | None  # arn
    target: str | None  # "172.31.0.5:80"; None: no target was selected


@dataclass(slots=True)
class _Tally:
    requests: int = 0
    errors: int = 0  # 5xx, from the target or the load balancer
    times: list[float] = field(default_factory=list)  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Over the last WINDOW seconds. Latency is the target's response time in milliseconds; None: there was no response."""

    load_balancer: str
    target_group: str | None
    target: str | None  # None: all targets together
    requests_per_second: float
    errors_per_second: float
    p50_ms: float | None
    p99_ms: float | None


class Rates:
    """Thread-safe; `take` is registered with Proxy.on_access."""

    def __init__(self, now: Callable[[], float]) -> None:
        """`now`: monotonic real seconds; in a simulated sandbox, those of its clock."""
        self._now = now
        self._lock = threading.Lock()
        self._seconds: deque[tuple[int, dict[RateKey, _Tally]]] = deque()

    def take(self, records: Sequence[AccessRecord]) -> None:
        second = int(self._now())
        with self._lock:
            tallies = self._of(second)
            for record in records:
                key = RateKey(record.load_balancer, record.target_group, record.target)
                tally = tallies.get(key)
                if tally is None:
                    tally = tallies[key] = _Tally()
                tally.requests += 1
                tally.errors += record.elb_status_code >= 500
                if record.target_processing_time >= 0 and len(tally.times) < SAMPLES:
                    tally.times.append(record.target_processing_time)

    def by_target(self) -> tuple[Rate, ...]:
        return self._read(lambda key: key)

    def by_target_group(self) -> tuple[Rate, ...]:
        return self._read(lambda key: key._replace(target=None))

    def clear(self) -> None:
        with self._lock:
            self._seconds.clear()

    def _of(self, second: int) -> dict[RateKey, _Tally]:
        if not self._seconds or self._seconds[-1][0] != second:
            self._seconds.append((second, {}))
        while self._seconds[0][0] < second - WINDOW:
            self._seconds.popleft()
        return self._seconds[-1][1]

    def _read(self, group: Callable[[RateKey], RateKey]) -> tuple[Rate, ...]:
        """Counts only complete seconds."""
        present = int(self._now())
        found: dict[RateKey, _Tally] = {}
        with self._lock:
            for second, tallies in self._seconds:
                if present - WINDOW <= second < present:
                    for key, tally in tallies.items():
                        together = found.setdefault(group(key), _Tally())
                        together.requests += tally.requests
                        together.errors += tally.errors
                        together.times += tally.times
        return tuple(_rate(key, tally) for key, tally in sorted(found.items(), key=lambda item: [str(part) for part in item[0]]))


def _rate(key: RateKey, tally: _Tally) -> Rate:
    times = sorted(tally.times)
    return Rate(
        load_balancer=key.load_balancer,
        target_group=key.target_group,
        target=key.target,
        requests_per_second=tally.requests / WINDOW,
        errors_per_second=tally.errors / WINDOW,
        p50_ms=percentile(times, 50),
        p99_ms=percentile(times, 99),
    )


def percentile(times: Sequence[float], percent: float) -> float | None:
    """The nearest-rank percentile of sorted seconds, in milliseconds."""
    return 1000 * times[max(0, ceil(len(times) * percent / 100) - 1)] if times else None


def cpu(meter: Meter, clock: Clock) -> Mapping[str, float]:
    """Instance id → percent of its CPU limit in the last seconds. Only instances that have been measured for that long."""
    now = clock.now()
    start = now - timedelta(seconds=CPU_WINDOW * clock.speed)
    spent = {instance_id: usage_between(meter.readings(instance_id), start, now) for instance_id in sorted(meter.instances())}
    return {instance_id: found.cpu_utilization for instance_id, found in spent.items() if found}
