"""Runs a scenario from the service to the clean-up, and returns its report.

Whatever happens (a criterion that is not met, Ctrl-C, a scenario that raises), the run ends with clean-up: the load stops, faults are
cleared, and the service is removed, so that the machine is as before.
"""

import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from sandbox.client import UserError
from sandbox.report.model import Report, Verdict
from scenarios.kit.definition.knobs import settings
from scenarios.kit.definition.profiles import PROFILES, changed, knobs
from scenarios.kit.definition.scenario import Phase, Scenario
from scenarios.kit.evidence.gather import gather
from scenarios.kit.evidence.journal import last_id
from scenarios.kit.evidence.report import report
from scenarios.kit.running import gate, progress
from scenarios.kit.running.announced import Played
from scenarios.kit.running.calibration import calibrate
from scenarios.kit.running.outcome import CapacityUnsafe, Ending, Interrupted
from scenarios.kit.running.run import Chosen, Run
from scenarios.kit.stack.build import build
from scenarios.kit.stack.remove import remove
from scenarios.kit.stage import Stage, WaitTimeout

T = TypeVar("T")

KIT = Path(__file__).parents[1]
STOPPED = "The run was stopped with Ctrl-C."


def choose(scenario: Scenario, profile: str | None, given: dict[str, str], *, seed: int = 0, control: bool = False) -> Chosen:
    """What a user asked for. `given`: the --knob options; with `control`, on top of the control's profile and knobs. Raises UserError."""
    name = profile or (scenario.control.profile if control else None) or scenario.default_profile
    if name not in scenario.profiles:
        raise UserError(
            f"{scenario.name} has no profile {name!r}. It has {', '.join(scenario.profiles)}.", f"sandbox scenario show {scenario.name}"
        )
    both = {**(scenario.control.knobs if control else {}), **given}
    values = settings((*knobs(PROFILES[name]), *scenario.knobs), both, scenario.name)
    return Chosen(scenario=scenario, profile=changed(PROFILES[name], values), settings=values, seed=seed, control=control)


def carry_out(stage: Stage, chosen: Chosen) -> Report:
    """Raises UserError if the scenario itself is wrong, and Interrupted if it was stopped before there was a service to report on."""
    progress.started(stage, chosen)
    try:
        found = _carried_out(stage, chosen)
    except (UserError, Interrupted) as error:
        with suppress(UserError):  # the sandbox does not answer, which `error` says already
            progress.interrupted(stage, chosen, str(error))
        raise
    progress.ended(stage, chosen, found)
    return found


def _carried_out(stage: Stage, chosen: Chosen) -> Report:
    real, after, started_at = time.monotonic(), last_id(stage.client), stage.client.now()
    run: Run | None = None
    try:
        remove(stage, "leftovers of earlier runs")
        run = _prepare(stage, chosen, started_at)
        ending = _play(run)
        if run.stream is None or not run.phases:
            raise Interrupted(ending.sentence)  # stopped before the first request
        evidence = _undisturbed(lambda: gather(run, after, counted=ending.verdict is None))
        return _guarded(chosen.scenario, "a criterion", lambda: report(run, evidence, ending, time.monotonic() - real))
    except KeyboardInterrupt:
        raise Interrupted(STOPPED) from None
    finally:
        _undisturbed(lambda: _clean_up(stage, run))


def _prepare(stage: Stage, chosen: Chosen, started_at: datetime) -> Run:
    try:
        stack = build(stage, chosen.profile, chosen.settings.number("live_scale"))
    except WaitTimeout as error:
        raise Interrupted(f"There was no steady state: {error.message}") from error
    return Run(stage=stage, chosen=chosen, stack=stack, started_at=started_at)


def _play(run: Run) -> Ending:
    try:
        calibrate(run)
        _phase(run, progress.STEADY, f"Steady state at {run.profile.load:g} % of the capacity", lambda: gate.steady_state(run))
        if run.scenario.checks_capacity:
            gate.capacity_check(run)
        run.wait(run.chance.uniform(0, run.profile.interval))  # failures do not wait for health checks: another moment for each seed
        for phase in run.scenario.phases:
            _scenarios_own(run, phase)
        _phase(run, progress.RECOVERY, "Until the service is whole and balanced", lambda: _recover(run))
        _phase(run, progress.TAIL, "What comes after the recovery", lambda: run.wait(run.scenario.tail))
    except Interrupted as error:
        return Ending(verdict=Verdict.INTERRUPTED, sentence=str(error))
    except CapacityUnsafe as error:
        return Ending(verdict=Verdict.CAPACITY_CHECK_FAILED, sentence=str(error))
    except KeyboardInterrupt:
        return Ending(verdict=Verdict.INTERRUPTED, sentence=STOPPED)
    return Ending()


def _scenarios_own(run: Run, phase: Phase) -> None:
    def play() -> None:
        _guarded(run.scenario, f"the phase {phase.name!r}", lambda: phase.play(run))

    run.stage.chapter(phase.title)
    if phase.caption:
        run.stage.say(phase.caption)
    _phase(run, phase.name, phase.title, play, phase.caption, phase.invented)


def _phase(run: Run, name: str, title: str, play: Callable[[], object], caption: str = "", invented: bool = False) -> None:
    """Plays it, and notes when it began and ended, also when it is interrupted."""
    progress.phase_began(run.stage, run.chosen, name, title)
    began = run.now()
    try:
        play()
        progress.phase_ended(run.stage, run.chosen, name, title)
    finally:
        run.phases.append(Played(name=name, title=title, began=began, ended=run.now(), caption=caption, invented=invented))


def _recover(run: Run) -> None:
    """Until the group is whole and balanced, and its targets are healthy."""
    run.stage.chapter("Recovery")
    if run.until("the service is whole and balanced", run.settled, run.scenario.recovery_timeout):
        run.recovered_at = run.now()


def _clean_up(stage: Stage, run: Run | None) -> None:
    if run is not None and run.stream is not None:
        run.stop_load()
    for stream in run.beside.values() if run is not None else ():
        stream.stop()
    stage.end_faults()
    remove(stage, "everything that this run created")


def _undisturbed(work: Callable[[], T]) -> T:
    """Once more from the beginning if Ctrl-C comes meanwhile; a second one stops it."""
    try:
        return work()
    except KeyboardInterrupt:
        return work()


def _guarded(scenario: Scenario, where: str, work: Callable[[], T]) -> T:
    """A mistake in a scenario becomes one sentence with its file and line."""
    try:
        return work()
    except (UserError, Interrupted, CapacityUnsafe):
        raise
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        place = next((frame for frame in reversed(frames) if not Path(frame.filename).is_relative_to(KIT)), frames[-1])
        raise UserError(
            f"{scenario.name}: {where} raised {type(error).__name__}: {error} ({place.filename}, line {place.lineno}).",
            f"sandbox scenario show {scenario.name}",
        ) from error
