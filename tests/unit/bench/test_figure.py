"""Figures: goals, the table's cells, the JSON."""

import json
from pathlib import Path

import pytest

from bench.kit.figure import Figure, at_least, at_most, not_measured, percentile, ratio, row, without_goal, write


@pytest.mark.parametrize(("value", "met"), [(1.2, True), (1.21, False), (0.4, True)])
def test_a_ratio_is_met_up_to_its_factor(value: float, met: bool) -> None:
    figure = ratio("boot", [9.0, value, 0.1], [1.0, 1.0, 7.0], 1.2, "bare")
    assert (figure.value, figure.limit, figure.met) == (value, 1.0, met)
    assert figure.goal == "≤ 1.2 × limit"
    assert figure.method == "bare; medians, n=3 and 3"


@pytest.mark.parametrize(("value", "met"), [(25.0, True), (25.1, False)])
def test_at_most(value: float, met: bool) -> None:
    assert at_most("late", value, "ms", 25.0, "").met is met


@pytest.mark.parametrize(("value", "met"), [(50.0, True), (49.0, False)])
def test_at_least(value: float, met: bool) -> None:
    assert at_least("serving", value, "containers", 50.0, "").met is met


ROWS: list[tuple[Figure, tuple[str, ...]]] = [
    (ratio("boot", [0.5], [0.4], 1.2, ""), ("boot", "0.5 s", "0.4 s", "1.25", "≤ 1.2 × limit", "NO")),
    (at_most("late", 3.0, "ms", 25.0, ""), ("late", "3 ms", "", "", "≤ 25 ms", "yes")),
    (without_goal("beside", 3.14159, "s", ""), ("beside", "3.14 s", "", "", "", "")),
    (not_measured("fleet", "not measured: no Docker engine"), ("fleet", "not measured: no Docker engine", "", "", "", "")),
]


@pytest.mark.parametrize(("figure", "cells"), ROWS, ids=[figure.name for figure, _ in ROWS])
def test_the_cells_of_a_figure(figure: Figure, cells: tuple[str, ...]) -> None:
    assert row(figure) == cells


@pytest.mark.parametrize(("values", "percent", "expected"), [([7.0], 99, 7.0), ([1.0, 2.0, 3.0], 50, 2.0), (list(range(101)), 99, 99.0)])
def test_percentile(values: list[float], percent: int, expected: float) -> None:
    assert percentile(values, percent) == expected


def test_the_results_are_json_with_every_field(tmp_path: Path) -> None:
    path = tmp_path / "build" / "bench.json"
    write([ratio("boot", [0.5], [0.4], 1.2, "bare"), not_measured("fleet", "no engine")], path)
    boot, fleet = json.loads(path.read_text())
    assert boot == {
        "name": "boot",
        "value": 0.5,
        "unit": "s",
        "goal": "≤ 1.2 × limit",
        "met": False,
        "limit": 0.4,
        "method": "bare; medians, n=1 and 1",
    }
    assert (fleet["value"], fleet["met"], fleet["method"]) == (None, None, "no engine")
