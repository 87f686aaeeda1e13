"""A measured figure with its goal, and the table of all figures. Pure except for `show` and `write`."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

NO_DOCKER = "not measured: no Docker engine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    name: str
    value: float | None  # None: not measured, and `method` says why
    unit: str
    goal: str  # in words: "≤ 1.2 × limit"; "" for a figure without a goal
    met: bool | None  # None: not measured, or no goal
    limit: float | None = None  # measured in the same run; None: the goal is an absolute number
    method: str = ""  # one sentence: how it was measured, n


def ratio(name: str, values: Sequence[float], limits: Sequence[float], factor: float, method: str) -> Figure:
    """Medians in seconds; the goal is value ≤ factor × limit."""
    value, limit = statistics.median(values), statistics.median(limits)
    return Figure(
        name=name,
        value=value,
        limit=limit,
        unit="s",
        goal=f"≤ {factor:g} × limit",
        met=value <= factor * limit,
        method=f"{method}; medians, n={len(values)} and {len(limits)}",
    )


def at_most(name: str, value: float, unit: str, goal: float, method: str) -> Figure:
    return Figure(name=name, value=value, unit=unit, goal=f"≤ {goal:g} {unit}", met=value <= goal, method=method)


def at_least(name: str, value: float, unit: str, goal: float, method: str) -> Figure:
    return Figure(name=name, value=value, unit=unit, goal=f"≥ {goal:g} {unit}", met=value >= goal, method=method)


def without_goal(name: str, value: float, unit: str, method: str) -> Figure:
    """A figure without a goal, which explains another one."""
    return Figure(name=name, value=value, unit=unit, goal="", met=None, method=method)


def not_measured(name: str, why: str) -> Figure:
    return Figure(name=name, value=None, unit="", goal="", met=None, method=why)


def percentile(values: Sequence[float], percent: int) -> float:
    """By linear interpolation between the two nearest values; with one value, that value."""
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def row(figure: Figure) -> tuple[str, str, str, str, str, str]:
    """The cells of the figure's row in the table."""
    if figure.value is None:
        return figure.name, figure.method, "", "", "", ""
    limit = "" if figure.limit is None else f"{figure.limit:.3g} {figure.unit}"
    share = "" if not figure.limit else f"{figure.value / figure.limit:.2f}"
    met = "" if figure.met is None else "yes" if figure.met else "NO"
    return figure.name, f"{figure.value:.3g} {figure.unit}", limit, share, figure.goal, met


def show(figures: Sequence[Figure]) -> None:
    table = Table("figure", "value", "limit", "value ÷ limit", "goal", "met")
    for figure in figures:
        table.add_row(*row(figure))
    Console().print(table)


def write(figures: Sequence[Figure], path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps([asdict(f) for f in figures], indent=2, ensure_ascii=False) + "\n")
    Console().print(f"written to {path}")
