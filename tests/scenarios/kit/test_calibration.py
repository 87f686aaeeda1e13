"""The calibration of live runs: whatever a request costs on a machine, the load becomes the share of the capacity that was meant."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.traffic.plan import Plan
from scenarios.kit.running.calibration import calibrate
from scenarios.kit.running.loop import choose
from scenarios.kit.running.outcome import Interrupted
from scenarios.kit.running.run import Run
from scenarios.kit.stack.build import burning
from scenarios.kit.stack.names import Stack
from scenarios.kit.stage import Stage
from scenarios.outages.load_spike import SCENARIO

CORES, CAPACITY, INSTANCES = 0.15, 20.0, 6
COST = CORES / CAPACITY


@dataclass
class Sent:
    plan: Plan
    stopped: bool = False

    def stop(self) -> None:
        self.stopped = True


@dataclass
class Machine:
    """A sandbox whose instances need `beside` seconds of CPU time for a request, beside what /burn uses."""

    beside: float
    runtime: str = "docker"
    measured: int = INSTANCES  # of how many the meter has readings
    growing: float = 0.0  # what each further look finds beside: other programs interfere
    virtual: bool = False
    speed: float = 5.0
    at: datetime = datetime(2026, 1, 1, 12, 0, 30, tzinfo=UTC)
    sent: list[Sent] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    def wait(self, duration: timedelta) -> None:
        self.at += duration

    def traffic(self, plan: Plan) -> Sent:
        self.sent.append(Sent(plan))
        return self.sent[-1]

    def get(self, path: str) -> Any:
        return {"health": {"runtime": self.runtime}, "settings": {"settings": {"cores_per_vcpu": CORES}}, "rates": self._rates()}[path]

    def _rates(self) -> dict[str, Any]:
        if not self.sent:
            return {"cpu": {}}
        busy = self.cost * self.sent[-1].plan.rate / INSTANCES / CORES * 100
        self.beside += self.growing
        return {"cpu": {f"i-{n}": busy for n in range(self.measured)}}

    @property
    def cost(self) -> float:
        found = re.search(r"seconds=([\d.e-]+)", self.sent[-1].plan.url)
        assert found
        return float(found[1]) + self.beside


def run_on(machine: Machine) -> Run:
    burn = COST - 0.0006
    stack = Stack(
        vpc="vpc-1",
        subnets={},
        zone_ids={},
        target_group="tg",
        load_balancer="lb",
        url="http://127.0.0.1:8081/",
        path=burning(burn),
        cost=COST,
        burn=burn,
        capacity=CAPACITY,
        offered=72.0,
    )
    return Run(stage=Stage(machine, out=lambda line: None), chosen=choose(SCENARIO, "tuned", {}), stack=stack, started_at=machine.at)  # type: ignore[arg-type]


@pytest.mark.parametrize("beside_ms", [0.2, 0.6, 1.5, 4.0])
def test_a_request_costs_what_was_meant_whatever_the_machine_needs_beside(beside_ms: float) -> None:
    machine = Machine(beside=beside_ms / 1000)
    run = run_on(machine)
    calibrate(run)
    assert run.stack.burn + machine.beside == pytest.approx(COST, rel=0.03)
    assert run.stack.path == burning(run.stack.burn)
    assert all(stream.stopped for stream in machine.sent)


def test_the_run_begins_in_a_minute_without_requests_of_the_calibration() -> None:
    machine = Machine(beside=0.001)
    calibrate(run_on(machine))
    assert (machine.at.second, machine.at.microsecond) == (0, 0)


@pytest.mark.parametrize("change", [{"virtual": True}, {"runtime": "process"}])
def test_without_a_limit_of_real_cpu_time_there_is_nothing_to_calibrate(change: dict[str, Any]) -> None:
    machine = Machine(beside=0.001, **change)
    run = run_on(machine)
    before = run.stack
    calibrate(run)
    assert (run.stack, machine.sent) == (before, [])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"beside": 0.008}, r"This machine needs 8\.0 ms of CPU time for a request beside its work, and 7\.5 ms are meant"),
        ({"beside": 0.001, "growing": 0.001}, r"does not settle: after 3 corrections it is \+2\d % off"),
        ({"beside": 0.001, "measured": 0}, "The CPU time of 0 of 6 instances is measured"),
        ({"beside": 0.001, "measured": 5}, "The CPU time of 5 of 6 instances is measured"),
    ],
)
def test_a_machine_whose_capacity_is_not_known_says_nothing_about_a_layout(change: dict[str, Any], sentence: str) -> None:
    machine = Machine(**change)
    with pytest.raises(Interrupted, match=sentence):
        calibrate(run_on(machine))
    assert all(stream.stopped for stream in machine.sent)
