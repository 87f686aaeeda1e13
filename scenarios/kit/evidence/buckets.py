"""The requests of a run in equal steps of time, for the report's plot. Pure; reads the columns."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sandbox.report.model import Buckets
from sandbox.traffic.measures.series import series
from sandbox.traffic.records import Records

WIDTHS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600)  # seconds of sandbox time
MOST_STEPS = 120
OTHER = "no zone named"


def buckets(records: Records, slo: float, started_at: datetime, zone_of: Mapping[str, str]) -> Buckets | None:
    """None without requests. `zone_of`: instance id → zone name."""
    if not len(records):
        return None
    seconds = float(records.intents["offset"][-1]) * records.speed
    width = next((w for w in WIDTHS if seconds / w <= MOST_STEPS), WIDTHS[-1])
    found = series(records, slo, width, zone_of)
    return Buckets(
        width=found.width,
        began=moment(records.started_at, started_at),
        seconds=found.seconds,
        good=found.good,
        failed=found.lost,
        answered=tuple((zone or OTHER, counts) for zone, counts in found.zones),
        p50=found.p50,
        p95=found.p95,
        p99=found.p99,
    )


def moment(at: datetime, started_at: datetime) -> float:
    """Seconds of sandbox time since the start of the run."""
    return (at - started_at) / timedelta(seconds=1)
