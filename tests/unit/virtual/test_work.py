"""Requests use CPU time of simulated machines: utilization is demand divided by capacity, and overload delays responses."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from sandbox.core.clock import VirtualClock
from sandbox.drivers.world import Machine, World
from sandbox.virtual.work import NOTHING, Work

BEGIN = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)


@pytest.fixture
def world() -> World:
    made = World(VirtualClock(BEGIN), lambda moment, function: None, Random(0))
    made.machines["i-1"] = Machine(instance_id="i-1", address="10.0.0.1", zone="a", running=True, boots=1, started_at=BEGIN, cpus=0.5)
    return made


def send(world: World, work: Work, every: float, seconds: float, count: int) -> list[float]:
    """Sends requests at an interval. Returns the latency of each."""
    took = []
    assert isinstance(world.clock, VirtualClock)
    for _ in range(count):
        took.append(work.take("i-1", f"/burn?seconds={seconds}")[0].total_seconds())
        world.clock.advance_to(world.clock.now() + timedelta(seconds=every))
    return took


@pytest.mark.parametrize(("seconds", "cpu"), [(0.1, 20), (0.25, 50), (0.5, 100)])
def test_cpu_utilization_is_demand_divided_by_capacity(world: World, seconds: float, cpu: float) -> None:
    work = Work(world, idle=0)
    took = send(world, work, every=1, seconds=seconds, count=10)
    assert world.load(world.machine("i-1"), world.clock.now()) == pytest.approx(cpu)
    assert took == pytest.approx([seconds / 0.5] * 10)


def test_excess_requests_wait_and_are_processed_later(world: World) -> None:
    work = Work(world, idle=0)
    took = send(world, work, every=1, seconds=1, count=5)  # twice its capacity
    assert took == pytest.approx([2, 3, 4, 5, 6])
    assert world.load(world.machine("i-1"), world.clock.now()) == pytest.approx(100)
    world.clock.advance_to(BEGIN + timedelta(seconds=15))  # type: ignore[attr-defined]
    assert world.load(world.machine("i-1"), world.clock.now()) == pytest.approx(50)  # five of the ten seconds


def test_a_reboot_discards_waiting_requests(world: World) -> None:
    work = Work(world, idle=2)
    send(world, work, every=1, seconds=10, count=1)
    machine = world.machine("i-1")
    machine.boots, machine.started_at = 2, world.clock.now()
    world.clock.advance_to(world.clock.now() + timedelta(seconds=10))  # type: ignore[attr-defined]
    assert world.load(machine, world.clock.now()) == 2
    assert work.take("i-1", "/") == NOTHING
    assert work.take("i-gone", "/burn?seconds=1") == NOTHING


def test_many_requests_at_once_are_those_at_equal_distances(world: World) -> None:
    work, same = Work(world, idle=0), Work(world, idle=0)
    one_by_one = []
    for number in range(40):
        world.clock.advance_to(BEGIN + timedelta(seconds=(number + 0.5) / 4))  # type: ignore[attr-defined]
        one_by_one.append(same.take("i-1", "/burn?seconds=0.2")[0])
    world.clock.advance_to(BEGIN + timedelta(seconds=10))  # type: ignore[attr-defined]
    together = [wait.total_seconds() for wait in work.take("i-1", "/burn?seconds=0.2", 40, BEGIN)]
    assert together == pytest.approx([one_by_one[0].total_seconds(), one_by_one[-1].total_seconds()], abs=1e-5)


def test_a_machine_with_half_of_its_cpu_serves_half(world: World) -> None:
    work = Work(world, idle=0)
    world.machine("i-1").cpu_left = 50
    took = send(world, work, every=1, seconds=0.1, count=10)
    assert took == pytest.approx([0.4] * 10)
    assert world.load(world.machine("i-1"), world.clock.now()) == pytest.approx(20)  # of all its cores


def test_a_health_check_waits_behind_the_requests(world: World) -> None:
    work = Work(world, idle=0)
    assert world.wait(world.machine("i-1")) == timedelta(0)
    work.take("i-1", "/burn?seconds=2")
    assert world.wait(world.machine("i-1")) == timedelta(seconds=4)


def test_sleeping_takes_time_and_no_cpu(world: World) -> None:
    work = Work(world, idle=0)
    assert work.take("i-1", "/sleep?seconds=20", 5, BEGIN) == (timedelta(seconds=20), timedelta(seconds=20))
    world.clock.advance_to(BEGIN + timedelta(seconds=30))  # type: ignore[attr-defined]
    assert world.load(world.machine("i-1"), world.clock.now()) == 0
