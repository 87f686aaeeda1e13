"""What must hold before anything is broken: the steady state, and, where a scenario asks for it, enough capacity to lose a zone."""

from datetime import datetime

from sandbox.traffic.measures.requests import good
from scenarios.kit.running.outcome import CapacityUnsafe, Interrupted
from scenarios.kit.running.run import Run

SECONDS = 60.0  # of steady load
REQUIRED = 99.9  # percent of good requests
SAFE = 95.0  # percent of the survivors' capacity


def steady_state(run: Run) -> datetime:
    """Sends the load for a minute. Returns when it began. Raises Interrupted if fewer than 99.9 % of the requests are good."""
    run.stage.chapter(f"Steady state: {run.stack.offered:g} requests per second, {run.profile.load:g} % of the capacity")
    began = run.now()
    stream = run.start_load()
    run.wait(SECONDS)
    ended = stream.records()
    whole = int(good(ended, run.scenario.slo_ms / 1000).sum())
    percent = 100.0 * whole / len(ended) if ended else 0.0
    run.stage.log(f"{whole} of {len(ended)} requests were good: {percent:.2f} %")
    if percent < REQUIRED:
        raise Interrupted(
            f"There was no steady state: {percent:.2f} % of {len(ended)} requests were good, and {REQUIRED:g} % are required."
        )
    return began


def capacity_check(run: Run) -> None:
    """Raises CapacityUnsafe if the other zones could not carry the load without the largest zone (ARC-7)."""
    carried = run.profile.survivors_carry
    run.stage.log(f"without its largest zone, the group would be asked for {carried:.0f} % of its capacity")
    if carried > SAFE:
        raise CapacityUnsafe(
            f"Without the largest zone, {carried:.0f} % of the capacity would be asked of the other instances; at most {SAFE:g} % is safe."
        )
