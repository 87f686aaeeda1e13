"""`sandbox mailbox`: emails and text messages that SNS sent. None leaves the sandbox."""

import click

from sandbox.cli.common import account_option, as_json, client, json_option


@click.command()
@account_option
@click.argument("to", required=False)
@click.option("--newest", "-n", type=click.IntRange(1, 1000), default=20, show_default=True, help="Number of messages.")
@json_option
def mailbox(to: str | None, newest: int, as_json_: bool) -> None:
    """Show emails and text messages that SNS sent, newest last.

    TO limits the list to one email address or phone number.
    """
    found = client().get("mailbox", to=to, newest=newest)["messages"]
    if as_json_:
        as_json(found)
        return
    if not found:
        click.echo(f"No messages to {to}." if to else "No messages yet. To subscribe: aws sns subscribe --protocol email …", err=True)
    click.echo("\n".join(shown(mail) for mail in found), nl=bool(found))


def shown(mail: dict[str, str | None]) -> str:
    """The message as an email program shows it."""
    subject = [f"Subject: {mail['subject']}"] if mail["subject"] is not None else []
    head = [f"From: {mail['from']}", f"To: {mail['to']}", f"Date: {mail['at']}", *subject]
    return "\n".join([*head, "", str(mail["body"]).rstrip("\n"), "-" * 80])
