"""`sandbox scenario list` and `sandbox scenario run NAME`. The exit code of a run is its verdict.

Each scenario is a subcommand with the common options (--virtual, --runtime, --speed) and those that its module declares.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import click

import scenarios
from sandbox.cli.common import as_json, client, json_option, runtime_option, table
from sandbox.cli.help import HelpGroup
from sandbox.client import SandboxClient
from sandbox.core.errors import UserError
from sandbox.launch.lifecycle import ensure
from sandbox.settings import Settings
from scenarios.kit.option import YES, Option
from scenarios.kit.stage import Stage

AS_WRITTEN = "_as_written"
DEFAULT_SPEED = 10.0  # shortens minutes to seconds; request latency is not scaled


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    name: str  # the module's name: "tutorial"
    summary: str
    run: Callable[[Stage], bool]
    options: tuple[Option, ...] = ()


def scenarios_by_name() -> dict[str, Scenario]:
    """Every module of scenarios/. Folders such as kit/ hold shared code."""
    found = {}
    for module in pkgutil.iter_modules(scenarios.__path__):
        if not module.ispkg:
            loaded = importlib.import_module(f"scenarios.{module.name}")
            summary = (loaded.__doc__ or "").strip().splitlines()[0]
            options = getattr(loaded, "OPTIONS", ())
            found[module.name] = Scenario(name=module.name, summary=summary, run=loaded.run, options=options)
    return found


@click.group(cls=HelpGroup)
def scenario() -> None:
    """List fault-tolerance scenarios and run them."""


@scenario.command("list")
@json_option
def list_(as_json_: bool) -> None:
    """List the scenarios."""
    rows = [(typed(name), scenario.summary) for name, scenario in scenarios_by_name().items()]
    if as_json_:
        as_json([{"name": name, "summary": summary} for name, summary in rows])
    else:
        table("scenarios", ("name", "summary"), rows)


def typed(name: str) -> str:
    return f"{name.removesuffix(AS_WRITTEN)} --as-written" if name.endswith(AS_WRITTEN) else name


class Scenarios(HelpGroup):
    """The subcommands of `run`: the modules of scenarios/."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in scenarios_by_name() if not name.endswith(AS_WRITTEN)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """Raises UserError when there is no such scenario."""
        return command(find(cmd_name))


@scenario.group("run", cls=Scenarios, subcommand_metavar="NAME [OPTIONS]")
def run_() -> None:
    """Run the scenario NAME and print a verdict.

    Starts a sandbox if none is running. The exit code is 0 if the scenario passes, and 1 if it fails.
    """


def find(name: str) -> Scenario:
    known = scenarios_by_name()
    if name not in known:
        raise UserError(f"There is no scenario named {typed(name)}.", "sandbox scenario list")
    return known[name]


def command(chosen: Scenario) -> click.Command:
    """The scenario as a click command."""

    def carry_out(as_written: bool = False, **given: Any) -> int:
        shared = {name: given.pop(name) for name in ("virtual", "runtime", "speed")}
        options = {name.replace("_", "-"): YES if value is True else value for name, value in given.items() if value}
        return run(find(chosen.name + AS_WRITTEN) if as_written else chosen, options, **shared)

    made = click.Command(chosen.name, callback=carry_out, help=chosen.summary, params=[parameter(option) for option in chosen.options])
    made = click.option("--speed", type=float, default=DEFAULT_SPEED, show_default=True, help="Sandbox seconds per real second.")(made)
    made = runtime_option(made)
    made = click.option("--virtual", is_flag=True, help="Run in this process, in virtual time, with simulated instances. Takes seconds.")(
        made
    )
    if chosen.name + AS_WRITTEN in scenarios_by_name():
        made = click.option("--as-written", is_flag=True, help="Run the original commands, mistakes included, and show what happens.")(made)
    return made


def parameter(option: Option) -> click.Option:
    flags = [f"--{option.name}"]
    if not option.choices:
        return click.Option(flags, is_flag=True, help=option.help)
    return click.Option(flags, type=click.Choice(option.choices), default=option.choices[0], show_default=True, help=option.help)


def run(chosen: Scenario, options: Mapping[str, str], virtual: bool, runtime: str | None, speed: float) -> int:
    settings = Settings.from_environment(runtime=runtime, speed=speed)
    if virtual:
        return verdict(chosen, virtual_client(settings), options)
    ensure(settings, click.echo)
    sandbox = client(settings)
    before = sandbox.speed
    try:
        if speed != before:
            sandbox.put("clock", {"speed": speed})
        return verdict(chosen, sandbox, options)
    finally:
        if speed != before:
            sandbox.put("clock", {"speed": before})


def virtual_client(settings: Settings) -> SandboxClient:
    from sandbox.virtual import client as virtual  # noqa: PLC0415 - imports moto, which takes seconds

    return virtual.virtual_client(settings)


def verdict(chosen: Scenario, sandbox: SandboxClient, options: Mapping[str, str]) -> int:
    click.echo(f"{typed(chosen.name)}: {chosen.summary}")
    stage = Stage(sandbox, out=click.echo, options=options)
    try:
        return 0 if chosen.run(stage) else 1
    finally:
        stage.end_faults()
