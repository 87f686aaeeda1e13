"""`sandbox services [NAME]`: what each AWS service is here: real, a record only, or refused; for one service, which calls are refused."""

from collections.abc import Mapping
from typing import Any

import click

from sandbox.cli.common import as_json, client, json_option, matches, table
from sandbox.core.errors import UserError

MEANINGS = {
    "real": "The sandbox does what the service promises.",
    "record": "The sandbox keeps what callers send and returns it. Nothing runs, and nothing acts on it.",
    "refused": "Every operation is refused.",
}


@click.command()
@click.argument("name", required=False)
@json_option
def services(name: str | None, as_json_: bool) -> None:
    """Show what each AWS service is here: real, a record only, or refused.

    NAME is a service as in `aws NAME …`, or its beginning. For one service, the operations that are refused are listed with the reason.
    """
    found = client().get("services")["services"]
    if name is not None:
        chosen = matches([each["name"] for each in found], name)
        found = [each for each in found if each["name"] in chosen]
        if not found:
            raise UserError(f"The sandbox has no service named {name}: every call of it is refused.", "sandbox services")
    if as_json_:
        as_json(found)
    elif len(found) == 1:
        show(found[0])
    else:
        table("AWS services", ("service", "class", "saved", "meaning"), [_row(each) for each in found])
        click.echo("\n".join(f"{kind:8} {meaning}" for kind, meaning in MEANINGS.items()))


def show(service: Mapping[str, Any]) -> None:
    kept = "saved" if service["saved"] else "not saved: a restart of the control plane empties it"
    click.echo(f"{service['name']}: {service['class']}; {kept}.")
    click.echo(service["note"] if service["class"] != "refused" else f"Every operation is refused: {service['note']}.")
    rows = [(", ".join(row["operations"]), condition(row), row["why"]) for row in service["refused"]]
    if rows:
        table("refused", ("operations", "when", "why"), rows)


def condition(row: Mapping[str, Any]) -> str:
    """Which requests a refusal is about."""
    if "when" in row:
        return f"with {row['when']}"
    if "with_target" in row:
        return f"with an ARN of {row['with_target']}"
    return f"with an ARN of none of {', '.join(row['unless_targets'])}" if "unless_targets" in row else "always"


def _row(service: Mapping[str, Any]) -> tuple[str, ...]:
    refused = [operation for row in service["refused"] for operation in row["operations"]]
    more = f" Refused: {', '.join(refused[:3])}{' …' if len(refused) > 3 else ''}." if refused else ""
    return (service["name"], service["class"], "yes" if service["saved"] else "no", service["note"] + more)
