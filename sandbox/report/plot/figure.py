"""Arranges the panels of a report's plot, one below the other, with one time axis; as SVG for a page and as PNG for a file.

There is a wide and a narrow layout: text in a plot cannot flow, so a phone gets its own.
"""

import io
import re
from dataclasses import dataclass
from functools import partial
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sandbox.report.model import MarkKind, Report
from sandbox.report.plot import panels
from sandbox.report.plot.palette import GRID, INK, MARKS, PAPER, QUIET
from sandbox.report.plot.story import lanes, story
from sandbox.report.plot.time_axis import Unit, unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    width: float  # inches
    panel: float  # height of a panel, inches
    font: float  # points


WIDE = Layout(width=10.5, panel=1.75, font=9)
NARROW = Layout(width=4.4, panel=1.6, font=7.5)
LANE = 0.24  # inches, of the first panel
PNG_DPI = 130


def svg(report: Report, layout: Layout) -> str:
    """An <svg> element that scales to the width of its parent; no XML declaration. The same report gives the same text."""
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "report", **_style(layout)}):
        buffer = io.StringIO()
        _figure(report, layout).savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    element = _numbered(text[text.index("<svg") :])
    return re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", element, count=1), count=1)


def _numbered(element: str) -> str:
    """With ids in the order in which they occur: some of matplotlib's differ from one drawing to the next."""
    numbers = {found: f"i{number}" for number, found in enumerate(dict.fromkeys(re.findall(r' id="([^"]+)"', element)))}

    def own(match: re.Match[str]) -> str:
        return f"{match[1]}{numbers.get(match[2], match[2])}{match[3]}"

    return re.sub(r'( id="|url\(#|href="#)([^")]+)([")])', own, element)


def png(report: Report, layout: Layout = WIDE) -> bytes:
    with mpl.rc_context(_style(layout)):
        buffer = io.BytesIO()
        figure = _figure(report, layout)
        figure.suptitle(f"{report.run.id} {report.run.name}, profile {report.run.profile}: {report.verdict.value}", x=0.01, ha="left")
        figure.savefig(buffer, format="png", dpi=PNG_DPI, metadata={"Software": None})
    return buffer.getvalue()


def _figure(report: Report, layout: Layout) -> Figure:
    shown = _panels(report)
    heights = [LANE * lanes(report, layout.width) + 0.35, *(layout.panel for _ in shown)]
    figure = Figure(figsize=(layout.width, sum(heights) + 0.45 * len(heights) + 0.6), layout="constrained", facecolor=PAPER)
    every = list(figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0])
    axis = unit(report)
    drawn: tuple[panels.Panel, ...] = (partial(story, width=layout.width), *shown)
    for axes, panel in zip(every, drawn, strict=True):
        panel(axes, report, axis)
        axes.set_title(axes.get_title(), loc="left", fontweight="bold")
        axes.set_title("")
        _dress(axes, report, axis)
    every[-1].set_xlabel(f"{axis.name} of sandbox time since the start", labelpad=16)  # below the legend
    every[0].set_xlim(0, max(axis.of(report.duration), 1e-9))
    return figure


def _panels(report: Report) -> list[panels.Panel]:
    """Those for which the report has data."""
    loaded = [panels.requests, panels.zones, panels.latency] if report.buckets else []
    return [*loaded, *([panels.healthy] if report.healthy else []), *([panels.capacity] if report.capacity else [])]


def _dress(axes: Axes, report: Report, axis: Unit) -> None:
    """What all panels share: the moments of faults and of operators as vertical lines."""
    for mark in report.marks:
        if mark.kind in (MarkKind.FAULT, MarkKind.OPERATOR):
            axes.axvline(axis.of(mark.at), color=MARKS[mark.kind].colour, linewidth=0.7, alpha=0.7, zorder=0.5)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(labelbottom=True)


def _style(layout: Layout) -> dict[Any, Any]:
    return {
        "font.size": layout.font,
        "font.family": "sans-serif",
        "axes.titlesize": layout.font,
        "axes.titlecolor": INK,
        "axes.edgecolor": QUIET,
        "axes.labelcolor": QUIET,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": GRID,
        "grid.linewidth": 0.5,
        "hatch.linewidth": 0.5,
        "lines.linewidth": 1.4,
        "legend.fontsize": layout.font - 0.5,
        "xtick.color": QUIET,
        "ytick.color": QUIET,
    }
