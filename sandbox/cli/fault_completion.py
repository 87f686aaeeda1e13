"""Shell completion of `sandbox fault` and `sandbox ssh`, from what the running sandbox has. Empty if none answers."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import click
from click.shell_completion import CompletionItem

from sandbox.cli.common import client
from sandbox.core.errors import UserError

PATIENCE = 2.0  # real seconds: a key press must not hang


def kinds(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return _beginning(incomplete, ((each["name"], each["does"]) for each in _read("faults/kinds", "kinds")))


def targets(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Only those of the types that the kind accepts."""
    accepted = {name for each in _read("faults/kinds", "kinds") if each["name"] == ctx.params.get("kind") for name in each["targets"]}
    found = _read("faults/targets", "targets")
    return _beginning(incomplete, ((each["name"], each["about"]) for each in found if not accepted or each["type"] in accepted))


def instances(incomplete: str) -> list[CompletionItem]:
    found = _read("faults/targets", "targets")
    return _beginning(incomplete, ((each["name"], each["about"]) for each in found if each["type"] == "instance"))


def zones(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    found = _read("faults/targets", "targets")
    return _beginning(incomplete, ((each["name"], each["about"]) for each in found if each["type"] == "zone"))


def parameters(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Of the kind; of all kinds where click has not read the kind, as while an option lacks its value."""
    kind = ctx.params.get("kind")
    known = [one for each in _read("faults/kinds", "kinds") if kind in (None, each["name"]) for one in each["parameters"]]
    return _beginning(incomplete, {f"{each['name']}=": each["means"] for each in known}.items())


def fault_ids(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    given = ctx.params.get("fault_ids") or ()
    return _beginning(incomplete, ((each["id"], each["summary"]) for each in _read("faults", "faults") if each["id"] not in given))


def _read(path: str, name: str) -> list[dict[str, Any]]:
    with suppress(UserError):
        found: list[dict[str, Any]] = client(timeout=PATIENCE).get(path)[name]
        return found
    return []


def _beginning(incomplete: str, found: Iterable[tuple[str, str]]) -> list[CompletionItem]:
    return [CompletionItem(name, help=about) for name, about in found if name.startswith(incomplete)]
