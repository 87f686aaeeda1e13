"""`sandbox settings`: the table of all settings with their current values."""

import click

from sandbox import capacity
from sandbox.cli.common import as_json, json_option, table
from sandbox.settings import Settings
from sandbox.settings import table as setting_rows


@click.command()
@json_option
def settings(as_json_: bool) -> None:
    """List all settings with their environment variables, current values and defaults."""
    given = Settings.from_environment()
    values = capacity.resolved(given, simulated=given.runtime == "simulated").as_json()
    if as_json_:
        as_json(values)
        return
    rows = [
        (row.variable, str("" if values[row.name] is None else values[row.name]), row.default, row.description) for row in setting_rows()
    ]
    table("settings", ("variable", "value", "default", "description"), rows)
