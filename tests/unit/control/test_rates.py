"""Rates of the last seconds: requests per second, latency, CPU."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.control.rates import Rates, cpu, percentile
from sandbox.core.clock import VirtualClock
from sandbox.drivers.metering.base import Usage
from sandbox.drivers.proxy.batches import Records
from tests.support.control import request_record

BEGIN = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)


class Moment:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def record(target: str | None = "10.0.0.1:80", time: float = 0.02, status: int = 200):  # type: ignore[no-untyped-def]
    return replace(request_record(), target=target, target_group="arn:tg", target_processing_time=time, elb_status_code=status)


def test_requests_a_second_are_those_of_the_last_ten_whole_seconds() -> None:
    moment = Moment()
    rates = Rates(moment)
    for second in range(12):
        moment.now = 100 + second
        rates.take(Records([record()] * 5))
    assert [rate.requests_per_second for rate in rates.by_target()] == [5.0]
    moment.now = 116
    assert [rate.requests_per_second for rate in rates.by_target()] == [3.0]
    moment.now = 130
    assert rates.by_target() == ()


def test_a_group_has_the_requests_of_all_its_targets() -> None:
    moment = Moment()
    rates = Rates(moment)
    rates.take(Records([record("10.0.0.1:80", 0.01)] * 6 + [record("10.0.0.2:80", 0.05)] * 4 + [record(None, -1.0, 503)]))
    moment.now = 101
    assert {rate.target: rate.requests_per_second for rate in rates.by_target()} == {"10.0.0.1:80": 0.6, "10.0.0.2:80": 0.4, None: 0.1}
    (group,) = rates.by_target_group()
    assert (group.requests_per_second, group.errors_per_second, group.target) == (1.1, 0.1, None)
    assert (group.p50_ms, group.p99_ms) == (pytest.approx(10), pytest.approx(50))


@pytest.mark.parametrize(("percent", "expected"), [(50, 500), (99, 990), (100, 1000), (1, 10)])
def test_percentiles_are_by_the_nearest_rank(percent: float, expected: float) -> None:
    assert percentile([n / 100 for n in range(1, 101)], percent) == pytest.approx(expected)


def test_without_answers_there_is_no_latency() -> None:
    assert percentile([], 99) is None


class Readings:
    """Half of two cores, read every five seconds; the young one has been there for a moment only."""

    def readings(self, instance_id: str) -> tuple[Usage, ...]:
        ages = range(60, -1, -5) if instance_id == "i-1" else (0,)
        return tuple(
            Usage(instance_id=instance_id, at=BEGIN - timedelta(seconds=age), real=-age, cpu_seconds=60.0 - age, cpu_limit=2.0)
            for age in ages
        )

    def instances(self) -> tuple[str, ...]:
        return ("i-1", "i-young")

    def close(self) -> None: ...


def test_cpu_is_of_the_limit_and_only_where_it_was_measured() -> None:
    assert cpu(Readings(), VirtualClock(BEGIN)) == {"i-1": pytest.approx(50.0)}
