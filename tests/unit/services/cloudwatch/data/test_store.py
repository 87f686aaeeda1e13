"""The metric store: buckets, roll-up, bounds."""

import pickle
import sys
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.core.metrics import Sample, of_value, of_values
from sandbox.core.persisted import CLASSES
from sandbox.services.cloudwatch.data import percentiles, statistics
from sandbox.services.cloudwatch.data.columns import from_bytes, to_bytes
from sandbox.services.cloudwatch.data.series import DAY, HOUR, MetricId, Tier
from sandbox.services.cloudwatch.data.store import MetricStore
from tests.support import rule

CPU = MetricId("AWS/EC2", "CPUUtilization", (("InstanceId", "i-0a1"),))
NOON = 1_778_155_200  # 2026-05-07T12:00:00Z


def averages(store: MetricStore, metric: MetricId, start: int, end: int, period: int) -> dict[int, float]:
    return dict(zip(*statistics.points(store.find(metric), "Average", start, end, period), strict=True))


@rule("CW-1")
def test_every_set_of_dimensions_is_its_own_metric() -> None:
    store = MetricStore()
    store.record(CPU, "Percent", NOON, of_value(50.0))
    assert store.find(MetricId("AWS/EC2", "CPUUtilization")) == []
    assert averages(store, CPU, NOON, NOON + 60, 60) == {NOON: 50.0}


@rule("CW-3")
def test_units_stay_apart() -> None:
    store = MetricStore()
    store.record(CPU, "Percent", NOON, of_value(50.0))
    store.record(CPU, "None", NOON, of_value(10.0))
    assert [one.unit for one in store.find(CPU, "Percent")] == ["Percent"]
    assert store.find(CPU, "Count") == []
    assert averages(store, CPU, NOON, NOON + 60, 60) == {NOON: 30.0}


@rule("CW-4")
@pytest.mark.parametrize(
    ("age", "resolution"),
    [
        (2 * HOUR, 1),
        (4 * HOUR, 60),
        (14 * DAY, 60),
        (20 * DAY, 300),
        (62 * DAY, 300),
        (100 * DAY, 3600),
        (400 * DAY, 3600),
        (500 * DAY, None),
    ],
)
def test_old_data_is_rolled_up_and_dropped(age: int, resolution: int | None) -> None:
    store = MetricStore()
    at = NOON - NOON % HOUR + 125
    store.record(CPU, "Percent", at, of_value(50.0), resolution=1)
    store.trim(at + age)
    found = [tier.resolution for series in store.find(CPU) for tier in series.tiers if tier.starts]
    assert found == ([] if resolution is None else [resolution])
    assert averages(store, CPU, NOON - HOUR, NOON + HOUR, HOUR) == ({} if resolution is None else {NOON: 50.0})


@given(st.lists(st.tuples(st.integers(0, 3 * HOUR), st.integers(-100, 100)), min_size=1, max_size=60))
@settings(max_examples=60)
def test_rolling_up_changes_no_hourly_statistic(data: list[tuple[int, int]]) -> None:
    store = MetricStore()
    for at, value in data:
        store.record(CPU, "Percent", NOON + at, of_value(float(value)))
    before = statistics.summaries(store.find(CPU), NOON, NOON + 4 * HOUR, HOUR)
    p50 = statistics.parse_statistic("p50")
    assert p50 is not None
    values = {at: (one.count, one.total, one.minimum, one.maximum, one.value(p50)) for at, one in before.items()}
    store.trim(NOON + 100 * DAY)
    after = statistics.summaries(store.find(CPU), NOON, NOON + 4 * HOUR, HOUR)
    assert values == {at: (one.count, one.total, one.minimum, one.maximum, one.value(p50)) for at, one in after.items()}


def test_data_may_come_late_and_out_of_order() -> None:
    store = MetricStore()
    for minute in (5, 1, 3, 1):
        store.record(CPU, "Percent", NOON + 60 * minute, of_value(float(minute)))
    assert list(averages(store, CPU, NOON, NOON + 600, 60)) == [NOON + 60, NOON + 180, NOON + 300]


@rule("CW-5")
def test_a_statistic_set_that_hides_its_values_has_no_percentile() -> None:
    store, p90 = MetricStore(), statistics.parse_statistic("p90")
    assert p90 is not None
    store.record(CPU, "Percent", NOON, Sample(10, 100.0, 5.0, 15.0))
    store.record(CPU, "Percent", NOON + 60, Sample(10, 100.0, 10.0, 10.0))
    starts, values = statistics.points(store.find(CPU), p90, NOON, NOON + 120, 60)
    assert (starts, values) == ([NOON + 60], [10.0])


