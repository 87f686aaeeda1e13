"""`sandbox learn`: lessons whose steps turn green from what is observed."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from click.shell_completion import CompletionItem
from rich.markdown import Markdown

from sandbox.cli.common import account_option, as_json, client, json_option, show, table
from sandbox.cli.help import HelpGroup
from sandbox.cli.scenarios import virtual_runs
from sandbox.client import NotRunning
from sandbox.core.errors import UserError
from sandbox.learn.checks.table import CHECKS
from sandbox.learn.lesson import Lesson, Question
from sandbox.learn.library import called, find, lessons
from sandbox.learn.progress import Book, Look, Progress
from sandbox.report.model import Verdict

EVERY = 1.0  # real seconds between two looks of --watch
NAMES = {str: "text", int: "number", bool: "true|false"}
MARKS = {True: "✓", False: "·"}


def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(each.name, help=each.title) for each in lessons() if each.name.startswith(incomplete)]


lesson_argument = click.argument("lesson", shell_complete=complete)


@click.group(cls=HelpGroup, invoke_without_command=True)
@click.option(
    "--file", "own", type=click.Path(path_type=Path), help="Do the lesson in this file, which you wrote: what is said of it, and its steps."
)
@click.pass_context
def learn(ctx: click.Context, own: Path | None) -> None:
    """Learn with lessons whose steps turn green from what is observed.

    LESSON is a name, a number, or the path of a lesson of your own (docs/lessons.md).
    """
    if ctx.invoked_subcommand is None and own is None:
        click.echo(ctx.get_help())
    elif ctx.invoked_subcommand is None:
        ctx.invoke(show_, lesson=str(own))
        ctx.invoke(status, lesson=str(own))
    elif own is not None:
        raise UserError("--file needs no command.", f"sandbox learn {ctx.invoked_subcommand} {own}")


@learn.command("list")
@account_option
@json_option
def list_(as_json_: bool) -> None:
    """List the lessons, and how far you are."""
    known = _known()
    rows = [(str(each.number), each.name, each.title, f"{each.minutes} min", _far(each, known)) for each in lessons()]
    if as_json_:
        as_json([dict(zip(("number", "name", "title", "minutes", "progress"), row, strict=True)) for row in rows])
    else:
        table("lessons", ("", "lesson", "what it is about", "takes", "green"), rows)


def _known() -> Mapping[str, Progress]:
    """None was begun if no sandbox runs."""
    try:
        return Book(client()).all()
    except NotRunning:
        return {}


def _far(lesson: Lesson, known: Mapping[str, Progress]) -> str:
    progress = known.get(lesson.name)
    return f"{len(progress.green) if progress else 0} of {len(lesson.steps)}"


@learn.command("show")
@lesson_argument
def show_(lesson: str) -> None:
    """Print the text of LESSON and its steps."""
    found = find(lesson)
    show(Markdown(f"# {found.number}. {found.title}\n\n{found.body}"))
    click.echo()
    for number, step in enumerate(found.steps, 1):
        click.echo(f"{number}. {step.text}")
    if found.question:
        _ask(found.question)
    click.echo(f"\nnext: sandbox learn start {called(found)}")


@learn.command()
@lesson_argument
@account_option
def start(lesson: str) -> None:
    """Begin LESSON, or begin it again: what happened before does not count."""
    found = find(lesson)
    Book(client()).begin(found)
    click.echo(f"Lesson {found.number} has begun: {found.title}.")
    click.echo(f"next: sandbox learn show {lesson}; sandbox learn status {lesson} --watch")


@learn.command()
@lesson_argument
@account_option
@click.option("--watch", is_flag=True, help="Look again every second until all steps are green.")
@click.option("--hints", is_flag=True, help="Show the hint of the next step.")
@json_option
def status(lesson: str, watch: bool, hints: bool, as_json_: bool) -> int:
    """Look at what LESSON asks for. The exit code is 0 when all steps are green, else 1."""
    found, notes = find(lesson), Book(client())
    shown: tuple[bool, ...] | None = None
    while True:
        progress, looks = notes.look(found)
        if as_json_:
            as_json([{"step": each.step.text, "green": each.green, "observed": each.observed} for each in looks])
        elif shown != (shown := tuple(each.green for each in looks)):
            _print(found, looks, hints)
        if progress.complete(found) or not watch:
            return 0 if progress.complete(found) else 1
        time.sleep(EVERY)


def _print(lesson: Lesson, looks: Sequence[Look], hints: bool) -> None:
    click.echo(f"\n{lesson.title}: {sum(each.green for each in looks)} of {len(looks)} steps")
    for number, each in enumerate(looks, 1):
        click.secho(f"  {MARKS[each.green]} {number}. {each.step.text}", fg="green" if each.green else None)
        if each.green and each.step.why:
            click.echo(f"       {each.step.why}")
        if not each.green:
            click.echo(f"       now: {'; '.join(each.observed)}")
    waiting = next((each.step for each in looks if not each.green), None)
    if waiting and waiting.hint and hints:
        click.echo(f"  hint: {waiting.hint}")
    elif waiting and waiting.hint:
        click.echo(f"  next: sandbox learn status {called(lesson)} --hints")
    if waiting is None and lesson.question:
        _ask(lesson.question)
        click.echo(f"  next: sandbox learn answer {called(lesson)} <number>")


def _ask(question: Question) -> None:
    click.echo(f"\nQuestion: {question.text}")
    for number, (text, _) in enumerate(question.choices, 1):
        click.echo(f"  {number}. {text}")


@learn.command()
@lesson_argument
@click.argument("choice", type=click.IntRange(min=1))
def answer(lesson: str, choice: int) -> int:
    """Answer the question of LESSON with the number of a CHOICE. The sandbox runs it in virtual time, and the run decides."""
    question = find(lesson).question
    if question is None:
        raise UserError("This lesson has no question.", f"sandbox learn status {lesson}")
    if choice > len(question.choices):
        raise UserError(f"There are {len(question.choices)} choices.", f"sandbox learn show {lesson}")
    report = virtual_runs.carried_out(virtual_runs.chosen(question.scenario, question.profile, question.knobs))
    verdict = report.verdict.value
    right = question.choices[choice - 1][1] == verdict
    truth = next((text for text, named in question.choices if named == verdict), "none of the choices")
    click.echo(f"It was run: {report.run.name}, profile {report.run.profile}: {verdict}. {report.sentence}")
    click.echo("Your answer is right." if right else f"The run says otherwise. Right: {truth}")
    knobs = "".join(f" --knob {name}={value}" for name, value in question.knobs.items())
    click.echo(f"next: sandbox scenario run {question.scenario} --profile {question.profile}{knobs} --virtual --report report")
    return 0 if right else 1


@learn.command("try")
@lesson_argument
@account_option
@click.option("--group", help="The Auto Scaling group whose layout is tried, if there are several.")
@click.option(
    "--knob", "knobs", multiple=True, metavar="NAME=VALUE", help="A knob of the scenario (`sandbox scenario show`); may be repeated."
)
@click.option("--report", type=click.Path(path_type=Path), help="Write report.html, report.json and report.png to this folder.")
def try_(lesson: str, group: str | None, knobs: tuple[str, ...], report: Path | None) -> int:
    """Run what LESSON is about in virtual time: on the layout of your group, or with KNOBs. Its verdict is an event of the sandbox.

    The exit code is 0 if it SUCCEEDED, else 1.
    """
    found, sandbox = find(lesson), client()
    if found.trial is None:
        raise UserError("This lesson has nothing to try.", f"sandbox learn status {lesson}")
    layout = virtual_runs.layout(found.trial, sandbox, group)
    if layout:
        click.echo("Your layout: " + ", ".join(f"{name} {value}" for name, value in layout.items()))
    run = virtual_runs.chosen(found.trial.scenario, found.trial.profile, {**layout, **virtual_runs.given(knobs)})
    result = virtual_runs.told(sandbox, run, layout)
    virtual_runs.printed(result, report)
    click.echo(f"next: sandbox learn status {lesson}")
    return 0 if result.verdict is Verdict.SUCCEEDED else 1


@learn.command()
def checks() -> None:
    """List what a lesson of your own can check."""
    rows = [
        (check.name, ", ".join(f"{key}: {kind.__name__}" for key, kind in check.parameters.items()), check.asks)
        for check in CHECKS.values()
    ]
    table("checks", ("check", "parameters", "what it asks"), rows)
