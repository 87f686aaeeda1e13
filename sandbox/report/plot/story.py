"""The first panel of the plot: phases and what lasted as bars, and the numbered marks of the report below them."""

from matplotlib.axes import Axes

from sandbox.report.model import Phase, Report
from sandbox.report.plot.palette import GRID, INK, MARKS, PAPER
from sandbox.report.plot.time_axis import Unit

CROWDED = 0.24  # inches: a mark closer than this to the previous one goes to the next row
ROWS = 12  # of marks, at most
LETTER = 0.07  # inches: the width of a letter of a phase's name


def lanes(report: Report, width: float) -> int:
    """The height of the panel, in rows. `width` of the plot in inches."""
    return 1 + len(report.spans) + len(set(mark_rows(report, width)) or {0})


def story(axes: Axes, report: Report, unit: Unit, width: float) -> None:
    axes.set_title("What happened")
    row = lanes(report, width) - 1.0
    for number, phase in enumerate(report.phases):
        _bar(axes, unit, phase.began, phase.ended, row, GRID if number % 2 else "#eeeeee")
        place, side = name_place(phase, report.duration, width)
        axes.text(unit.of(place), row, phase.name, va="center", ha=side, fontsize="small", color=INK, clip_on=True)
    for span in report.spans:
        row -= 1
        style = MARKS[span.kind]
        ended = report.duration if span.ended is None else span.ended
        _bar(axes, unit, span.began, ended, row, style.colour)
        label = axes.text(
            unit.of(max(span.began, 0)), row, f" {span.label}", va="center", fontsize="small", color=INK, bbox=_PLATE, clip_on=True
        )
        label.set_in_layout(False)  # a long one is cut at the edge, and does not make the plot narrower
    for number, (mark, below) in enumerate(zip(report.marks, mark_rows(report, width), strict=True), start=1):
        style, height = MARKS[mark.kind], row - 1 - below
        axes.plot(unit.of(mark.at), height, marker=style.shape, color=style.colour, markersize=5, linestyle="none")
        axes.annotate(str(number), (unit.of(mark.at), height), xytext=(4, 0), textcoords="offset points", va="center", fontsize="x-small")
    axes.set_ylim(-0.7, lanes(report, width) - 0.4)
    axes.set_yticks([])
    axes.grid(visible=False)


def mark_rows(report: Report, width: float) -> list[int]:
    """The row of each mark, 0 at the top: the first row in which it does not touch its neighbour, else the last one."""
    ends = [float("-inf")] * ROWS
    rows = []
    for mark in report.marks:
        row = next((n for n, end in enumerate(ends) if (mark.at - end) * width > CROWDED * report.duration), ROWS - 1)
        ends[row] = mark.at
        rows.append(row)
    return rows


_PLATE = {"facecolor": PAPER, "edgecolor": "none", "alpha": 0.75, "pad": 0.6}


def _bar(axes: Axes, unit: Unit, began: float, ended: float, row: float, colour: str) -> None:
    axes.barh(row, unit.of(ended - began), left=unit.of(began), height=0.72, color=colour, linewidth=0.4, edgecolor=PAPER)


def name_place(phase: Phase, duration: float, width: float) -> tuple[float, str]:
    """Where the name of a phase is, and which side of it: in the middle of its bar. One that is longer than the bar ends with it, so that
    it does not run into the next one. `duration` of the report in seconds, and `width` of the plot in inches."""
    if (phase.ended - phase.began) * width < len(phase.name) * LETTER * duration:
        return phase.ended, "right"
    return (phase.began + phase.ended) / 2, "center"
