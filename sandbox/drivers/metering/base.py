"""Measured resource usage of instances. Counters only increase; usage in a period is the difference of two readings (`usage_between`).

Implementations: docker.py (cgroup and /proc files, through the socket filter or directly), process.py, simulated.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """One reading of one instance's counters since its boot."""

    instance_id: str
    at: datetime  # sandbox time of the reading
    real: float  # monotonic real seconds of the reading: CPU time is divided by the difference
    cpu_seconds: float  # processor time used
    cpu_limit: float  # cores: 100 % of CPUUtilization
    network_in: int | None = None  # bytes; None: not measured in this runtime
    network_out: int | None = None
    packets_in: int | None = None
    packets_out: int | None = None


class Meter(Protocol):
    def readings(self, instance_id: str) -> Sequence[Usage]:
        """The readings of the last minutes since the current boot, oldest first. No I/O."""
        ...

    def instances(self) -> Sequence[str]:
        """The instances that have readings."""
        ...

    def available(self) -> str | None:
        """None when the last round of readings succeeded, else one sentence why not."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodUsage:
    """Usage in a period."""

    cpu_utilization: float  # percent of the limit, 0-100 (EC2 metric CPUUtilization)
    cores: float  # used on average
    network_in: float | None
    network_out: float | None
    packets_in: float | None
    packets_out: float | None


def usage_between(readings: Sequence[Usage], start: datetime, end: datetime) -> PeriodUsage | None:
    """Usage from start to end, with counters interpolated between readings. None when readings cover less than half of the period: no
    datapoint is better than a guessed one."""
    inside = [r for r in readings if start <= r.at <= end]
    before = [r for r in readings if r.at < start][-1:]
    after = [r for r in readings if r.at > end][:1]
    span = [*before, *inside, *after]
    if len(span) < 2:
        return None
    first, last = _clip(span[0], span[1], start, up=True), _clip(span[-1], span[-2], end, up=False)
    if (last.at - first.at) < (end - start) / 2:
        return None
    real = last.real - first.real
    if real <= 0:
        return None
    percent = 100 * (last.cpu_seconds - first.cpu_seconds) / (real * last.cpu_limit)
    return PeriodUsage(
        cores=max(0.0, (last.cpu_seconds - first.cpu_seconds) / real),
        cpu_utilization=min(100.0, max(0.0, percent)),
        network_in=_difference(first.network_in, last.network_in),
        network_out=_difference(first.network_out, last.network_out),
        packets_in=_difference(first.packets_in, last.packets_in),
        packets_out=_difference(first.packets_out, last.packets_out),
    )


def _difference(first: int | None, last: int | None) -> float | None:
    return None if first is None or last is None else float(max(0, last - first))


def _clip(edge: Usage, inner: Usage, moment: datetime, *, up: bool) -> Usage:
    """The reading at `moment` when it lies between edge and inner, else the edge as it is."""
    beyond = edge.at < moment if up else edge.at > moment
    if not beyond:
        return edge
    low, high = (edge, inner) if up else (inner, edge)
    whole: timedelta = high.at - low.at
    share = (moment - low.at) / whole if whole else 0.0

    def mid(a: float, b: float) -> float:
        return a + (b - a) * share

    def mid_count(a: int | None, b: int | None) -> int | None:
        return None if a is None or b is None else round(mid(a, b))

    return Usage(
        instance_id=edge.instance_id,
        at=moment,
        real=mid(low.real, high.real),
        cpu_seconds=mid(low.cpu_seconds, high.cpu_seconds),
        cpu_limit=edge.cpu_limit,
        network_in=mid_count(low.network_in, high.network_in),
        network_out=mid_count(low.network_out, high.network_out),
        packets_in=mid_count(low.packets_in, high.packets_in),
        packets_out=mid_count(low.packets_out, high.packets_out),
    )
