"""`sandbox open`: the live page of the running sandbox, in the browser."""

import webbrowser

import click

from sandbox.cli.common import client

PAGE = "/_sandbox/ui"


@click.command()
@click.option("--url", "only_url", is_flag=True, help="Only print its address.")
def open(only_url: bool) -> None:
    """Open the sandbox's live page in the browser.

    Prints its address, which works also where no browser can be started.
    """
    sandbox = client()
    sandbox.get("clock")  # NotRunning, if there is none
    address = sandbox.endpoint + PAGE
    click.echo(address)
    if not only_url and not webbrowser.open(address):
        click.echo("No browser could be started here: open this address in one on this machine.", err=True)
