"""The course of a cooling failure: which hosts switch off when, and which return."""

import random
from datetime import timedelta

import pytest

from sandbox.faults.zones.thermal_schedule import Host, ThermalPlan, cpu_percent, hosts, next_change, steps
from tests.support import rule

MINUTE = timedelta(minutes=1)
PLAN = ThermalPlan(
    ramp=28 * MINUTE,
    first_hosts_percent=10,
    shutdown=100 * MINUTE,
    batches=4,
    return_after=350 * MINUTE,
    return_over=900 * MINUTE,
    return_batches=3,
    residual_percent=5,
    cpu_percent=40,
)
IDS = [f"i-{n:02}" for n in range(40)]


def made(count: int = 40, seed: int = 1) -> tuple[Host, ...]:
    return hosts(PLAN, IDS[:count], random.Random(seed))


@rule("AZ-6")
def test_the_first_hosts_go_during_the_ramp_then_racks_in_batches() -> None:
    found = made()
    early = [host for host in found if host.off_at < PLAN.ramp]
    racks = sorted({host.off_at / MINUTE for host in found if host.off_at >= PLAN.ramp})
    assert len(early) == 4
    assert racks == [pytest.approx(28 + 100 * n / 3) for n in range(4)]


@rule("AZ-6")
def test_racks_return_in_batches_and_a_residue_never_does() -> None:
    found = made()
    assert sorted({host.back_at / MINUTE for host in found if host.back_at}) == [350, 800, 1250]
    assert sum(host.back_at is None for host in found) == 2


def test_the_same_seed_gives_the_same_hosts_whatever_the_order_of_the_ids() -> None:
    assert made() == hosts(PLAN, IDS[::-1], random.Random(1))
    assert made() != made(seed=2)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_a_small_zone_goes_off_completely(count: int) -> None:
    found = made(count)
    assert [host.is_off(PLAN.return_after - MINUTE) for host in found] == [True] * count
    assert all(host.back_at is not None and not host.is_off(PLAN.return_after + PLAN.return_over) for host in found)


def test_cpu_falls_in_steps_and_is_back_with_the_cooling() -> None:
    moments = (0, 6, 7, 14, 21, 28, 300, 350)
    assert [cpu_percent(PLAN, minute * MINUTE) for minute in moments] == [100, 100, 85, 70, 55, 40, 40, 100]


def test_every_change_is_told_and_invented_values_say_so() -> None:
    found = made()
    told = steps(PLAN, found)
    assert [step.at for step in told] == sorted(step.at for step in told)
    assert all("invented" in step.summary for step in told if "°C" in step.summary)
    assert {i for step in told if "switched off" in step.summary for i in step.hosts} == set(IDS)
    assert "the hosts of i-" in next(step.summary for step in told if "will not return" in step.summary)


def test_the_next_change_is_the_next_step() -> None:
    found = made()
    at, wait = timedelta(0), next_change(PLAN, found, timedelta(0))
    seen = []
    while wait is not None:
        at += wait
        seen.append(at)
        wait = next_change(PLAN, found, at)
    assert seen == sorted({step.at for step in steps(PLAN, found)})
