"""`sandbox fault`: break something on purpose, see what is broken, and undo it."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import click

from sandbox.cli import fault_completion as complete
from sandbox.cli.common import account_option, as_json, client, clock_time, json_option, table
from sandbox.cli.help import HelpGroup
from sandbox.core.errors import UserError
from sandbox.core.text import DURATIONS, short_duration


@click.group(cls=HelpGroup)
def fault() -> None:
    """Break something on purpose, see what is broken, and undo it."""


@fault.command("list")
@account_option
@json_option
def list_(as_json_: bool) -> None:
    """List the active faults, oldest first."""
    sandbox = client()
    found = sandbox.get("faults")["faults"]
    if as_json_:
        as_json(found)
    else:
        now = sandbox.now()
        table("faults", ("id", "kind", "targets", "since", "left", "summary"), [_row(each, now) for each in found])


@fault.command()
@click.argument("kind", required=False, shell_complete=complete.kinds)
@json_option
def kinds(kind: str | None, as_json_: bool) -> None:
    """List the kinds of faults, or show KIND with its parameters and what each runtime cannot do."""
    found = client().get("faults/kinds")["kinds"]
    if kind is not None:
        found = [each for each in found if each["name"] == kind]
        if not found:
            raise UserError(f"There is no kind of fault {kind!r}.", "sandbox fault kinds")
    if as_json_:
        as_json(found)
    elif kind is not None:
        _show(found[0])
    else:
        rows = [(each["name"], ", ".join(each["targets"]), _parameters(each), each["does"]) for each in found]
        table("kinds of faults", ("kind", "targets", "parameters", "what it does"), rows)


@fault.command()
@account_option
@click.argument("kind", shell_complete=complete.kinds)
@click.argument("targets", nargs=-1, metavar="[TARGET]...", shell_complete=complete.targets)
@click.option("--zone", "zones", multiple=True, metavar="ZONE", help="Only instances in this zone.", shell_complete=complete.zones)
@click.option("--for", "duration", metavar="DURATION", help=f"Undo it after this sandbox time: {DURATIONS}.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A parameter of the kind.", shell_complete=complete.parameters)
@click.option("--summary", help="One sentence for events and reports.")
@json_option
def inject(  # noqa: PLR0913, PLR0917 - click passes each option
    kind: str,
    targets: tuple[str, ...],
    zones: tuple[str, ...],
    duration: str | None,
    settings: tuple[str, ...],
    summary: str | None,
    as_json_: bool,
) -> None:
    """Inject a fault of KIND into each TARGET.

    TARGET is what the kind accepts: an instance id, the name of an Auto Scaling group, a zone, a service. With --zone, a group means its
    instances in that zone; without TARGET, the zone itself is the target. Without --for, the fault lasts until it is cleared.
    """
    body = {"kind": kind, "targets": _in_zones(targets, zones), "for": duration, "parameters": _given(settings), "summary": summary}
    made = client().post("faults", body)
    if as_json_:
        as_json(made)
    else:
        click.echo(_sentence(made))


@fault.command()
@account_option
@click.argument("fault_ids", nargs=-1, metavar="[ID]...", shell_complete=complete.fault_ids)
@click.option("--all", "everything", is_flag=True, help="All active faults.")
@json_option
def clear(fault_ids: tuple[str, ...], everything: bool, as_json_: bool) -> None:
    """Undo the faults with these IDs, or all."""
    if bool(fault_ids) == everything:
        raise UserError("Name the faults to clear, or use --all.", "sandbox fault list")
    sandbox = client()
    bodies: list[dict[str, object]] = [{"all": True}] if everything else [{"id": fault_id} for fault_id in dict.fromkeys(fault_ids)]
    cleared = [each for body in bodies for each in sandbox.post("faults/clear", body)["cleared"]]
    if as_json_:
        as_json(cleared)
    elif not cleared:
        click.echo("There is no active fault.")
    for each in () if as_json_ else cleared:
        click.echo(f"{each['id']} is cleared: {each['summary']}.")


def _in_zones(targets: tuple[str, ...], zones: tuple[str, ...]) -> list[str]:
    """`web` and the zone us-east-1a → `web@us-east-1a`."""
    if not targets or not zones:
        return [*targets, *zones]
    if ids := [each for each in targets if re.fullmatch(r"(i|subnet)-[0-9a-f]{8,}", each)]:
        raise UserError(f"--zone goes with an Auto Scaling group, or without a target; {ids[0]} is in a zone already.", "sandbox status")
    return [f"{target}@{zone}" for target in targets for zone in zones]


def _given(settings: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or not name:
            raise UserError(f"Invalid --set {setting}: expected NAME=VALUE, such as percent=50.", "sandbox fault kinds")
        found[name] = value
    return found


def _sentence(made: Mapping[str, Any]) -> str:
    if made["until"] == made["since"]:
        return f"{made['id']}: {made['summary']}. It has happened and is not undone."
    until = f"until {clock_time(made['until'])} (sandbox time)" if made["until"] else f"until `sandbox fault clear {made['id']}`"
    return f"{made['id']}: {made['summary']}, {until}."


def _row(each: Mapping[str, Any], now: datetime) -> tuple[str, ...]:
    left = datetime.fromisoformat(each["until"]) - now if each["until"] else None
    shown = "until cleared" if left is None else short_duration(timedelta(seconds=max(0, round(left.total_seconds()))))
    return (each["id"], each["kind"], ", ".join(each["targets"]), clock_time(each["since"]), shown, each["summary"])


def _parameters(kind: Mapping[str, Any]) -> str:
    return ", ".join(_parameter(each) for each in kind["parameters"])


def _parameter(parameter: Mapping[str, Any]) -> str:
    if parameter["required"]:
        return f"{parameter['name']} (required)"
    return parameter["name"] if parameter["default"] is None else f"{parameter['name']}={parameter['default']}"


def _show(kind: Mapping[str, Any]) -> None:
    click.echo(f"{kind['name']}: {kind['does']}")
    targets = ", ".join(kind["targets"])
    click.echo(f"targets: {targets}" + (f"; a zone or group means {kind['reach']}" if "instance" in kind["targets"] else ""))
    if kind["momentary"]:
        click.echo("It happens at once and is not undone: it has no duration.")
    rows = [(each["name"], each["range"], _default(each), each["unit"], each["means"]) for each in kind["parameters"]]
    table("parameters", ("name", "range", "default", "unit", "meaning"), rows)
    for runtime, sentence in {**kind["limits"], **kind["cannot"]}.items():
        click.echo(f"{runtime} runtime: {sentence}")


def _default(parameter: Mapping[str, Any]) -> str:
    return "required" if parameter["required"] else "-" if parameter["default"] is None else str(parameter["default"])
