"""Work for the schedulers of simulations: functions that a worker's process can import, and outcomes for the summary."""

import os
import signal
from pathlib import Path

from sandbox.report.model import Verdict
from sandbox.simulate.model import Layout, Outcome, Run


def runs(count: int, scenario: str = "tutorial") -> tuple[Run, ...]:
    return tuple(Run(scenario=scenario, layout=Layout(), seed=seed) for seed in range(count))


def by_seed(run: Run) -> Outcome:
    """Each seed has its own outcome."""
    return Outcome(run=run, verdict=Verdict.SUCCEEDED, sent=1000, good=1000 - run.seed, numbers=(("TTD", float(run.seed)),))


def dies_once(run: Run) -> Outcome:
    """The scenario's name is a folder: the process that does the run of seed 3 is killed the first time."""
    mark = Path(run.scenario) / "died"
    if run.seed == 3 and not mark.exists():
        mark.write_text("")
        os.kill(os.getpid(), signal.SIGKILL)
    return by_seed(run)


def always_dies(run: Run) -> Outcome:
    os.kill(os.getpid(), signal.SIGKILL)
    return by_seed(run)
