"""Requests cost simulated machines processor time: CPU is demand over capacity, and too much of it makes answers late."""

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
    """→ how long each request took."""
    took = []
    assert isinstance(world.clock, VirtualClock)
    for _ in range(count):
        took.append(work.take("i-1", f"seconds={seconds}").total_seconds())
        world.clock.advance_to(world.clock.now() + timedelta(seconds=every))
    return took


@pytest.mark.parametrize(("seconds", "cpu"), [(0.1, 20), (0.25, 50), (0.5, 100)])
def test_cpu_is_the_demand_over_what_the_machine_has(world: World, seconds: float, cpu: float) -> None:
    work = Work(world, idle=0)
    took = send(world, work, every=1, seconds=seconds, count=10)
    assert world.load(world.machine("i-1"), world.clock.now()) == pytest.approx(cpu)
    assert took == pytest.approx([seconds / 0.5] * 10)


def test_what_is_too_much_waits_and_is_done_afterwards(world: World) -> None:
    work = Work(world, idle=0)
    took = send(world, work, every=1, seconds=1, count=5)  # twice what it can do
    assert took == pytest.approx([2, 3, 4, 5, 6])
    assert world.load(world.machine("i-1"), world.clock.now()) == pytest.approx(100)
    world.clock.advance_to(BEGIN + timedelta(seconds=15))  # type: ignore[attr-defined]
    assert world.load(world.machine("i-1"), world.clock.now()) == pytest.approx(50)  # five of the ten seconds


def test_a_machine_without_requests_is_idle_and_a_rebooted_one_has_forgotten_them(world: World) -> None:
    work = Work(world, idle=2)
    send(world, work, every=1, seconds=10, count=1)
    machine = world.machine("i-1")
    machine.boots, machine.started_at = 2, world.clock.now()
    world.clock.advance_to(world.clock.now() + timedelta(seconds=10))  # type: ignore[attr-defined]
    assert world.load(machine, world.clock.now()) == 2
    assert work.take("i-1", "") == timedelta(0)
    assert work.take("i-gone", "seconds=1") == timedelta(0)
