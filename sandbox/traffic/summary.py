"""Summarises request records: counts, failures by cause, the longest outage, latencies. Pure.

An outage is the time between two successful requests with at least one failed request between them. An outage at the start counts from the
first request, one at the end to the last request.
"""

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sandbox.traffic.outcomes import Failure
from sandbox.traffic.records import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    sent: int
    ok: int
    failures: dict[Failure, int]  # only those that occurred, most frequent first
    answered_by: dict[str, int]  # instance id → successful requests
    status_codes: dict[int, int]  # of all responses, errors included; requests without a response are not counted
    longest_outage: timedelta  # sandbox time
    longest_outage_real: float  # seconds
    first_failure: datetime | None  # sandbox time; None: no request failed
    last_failure: datetime | None
    latency_ms: dict[str, float]  # "p50" "p95" "p99" "max" of successful requests, in real milliseconds; may be empty

    @property
    def failed(self) -> int:
        return self.sent - self.ok

    @property
    def availability(self) -> float:
        """Percentage of successful requests; 0 when none was sent."""
        return 100.0 * self.ok / self.sent if self.sent else 0.0


def summarise(records: Sequence[Record]) -> Summary:
    records = tuple(records)  # each is made once
    succeeded = [r for r in records if r.outcome.failure is None]
    failed = [r for r in records if r.outcome.failure is not None]
    outage = max(_outages(records), default=(0.0, timedelta(0)))
    return Summary(
        sent=len(records),
        ok=len(succeeded),
        failures=dict(Counter(r.outcome.failure for r in failed if r.outcome.failure).most_common()),
        answered_by=dict(sorted(Counter(r.outcome.instance_id for r in succeeded if r.outcome.instance_id).items())),
        status_codes=dict(sorted(Counter(r.outcome.status_code for r in records if r.outcome.status_code is not None).items())),
        longest_outage=outage[1],
        longest_outage_real=outage[0],
        first_failure=failed[0].at if failed else None,
        last_failure=failed[-1].at if failed else None,
        latency_ms=_percentiles([r.latency * 1000 for r in succeeded]),
    )


def _outages(records: Sequence[Record]) -> list[tuple[float, timedelta]]:
    """(real seconds, sandbox time) of each outage."""
    good = [n for n, r in enumerate(records) if r.outcome.failure is None]
    edges = [0, *good, len(records) - 1] if records else []
    return [
        (records[b].send_offset - records[a].send_offset, records[b].at - records[a].at)
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
