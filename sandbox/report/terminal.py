"""The text view of a report: the verdict, its criteria, a sparkline of the run, what was lost and what to change. Plain lines of at most
100 columns without colours, so that a pipeline's log shows the same.
"""

import textwrap
from collections.abc import Iterator, Sequence

from sandbox.report.model import Buckets, Criterion, Report
from sandbox.report.plot.time_axis import moment

COLUMNS = 100
WIDTH = 60  # characters of the sparkline
BARS = "▁▂▃▄▅▆▇█"
NOTHING, PERFECT = "·", "█"
MARKS = {True: "✓", False: "✗", None: "?"}


def lines(report: Report) -> Iterator[str]:
    run = report.run
    yield f"{run.id} {run.name}, profile {run.profile}{', negative control' if run.control else ''}: {report.verdict.value}"
    yield from _paragraph(report.sentence)
    yield ""
    yield from _criteria(report.criteria)
    if report.buckets:
        yield ""
        yield from _sparkline(report, report.buckets)
        yield from _lost(report.buckets)
    if report.reconciliation:
        yield from _paragraph(f"counts: {report.reconciliation.sentence}")
    for advice in report.advice:
        yield ""
        yield from _paragraph(f"{advice.change} {advice.because}")
        yield from (f"     {line}" for line in advice.command.split("\n"))


def _paragraph(text: str) -> list[str]:
    return textwrap.wrap(text, COLUMNS, initial_indent="   ", subsequent_indent="   ")


def _criteria(criteria: Sequence[Criterion]) -> Iterator[str]:
    widths = [max((len(text) for text in column), default=0) for column in ([c.sentence for c in criteria], [c.required for c in criteria])]
    for each in criteria:
        yield f"   {MARKS[each.passed]} {each.sentence.ljust(widths[0])}  {each.required.ljust(widths[1])}  {each.measured}".rstrip()


def _sparkline(report: Report, buckets: Buckets) -> Iterator[str]:
    sent = [good + sum(counts[n] for _, counts in buckets.failed) for n, good in enumerate(buckets.good)]
    drawn = "".join(_bar(good, of) for good, of in _merged(buckets.good, sent))
    yield f"   good requests  {drawn}  {report.availability or 0:.3f} %"
    end = moment(report.duration)
    yield f"   {' ' * 14} {moment(0)}{end.rjust(max(len(drawn) - len(moment(0)), 0))}"


def _merged(good: Sequence[int], sent: Sequence[int]) -> Iterator[tuple[int, int]]:
    """At most WIDTH pairs: neighbouring steps are added up."""
    width = -(-len(good) // WIDTH) or 1
    for first in range(0, len(good), width):
        yield sum(good[first : first + width]), sum(sent[first : first + width])


def _bar(good: int, sent: int) -> str:
    """The highest bar means that every request was good; a single failure makes it lower."""
    if not sent:
        return NOTHING
    return PERFECT if good == sent else BARS[min(int(len(BARS) * good / sent), len(BARS) - 2)]


def _lost(buckets: Buckets) -> Iterator[str]:
    found = [(name, sum(counts)) for name, counts in buckets.failed if any(counts)]
    if found:
        yield f"   lost           {', '.join(f'{count:,} × {name}' for name, count in found)}"
