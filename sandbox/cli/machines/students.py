"""`sandbox students 10`: what each learner of a class types to have an AWS account of their own in this sandbox (docs/class.md)."""

from collections.abc import Iterator

import click

from sandbox.cli.common import as_json, json_option, typable
from sandbox.launch.running import aws_environment, students_accounts
from sandbox.settings import MOST_STUDENTS, Settings


@click.command()
@click.argument("count", type=click.IntRange(1, MOST_STUDENTS))
@click.option("--exports", is_flag=True, help="Print the variables, for machines without the command sandbox.")
@json_option
def students(count: int, exports: bool, as_json_: bool) -> None:
    """Print what each of COUNT learners types to use an AWS account of their own.

    Each account has its own resources, events, mailbox and lessons (docs/class.md).
    """
    settings = Settings.from_environment()
    if as_json_:
        as_json({account: aws_environment(settings, account) for account in students_accounts(count)})
        return
    for line in lines(count, settings, exports=exports):
        click.echo(line)


def lines(count: int, settings: Settings, *, exports: bool) -> Iterator[str]:
    """For each learner a comment, and what to type: the variables, or the command that sets them."""
    for number, account in enumerate(students_accounts(count), 1):
        yield f"# learner {number}"
        if exports:
            yield from (f"export {name}={value}" for name, value in aws_environment(settings, account).items())
        else:
            yield typable(f'eval "$(sandbox env --account {account})"')
