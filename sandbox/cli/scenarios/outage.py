"""`sandbox scenario run` for a scenario of outages (S01 to S13) or a user's own: its options, the run, its report and its exit code.

Exit codes: 0 SUCCEEDED, 1 FAILED, 3 INTERRUPTED, 4 CAPACITY_CHECK_FAILED (2 is a usage error). With --control, 0 means that the negative
control failed as it must, and 1 that it did not.
"""

import os
import secrets
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from sandbox.cli.common import runtime_option
from sandbox.cli.scenarios import session
from sandbox.client import SandboxClient
from sandbox.report.model import Report, Verdict
from sandbox.report.terminal import lines
from sandbox.report.write import write
from sandbox.settings import Settings
from scenarios.kit.definition.profiles import PROFILES, knobs
from scenarios.kit.definition.scenario import Scenario
from scenarios.kit.evidence.control import held
from scenarios.kit.running.loop import carry_out, choose
from scenarios.kit.running.outcome import Interrupted
from scenarios.kit.running.run import Chosen
from scenarios.kit.stage import Stage

EXIT_CODES = {Verdict.SUCCEEDED: 0, Verdict.FAILED: 1, Verdict.INTERRUPTED: 3, Verdict.CAPACITY_CHECK_FAILED: 4}
CORES = "SANDBOX_CORES_PER_VCPU"
RUN = "SANDBOX_RUN"  # what the journal calls this run; the live page sets it
SMALL = 0.15  # cores of an instance in a sandbox that a run starts: nine of them at work leave half of a machine with two cores free
DEFAULT_SPEED = 5.0  # a client's timeout of 5 s is a real second, in which a small container can still answer


class KnobOption(click.ParamType[tuple[str, str]]):
    """name=value; completes the names."""

    name = "name=value"

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        name, sign, text = str(value).partition("=")
        if not sign or not name:
            self.fail(f"{value!r} is not name=value", param, ctx)
        return name, text

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        known = (*self._scenario.knobs, *knobs(PROFILES[self._scenario.default_profile]))
        return [CompletionItem(f"{knob.name}=", help=knob.meaning) for knob in known if knob.name.startswith(incomplete)]


def command(scenario: Scenario) -> click.Command:
    """The scenario as a click command."""

    def run(**given: Any) -> int:
        shared = {name: given.pop(name) for name in ("virtual", "runtime", "speed", "report")}
        wanted = choose(scenario, given["profile"], dict(given["knob"]), seed=given["seed"], control=given["control"])
        if RUN in os.environ:  # the page stops it by SIGINT, which a control plane that was started in the background ignores and passes on
            signal.signal(signal.SIGINT, signal.default_int_handler)
        run_id = os.environ.get(RUN) or f"run-{secrets.token_hex(4)}"
        return carried_out(replace(wanted, run_id=None if shared["virtual"] else run_id), **shared)

    options: Sequence[Callable[[Any], Any]] = (
        click.option("--profile", type=click.Choice(scenario.profiles), help=f"Default: {scenario.default_profile}."),
        click.option("--control", is_flag=True, help=f"Run the negative control, which must fail: {scenario.control.summary}"),
        click.option("--knob", type=KnobOption(scenario), multiple=True, help="Change one number; see `sandbox scenario show`."),
        click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, help="Of all random choices."),
        click.option("--virtual", is_flag=True, help="Run in this process, in virtual time, with simulated instances. Takes seconds."),
        runtime_option,
        click.option("--speed", type=float, default=DEFAULT_SPEED, show_default=True, help="Sandbox seconds per real second."),
        click.option(
            "--report", type=click.Path(file_okay=False, path_type=Path), help="Folder for report.html, report.json and report.png."
        ),
    )
    made = click.Command(scenario.name, callback=run, help=f"{scenario.id}: {scenario.title}.\n\n{scenario.hypothesis}")
    for option in options:
        made = option(made)
    return made


def carried_out(chosen: Chosen, virtual: bool, runtime: str | None, speed: float, report: Path | None) -> int:
    """Runs it, prints and writes its report. Returns the exit code."""
    if virtual:
        return _judged(chosen, session.virtual(Settings.from_environment(runtime=runtime, speed=speed, seed=chosen.seed)), report)
    cores = None if CORES in os.environ else SMALL
    with session.live(Settings.from_environment(runtime=runtime, speed=speed, seed=chosen.seed, cores_per_vcpu=cores)) as sandbox:
        return _judged(chosen, sandbox, report)


def _judged(chosen: Chosen, sandbox: SandboxClient, folder: Path | None) -> int:
    click.echo(f"{chosen.scenario.id} {chosen.scenario.name}: {chosen.scenario.hypothesis}")
    try:
        found = carry_out(Stage(sandbox, out=click.echo), chosen)
    except Interrupted as error:
        click.echo(f"\n{Verdict.INTERRUPTED.value}: {error}")
        return EXIT_CODES[Verdict.INTERRUPTED]
    click.echo()
    for line in lines(found):
        click.echo(line)
    if folder is not None:
        click.echo("\n".join(["", *(f"   {path}" for path in write(found, folder))]))
    return _control(chosen, found) if chosen.control else EXIT_CODES[found.verdict]


def _control(chosen: Chosen, found: Report) -> int:
    as_it_must, sentence = held(chosen.scenario, found)
    click.echo(f"\n   Negative control: {sentence}")
    others: Mapping[Verdict, int] = {Verdict.SUCCEEDED: 1, Verdict.FAILED: 1}
    return 0 if as_it_must else others.get(found.verdict, EXIT_CODES[found.verdict])
