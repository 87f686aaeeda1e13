"""Runs of scenarios in virtual time for lessons: the question at the end of one, and `sandbox learn try`, whose verdict is told to the
learner's sandbox as an event, so that a lesson's steps can ask for it. Scenarios are imported late: with moto, that takes seconds."""

import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sandbox.cli.scenarios import session
from sandbox.client import SandboxClient
from sandbox.core.errors import UserError
from sandbox.learn.checks.observed import Observed
from sandbox.learn.layout import knobs
from sandbox.learn.lesson import Trial
from sandbox.report.model import Report, Verdict
from sandbox.report.terminal import lines
from sandbox.report.write import write
from sandbox.settings import Settings

if TYPE_CHECKING:
    from scenarios.kit.running.run import Chosen


def chosen(scenario: str, profile: str, values: Mapping[str, str]) -> "Chosen":
    """Raises UserError if there is no such scenario, profile or knob."""
    from scenarios.kit.definition.catalogue import find  # noqa: PLC0415
    from scenarios.kit.running.loop import choose  # noqa: PLC0415

    found = find(scenario)
    if found is None:
        raise UserError(f"The lesson names the scenario {scenario!r}, which does not exist.", "sandbox scenario list")
    return choose(found, profile, dict(values))


def carried_out(run: "Chosen") -> Report:
    """In a sandbox of its own in this process. Raises UserError, also when there was no steady state to break."""
    from scenarios.kit.running.loop import carry_out  # noqa: PLC0415
    from scenarios.kit.running.outcome import Interrupted  # noqa: PLC0415
    from scenarios.kit.stage import Stage  # noqa: PLC0415

    virtual = session.virtual(Settings.from_environment({}, runtime="simulated"))
    try:
        return carry_out(Stage(virtual, out=lambda text: None), run)
    except Interrupted as error:
        raise UserError(f"{Verdict.INTERRUPTED.value}: {error}", f"sandbox scenario show {run.scenario.name}") from error


def layout(trial: Trial, sandbox: SandboxClient, group: str | None) -> Mapping[str, str]:
    """Knobs from the learner's group; none if the trial is not about it."""
    return knobs(Observed(sandbox, None), group, trial.demand) if trial.own else {}


def given(texts: Iterable[str]) -> Mapping[str, str]:
    """NAME=VALUE of the command line. Raises UserError."""
    pairs = [text.partition("=") for text in texts]
    if wrong := next((name for name, sign, value in pairs if not (name and sign and value)), None):
        raise UserError(f"{wrong!r} is not NAME=VALUE.", "sandbox learn try --help")
    return {name: value for name, _, value in pairs}


def told(sandbox: SandboxClient, run: "Chosen", own: Mapping[str, str]) -> Report:
    """Runs it, and tells the sandbox how it began and ended. `own`: the learner's layout, if it ran on that."""
    run_id = f"learn-{secrets.token_hex(4)}"
    where = "on your layout" if own else "for a lesson"
    _tell(sandbox, "started", run_id, f"scenario {run.scenario.name} began in virtual time, {where}", _began(run))
    report = carried_out(run)
    criteria = [{"sentence": c.sentence, "passed": c.passed, "measured": c.measured, "required": c.required} for c in report.criteria]
    detail: dict[str, Any] = {"verdict": report.verdict.value, "sentence": report.sentence, "criteria": criteria}
    ended = f"scenario {run.scenario.name} ended in virtual time, {where}: {report.verdict.value}"
    _tell(sandbox, "ended", run_id, ended, {**detail, "layout": dict(own)} if own else detail)
    return report


def _began(run: "Chosen") -> Mapping[str, Any]:
    scenario = run.scenario
    criteria = [each.sentence for each in scenario.criteria]
    return {"name": scenario.name, "title": scenario.title, "profile": run.profile.name, "phases": [], "criteria": criteria}


def _tell(sandbox: SandboxClient, what: str, run_id: str, summary: str, detail: Mapping[str, Any]) -> None:
    sandbox.post("scenarios/progress", {"what": what, "run": run_id, "summary": summary, "detail": dict(detail)})


def printed(report: Report, folder: Path | None) -> None:
    for line in lines(report):
        click.echo(line)
    for path in write(report, folder) if folder is not None else ():
        click.echo(f"   {path}")
