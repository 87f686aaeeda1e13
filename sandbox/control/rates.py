"""Current load, for `sandbox top`: requests per second and latency by target from the access records, CPU from the meter's last readings.

CloudWatch has whole minutes, with a delay; these rates cover the last seconds. Requests are counted per real second; old counts are
dropped.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil
from typing import NamedTuple

from sandbox.core.clock import Clock
from sandbox.drivers.metering.base import Meter, usage_between
from sandbox.drivers.proxy.batches import AccessBatch

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
        self._shows: Callable[[str], bool] = lambda load_balancer: True

    def only(self, shows: Callable[[str], bool]) -> "Rates":
        """The same rates, of some load balancers: `shows` is asked with "app/<name>/<id>"."""
        view = copy(self)
        view._shows = shows
        return view

    def take(self, batch: AccessBatch) -> None:
        second = int(self._now())
        with self._lock:
            tallies = self._of(second)
            for group in batch.groups():
                key = RateKey(group.kind.load_balancer, group.kind.target_group, group.kind.target)
                tally = tallies.get(key)
                if tally is None:
                    tally = tallies[key] = _Tally()
                count = len(group.ends) * group.each
                tally.requests += count
                tally.errors += count * (group.kind.status >= 500)
                tally.times += group.times[: SAMPLES - len(tally.times)]

    def by_target(self) -> tuple[Rate, ...]:
        return self._read(lambda key: key)

    def by_target_group(self) -> tuple[Rate, ...]:
        return self._read(lambda key: key._replace(target=None))

    def per_second(self) -> Mapping[RateKey, tuple[float, float]]:
        """Requests and errors by target, each per second, without the latencies, which take longer to sort than all else."""
        found = self._gathered(lambda key: key, times=False)
        return {key: (tally.requests / WINDOW, tally.errors / WINDOW) for key, tally in found.items()}

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
        found = self._gathered(group, times=True)
        return tuple(_rate(key, tally) for key, tally in sorted(found.items(), key=lambda item: [str(part) for part in item[0]]))

    def _gathered(self, group: Callable[[RateKey], RateKey], *, times: bool) -> dict[RateKey, _Tally]:
        """Counts only complete seconds."""
        present = int(self._now())
        found: dict[RateKey, _Tally] = {}
        with self._lock:
            for second, tallies in self._seconds:
                if present - WINDOW <= second < present:
                    for key, tally in tallies.items():
                        if not self._shows(key.load_balancer):
                            continue
                        together = found.setdefault(group(key), _Tally())
                        together.requests += tally.requests
                        together.errors += tally.errors
                        if times:
                            together.times += tally.times
        return found


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
