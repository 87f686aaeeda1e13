"""`sandbox simulate NAME`: a scenario many times in virtual time, and a table of what came out."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from sandbox.cli.common import as_json, json_option, table
from sandbox.simulate.model import Outcome
from sandbox.simulate.plan import layouts, pairs, runs
from sandbox.simulate.schedulers.base import Scheduler
from sandbox.simulate.schedulers.dask import DaskCluster
from sandbox.simulate.schedulers.local import LocalProcesses
from sandbox.simulate.summary import Row, Spread, rows

HEAD = ("layout", "runs", "succeeded", "availability: lowest", "5 %", "median", "lost: median", "95 %", "most")


@click.command()
@click.argument("name")
@click.option("--profile", "profiles", multiple=True, help="A profile of the scenario; may be given several times.")
@click.option("--runs", "count", type=click.IntRange(1), default=100, show_default=True, help="Runs of each layout.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Seed of the first run; each further run adds one.")
@click.option("--knob", "knobs", multiple=True, metavar="NAME=VALUE", help="A knob for all runs; `sandbox scenario show NAME` lists them.")
@click.option("--vary", "varied", multiple=True, metavar="NAME=VALUE,VALUE", help="A knob with several values: one layout for each.")
@click.option("--workers", type=click.IntRange(1), default=None, help="Processes on this machine.  [default: all cores]")
@click.option("--scheduler", metavar="ADDRESS", help="A Dask scheduler that carries out the runs, such as tcp://127.0.0.1:8786.")
@json_option
def simulate(  # noqa: PLR0913, PLR0917 - one parameter for each option
    name: str,
    profiles: tuple[str, ...],
    count: int,
    seed: int,
    knobs: tuple[str, ...],
    varied: tuple[str, ...],
    workers: int | None,
    scheduler: str | None,
    as_json_: bool,
) -> int:
    """Run the scenario NAME many times in virtual time and show the distribution of the results.

    The same seeds give the same results, whatever carries out the runs. The exit code is 0 if every run succeeded, and 1 if not.
    """
    from sandbox.simulate.worker import carry_out  # noqa: PLC0415 - imports moto, which takes a second

    planned = runs(name, layouts(profiles, varied), count, seed, pairs(knobs))
    chosen: Scheduler = DaskCluster(scheduler) if scheduler else LocalProcesses(workers or os.cpu_count() or 1)
    with _shown(len(planned), quiet=as_json_) as advance:
        found: dict[int, Outcome] = {}
        for index, outcome in chosen.carry_out(carry_out, planned):
            found[index] = outcome
            advance()
    outcomes = [found[index] for index in sorted(found)]
    result = rows(outcomes)
    if as_json_:
        as_json({"rows": [_json(row) for row in result], "runs": [_run_json(outcome) for outcome in outcomes]})
    else:
        _print(result)
    return 0 if all(row.succeeded == 100 for row in result) else 1


@contextmanager
def _shown(total: int, *, quiet: bool) -> Iterator[Callable[[], None]]:
    """A progress bar on standard error; none if that is not a terminal."""
    hidden = quiet or not sys.stderr.isatty()
    with Progress(BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), transient=True, disable=hidden) as progress:
        task = progress.add_task("runs", total=total)

        def advance() -> None:
            progress.advance(task)

        yield advance


def _print(found: Sequence[Row]) -> None:
    table("layouts", HEAD, [_cells(row) for row in found])
    for row in found:
        for sentence, count in row.missed:
            click.echo(f"{row.layout}: {count} of {row.runs} runs missed: {sentence}")
        for sentence, count in row.errors:
            click.echo(f"{row.layout}: {count} of {row.runs} runs could not be done: {sentence}")


def _cells(row: Row) -> tuple[str, ...]:
    good, lost = row.availability, row.lost
    availability = [f"{value:.3f} %" for value in (good.lowest, good.p5, good.p50)] if good else ["-"] * 3
    requests = [f"{value:,.0f}" for value in (lost.p50, lost.p95, lost.highest)] if lost else ["-"] * 3
    return (str(row.layout), f"{row.runs:,}", f"{row.succeeded:.1f} %", *availability, *requests)


def _json(row: Row) -> dict[str, Any]:
    def spread(found: Spread | None) -> dict[str, Any] | None:
        return asdict(found) if found else None

    return {
        "profile": row.layout.profile,
        "layout": dict(row.layout.settings),
        "runs": row.runs,
        "succeeded_percent": row.succeeded,
        "verdicts": dict(row.verdicts),
        "availability_percent": spread(row.availability),
        "lost": spread(row.lost),
        "measures": {name: spread(found) for name, found in row.numbers},
        "missed": dict(row.missed),
        "errors": dict(row.errors),
    }


def _run_json(outcome: Outcome) -> dict[str, Any]:
    layout = outcome.run.layout
    return {
        "profile": layout.profile,
        "layout": dict(layout.settings),
        "seed": outcome.run.seed,
        "verdict": outcome.verdict.value if outcome.verdict else None,
        "availability_percent": outcome.availability,
        "sent": outcome.sent,
        "good": outcome.good,
        "measures": dict(outcome.numbers),
        "error": outcome.error,
    }
