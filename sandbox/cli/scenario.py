"""`sandbox scenario list` and `sandbox scenario run NAME`: stories with a failure in them, and a verdict that is the exit code.

Each story is a command of its own: what all have (--virtual, --runtime, --speed), and the options that its module declares.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import click

import scenarios
from sandbox.cli.common import as_json, client, json_option, table
from sandbox.cli.lifecycle import runtime_option
from sandbox.client import SandboxClient
from sandbox.core.errors import UserError
from sandbox.launch.lifecycle import ensure
from sandbox.settings import Settings
from scenarios.kit.option import YES, Option
from scenarios.kit.stage import Stage

AS_WRITTEN = "_as_written"
SPEED = 10.0  # a story of minutes takes seconds; latency of requests is not scaled


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    name: str  # of the module: "tutorial"
    sentence: str
    run: Callable[[Stage], bool]
    options: tuple[Option, ...] = ()


def stories() -> dict[str, Story]:
    """Every module of scenarios/. Its folders (kit/) hold what stories share."""
    found = {}
    for module in pkgutil.iter_modules(scenarios.__path__):
        if not module.ispkg:
            loaded = importlib.import_module(f"scenarios.{module.name}")
            sentence = (loaded.__doc__ or "").strip().splitlines()[0]
            found[module.name] = Story(name=module.name, sentence=sentence, run=loaded.run, options=getattr(loaded, "OPTIONS", ()))
    return found


@click.group()
def scenario() -> None:
    """Stories with a failure in them: list them, run one."""


@scenario.command("list")
@json_option
def list_(as_json_: bool) -> None:
    """List the scenarios."""
    rows = [(typed(name), story.sentence) for name, story in stories().items()]
    if as_json_:
        as_json([{"name": name, "sentence": sentence} for name, sentence in rows])
    else:
        table("scenarios", ("name", "what it tells"), rows)


def typed(name: str) -> str:
    return f"{name.removesuffix(AS_WRITTEN)} --as-written" if name.endswith(AS_WRITTEN) else name


class Stories(click.Group):
    """`run NAME`: the commands are the modules of scenarios/."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in stories() if not name.endswith(AS_WRITTEN)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """Raises UserError when there is no such story."""
        return command(find(cmd_name))


@scenario.group("run", cls=Stories, subcommand_metavar="NAME [OPTIONS]")
def run_() -> None:
    """Run the scenario NAME on the sandbox (started when none runs). The exit code is its verdict: 0 when it went as it should."""


def find(name: str) -> Story:
    known = stories()
    if name not in known:
        raise UserError(f"There is no scenario {typed(name)}.", "sandbox scenario list")
    return known[name]


def command(story: Story) -> click.Command:
    """The story as a command of the terminal."""

    def carry_out(as_written: bool = False, **given: Any) -> int:
        shared = {name: given.pop(name) for name in ("virtual", "runtime", "speed")}
        options = {name.replace("_", "-"): YES if value is True else value for name, value in given.items() if value}
        return run(find(story.name + AS_WRITTEN) if as_written else story, options, **shared)

    made = click.Command(story.name, callback=carry_out, help=story.sentence, params=[parameter(option) for option in story.options])
    made = click.option("--speed", type=float, default=SPEED, show_default=True, help="Sandbox seconds per real second; 1 is AWS.")(made)
    made = runtime_option(made)
    made = click.option("--virtual", is_flag=True, help="In this process, simulated, in virtual time: seconds, and no sandbox.")(made)
    if story.name + AS_WRITTEN in stories():
        made = click.option("--as-written", is_flag=True, help="With the source's own mistakes, and what comes of them.")(made)
    return made


def parameter(option: Option) -> click.Option:
    flags = [f"--{option.name}"]
    if not option.choices:
        return click.Option(flags, is_flag=True, help=option.sentence)
    return click.Option(flags, type=click.Choice(option.choices), default=option.choices[0], show_default=True, help=option.sentence)


def run(story: Story, options: Mapping[str, str], virtual: bool, runtime: str | None, speed: float) -> int:
    settings = Settings.from_environment(runtime=runtime, speed=speed)
    if virtual:
        return verdict(story, virtual_client(settings), options)
    ensure(settings)
    sandbox = client(settings)
    before = sandbox.speed
    try:
        if speed != before:
            sandbox.put("clock", {"speed": speed})
        return verdict(story, sandbox, options)
    finally:
        if speed != before:
            sandbox.put("clock", {"speed": before})


def virtual_client(settings: Settings) -> SandboxClient:
    from sandbox.virtual import client as virtual  # noqa: PLC0415 - imports moto, which takes seconds

    return virtual.virtual_client(settings)


def verdict(story: Story, sandbox: SandboxClient, options: Mapping[str, str]) -> int:
    click.echo(f"{typed(story.name)}: {story.sentence}")
    return 0 if story.run(Stage(sandbox, out=click.echo, options=options)) else 1
