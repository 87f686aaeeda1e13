"""Renders report.html from the template beside this file. Every text of the report is escaped; the two plots are SVG of our own."""

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sandbox.report.model import Buckets, Report
from sandbox.report.plot.figure import NARROW, WIDE, svg
from sandbox.report.plot.palette import MARKS
from sandbox.report.plot.time_axis import moment

LONGEST_TABLE = 120  # rows: longer series are summed up to this many


def page(report: Report) -> str:
    environment = Environment(
        loader=PackageLoader("sandbox.report.page", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["moment"] = moment
    return environment.get_template("report.html").render(
        report=report,
        wide=Markup(_with_own_ids(svg(report, WIDE), "w")),  # matplotlib escapes the texts in it
        narrow=Markup(_with_own_ids(svg(report, NARROW), "n")),
        mark_styles=MARKS,
        rows=table(report.buckets) if report.buckets else (),
    )


def _with_own_ids(drawing: str, prefix: str) -> str:
    """The two drawings are in one document, where an id may occur once."""
    for before in ('id="', "url(#", 'href="#'):
        drawing = drawing.replace(before, before + prefix)
    return drawing


def table(buckets: Buckets) -> tuple[tuple[str, ...], ...]:
    """The numbers of the plot as rows: moment, good, failed by class, answered by zone."""
    width = -(-len(buckets.good) // LONGEST_TABLE)
    columns = [buckets.good, *(counts for _, counts in buckets.failed), *(counts for _, counts in buckets.answered)]
    return tuple(
        (moment(buckets.began + first * buckets.width), *(f"{sum(column[first : first + width]):,}" for column in columns))
        for first in range(0, len(buckets.good), width)
    )
