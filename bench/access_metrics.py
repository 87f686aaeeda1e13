"""From access records to metrics: the cost of counting a record, and whether 3,000 per second are counted exactly and within a second.

The records are generated; the path is the real one: counts, engine, controller, CloudWatch's store.
"""

import random
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bench.kit.figure import Figure, at_most
from sandbox.aws import seams, state
from sandbox.aws.context import LOCK
from sandbox.aws.hosting import moto_time
from sandbox.core.clock import WallClock
from sandbox.core.control import Scope
from sandbox.core.journal import Journal
from sandbox.core.metrics import MetricDatum
from sandbox.drivers.proxy.base import AccessRecord
from sandbox.drivers.proxy.batches import Records
from sandbox.drivers.proxy.simulated import SimulatedProxy
from sandbox.drivers.world import World
from sandbox.engine import Engine
from sandbox.services.cloudwatch.data.series import MetricId
from sandbox.services.cloudwatch.state.backends import backend_of
from sandbox.services.cloudwatch.state.writes import publish_metrics
from sandbox.services.elbv2.metrics_controller import RequestMetricsController
from sandbox.services.elbv2.state.access_counts import AccessCounts
from tests.support.ports import use_ports

RATE, SECONDS = 3000, 8
BATCHES = 10  # a second, as Envoy's log is read
ROUNDS = 20
ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012"
BALANCER = "app/bench/0123456789abcdef"
LONGEST_WAIT = 30.0


def records(count: int, chance: random.Random) -> list[AccessRecord]:
    """Ten targets, varying response times; one request in fifty fails."""
    now = datetime.now(UTC)
    first = AccessRecord(
        time=now,
        listener=f"{ARN}:listener/{BALANCER}/0123456789abcdef",
        load_balancer=BALANCER,
        client="127.0.0.1:40000",
        target="172.31.0.4:80",
        target_group=f"{ARN}:targetgroup/bench/0123456789abcdef",
        rule_priority=0,
        elb_status_code=200,
        target_status_code=200,
        request_processing_time=0.0,
        target_processing_time=0.01,
        response_processing_time=0.0,
        received_bytes=120,
        sent_bytes=800,
        request="GET http://bench:80/ HTTP/1.1",
        user_agent="-",
        trace_id="-",
        request_creation_time=now,
        actions_executed="forward",
        error_reason="-",
    )

    def one(number: int) -> AccessRecord:
        status = chance.choice((500, 502)) if number % 50 == 0 else 200
        return replace(
            first,
            target=f"172.31.0.{4 + number % 10}:80",
            target_processing_time=chance.lognormvariate(-4.0, 1.0),
            elb_status_code=status,
            target_status_code=status,
        )

    return [one(n) for n in range(count)]


def seconds_each(made: Sequence[AccessRecord]) -> float:
    """CPU seconds per record."""
    clock = WallClock()
    size, costs = RATE // BATCHES, []
    for _ in range(ROUNDS):
        counts = AccessCounts(clock, lambda: datetime.now(UTC), lambda: None)
        began = time.thread_time()
        for start in range(0, len(made), size):
            counts.count(Records(made[start : start + size]))
        costs.append((time.thread_time() - began) / len(made))
        assert sum(tally.requests for _, tally in counts.unpublished()) == len(made)
    return statistics.median(costs)


class Publisher:
    """Calls CloudWatch's `publish_metrics` and notes how many requests were published by when."""

    def __init__(self) -> None:
        self.requests, self.moments = 0, list[tuple[int, float]]()

    def __call__(self, data: Iterable[MetricDatum]) -> None:
        data = tuple(data)
        publish_metrics(data)
        for datum in data:
            if datum.name == "RequestCount" and {name for name, _ in datum.dimensions} == {"LoadBalancer"}:
                self.requests += int(datum.sample.total)
                self.moments.append((self.requests, time.monotonic()))


def under_load(made: Sequence[AccessRecord]) -> tuple[float, int]:
    """→ the longest time from a batch's arrival to its metrics, and the number of requests that CloudWatch has counted at the end."""
    clock = WallClock()
    journal = Journal(clock)
    engine = Engine(clock, journal, LOCK)
    use_ports(clock, journal, engine.wake, seed=1)
    moto_time.install(clock)
    seams.install()
    state.reset(1)
    proxy, published = SimulatedProxy(World(clock, engine.at, random.Random(1))), Publisher()
    controller = RequestMetricsController(journal, proxy, published, clock, lambda: datetime.now(UTC))
    engine.add([controller])
    engine.start()
    try:
        fed = _feed(controller.counts.count, made)
        deadline = time.monotonic() + LONGEST_WAIT
        while published.requests < len(made) and time.monotonic() < deadline:
            time.sleep(0.01)  # polling interval
    finally:
        engine.stop()
    assert published.requests == len(made), f"{published.requests} of {len(made)} were published; {engine.loops()}"
    lags = [next(at for count, at in published.moments if count >= total) - moment for total, moment in fed]
    return max(lags), _counted()


def _feed(take: Callable[[Sequence[AccessRecord]], None], made: Sequence[AccessRecord]) -> list[tuple[int, float]]:
    """→ how many records were fed, and when, after each batch."""
    fed, size, began = [], RATE // BATCHES, time.monotonic()
    for number, start in enumerate(range(0, len(made), size)):
        time.sleep(max(0.0, began + number / BATCHES - time.monotonic()))  # the rate
        now = datetime.now(UTC)
        batch = [replace(record, time=now) for record in made[start : start + size]]
        moment = time.monotonic()
        take(batch)
        fed.append((start + len(batch), moment))
    return fed


def _counted() -> int:
    store = backend_of(Scope("123456789012", "us-east-1")).sandbox_metrics
    metric = MetricId("AWS/ApplicationELB", "RequestCount", (("LoadBalancer", BALANCER),))
    return int(sum(total for series in store.find(metric) for tier in series.tiers for total in tier.totals))


def measure() -> list[Figure]:
    made = records(RATE * SECONDS, random.Random(7))
    each = seconds_each(made)
    lag, counted = under_load(made)
    lost = float(abs(len(made) - counted))
    return [
        at_most("counting an access record", each * 1e6, "µs", 10.0, f"processor time, median of {ROUNDS} rounds of {len(made)} records"),
        at_most("access record to metric at 3,000/s", lag, "s", 1.0, f"longest of {SECONDS * BATCHES} batches in {SECONDS} s"),
        at_most("requests miscounted at 3,000/s", lost, "requests", 0.0, f"of {len(made)}, Sum of RequestCount in the store"),
    ]
