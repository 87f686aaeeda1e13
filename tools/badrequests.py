"""`make badrequests`: sends bad requests of all kinds to a sandbox in this process (tests/support/bad_requests/).

Each answer has to be one that AWS could give, and a refused call must not change anything. A failure is printed with the command that
replays it, and the exit code is 1.
"""

import sys
import time
from collections import Counter

import click

from tests.support.bad_requests.run import ROUND, Failure, Report, Round, run

SOCKETS = 25
"""One request over a socket for so many in this process."""


@click.command()
@click.option("--count", default=10_000, show_default=True, help="How many requests.")
@click.option("--seed", default=1, show_default=True)
@click.option("--round", "number_of_round", type=int, help="Replay this round only.")
@click.option("--number", type=int, help="Show this request of the round, with its answer.")
def main(count: int, seed: int, number_of_round: int | None, number: int | None) -> None:
    began = time.monotonic()
    if number_of_round is None:
        report = run(seed, count, lambda failure: click.echo(str(failure)))
    else:
        last = ROUND if number is None else number + 1
        report = Round(seed, number_of_round).run(last, lambda failure: _show(failure, number), number)
    _summary(report, time.monotonic() - began)
    wrong = Round(seed, -1).over_sockets(count // SOCKETS, click.echo) if number_of_round is None else 0
    sys.exit(1 if report.failures or report.aftermath or wrong else 0)


def _show(failure: Failure, number: int | None) -> None:
    if number is None or failure.number == number:
        click.echo(f"{failure}\n{failure.details}")


def _summary(report: Report, seconds: float) -> None:
    statuses = ", ".join(f"{count:,} × {status}" for status, count in sorted(report.statuses.items()))
    for what in report.aftermath:
        click.echo(f"afterwards, {what}")
    click.echo(f"{report.requests:,} requests in {seconds:.0f} s: {statuses}; {len(report.failures):,} failures")
    for (service, operation, what), times in Counter(
        (f.draft.service, f.draft.operation, f.what.partition(":")[0][:60]) for f in report.failures
    ).most_common(15):
        click.echo(f"  {times:4} {service} {operation}: {what}")


if __name__ == "__main__":
    main()
