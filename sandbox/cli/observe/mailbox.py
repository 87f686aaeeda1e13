"""`sandbox mailbox`: the mails and text messages that SNS sent. None of them left the sandbox."""

import click

from sandbox.cli.common import as_json, client, json_option


@click.command()
@click.argument("to", required=False)
@click.option("--newest", "-n", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many.")
@json_option
def mailbox(to: str | None, newest: int, as_json_: bool) -> None:
    """Show what was sent to the address or number TO, or to anybody; newest last."""
    found = client().get("mailbox", to=to, newest=newest)["messages"]
    if as_json_:
        as_json(found)
        return
    if not found:
        click.echo(f"Nothing was sent to {to}." if to else "Nothing was sent yet: aws sns subscribe --protocol email …", err=True)
    click.echo("\n".join(shown(mail) for mail in found), nl=bool(found))


def shown(mail: dict[str, str | None]) -> str:
    """As a mail program shows it."""
    subject = [f"Subject: {mail['subject']}"] if mail["subject"] is not None else []
    head = [f"From: {mail['from']}", f"To: {mail['to']}", f"Date: {mail['at']}", *subject]
    return "\n".join([*head, "", str(mail["body"]).rstrip("\n"), "-" * 80])
