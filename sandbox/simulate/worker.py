"""One run of a simulation: a scenario in a simulated sandbox in this process, in virtual time. Called in a worker's process."""

import gc
import threading
from functools import cache

from sandbox.core.errors import UserError
from sandbox.report.model import Report
from sandbox.settings import Settings
from sandbox.simulate.model import Outcome, Run
from sandbox.virtual.client import virtual_client
from scenarios.kit.definition.catalogue import find
from scenarios.kit.running.loop import carry_out as play
from scenarios.kit.running.loop import choose
from scenarios.kit.running.outcome import Interrupted
from scenarios.kit.stage import Stage

ROOM = 1_000_000  # vCPUs: a simulated machine holds as many instances as a layout asks for
_ONE = (
    threading.Lock()
)  # a process has one simulated sandbox at a time, because moto's state belongs to the process; a Dask worker has threads


def carry_out(run: Run) -> Outcome:
    """Never raises for a scenario that cannot be run like this: `Outcome.error` has the sentence."""
    with _ONE:
        try:
            return outcome(run, _report(run))
        except UserError as error:
            return Outcome(run=run, error=error.message)
        except Interrupted as error:
            return Outcome(run=run, error=str(error))
        finally:
            _exempt_what_stays()


@cache
def _exempt_what_stays() -> None:
    """After the first run of a process: its modules and botocore's models are never garbage. Each full collection would look at all of
    these 300,000 objects again, which takes longer than a tenth of a run."""
    gc.collect()
    gc.freeze()


def _report(run: Run) -> Report:
    scenario = find(run.scenario)
    if scenario is None:
        raise UserError(f"There is no scenario of an outage named {run.scenario}.", "sandbox scenario list")
    chosen = choose(scenario, run.layout.profile, dict((*run.settings, *run.layout.settings)), seed=run.seed)
    settings = Settings.from_environment({}, runtime="simulated", seed=run.seed, machine_vcpus=ROOM, vcpu_limit=ROOM)
    return play(Stage(virtual_client(settings), out=_silent), chosen)


def _silent(text: str) -> None:
    """The lines of a run among thousands are not shown."""


def outcome(run: Run, report: Report) -> Outcome:
    return Outcome(
        run=run,
        verdict=report.verdict,
        sent=report.sent,
        good=report.good,
        numbers=tuple((each.name, each.number) for each in report.measures if each.number is not None),
        missed=tuple(each.sentence for each in report.criteria if each.passed is False),
    )
