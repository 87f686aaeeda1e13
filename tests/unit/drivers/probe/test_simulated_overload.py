"""A health check of the simulated prober waits in the queue of an overloaded application, and fails after its timeout."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.core.clock import VirtualClock
from sandbox.drivers.probe.base import ProbeOutcome, ProbeRequest, ProbeResult
from sandbox.drivers.probe.simulated import SimulatedProber
from sandbox.drivers.world import Machine, World

BEGIN = datetime(2026, 5, 7, 17, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("waits", "outcome", "seconds"),
    [(0.0, ProbeOutcome.ANSWERED, 0.005), (3.0, ProbeOutcome.ANSWERED, 3.005), (60.0, ProbeOutcome.TIMED_OUT, 5.0)],
)
def test_a_check_waits_behind_the_requests(waits: float, outcome: ProbeOutcome, seconds: float) -> None:
    due = []
    world = World(clock=VirtualClock(BEGIN), at=lambda when, run: due.append((when, run)), random=random.Random(1))
    world.machines["i-1"] = Machine(instance_id="i-1", address="172.31.0.5", zone="us-east-1a", running=True, answers_from=BEGIN)
    world.wait = lambda machine: timedelta(seconds=waits)
    prober = SimulatedProber(world)
    timeout = timedelta(seconds=5)
    prober.start(ProbeRequest(key="k", number=1, host="172.31.0.5", port=80, host_header="172.31.0.5", path="/", timeout=timeout))
    [(when, run)] = due
    run()
    result: ProbeResult | None = prober.latest("k")
    assert result is not None and (result.outcome, when - BEGIN) == (outcome, timedelta(seconds=seconds))
