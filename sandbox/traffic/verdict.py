"""What the records of some traffic amount to: how many, lost why, the longest outage, latencies. Pure.

An outage is the time between two answers with at least one lost request in it; before the first answer and after the last one, it counts
from the first and to the last send.
"""

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sandbox.traffic.plan import Failure, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    sent: int
    ok: int
    failed: dict[Failure, int]  # only those that occurred, most frequent first
    answered_by: dict[str, int]  # instance id → answers
    status_codes: dict[int, int]  # of all answers, errors too; requests without any answer are in none
    longest_outage: timedelta  # sandbox time
    longest_outage_real: float  # seconds
    first_failure: datetime | None  # sandbox time; None: nothing was lost
    last_failure: datetime | None
    latency_ms: dict[str, float]  # "p50" "p95" "p99" "max" of the answered, in real milliseconds; empty without answers

    @property
    def lost(self) -> int:
        return self.sent - self.ok

    @property
    def availability(self) -> float:
        """Share of requests that were answered, in percent; 0 when none was sent."""
        return 100.0 * self.ok / self.sent if self.sent else 0.0


def summarise(records: Sequence[Record]) -> Summary:
    answered = [r for r in records if r.outcome.failure is None]
    lost = [r for r in records if r.outcome.failure is not None]
    outage = max(_outages(records), default=(0.0, timedelta(0)))
    return Summary(
        sent=len(records),
        ok=len(answered),
        failed=dict(Counter(r.outcome.failure for r in lost if r.outcome.failure).most_common()),
        answered_by=dict(sorted(Counter(r.outcome.instance_id for r in answered if r.outcome.instance_id).items())),
        status_codes=dict(sorted(Counter(r.outcome.status_code for r in records if r.outcome.status_code is not None).items())),
        longest_outage=outage[1],
        longest_outage_real=outage[0],
        first_failure=lost[0].at if lost else None,
        last_failure=lost[-1].at if lost else None,
        latency_ms=_percentiles([r.latency * 1000 for r in answered]),
    )


def _outages(records: Sequence[Record]) -> list[tuple[float, timedelta]]:
    """(real seconds, sandbox time) of each stretch without an answer."""
    good = [n for n, r in enumerate(records) if r.outcome.failure is None]
    edges = [0, *good, len(records) - 1] if records else []
    return [
        (records[b].planned - records[a].planned, records[b].at - records[a].at)
        for a, b in pairwise(edges)
        if any(r.outcome.failure is not None for r in records[a : b + 1])
    ]


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    if not values:
        return {}
    if len(values) == 1:
        return dict.fromkeys(("p50", "p95", "p99", "max"), values[0])
    cut = statistics.quantiles(values, n=100, method="inclusive")
    return {"p50": cut[49], "p95": cut[94], "p99": cut[98], "max": max(values)}
