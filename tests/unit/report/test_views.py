"""The views of a report: text, page and plot (sandbox/report/). All show the same value."""

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sandbox.core.errors import UserError
from sandbox.report.json_form import read
from sandbox.report.model import Phase, Report, Verdict
from sandbox.report.page.html import LONGEST_TABLE, page, table
from sandbox.report.plot.figure import NARROW, WIDE, png, svg
from sandbox.report.plot.story import mark_rows, name_place
from sandbox.report.plot.time_axis import HOURS, MINUTES, SECONDS, moment, unit
from sandbox.report.terminal import lines
from sandbox.report.write import write
from tests.support.reports import buckets, zone_outage

WITHOUT_LOAD = {"buckets": None, "healthy": (), "capacity": (), "marks": (), "spans": (), "phases": (), "sent": 0, "good": 0}


def text(report: Report) -> str:
    return "\n".join(lines(report))


def test_the_text_has_the_verdict_the_criteria_and_what_was_lost() -> None:
    shown = text(zone_outage())
    assert shown.startswith("S04 zone_outage, profile tutorial: FAILED\n")
    assert "✗ Availability of the run" in shown
    assert "✓ Lost requests against the closed form" in shown
    assert "? Operator mitigates" in shown
    assert "900 × 504, 210 × client timeout" in shown
    assert "--min-size 9 --desired-capacity 9" in shown


def test_the_sparkline_is_lower_where_a_single_request_failed() -> None:
    one = replace(buckets(), good=(10, 9, 10), failed=(("504", (0, 1, 0)),), answered=(), p50=(), p95=(), p99=())
    line = next(line for line in lines(zone_outage(buckets=one)) if "good requests" in line)
    assert line.split()[2] == "█▇█"


def test_the_text_of_a_run_without_load_has_no_sparkline() -> None:
    shown = text(zone_outage(**WITHOUT_LOAD, verdict=Verdict.INTERRUPTED))
    assert "INTERRUPTED" in shown
    assert "good requests" not in shown


def test_the_page_is_one_file_that_loads_nothing() -> None:
    made = page(zone_outage())
    assert "<script" not in made
    assert not re.search(r'(?:src|href)="(?!#)', made)
    assert "@import" not in made


def test_texts_of_the_page_are_escaped() -> None:
    hostile = "<img src=x onerror=alert(1)> & 'quotes'"
    made = page(zone_outage(sentence=hostile, notes=(hostile,)))
    assert "<img" not in made
    assert "&lt;img src=x onerror=alert(1)&gt; &amp;" in made


def test_the_page_says_the_result_of_a_criterion_in_words_and_not_by_colour_only() -> None:
    made = page(zone_outage())
    for words in ("✓ met", "✗ missed", "? not measured"):
        assert words in made


def test_an_id_occurs_once_in_the_page() -> None:
    ids = re.findall(r'\sid="([^"]+)"', page(zone_outage()))
    assert len(ids) == len(set(ids))


def test_a_page_of_a_run_without_load_has_no_empty_tables() -> None:
    made = page(zone_outage(**WITHOUT_LOAD, measures=(), causes=(), advice=(), reconciliation=None))
    assert "The numbers of the plot" not in made
    assert "<tbody>\n</tbody>" not in made


def test_a_long_run_has_a_table_that_can_be_read() -> None:
    steps = 10 * LONGEST_TABLE + 3
    long = replace(buckets(), good=(2,) * steps, failed=(("504", (1,) * steps),), answered=())
    rows = table(long)
    assert len(rows) <= LONGEST_TABLE
    assert sum(int(row[1].replace(",", "")) for row in rows) == 2 * steps


@pytest.mark.parametrize("layout", [WIDE, NARROW])
def test_the_drawing_is_well_formed_and_scales(layout: object) -> None:
    drawing = svg(zone_outage(), layout)  # type: ignore[arg-type]
    element = ElementTree.fromstring(drawing)
    assert element.get("viewBox")
    assert element.get("width") is None


def test_the_same_report_gives_the_same_drawing() -> None:
    assert svg(zone_outage(), NARROW) == svg(zone_outage(), NARROW)


def test_the_picture_is_a_png() -> None:
    assert png(zone_outage()).startswith(b"\x89PNG")


def test_marks_that_would_overlap_are_in_different_rows() -> None:
    report = zone_outage()
    close = replace(report, marks=tuple(replace(report.marks[0], at=100 + n) for n in range(3)))
    assert len(set(mark_rows(close, WIDE.width))) == 3
    assert set(mark_rows(report, WIDE.width)) == {0}


def test_a_dozen_marks_at_once_are_all_readable() -> None:
    report = zone_outage()
    assert len(set(mark_rows(replace(report, marks=(report.marks[0],) * 12), WIDE.width))) == 12


def test_the_name_of_a_short_phase_ends_with_it_and_does_not_run_into_the_next() -> None:
    long, short = Phase(name="Residual", began=600, ended=900), Phase(name="Recovery", began=900, ended=910)
    assert [name_place(phase, 1000, WIDE.width) for phase in (long, short)] == [(750, "center"), (910, "right")]


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "T+0:00"), (42, "T+0:42"), (725.4, "T+12:05"), (129_000, "T+35:50:00"), (-30, "T-0:30")],
)
def test_a_moment_is_shown_with_the_units_that_it_needs(seconds: float, shown: str) -> None:
    assert moment(seconds) == shown


def test_the_unit_of_the_axis_follows_the_length_of_the_run() -> None:
    assert unit(zone_outage(duration=90.0)) is SECONDS
    assert unit(zone_outage()) is MINUTES
    assert unit(zone_outage(duration=129_000.0)) is HOURS


def test_the_files_of_a_report_are_written_into_the_folder(tmp_path: Path) -> None:
    files = write(zone_outage(), tmp_path / "new" / "folder")
    assert [file.name for file in files] == ["report.html", "report.json", "report.png"]
    assert read(files[1].read_text(), "report.json") == zone_outage()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="file/below"):
        write(zone_outage(), tmp_path / "file" / "below")
