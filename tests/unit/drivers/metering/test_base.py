"""Usage between two moments, from readings of counters."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.drivers.metering.base import Usage, usage_between
from tests.support import rule

NOON = datetime(2026, 5, 7, 12, tzinfo=UTC)


def reading(seconds: float, cpu: float, received: int | None = 0, limit: float = 0.5, speed: float = 1) -> Usage:
    return Usage(
        instance_id="i-1",
        at=NOON + timedelta(seconds=seconds),
        real=seconds / speed,
        cpu_seconds=cpu,
        cpu_limit=limit,
        network_in=received,
        network_out=0,
        packets_in=0,
        packets_out=0,
    )


def minute(readings: list[Usage]) -> float | None:
    spent = usage_between(readings, NOON, NOON + timedelta(minutes=1))
    return None if spent is None else spent.cpu_utilization


@rule("EC2-40")
@pytest.mark.parametrize(
    ("readings", "percent"),
    [
        ([reading(0, 0), reading(60, 15)], 50.0),
        ([reading(0, 0), reading(60, 30)], 100.0),
        ([reading(-30, 0), reading(30, 15), reading(90, 15)], 25.0),
        ([reading(0, 0), reading(60, 0)], 0.0),
        ([reading(0, 0, limit=2), reading(60, 60, limit=2)], 50.0),
        ([reading(0, 0, speed=10), reading(60, 3, speed=10)], 100.0),
    ],
    ids=["half the limit", "all of it", "between readings", "idle", "two cores", "ten times as fast a clock"],
)
def test_cpu_utilization_is_the_share_of_the_limit(readings: list[Usage], percent: float) -> None:
    assert minute(readings) == pytest.approx(percent)


@pytest.mark.parametrize(
    "readings",
    [[], [reading(30, 1)], [reading(0, 0), reading(20, 5)], [reading(-90, 0), reading(-60, 1)]],
    ids=["none", "one", "a third of the period", "before the period"],
)
def test_there_is_no_value_when_readings_cover_too_little(readings: list[Usage]) -> None:
    assert minute(readings) is None


def test_network_counters_are_differences_and_unknown_ones_stay_unknown() -> None:
    spent = usage_between([reading(0, 0, 1000), reading(60, 0, 4000)], NOON, NOON + timedelta(minutes=1))
    assert spent is not None and (spent.network_in, spent.network_out) == (3000.0, 0.0)
    unknown = usage_between([reading(0, 0, None), reading(60, 0, None)], NOON, NOON + timedelta(minutes=1))
    assert unknown is not None and unknown.network_in is None