@rule("CW-5")
def test_hidden_values_spoil_the_percentile_of_their_whole_period() -> None:
    store, p90 = MetricStore(), statistics.parse_statistic("p90")
    assert p90 is not None
    store.record(CPU, "Percent", NOON, of_values([(1.0, 1.0), (2.0, 1.0)]))
    store.record(CPU, "Percent", NOON, Sample(10, 15.0, 1.0, 2.0))
    assert statistics.points(store.find(CPU), p90, NOON, NOON + 60, 60) == ([], [])
    assert averages(store, CPU, NOON, NOON + 60, 60) == {NOON: 1.5}


def test_memory_is_bounded_by_the_budget() -> None:
    store = MetricStore(budget=20_000)
    sizes = []
    for minute in range(0, 10 * 1440):
        at = NOON + 60 * minute
        for number in range(5):
            store.record(MetricId("App", f"m{number}"), "None", at, of_value(float(minute)))
        store.trim(at)
        sizes.append(store.size if minute % 1440 == 0 else 0)
    assert store.size <= 20_000 + 5 * 60
    assert averages(store, MetricId("App", "m0"), at - 300, at + 60, 60)  # the newest is there in full


def test_a_bucket_that_was_packed_takes_late_data() -> None:
    store = MetricStore()
    store.record(CPU, "Percent", NOON, of_values([(1.0, 1.0), (2.0, 1.0)]))
    store.trim(NOON + 1200)
    store.record(CPU, "Percent", NOON, of_value(3.0))
    highest = percentiles.parse("p100")
    assert highest is not None
    assert statistics.points(store.find(CPU), highest, NOON, NOON + 60, 60)[1] == [3.0]
    assert averages(store, CPU, NOON, NOON + 60, 60) == {NOON: 2.0}


def test_the_longest_idle_series_go_when_nothing_else_helps() -> None:
    store = MetricStore(budget=3000)
    for number in range(1000):
        store.record(MetricId("App", f"m{number}"), "None", NOON + number, of_value(1.0))
    store.trim(NOON + 1000)
    names = [metric.name for metric in store.metrics(since=0)]
    assert store.size <= 3000
    assert names[-1] == "m999"
    assert "m0" not in names


@rule("CW-8")
def test_metrics_are_listed_by_their_newest_datum() -> None:
    store = MetricStore()
    store.record(CPU, "Percent", NOON, of_value(1.0))
    assert list(store.metrics(since=NOON)) == [CPU]
    assert list(store.metrics(since=NOON + 1)) == []


def test_a_store_that_is_saved_and_read_is_the_same() -> None:
    """Each tier, equal values, distributions that are open or packed, and a statistic set that hides its values."""
    store = MetricStore()
    for age in (0, 60, 2 * HOUR, 20 * DAY):
        store.record(CPU, "Percent", NOON - age, of_values([(1.0, 1.0), (2.0, 3.0)]))
        store.record(CPU, "Percent", NOON - age - 60, of_value(5.0))
        store.record(CPU, "Count", NOON - age, Sample(2.0, 6.0, 1.0, 5.0))
        store.record(CPU, "Seconds", NOON - age, of_value(7.0), resolution=1)
    store.trim(NOON)
    again = MetricStore.__new__(MetricStore)
    again.from_written(pickle.loads(pickle.dumps(store.to_written())))
    assert again.to_written() == store.to_written()
    assert again.size == store.size and list(again.metrics(0)) == [CPU]
    for unit in ("Percent", "Count", "Seconds"):
        [before], [after] = store.find(CPU, unit), again.find(CPU, unit)
        assert [[tier.row(n) for n in range(len(tier.starts))] for tier in after.tiers] == [
            [tier.row(n) for n in range(len(tier.starts))] for tier in before.tiers
        ]
    again.record(CPU, "Percent", NOON, of_value(3.0))
    store.record(CPU, "Percent", NOON, of_value(3.0))
    assert again.to_written() == store.to_written(), "both go on in the same way"


def test_a_tier_of_schema_3_has_its_distributions_under_their_old_name() -> None:
    tier = Tier(60)
    tier.add(NOON, of_values([(1.0, 1.0), (2.0, 3.0)]))
    saved = {("shapes" if name == "distributions" else name): getattr(tier, name) for name in Tier.__slots__}
    read = Tier.__new__(Tier)
    CLASSES[Tier].fill(read, saved, schema=3)
    assert read.row(0) == tier.row(0)


def test_columns_are_little_endian(monkeypatch: pytest.MonkeyPatch) -> None:
    for byteorder in ("little", "big"):
        monkeypatch.setattr(sys, "byteorder", byteorder)
        column = array("q", [1, 2])
        assert list(from_bytes("q", to_bytes(column))) == [1, 2]
    monkeypatch.undo()
    assert to_bytes(array("q", [1])) == b"\x01" + bytes(7)
