"""`sandbox loops`: the control loops, their errors, and when they run next."""

import click

from sandbox.cli.common import as_json, client, clock_time, json_option, table


@click.command()
@json_option
def loops(as_json_: bool) -> None:
    """Show the control loops: their runs, errors and next run."""
    found = client().get("loops")["loops"]
    if as_json_:
        as_json(found)
        return
    rows = [
        (
            each["controller"],
            each["key"],
            str(each["runs"]),
            clock_time(each["due"]) if each["due"] else "on change",
            f"{each['failures']} in a row: {each['last_error']}" if each["failures"] else each["last_error"] or "",
        )
        for each in found
    ]
    table("loops", ("controller", "key", "runs", "next run", "error"), rows)
