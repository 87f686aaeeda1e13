"""Which AWS/EC2 datapoints are due, case by case, from made-up readings."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.core.control import Scope
from sandbox.core.metrics import MetricDatum
from sandbox.drivers.metering.base import Usage
from sandbox.services.ec2.decide.metrics import LOOK, Instance, RunningInstances, decide
from sandbox.services.ec2.model import CheckResult, Published
from tests.support import rule

NOON = datetime(2026, 5, 7, 12, tzinfo=UTC)
ID = "i-0123456789abcdef0"
PASSED, FAILED, UNKNOWN = CheckResult.PASSED, CheckResult.FAILED, CheckResult.INSUFFICIENT_DATA


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def use(until: float, start: float = 0.0, percent: float = 50.0) -> tuple[Usage, ...]:
    """A reading every ten seconds of a machine of half a core, `percent` of which it uses; 100 bytes and a packet a second come in."""
    moments = [start + n / 6 for n in range(round((until - start) * 6) + 1)]
    return tuple(
        Usage(
            instance_id=ID,
            at=at(moment),
            real=60 * moment,
            cpu_seconds=60 * (moment - start) * 0.5 * percent / 100,
            cpu_limit=0.5,
            network_in=round(6000 * (moment - start)),
            network_out=0,
            packets_in=round(60 * (moment - start)),
            packets_out=0,
        )
        for moment in moments
    )


def instance(**fields: object) -> Instance:
    known = Instance(
        instance_id=ID,
        image_id="ami-1",
        instance_type="t3.micro",
        group=None,
        detailed=True,
        running_since=NOON,
        system_check=CheckResult.INITIALIZING,
        instance_check=CheckResult.INITIALIZING,
        checked_at=None,
        readings=(),
        published=Published(),
    )
    return replace(known, **fields)  # type: ignore[arg-type]


def published(seen: Instance, now: datetime) -> tuple[list[MetricDatum], Published, timedelta | None]:
    decision = decide(RunningInstances(scope=Scope("1", "us-east-1"), instances=(seen,)), now)
    actions = decision.actions
    data = [datum for action in actions for datum in action.data]  # type: ignore[attr-defined]
    return data, actions[0].published if actions else seen.published, decision.look_again  # type: ignore[attr-defined]


def told(data: list[MetricDatum], name: str) -> list[tuple[datetime, object]]:
    return [(d.at, d.sample.total) for d in data if d.name == name and d.dimensions == (("InstanceId", ID),)]


def live(seen: Instance, until: float, measured: tuple[Usage, ...], step: float = 0.25) -> list[MetricDatum]:
    """All that is published when somebody looks every quarter of a minute."""
    found: list[MetricDatum] = []
    for n in range(round(until / step) + 1):
        now = at(n * step)
        data, kept, _ = published(replace(seen, readings=tuple(r for r in measured if r.at <= now)), now)
        found += data
        seen = replace(seen, published=kept)
    return found


@rule("EC2-40", "EC2-44")
@pytest.mark.parametrize(("detailed", "starts"), [(True, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), (False, [0, 5])], ids=["detailed", "basic"])
def test_cpu_is_published_once_for_each_period_with_its_start_as_timestamp(detailed: bool, starts: list[int]) -> None:
    data = live(instance(detailed=detailed), 10.5, use(10.5))
    assert told(data, "CPUUtilization") == [(at(start), pytest.approx(50.0)) for start in starts]


@rule("EC2-40")
def test_periods_are_those_of_the_wall_clock_wherever_the_instance_began() -> None:
    data = live(instance(detailed=False, running_since=at(1.3)), 10.5, use(10.5, start=1.3))
    assert [moment for moment, _ in told(data, "CPUUtilization")] == [at(0), at(5)]


@rule("EC2-44")
def test_a_period_that_was_measured_for_less_than_half_has_no_datapoint() -> None:
    data = live(instance(detailed=False, running_since=at(3)), 10.5, use(10.5, start=3))
    assert [moment for moment, _ in told(data, "CPUUtilization")] == [at(5)]


def test_a_period_waits_for_the_reading_after_its_end() -> None:
    data, kept, wait = published(instance(readings=use(0.9)), at(1))
    assert (data, kept.measured_until, wait) == ([], None, LOOK)
    data, kept, _ = published(instance(readings=use(1.1)), at(1.1))
    assert (len(told(data, "CPUUtilization")), kept.measured_until) == (1, at(1))


def test_a_meter_that_fell_silent_is_waited_for_two_minutes() -> None:
    data = live(instance(), 5, use(0.9))
    assert told(data, "CPUUtilization") == [(at(0), pytest.approx(50.0))]


@rule("EC2-45")
def test_without_readings_there_is_no_datapoint() -> None:
    assert live(instance(), 10, ()) == []


@rule("EC2-44")
def test_what_was_missed_while_nobody_looked_is_published_later() -> None:
    data, kept, _ = published(instance(readings=use(3.5), published=Published(measured_until=at(1))), at(3.5))
    assert ([moment for moment, _ in told(data, "CPUUtilization")], kept.measured_until) == ([at(1), at(2)], at(3))
    assert published(instance(readings=use(3.5), published=kept), at(3.6))[0] == []


@rule("EC2-40")
@pytest.mark.parametrize(
    ("detailed", "until", "now", "starts"),
    [(False, 3, 10.5, [5]), (True, 5, 7.5, [5, 6])],
    ids=["to basic: a period of which a part is published already is left out", "to detailed"],
)
def test_a_change_of_monitoring_counts_nothing_twice(detailed: bool, until: float, now: float, starts: list[int]) -> None:
    seen = instance(detailed=detailed, readings=use(now), published=Published(measured_until=at(until)))
    assert [moment for moment, _ in told(published(seen, at(now))[0], "CPUUtilization")] == [at(start) for start in starts]


@rule("EC2-41", "EC2-42")
@pytest.mark.parametrize(
    ("detailed", "group", "dimensions"),
    [
        (False, None, [(("InstanceId", ID),)]),
        (False, "web", [(("InstanceId", ID),), (("AutoScalingGroupName", "web"),)]),
        (
            True,
            "web",
            [(("InstanceId", ID),), (("AutoScalingGroupName", "web"),), (("ImageId", "ami-1"),), (("InstanceType", "t3.micro"),), ()],
        ),
    ],
    ids=["basic", "basic, in a group", "detailed, in a group"],
)
def test_each_value_goes_into_the_series_that_monitoring_gives(detailed: bool, group: str | None, dimensions: list[object]) -> None:
    data = live(instance(detailed=detailed, group=group), 5.5, use(5.5))
    assert [d.dimensions for d in data if d.name == "CPUUtilization" and d.at == NOON] == dimensions


@pytest.mark.parametrize(("detailed", "received", "packets"), [(True, [6000.0] * 5, []), (False, [30_000.0], [300.0])])
def test_network_is_in_bytes_of_the_period_and_packets_are_of_basic_monitoring_only(
    detailed: bool, received: list[float], packets: list[float]
) -> None:
    data = live(instance(detailed=detailed), 5.5, use(5.5))
    assert [value for _, value in told(data, "NetworkIn")] == received
    assert [value for _, value in told(data, "NetworkPacketsIn")] == packets


def test_what_the_runtime_cannot_tell_is_not_published() -> None:
    mute = tuple(replace(r, network_in=None, network_out=None, packets_in=None, packets_out=None) for r in use(5.5))
    assert {d.name for d in live(instance(detailed=False), 5.5, mute)} == {"CPUUtilization"}


# ---- status checks -----------------------------------------------------------------------------------------------------------------------


@rule("EC2-40", "EC2-32")
@pytest.mark.parametrize("detailed", [True, False])
def test_status_checks_are_published_each_minute_whatever_the_monitoring(detailed: bool) -> None:
    seen = instance(detailed=detailed, system_check=PASSED, instance_check=FAILED, published=Published(checked_until=at(1)))
    data = live(seen, 4, ())
    assert told(data, "StatusCheckFailed_Instance") == [(at(1), 1.0), (at(2), 1.0), (at(3), 1.0)]


@rule("EC2-32")
def test_status_checks_begin_with_the_minute_of_the_first_result() -> None:
    assert live(instance(), 3, ()) == []
    seen = instance(system_check=PASSED, instance_check=PASSED, checked_at=at(3.1))
    assert published(seen, at(3.9))[1].checked_until is None
    assert told(published(seen, at(4))[0], "StatusCheckFailed") == [(at(3), 0.0)]


@rule("EC2-32")
def test_after_a_stop_and_start_status_checks_begin_anew() -> None:
    before = Published(checked_until=at(5))
    seen = instance(running_since=at(10), system_check=PASSED, instance_check=PASSED, checked_at=at(11.1), published=before)
    assert published(seen, at(11.5))[:2] == ([], before)
    assert told(published(seen, at(12))[0], "StatusCheckFailed") == [(at(11), 0.0)]


@rule("EC2-30")
@pytest.mark.parametrize(
    ("system", "own", "values"),
    [
        (PASSED, PASSED, {"StatusCheckFailed": 0.0, "StatusCheckFailed_Instance": 0.0, "StatusCheckFailed_System": 0.0}),
        (FAILED, PASSED, {"StatusCheckFailed": 1.0, "StatusCheckFailed_Instance": 0.0, "StatusCheckFailed_System": 1.0}),
        (PASSED, FAILED, {"StatusCheckFailed": 1.0, "StatusCheckFailed_Instance": 1.0, "StatusCheckFailed_System": 0.0}),
        (FAILED, UNKNOWN, {"StatusCheckFailed": 1.0, "StatusCheckFailed_System": 1.0}),
        (PASSED, UNKNOWN, {"StatusCheckFailed_System": 0.0}),
        (UNKNOWN, UNKNOWN, {}),
    ],
)
def test_a_failed_check_is_one_and_an_unknown_one_is_missing(system: CheckResult, own: CheckResult, values: dict[str, float]) -> None:
    data, _, _ = published(instance(system_check=system, instance_check=own, published=Published(checked_until=at(1))), at(2))
    assert {d.name: d.sample.total for d in data if d.dimensions == (("InstanceId", ID),)} == values
