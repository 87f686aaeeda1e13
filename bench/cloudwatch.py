"""CloudWatch's hot paths: 50,000 points read back, 1,000 alarms evaluated, and whether memory stays constant in a day at speed 60."""

import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

from bench.kit.figure import Figure, at_most, without_goal
from sandbox.core.metrics import Sample, of_value, of_values
from sandbox.services.cloudwatch.data.metric_queries import MetricDataRequest, Query
from sandbox.services.cloudwatch.data.series import MetricId
from sandbox.services.cloudwatch.data.store import MetricStore
from sandbox.services.cloudwatch.decide.alarms import decide
from sandbox.services.cloudwatch.decide.notifications import Location
from sandbox.services.cloudwatch.model import INITIAL_REASON, AlarmState, MetricAlarm, StateValue
from sandbox.services.cloudwatch.state import snapshot
from sandbox.services.cloudwatch.state.history import History
from sandbox.services.cloudwatch.state.records import AlarmRecord

POINTS_GOAL, ALARMS_GOAL = 50.0, 100.0  # ms
GROWTH_GOAL = 1.0  # percent
NOON = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)
AT = int(NOON.timestamp())
LOCATION = Location(account="123456789012", region="us-east-1", region_name="US East (N. Virginia)")


@dataclass
class Backend:
    """What snapshot.observe needs of CloudWatch's backend (state/backends.py)."""

    sandbox_metrics: MetricStore
    sandbox_history: History = field(default_factory=History)
    alarms: dict[str, Any] = field(default_factory=dict)
    account_id: str = "123456789012"
    region_name: str = "us-east-1"


def metric(number: int) -> MetricId:
    return MetricId("AWS/EC2", "CPUUtilization", (("InstanceId", f"i-{number:08x}"),))


MINUTES, METRICS = 16_667, 3  # of each metric; together 50,001 points


def stored(sample: Callable[[int], Sample]) -> MetricStore:
    """`sample`: of the minute with that number."""
    store = MetricStore()
    for number in range(METRICS):
        for minute in range(MINUTES):
            store.record(metric(number), "Percent", AT + 60 * minute, sample(minute))
    return store


def get_metric_data(store: MetricStore, stat: str, period: int) -> tuple[float, int]:
    """→ milliseconds, points returned."""
    queries = [Query(id=f"m{number}", metric=metric(number), stat=stat, period=period) for number in range(METRICS)]
    began = perf_counter()
    points = sum(len(series.points) for _, series in MetricDataRequest(store, queries, AT, AT + 60 * MINUTES).results())
    return (perf_counter() - began) * 1000, points


def get_metric_data_over_50_000_points() -> dict[str, float]:
    """Milliseconds: at their own period, folded to 5 minutes, and as p90."""
    store, found = stored(lambda minute: of_value(float(minute % 100))), {}
    for label, stat, period in (("as stored", "Average", 60), ("folded", "Average", 300), ("p90", "p90", 300)):
        taken, points = get_metric_data(store, stat, period)
        found[f"GetMetricData over 50,001 points, {label} ({points} returned)"] = taken
    return found


def percentile_of_distributions() -> Figure:
    """As of response times: each minute has five values."""
    store = stored(lambda minute: of_values([(0.01 * n + minute % 7, 1.0) for n in range(5)]))
    taken, points = get_metric_data(store, "p90", 300)
    return without_goal("GetMetricData of p90 over 50,001 points of five values each", taken, "ms", f"one call, {points} returned")


def evaluate_1000_alarms() -> dict[str, float]:
    """Milliseconds for one evaluation of each: observe and decide."""
    store, alarms = MetricStore(), []
    for number in range(1000):
        for minute in range(10):
            store.record(metric(number), "Percent", AT + 60 * minute, of_value(50.0))
        arn = f"arn:aws:cloudwatch:us-east-1:123456789012:alarm:a{number}"
        alarm = MetricAlarm(
            name=f"a{number}",
            arn=arn,
            updated_at=NOON,
            comparison_operator="GreaterThanThreshold",
            threshold=70.0,
            evaluation_periods=3,
            period=60,
            metric=metric(number),
            statistic="Average",
        )
        state = AlarmState(value=StateValue.OK, reason=INITIAL_REASON, updated_at=NOON, transitioned_at=NOON)
        alarms.append(AlarmRecord(alarm, state))
    backend, now = Backend(store), NOON + timedelta(minutes=8, seconds=59)
    memories = [decide(snapshot.observe(backend, record, LOCATION, None), None, NOON).memory for record in alarms]
    began = perf_counter()
    for record, memory in zip(alarms, memories, strict=True):
        decide(snapshot.observe(backend, record, LOCATION, now), memory, now)
    return {"evaluation of 1,000 alarms": (perf_counter() - began) * 1000}


def memory_of_60_days() -> list[float]:
    """Highest MB in each third of 60 days of two series by the minute (24 hours at speed 60), with a budget that they outgrow.

    The store trims in steps, so memory is read every hour: a single reading depends on where in a step it is."""
    tracemalloc.start()
    store, highest = MetricStore(budget=50_000), [0.0, 0.0, 0.0]
    for minute in range(60 * 1440):
        for number in range(2):
            store.record(metric(number), "Percent", AT + 60 * minute, of_values([(0.1, 5.0), (0.2 + minute % 7, 1.0)]))
        store.trim(AT + 60 * minute)
        if minute % 60 == 59:
            third = minute // (20 * 1440)
            highest[third] = max(highest[third], tracemalloc.get_traced_memory()[0] / 1e6)
    tracemalloc.stop()
    return highest


def measure() -> list[Figure]:
    points = [at_most(name, value, "ms", POINTS_GOAL, "one call") for name, value in get_metric_data_over_50_000_points().items()]
    alarms = [at_most(name, value, "ms", ALARMS_GOAL, "one call") for name, value in evaluate_1000_alarms().items()]
    first, middle, last = memory_of_60_days()
    method = f"highest traced: {first:.2f} MB in days 1 to 20, {middle:.2f} to 40, {last:.2f} to 60"
    grown = at_most("memory of metrics, days 41 to 60", 100 * (last / middle - 1), "% grown", GROWTH_GOAL, method)
    return [*points, percentile_of_distributions(), *alarms, grown]
