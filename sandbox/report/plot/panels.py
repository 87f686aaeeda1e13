"""The panels of the plot. Each function draws one part of a report on the axes that figure.py gives it. The names of lines and areas
are in a legend below the time axis.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from sandbox.report.model import Buckets, Report, Steps
from sandbox.report.plot.palette import AREAS, GOOD, INK, LINES, PAPER
from sandbox.report.plot.time_axis import Unit

Panel = Callable[[Axes, Report, Unit], None]
T = TypeVar("T")


def requests(axes: Axes, report: Report, unit: Unit) -> None:
    """Requests per real second, stacked: good at the bottom, then the failed ones by class."""
    axes.set_title("Requests per second, by outcome")
    buckets = report.buckets
    if buckets is None:
        return
    moments, below = _moments(buckets, unit), _rates(buckets, buckets.good)
    axes.fill_between(moments, 0, below, step="post", color=GOOD, alpha=0.55, linewidth=0, label="good")
    for (name, counts), (colour, hatch) in zip(buckets.failed, _around(AREAS, len(buckets.failed)), strict=True):
        above = [low + rate for low, rate in zip(below, _rates(buckets, counts), strict=True)]
        axes.fill_between(moments, below, above, step="post", facecolor=colour, edgecolor=PAPER, hatch=hatch, linewidth=0, label=name)
        below = above
    axes.set_ylim(bottom=0)
    _legend(axes)


def zones(axes: Axes, report: Report, unit: Unit) -> None:
    axes.set_title("Answered per second, by zone of the target")
    buckets = report.buckets
    if buckets is None:
        return
    for (name, counts), (colour, dashes) in zip(buckets.answered, _around(LINES, len(buckets.answered)), strict=True):
        axes.step(_moments(buckets, unit), _rates(buckets, counts), where="post", color=colour, linestyle=dashes, label=name)
    axes.set_ylim(bottom=0)
    _legend(axes)


def latency(axes: Axes, report: Report, unit: Unit) -> None:
    """Real milliseconds on a logarithmic axis; gaps where nothing was answered."""
    axes.set_title("Latency of answered requests, milliseconds")
    buckets = report.buckets
    if buckets is None:
        return
    for name, values, (colour, dashes) in zip(("p50", "p95", "p99"), (buckets.p50, buckets.p95, buckets.p99), LINES, strict=False):
        shown = [float("nan") if value is None else max(value, 0.1) for value in (*values, values[-1] if values else None)]
        axes.step(_moments(buckets, unit), shown, where="post", color=colour, linestyle=dashes, label=name)
    axes.axhline(report.slo_ms, color=INK, linewidth=0.8, linestyle=(0, (1, 2)), label=f"objective {report.slo_ms:g} ms")
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    _legend(axes)


def healthy(axes: Axes, report: Report, unit: Unit) -> None:
    axes.set_title("Healthy targets, by zone")
    _steps(axes, report.healthy, report, unit)


def capacity(axes: Axes, report: Report, unit: Unit) -> None:
    axes.set_title("Instances of the group")
    _steps(axes, report.capacity, report, unit)


def _steps(axes: Axes, found: Sequence[Steps], report: Report, unit: Unit) -> None:
    for number, (each, (colour, dashes)) in enumerate(zip(found, _around(LINES, len(found)), strict=True)):
        points = each.points
        if points and points[-1][0] < report.duration:
            points = (*points, (report.duration, points[-1][1]))
        shift = 0.04 * (number - (len(found) - 1) / 2)  # equal values stay visible beside each other
        values = [value + shift for _, value in points]
        axes.step([unit.of(at) for at, _ in points], values, where="post", color=colour, linestyle=dashes, label=each.name)
    axes.set_ylim(bottom=-0.2)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    _legend(axes)


def _legend(axes: Axes) -> None:
    if axes.get_legend_handles_labels()[1]:
        axes.legend(loc="upper left", bbox_to_anchor=(-0.01, -0.11), ncols=4, frameon=False, borderaxespad=0.2, columnspacing=1.2)


def _moments(buckets: Buckets, unit: Unit) -> list[float]:
    """The beginning of each step, and the end of the last one."""
    return [unit.of(buckets.began + number * buckets.width) for number in range(len(buckets.good) + 1)]


def _rates(buckets: Buckets, counts: Sequence[int]) -> list[float]:
    """Requests per real second of each step; the last one is repeated, for its end."""
    rates = [count / buckets.seconds for count in counts]
    return [*rates, *rates[-1:]] if rates else [0.0]


def _around(choices: Sequence[T], count: int) -> list[T]:
    return [choices[number % len(choices)] for number in range(count)]
