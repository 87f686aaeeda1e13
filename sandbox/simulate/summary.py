"""The outcomes of many runs as one row for each layout: how often it passed, and how availability and loss are distributed. Pure."""

import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sandbox.report.model import Verdict
from sandbox.simulate.model import Layout, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The distribution of one number over the runs that have it."""

    runs: int
    lowest: float
    p5: float
    p50: float
    p95: float
    highest: float
    mean: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    layout: Layout
    runs: int
    verdicts: tuple[tuple[str, int], ...]  # (verdict, or "error"; runs), most frequent first
    availability: Spread | None  # percent
    lost: Spread | None  # requests of a run that were not good
    numbers: tuple[tuple[str, Spread], ...]  # measures, in the order of the report
    missed: tuple[tuple[str, int], ...]  # criteria and how many runs missed them, most frequent first
    errors: tuple[tuple[str, int], ...]

    @property
    def succeeded(self) -> float:
        """Percent of the runs."""
        return 100.0 * dict(self.verdicts).get(Verdict.SUCCEEDED.value, 0) / self.runs


def rows(outcomes: Iterable[Outcome]) -> tuple[Row, ...]:
    """In the order in which the layouts first appear."""
    by_layout: dict[Layout, list[Outcome]] = {}
    for outcome in outcomes:
        by_layout.setdefault(outcome.run.layout, []).append(outcome)
    return tuple(_row(layout, found) for layout, found in by_layout.items())


def _row(layout: Layout, found: Sequence[Outcome]) -> Row:
    judged = [each for each in found if each.sent]
    return Row(
        layout=layout,
        runs=len(found),
        verdicts=_counted(each.verdict.value if each.verdict else "error" for each in found),
        availability=spread([each.availability for each in judged if each.availability is not None]),
        lost=spread([float(each.sent - each.good) for each in judged]),
        numbers=tuple(_numbers(found)),
        missed=_counted(sentence for each in found for sentence in each.missed),
        errors=_counted(each.error for each in found if each.error),
    )


def _numbers(found: Sequence[Outcome]) -> Iterator[tuple[str, Spread]]:
    names = dict.fromkeys(name for each in found for name, _ in each.numbers)
    for name in names:
        values = [value for each in found for known, value in each.numbers if known == name]
        if made := spread(values):
            yield name, made


def _counted(values: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(Counter(values).most_common())


def spread(values: Sequence[float]) -> Spread | None:
    """None without values. Percentiles between two values are interpolated."""
    if not values:
        return None
    cut = statistics.quantiles(values, n=20, method="inclusive") if len(values) > 1 else [values[0]] * 19
    return Spread(
        runs=len(values),
        lowest=min(values),
        p5=cut[0],
        p50=cut[9],
        p95=cut[18],
        highest=max(values),
        mean=statistics.fmean(values),
    )
