"""The simulated meter: readings show World.load, for machines that run."""

import random
from contextlib import nullcontext
from datetime import timedelta

import pytest

from sandbox.core.clock import VirtualClock
from sandbox.core.journal import Journal
from sandbox.drivers.metering.base import usage_between
from sandbox.drivers.metering.simulated import SimulatedMeter, shared_load
from sandbox.drivers.world import App, Machine, World
from sandbox.engine import Engine

MINUTE = timedelta(minutes=1)


class Stage:
    def __init__(self, machines: int = 1) -> None:
        self.clock = VirtualClock()
        self.engine = Engine(self.clock, Journal(self.clock), nullcontext())
        self.world = World(self.clock, self.engine.at, random.Random(1))
        for n in range(machines):
            self.world.machines[f"i-{n}"] = Machine(
                f"i-{n}", f"10.0.0.{n}", "us-east-1a", running=True, boots=1, answers_from=self.clock.now()
            )
        self.meter = SimulatedMeter(self.world)

    def minutes(self, count: float) -> None:
        self.engine.run_until(self.clock.now() + count * MINUTE)

    def percent(self, instance_id: str = "i-0") -> float | None:
        """Of the last minute."""
        now = self.clock.now()
        spent = usage_between(self.meter.readings(instance_id), now - MINUTE, now)
        return None if spent is None else spent.cpu_utilization


@pytest.mark.parametrize(("asked", "cpus", "shown"), [(2.0, 1.0, 2.0), (75.0, 0.2, 75.0), (250.0, 1.0, 100.0), (-1.0, 1.0, 0.0)])
def test_readings_show_the_percentage_of_a_machine_and_saturate(asked: float, cpus: float, shown: float) -> None:
    stage = Stage()
    stage.world.machine("i-0").cpu_percent, stage.world.machine("i-0").cpus = asked, cpus
    stage.minutes(2)
    assert stage.percent() == pytest.approx(shown)


def test_a_load_that_changes_shows_from_the_next_reading_on() -> None:
    stage = Stage()
    stage.minutes(1)
    stage.world.machine("i-0").cpu_percent = 62.0
    stage.minutes(0.5)
    assert stage.percent() == pytest.approx(32.0)


def test_a_machine_that_does_not_run_has_no_readings() -> None:
    stage = Stage()
    stage.minutes(1)
    stage.world.machine("i-0").running = False
    stage.minutes(1)
    assert (stage.meter.readings("i-0"), stage.meter.instances()) == ((), ())


def test_a_boot_restarts_the_counters() -> None:
    stage = Stage()
    stage.minutes(3)
    machine = stage.world.machine("i-0")
    machine.boots, machine.started_at = 2, stage.clock.now()
    stage.minutes(1)
    assert [reading.cpu_seconds for reading in stage.meter.readings("i-0")] == pytest.approx([0.2 * n for n in range(1, 7)])


def test_readings_of_the_last_minutes_only_are_kept() -> None:
    stage = Stage()
    stage.minutes(60)
    assert len(stage.meter.readings("i-0")) == 12 * 6 + 1


def test_a_simulated_machine_has_no_network_counters() -> None:
    stage = Stage()
    stage.minutes(1)
    assert stage.meter.readings("i-0")[-1].network_in is None


def test_a_closed_meter_takes_no_readings() -> None:
    stage = Stage()
    stage.minutes(1)
    stage.meter.close()
    before = stage.meter.readings("i-0")
    stage.minutes(5)
    assert stage.meter.readings("i-0") == before


# ---- a load that is shared ---------------------------------------------------------------------------------------------------------------


def test_demand_is_shared_by_the_machines_that_answer() -> None:
    stage = Stage(machines=4)
    stage.world.load = shared_load(stage.world, lambda now: 1.5, idle=1.0)
    stage.world.machine("i-3").app = App.DOWN
    stage.minutes(2)
    assert [stage.percent(f"i-{n}") for n in range(4)] == pytest.approx([51.0, 51.0, 51.0, 1.0])


def test_the_fewer_machines_answer_the_higher_the_load_of_each_up_to_its_cores() -> None:
    stage = Stage(machines=2)
    stage.world.load = shared_load(stage.world, lambda now: 1.6)
    stage.minutes(2)
    assert stage.percent() == pytest.approx(82.0)
    stage.world.machine("i-1").running = False
    stage.minutes(2)
    assert stage.percent() == pytest.approx(100.0)


def test_a_hot_machine_uses_what_is_left_and_that_is_all_of_its_utilization_and_a_frozen_one_uses_nothing() -> None:
    stage = Stage()
    machine = stage.world.machine("i-0")
    machine.cpu_percent, machine.cpu_left = 80.0, 20.0
    stage.minutes(2)
    assert stage.percent() == pytest.approx(100.0)
    machine.cpu_percent = 5.0
    stage.minutes(2)
    assert stage.percent() == pytest.approx(25.0)
    machine.frozen = True
    stage.minutes(2)
    assert stage.percent() == pytest.approx(0.0)
