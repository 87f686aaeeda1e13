"""The command: `sandbox fis template NAME --az ZONE` prints the JSON on stdout; what it needs and what it lacks is said on stderr."""

import json
import re
import shlex
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import click

from sandbox.cli.fis import power, slowdown
from sandbox.cli.fis.document import Document, Wanted
from sandbox.cli.help import HelpGroup
from sandbox.core.errors import UserError
from sandbox.core.text import DURATIONS, parse_duration
from sandbox.settings import Settings

TEMPLATES: Mapping[str, Callable[[Wanted], Document]] = {
    power.NAME: power.document,
    slowdown.SLOW: slowdown.slow,
    slowdown.LOSSY: slowdown.lossy,
}
ZONE = re.compile(r"[a-z]{2,3}(-[a-z]+)+-\d[a-z]")
ARN = re.compile(r"arn:aws[a-z-]*:(iam::\d{12}:role/\S+|cloudwatch:[a-z0-9-]+:\d{12}:alarm:.+)")
LEAST, MOST = timedelta(minutes=1), timedelta(hours=12)  # of an action (FIS-7, FIS-20)
ROLE_NAME = "fis"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "fis.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@click.group(cls=HelpGroup)
def fis() -> None:
    """Ready experiment templates of AWS Fault Injection Service."""


@fis.command()
@click.argument("name", type=click.Choice(list(TEMPLATES)))
@click.option("--az", "zone", required=True, metavar="ZONE", help="The Availability Zone that fails, by name: us-east-1a.")
@click.option("--role", metavar="ARN", help=f"The role of the experiment. Default: the role named {ROLE_NAME} of the sandbox's account.")
@click.option("--duration", default="30m", show_default=True, help=f"How long it lasts, in sandbox time: {DURATIONS}.")
@click.option("--caller-role", "callers", multiple=True, metavar="ARN", help="A role whose launches fail. May be repeated.")
@click.option("--stop-alarm", metavar="ARN", help="A CloudWatch alarm that stops the experiment. Default: none does.")
@click.option("--without", multiple=True, metavar="ACTION", help="An action to leave out. May be repeated.")
@click.option("--file", "path", type=click.Path(dir_okay=False, path_type=Path), help="Write it there instead of printing it.")
def template(  # noqa: PLR0913, PLR0917 - click passes each option
    name: str,
    zone: str,
    role: str | None,
    duration: str,
    callers: tuple[str, ...],
    stop_alarm: str | None,
    without: tuple[str, ...],
    path: Path | None,
) -> None:
    """Print an experiment template for `aws fis create-experiment-template --cli-input-json`.

    NAME is a scenario of the FIS library. Resources become targets by their tags, which are listed on stderr together with the parts of
    AWS's scenario that are left out.
    """
    default_role = f"arn:aws:iam::{Settings.from_environment().account}:role/{ROLE_NAME}"
    wanted = Wanted(
        zone=_zone(zone),
        role=_arn(role or default_role),
        duration=_duration(duration),
        callers=tuple(_arn(each) for each in callers),
        stop_alarm=_arn(stop_alarm) if stop_alarm else None,
        without=without,
    )
    made = TEMPLATES[name](wanted)
    text = json.dumps(made.request, indent=2)
    if path is None:
        click.echo(text)
    else:
        path.write_text(text + "\n")
    _explain(made, wanted, role is None, path or Path("template.json"))


def _zone(given: str) -> str:
    if not ZONE.fullmatch(given):
        raise UserError(
            f"{given!r} is not the name of an Availability Zone, such as us-east-1a.", "sandbox aws ec2 describe-availability-zones"
        )
    return given


def _arn(given: str) -> str:
    if not ARN.fullmatch(given):
        raise UserError(f"{given!r} is not the ARN of an IAM role or a CloudWatch alarm.", "sandbox aws iam list-roles")
    return given


def _duration(given: str) -> timedelta:
    try:
        found = parse_duration(given)
    except ValueError as error:
        raise UserError(f"Invalid --duration {given!r}: {error}.") from error
    if not LEAST <= found <= MOST:
        raise UserError(f"Invalid --duration {given!r}: an action of FIS lasts from 1m to 12h.")
    return found


def _explain(made: Document, wanted: Wanted, needs_role: bool, path: Path) -> None:
    lines = ["Resources with these tags become targets:"]
    lines += [f"  {tag:44} {what}" for tag, what in made.tags.items()]
    lines += ["Left out of AWS's scenario:"]
    lines += [f"  {part:44} {why}" for part, why in made.left_out.items()]
    if wanted.stop_alarm is None:
        lines.append("No alarm stops the experiment (--stop-alarm ARN).")
    if needs_role:
        trust = shlex.quote(json.dumps(TRUST))
        lines += [
            f"The role {wanted.role} must exist:",
            f"  aws iam create-role --role-name {ROLE_NAME} --assume-role-policy-document {trust}",
        ]
    lines += ["next:", f"  aws fis create-experiment-template --cli-input-json file://{path}"]
    click.echo("\n".join(lines), err=True)
