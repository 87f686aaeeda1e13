"""How long the scenarios of outages take in virtual time, each with its default profile, one after the other in one process."""

import time

from bench.kit.figure import Figure, at_most, without_goal
from bench.simulation.fresh import in_fresh_process
from scenarios.kit.definition.catalogue import outages

FIRST = "instance_terminate"  # S01
GOAL_FIRST, GOAL_ALL = 1.0, 60.0  # seconds


def measure() -> list[Figure]:
    times = in_fresh_process(_times, tuple(outages()))
    slowest = max(times, key=lambda name: times[name])
    return [
        at_most("scenario S01 in virtual time", times[FIRST], "s", GOAL_FIRST, "one run, after the imports and a run before it"),
        at_most(
            "all scenarios in virtual time", sum(times.values()), "s", GOAL_ALL, f"{len(times)} scenarios, one run of each, one process"
        ),
        without_goal(f"slowest scenario in virtual time: {slowest}", times[slowest], "s", "of the same runs"),
    ]


def _times(names: tuple[str, ...]) -> dict[str, float]:
    from sandbox.simulate.model import Layout, Run  # noqa: PLC0415 - moto only in the other process
    from sandbox.simulate.worker import carry_out  # noqa: PLC0415

    carry_out(Run(scenario=FIRST, layout=Layout(), seed=1))
    found = {}
    for name in names:
        began = time.perf_counter()
        outcome = carry_out(Run(scenario=name, layout=Layout(), seed=2))
        found[name] = time.perf_counter() - began
        if outcome.error:
            raise RuntimeError(f"{name}: {outcome.error}")
    return found
