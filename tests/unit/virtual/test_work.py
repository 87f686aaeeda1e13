"""Requests use CPU time of simulated machines: utilization is demand divided by capacity, and overload delays responses."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from sandbox.core.clock import VirtualClock
from sandbox.drivers.world import Machine, World
from sandbox.virtual.work import Work

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
        took.append(work.take("i-1", f"seconds={seconds}").total_seconds())
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
    assert work.take("i-1", "") == timedelta(0)
    assert work.take("i-gone", "seconds=1") == timedelta(0)
