"""CPU credits: earning, spending, throttling, surplus, and what CloudWatch gets."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.core.control import Scope
from sandbox.services.ec2.actions import PublishCredits
from sandbox.services.ec2.credits_model import Burstable, Credits, burstable
from sandbox.services.ec2.decide.credits import CreditedInstance, CreditedInstances, accounted, decide, look_again, spend
from sandbox.services.ec2.decide.metrics import Series
from tests.support import rule

NOW = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)
HERE = Scope("123456789012", "us-east-1")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def kind(instance_type: str) -> Burstable:
    found = burstable(instance_type)
    assert found is not None
    return found


def instance(instance_type: str = "t3.micro", *, unlimited: bool = False, **fields: object) -> CreditedInstance:
    series = Series(instance_id="i-1", image_id="ami-1", instance_type=instance_type, group=None, detailed=False)
    values: dict[str, object] = {"running_since": NOW, "credits": Credits(at=NOW), **fields}
    return CreditedInstance(series=series, burstable=kind(instance_type), unlimited=unlimited, **values)  # type: ignore[arg-type]


@rule("TYPE-2", "TYPE-3")
@pytest.mark.parametrize(
    ("instance_type", "baseline", "most"),
    [
        ("t3.nano", 5, 144), ("t3.micro", 10, 288), ("t3.small", 20, 576), ("t3.medium", 20, 576), ("t3.large", 30, 864),
        ("t3.xlarge", 40, 2304), ("t3.2xlarge", 40, 4608), ("t4g.micro", 10, 288), ("t2.micro", 10, 144), ("t2.xlarge", 22.5, 1296),
    ],
)  # fmt: skip
def test_a_type_earns_its_baseline_and_keeps_a_day_of_it(instance_type: str, baseline: float, most: float) -> None:
    assert (kind(instance_type).baseline_percent, kind(instance_type).most) == (pytest.approx(baseline), most)


def test_other_types_have_no_credits() -> None:
    assert burstable("m5.large") is None and burstable("t1.micro") is None


@rule("TYPE-3")
def test_an_idle_instance_earns_up_to_a_day_and_a_busy_one_spends_a_credit_a_vcpu_minute() -> None:
    earned = spend(Credits(at=NOW), instance(), used=0, until=NOW + HOUR)
    assert (earned.balance, earned.throttled) == (pytest.approx(12), False)
    assert spend(earned, instance(), used=0, until=NOW + 100 * HOUR).balance == 288
    spent = spend(replace(earned, at=NOW), instance(), used=10, until=NOW + 5 * MINUTE)
    assert (spent.balance, spent.used) == (pytest.approx(12 + 1 - 10), 10)


@rule("TYPE-6")
def test_a_standard_instance_without_credits_is_throttled_until_it_has_earned_some() -> None:
    broke = spend(Credits(at=NOW, balance=1), instance(), used=20, until=NOW + 10 * MINUTE)
    assert (broke.balance, broke.throttled) == (0, True)
    at_baseline = spend(broke, instance(), used=2, until=NOW + 20 * MINUTE)  # 10 % of two vCPUs for ten minutes
    assert at_baseline.throttled
    idle = spend(broke, instance(), used=0, until=NOW + 12 * MINUTE)
    assert (idle.balance, idle.throttled) == (pytest.approx(0.4), False)


@rule("TYPE-6")
def test_an_unlimited_instance_spends_surplus_that_it_pays_later_and_what_it_cannot_pay_is_charged() -> None:
    busy = instance(unlimited=True)
    owing = spend(Credits(at=NOW, balance=5), busy, used=120, until=NOW + HOUR)
    assert (owing.balance, owing.surplus, owing.charged, owing.throttled) == (0, pytest.approx(103), 0, False)
    paying = spend(owing, busy, used=0, until=NOW + 2 * HOUR)
    assert (paying.balance, paying.surplus) == (0, pytest.approx(91))
    paid = spend(paying, busy, used=0, until=NOW + 10 * HOUR)
    assert (paid.balance, paid.surplus) == (pytest.approx(5), 0)
    charged = spend(Credits(at=NOW, surplus=280), busy, used=120, until=NOW + HOUR)
    assert (charged.surplus, charged.charged) == (288, pytest.approx(100))


@rule("TYPE-6")
def test_a_change_to_standard_charges_the_surplus() -> None:
    assert spend(Credits(at=NOW, surplus=50), instance(), used=0, until=NOW + MINUTE).charged == 50


@rule("TYPE-4")
def test_a_t2_in_standard_mode_begins_with_launch_credits_which_it_spends_first() -> None:
    began, _ = accounted(HERE, instance("t2.medium", credits=None), NOW)
    assert (began.launch, began.balance) == (60, 0)
    spent = spend(began, instance("t2.medium"), used=40, until=NOW + HOUR)
    assert (spent.launch, spent.balance) == (20, pytest.approx(24))
    for other in (instance("t2.medium", unlimited=True, credits=None), instance("t3.medium", credits=None)):
        assert accounted(HERE, other, NOW)[0].launch == 0


@rule("TYPE-5")
@pytest.mark.parametrize(
    ("instance_type", "stopped", "balance"),
    [("t3.micro", timedelta(days=6), 100), ("t3.micro", timedelta(days=8), 0), ("t2.micro", timedelta(minutes=1), 0)],
)
def test_a_stopped_t3_keeps_its_credits_for_a_week_and_a_t2_loses_them(instance_type: str, stopped: timedelta, balance: float) -> None:
    had = Credits(at=NOW - stopped, balance=100, surplus=3)
    started, _ = accounted(HERE, instance(instance_type, credits=had), NOW)
    assert (started.balance, started.surplus, started.charged, started.at) == (balance, 0, 3, NOW)


@rule("TYPE-7")
def test_each_period_of_five_minutes_is_published_once_with_what_was_used_in_it() -> None:
    measured = instance(credits=Credits(at=NOW, balance=10, used=0), utilization=50.0, measured_at=NOW + 12 * MINUTE)
    after, data = accounted(HERE, measured, NOW + 12 * MINUTE)
    assert [(d.at, d.sample.total) for d in data if d.name == "CPUCreditUsage"] == [
        (NOW, pytest.approx(5)),
        (NOW + 5 * MINUTE, pytest.approx(5)),
    ]
    assert [d.sample.total for d in data if d.name == "CPUCreditBalance"] == [pytest.approx(6), pytest.approx(2)]
    assert (after.used, after.at) == (pytest.approx(2), NOW + 12 * MINUTE)
    assert accounted(HERE, replace(measured, credits=after), NOW + 12 * MINUTE) == (after, ())


def test_the_metrics_of_surplus_are_those_of_unlimited_instances() -> None:
    names = {}
    for unlimited in (False, True):
        measured = instance(unlimited=unlimited, utilization=1.0, measured_at=NOW + 6 * MINUTE)
        names[unlimited] = {datum.name for datum in accounted(HERE, measured, NOW + 6 * MINUTE)[1]}
    assert names[False] == {"CPUCreditUsage", "CPUCreditBalance"}
    assert names[True] - names[False] == {"CPUSurplusCreditBalance", "CPUSurplusCreditsCharged"}


def test_an_instance_that_is_not_measured_is_idle_after_a_while() -> None:
    assert accounted(HERE, instance(), NOW + 9 * MINUTE) == (Credits(at=NOW), ())
    assert accounted(HERE, instance(), NOW + 60 * MINUTE)[0].balance == pytest.approx(12)


def test_throttling_is_told_when_it_begins_and_ends() -> None:
    busy = instance(credits=Credits(at=NOW, balance=1), utilization=100.0, measured_at=NOW + 5 * MINUTE)
    begun = decide(CreditedInstances(scope=HERE, instances=(busy,)), NOW + 5 * MINUTE)
    (action,) = begun.actions
    assert isinstance(action, PublishCredits) and action.credits.throttled
    assert [event.summary for event in begun.events] == ["i-1 has no CPU credits left and is throttled to its baseline of 10 %"]
    still = replace(busy, credits=action.credits, utilization=10.0, measured_at=NOW + 6 * MINUTE)
    assert decide(CreditedInstances(scope=HERE, instances=(still,)), NOW + 6 * MINUTE).events == ()
    idle = replace(still, utilization=0.0, measured_at=NOW + 10 * MINUTE)
    ended = decide(CreditedInstances(scope=HERE, instances=(idle,)), NOW + 10 * MINUTE)
    assert [event.detail_type for event in ended.events] == ["CPU Credits Available"]


def test_it_looks_again_before_all_credits_can_be_spent() -> None:
    assert look_again(instance(), Credits(at=NOW, balance=18)) == timedelta(minutes=10)  # two vCPUs spend two a minute and earn a fifth
    assert look_again(instance(), Credits(at=NOW, throttled=True)) == timedelta(seconds=15)
    assert look_again(instance(unlimited=True), Credits(at=NOW)) == 5 * MINUTE
