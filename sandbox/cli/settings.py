"""`sandbox settings`: the table of all settings, with the values that hold here."""

import click

from sandbox import capacity
from sandbox.cli.common import as_json, json_option, table
from sandbox.settings import Settings
from sandbox.settings import table as rows_of_the_table


@click.command()
@json_option
def settings(as_json_: bool) -> None:
    """List the settings: the environment variable, its value here, its default, what it is."""
    given = Settings.from_environment()
    values = capacity.resolved(given, simulated=given.runtime == "simulated").as_json()
    if as_json_:
        as_json(values)
        return
    rows = [
        (row.variable, str("" if values[row.name] is None else values[row.name]), row.default, row.sentence) for row in rows_of_the_table()
    ]
    table("settings", ("variable", "here", "default", "what it is"), rows)
