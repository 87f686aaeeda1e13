"""Live runs on containers: measures what a request costs on this machine, so that the load is the stated share of an instance's capacity.

A request uses CPU time in /burn, which the path decides, and in the HTTP server, the framework and the kernel, which the machine decides.
If that part is assumed too small, "90 % of the capacity" is an overload, and the verdict says something about this machine, not about the
layout. So before the steady state clients send for a while, the meter says how much CPU time the instances used, and the path is corrected.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from scenarios.kit.running.outcome import Interrupted
from scenarios.kit.running.run import Run
from scenarios.kit.stack.build import burning

SECONDS = 20.0  # real: the meter's window (15 s), and a moment to begin
EXACT = 0.03  # of the cost that was meant: closer is not corrected
LEAST_BURN = 0.2  # of the cost that was meant: with less, the path decides nothing
ROUNDS = 3
ALLOWED = 0.1  # after the last round
BUSY = 0.6  # share of the capacity, at most: at the limit of their CPU time, instances show no cost
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """CPU time of one request in real seconds."""

    meant: float
    burned: float  # by /burn
    measured: float

    @property
    def off(self) -> float:
        """0.1: it costs 10 % more than was meant."""
        return self.measured / self.meant - 1

    @property
    def corrected(self) -> float:
        """What /burn has to use, so that a request costs what was meant."""
        return self.burned - (self.measured - self.meant)


def calibrate(run: Run) -> None:
    """Corrects `run.stack`, if instances are containers, whose CPU time is limited. Raises Interrupted if the cost cannot be made right."""
    if run.stage.client.virtual or run.stage.client.get("health")["runtime"] != "docker":
        return
    run.stage.chapter("Calibration: what a request costs on this machine")
    for _ in range(ROUNDS):
        cost = _measured(run)
        run.stage.log(f"a request uses {1000 * cost.measured:.2f} ms of CPU time, and {1000 * cost.meant:.2f} ms are meant")
        if abs(cost.off) <= EXACT:
            break
        if cost.corrected < LEAST_BURN * cost.meant:
            raise Interrupted(_too_slow(cost))
        run.stack = replace(run.stack, burn=cost.corrected, path=burning(cost.corrected))
    else:
        if abs(cost.off) > ALLOWED:
            raise Interrupted(_unsteady(cost))
    _next_minute(run)


def _measured(run: Run) -> Cost:
    stack, client = run.stack, run.stage.client
    rate = min(stack.offered, BUSY * stack.capacity * run.profile.size)
    stream = run.start_load(rate)
    try:
        client.wait(timedelta(seconds=SECONDS * client.speed))
        busy = cores_used(client.get("rates"), client.get("settings")["settings"]["cores_per_vcpu"], run.profile.size)
    finally:
        stream.stop()
    return Cost(meant=stack.cost, burned=stack.burn, measured=busy / rate)


def cores_used(rates: Mapping[str, Any], cores: float, size: int) -> float:
    """By all instances. `rates`: of GET /_sandbox/rates; `cores`: those of one instance. Raises Interrupted if not all `size` are measured:
    a sum without some of them would make a request seem cheap."""
    if len(rates["cpu"]) < size:
        found = f"The CPU time of {len(rates['cpu'])} of {size} instances is measured, so that their capacity is not known."
        raise Interrupted(f"{found} next: sandbox status")
    return float(sum(rates["cpu"].values())) / 100 * cores


def _too_slow(cost: Cost) -> str:
    return (
        f"This machine needs {1000 * (cost.measured - cost.burned):.1f} ms of CPU time for a request beside its work, "
        f"and {1000 * cost.meant:.1f} ms are meant in all. next: close other programs, or run with --knob live_scale=0.2"
    )


def _unsteady(cost: Cost) -> str:
    return (
        f"The CPU time of a request does not settle: after {ROUNDS} corrections it is {100 * cost.off:+.0f} % off. Other programs use this "
        "machine. next: close them, and run again"
    )


def _next_minute(run: Run) -> None:
    """The load balancer counts by the minute: those of the run begin in one without requests of the calibration."""
    now = run.now()
    run.wait_until(now.replace(second=0, microsecond=0) + MINUTE)
