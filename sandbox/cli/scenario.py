"""`sandbox scenario list`, `show NAME` and `run NAME`. The exit code of a run is its verdict.

Each scenario is a subcommand of `run`. Scenarios of outages (scenarios/outages/, and files of one's own) have the options of
sandbox/cli/scenarios/outage.py; the modules of scenarios/ have the common ones (--virtual, --runtime, --speed) and those that they declare.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import click
from click.shell_completion import CompletionItem

import scenarios
from sandbox.cli.common import as_json, json_option, runtime_option, table
from sandbox.cli.help import HelpGroup
from sandbox.cli.scenarios import listing, outage
from sandbox.cli.scenarios.session import live
from sandbox.cli.scenarios.session import virtual as virtual_client
from sandbox.client import SandboxClient
from sandbox.core.errors import UserError
from sandbox.settings import Settings
from scenarios.kit.definition import catalogue
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
    """Every module of scenarios/. Folders such as kit/ and outages/ hold other things."""
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
    found = catalogue.outages().values()
    if as_json_:
        as_json([*({"name": name, "summary": summary} for name, summary in rows), *map(listing.as_json, found)])
        return
    table("scenarios of outages", listing.COLUMNS, map(listing.row, found))
    click.echo()
    table("scenarios of the tutorial", ("name", "summary"), rows)


class ScenarioName(click.ParamType[str]):
    """Completes the names of scenarios; a path of a Python file is a name too."""

    name = "name"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(name) for name in known_names() if name.startswith(incomplete)]


def known_names() -> list[str]:
    return sorted([*catalogue.names(), *(name for name in scenarios_by_name() if not name.endswith(AS_WRITTEN))])


@scenario.command("show")
@click.argument("name", type=ScenarioName())
def show_(name: str) -> None:
    """Show what a scenario breaks, what it measures, its profiles and its knobs."""
    if found := catalogue.find(name):
        listing.print_all(found)
        return
    chosen = find(name)
    options = [(f"--{option.name}", option.help) for option in chosen.options]
    click.echo(f"{chosen.name}: {chosen.summary}\n")
    table("options", ("option", "meaning"), options)


def typed(name: str) -> str:
    return f"{name.removesuffix(AS_WRITTEN)} --as-written" if name.endswith(AS_WRITTEN) else name


class Scenarios(HelpGroup):
    """The subcommands of `run`: scenarios of outages, the modules of scenarios/, and any path of a Python file."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return known_names()

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """Raises UserError when there is no such scenario."""
        found = catalogue.find(cmd_name)
        return outage.command(found) if found else command(find(cmd_name))


@scenario.group("run", cls=Scenarios, subcommand_metavar="NAME [OPTIONS]")
def run_() -> None:
    """Run the scenario NAME and print a verdict.

    NAME may be the path of a Python file with a SCENARIO. Starts a sandbox if none is running. The exit code is 0 if the scenario passes,
    1 if it fails, 3 if nothing can be said (INTERRUPTED), 4 if the layout could not carry the load (CAPACITY_CHECK_FAILED).
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
    with live(settings) as sandbox:
        return verdict(chosen, sandbox, options)


def verdict(chosen: Scenario, sandbox: SandboxClient, options: Mapping[str, str]) -> int:
    click.echo(f"{typed(chosen.name)}: {chosen.summary}")
    stage = Stage(sandbox, out=click.echo, options=options)
    try:
        return 0 if chosen.run(stage) else 1
    finally:
        stage.end_faults()
