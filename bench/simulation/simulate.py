"""How long a thousand simulated runs of S04 take on two processes: a part of them is run, and the rest follows from it, because runs do not
depend on each other. The start of the processes is left out of the part that is multiplied.
"""

import time

from bench.kit.figure import Figure, at_most
from sandbox.simulate.model import Outcome
from sandbox.simulate.plan import layouts, runs
from sandbox.simulate.schedulers.local import LocalProcesses
from sandbox.simulate.worker import carry_out

PROCESSES, ALL, PART = 2, 1000, 100
GOAL = 300.0  # seconds


def measure() -> list[Figure]:
    planned = runs("zone_outage", layouts((), ()), PART, first_seed=1)
    began, first, outcomes = time.perf_counter(), 0.0, list[Outcome]()
    for _, outcome in LocalProcesses(PROCESSES).carry_out(carry_out, planned):
        if outcome.error:
            raise RuntimeError(outcome.error)
        first = first or time.perf_counter()
        outcomes.append(outcome)
    ended = time.perf_counter()
    seconds = first - began + (ended - first) * (ALL - 1) / (PART - 1)
    method = f"{PROCESSES} processes; {PART} runs were done in {ended - began:.0f} s, the other {ALL - PART} follow from them"
    return [at_most("1,000 simulated runs of S04", seconds, "s", GOAL, method)]
