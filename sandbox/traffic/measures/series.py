"""The requests of a run in equal steps of time, by the moment of their planned send: for plots. A second for a million of them.

Good intents by zone, lost ones by class, latency percentiles of those without an error, and the attempts.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sandbox.traffic.measures.requests import CLASSES, SLOW, good, zone_of_rows
from sandbox.traffic.outcomes import Failure
from sandbox.traffic.records import Column, Records
from sandbox.traffic.rows import CODES, FAILURES

PERCENTS = (50, 95, 99)
Counts = tuple[int, ...]
Latencies = tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """All tuples have one value for each step, from the start of the traffic."""

    width: float  # sandbox seconds in one step
    seconds: float  # real seconds in one step
    sent: Counts  # intents
    attempts: Counts  # of those intents
    good: Counts
    lost: tuple[tuple[str, Counts], ...]  # (class, intents), the largest class first
    zones: tuple[tuple[str | None, Counts], ...]  # (zone, good intents that it answered), by name; None: no zone was named
    p50: Latencies  # real milliseconds of the intents that were answered without an error; None: none was
    p95: Latencies
    p99: Latencies

    @property
    def goodput(self) -> tuple[float, ...]:
        """Good intents per real second."""
        return tuple(count / self.seconds for count in self.good)


def series(records: Records, slo: float, width: float, zones: Mapping[str, str] | None = None) -> Series:
    """`width`: sandbox seconds of a step. `zones`: instance id → zone name, for responses that name only the instance."""
    seconds = width / records.speed
    step = (records.intents["offset"] // seconds).astype(np.int64)
    steps = int(step[-1]) + 1 if len(step) else 0
    whole = good(records, slo)
    latencies = _percentiles(records, step, steps)
    return Series(
        width=width,
        seconds=seconds,
        sent=_counts(step, steps),
        attempts=tuple(np.bincount(step, weights=records.intents["attempts"], minlength=steps).astype(int).tolist()),
        good=_counts(step[whole], steps),
        lost=_lost(records, step, steps, whole),
        zones=_zones(records, step, steps, whole, zones or {}),
        p50=latencies[0],
        p95=latencies[1],
        p99=latencies[2],
    )


def _counts(step: Column, steps: int) -> Counts:
    return tuple(np.bincount(step, minlength=steps).tolist())


def _lost(records: Records, step: Column, steps: int, whole: Column) -> tuple[tuple[str, Counts], ...]:
    codes = records.intents["failure"][~whole]
    codes = np.where(codes == CODES[Failure.CLIENT_ERROR], CODES[None], codes)  # answered, so lost only because it was slow
    found = {CLASSES[code]: _counts(step[~whole][codes == code], steps) for code in np.unique(codes).tolist()}
    return tuple(sorted(found.items(), key=lambda each: -sum(each[1])))


def _zones(records: Records, step: Column, steps: int, whole: Column, zones: Mapping[str, str]) -> tuple[tuple[str | None, Counts], ...]:
    named = zone_of_rows(records, records.intents[whole], zones)
    found = sorted(set(named.tolist()), key=lambda name: (name is None, name or ""))
    return tuple((name, _counts(step[whole][named == name], steps)) for name in found)


def _percentiles(records: Records, step: Column, steps: int) -> tuple[Latencies, ...]:
    """By linear interpolation between the two nearest values."""
    answered = (
        records.intents["failure"] == CODES[None]
    )  # an error of the load balancer takes no time, and would hide how long the rest took
    order = np.lexsort((records.intents["latency"][answered], step[answered]))
    latency = records.intents["latency"][answered][order] * 1000
    edges = np.searchsorted(step[answered][order], np.arange(steps + 1))
    counts = np.diff(edges)
    found = []
    for percent in PERCENTS:
        place = edges[:-1] + (counts - 1) * percent / 100
        low = np.clip(np.floor(place).astype(int), 0, max(0, len(latency) - 1))
        high = np.clip(low + 1, 0, np.maximum(edges[1:] - 1, 0))
        values = latency[low] + (latency[high] - latency[low]) * (place - low) if len(latency) else np.zeros(steps)
        found.append(tuple(value if count else None for value, count in zip(values.tolist(), counts.tolist(), strict=True)))
    return tuple(found)


assert (SLOW, *(failure.value for failure in FAILURES[1:] if failure)) == CLASSES, "codes of rows.py are places in CLASSES"
