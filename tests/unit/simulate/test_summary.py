"""The table of a simulation's outcomes (sandbox/simulate/summary.py)."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sandbox.report.model import Verdict
from sandbox.simulate.model import Layout, Outcome, Run
from sandbox.simulate.summary import rows, spread

TWO, THREE = Layout(settings=(("zones", "2"),)), Layout(settings=(("zones", "3"),))


def outcome(layout: Layout, seed: int, good: int = 1000, **more: object) -> Outcome:
    verdict = Verdict.SUCCEEDED if good == 1000 else Verdict.FAILED
    return Outcome(run=Run(scenario="zone_outage", layout=layout, seed=seed), verdict=verdict, sent=1000, good=good, **more)  # type: ignore[arg-type]


def test_each_layout_is_one_row_in_the_order_of_the_runs() -> None:
    found = rows([outcome(TWO, 1, 900), outcome(THREE, 1), outcome(TWO, 2, 1000)])
    assert [(str(row.layout), row.runs, row.succeeded) for row in found] == [("zones=2", 2, 50.0), ("zones=3", 1, 100.0)]


def test_availability_and_loss_are_distributions_over_the_runs() -> None:
    row = rows([outcome(TWO, seed, 1000 - seed) for seed in range(101)])[0]
    assert row.availability is not None
    assert row.lost is not None
    assert (row.availability.lowest, row.availability.highest) == (90.0, 100.0)
    assert (row.lost.p5, row.lost.p50, row.lost.p95, row.lost.mean) == (5.0, 50.0, 95.0, 50.0)


def test_what_was_missed_is_counted() -> None:
    row = rows([outcome(TWO, 1, 900, missed=("a", "b")), outcome(TWO, 2, 900, missed=("b",))])[0]
    assert row.missed == (("b", 2), ("a", 1))


def test_a_run_that_could_not_be_done_counts_and_has_its_sentence() -> None:
    failed = Outcome(run=Run(scenario="x", layout=TWO, seed=1), error="There is no knob zones.")
    row = rows([failed, outcome(TWO, 2)])[0]
    assert row.succeeded == 50.0
    assert row.verdicts == (("error", 1), ("SUCCEEDED", 1))
    assert row.errors == (("There is no knob zones.", 1),)
    assert row.lost is not None
    assert row.lost.runs == 1


def test_measures_keep_their_order() -> None:
    row = rows([outcome(TWO, 1, numbers=(("TTD", 3.0), ("TTR", 9.0))), outcome(TWO, 2, numbers=(("TTD", 5.0),))])[0]
    assert [(name, found.runs, found.p50) for name, found in row.numbers] == [("TTD", 2, 4.0), ("TTR", 1, 9.0)]


@given(st.lists(st.floats(min_value=-1e6, max_value=1e6), min_size=1))
def test_percentiles_are_in_order_and_within_the_values(values: list[float]) -> None:
    found = spread(values)
    assert found is not None
    ordered = [found.lowest, found.p5, found.p50, found.p95, found.highest]
    assert all(low <= high + 1e-6 for low, high in pairwise(ordered))
    assert spread([]) is None
