"""`sandbox scenario list` and `sandbox scenario run NAME`: stories with a failure in them, and a verdict that is the exit code."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

import click

import scenarios
from sandbox.cli.common import as_json, client, json_option, table
from sandbox.cli.lifecycle import ensure, runtime_option
from sandbox.client import SandboxClient
from sandbox.core.errors import UserError
from sandbox.settings import Settings
from scenarios.stage import Stage

AS_WRITTEN = "_as_written"
SPEED = 10.0  # a story of minutes takes seconds; latency of requests is not scaled


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    name: str  # of the module: "tutorial"
    sentence: str
    run: Callable[[Stage], bool]


def stories() -> dict[str, Story]:
    """Every module of scenarios/ that can be run."""
    found = {}
    for module in pkgutil.iter_modules(scenarios.__path__):
        loaded = importlib.import_module(f"scenarios.{module.name}")
        if hasattr(loaded, "run"):
            sentence = (loaded.__doc__ or "").strip().splitlines()[0]
            found[module.name] = Story(name=module.name, sentence=sentence, run=loaded.run)
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


@scenario.command()
@click.argument("name")
@click.option("--as-written", is_flag=True, help="With the source's own mistakes, and what comes of them.")
@click.option("--virtual", is_flag=True, help="In this process, simulated, in virtual time: no sandbox is needed, and seconds suffice.")
@runtime_option
@click.option("--speed", type=float, default=SPEED, show_default=True, help="Sandbox seconds per real second while it runs; 1 is AWS.")
def run(name: str, as_written: bool, virtual: bool, runtime: str | None, speed: float) -> int:
    """Run the scenario NAME on the sandbox (started when none runs). The exit code is its verdict: 0 when it went as it should."""
    story = find(name, as_written)
    settings = Settings.from_environment(runtime=runtime, speed=speed)
    if virtual:
        return verdict(story, virtual_client(settings))
    ensure(settings)
    sandbox = client(settings)
    before = sandbox.speed
    try:
        if speed != before:
            sandbox.put("clock", {"speed": speed})
        return verdict(story, sandbox)
    finally:
        if speed != before:
            sandbox.put("clock", {"speed": before})


def find(name: str, as_written: bool) -> Story:
    known = stories()
    wanted = name + AS_WRITTEN if as_written else name
    if wanted not in known:
        raise UserError(f"There is no scenario {typed(wanted)}.", "sandbox scenario list")
    return known[wanted]


def virtual_client(settings: Settings) -> SandboxClient:
    from sandbox.cli import virtual  # noqa: PLC0415 - imports moto, which takes seconds

    return virtual.virtual_client(settings)


def verdict(story: Story, sandbox: SandboxClient) -> int:
    click.echo(f"{typed(story.name)}: {story.sentence}")
    return 0 if story.run(Stage(sandbox, out=click.echo)) else 1
