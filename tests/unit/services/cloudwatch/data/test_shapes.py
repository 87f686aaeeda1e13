"""Distributions of buckets, open and packed, against a plain dictionary of distributions."""

import pickle
import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from sandbox.services.cloudwatch.data.percentiles import EXACT_VALUES, Distribution, Entries
from sandbox.services.cloudwatch.data.shapes import ROW, Shapes

STARTS = st.integers(0, 8).map(lambda number: 60 * number)
VALUES = st.lists(st.tuples(st.floats(0.001, 1e6), st.integers(1, 9).map(float)), min_size=1, max_size=5)


def values(shapes: Shapes, start: int) -> Entries | None:
    pairs = shapes.pairs(start)
    return None if pairs is None else sorted(pairs)


@given(st.lists(st.tuples(STARTS, VALUES | st.sampled_from(["hide", "pack", "drop"])), max_size=40))
def test_packing_changes_no_value_whatever_comes_when(given: list[tuple[int, Entries | str]]) -> None:
    shapes, plain = Shapes(), dict[int, Distribution]()
    hidden = set[int]()
    for start, what in given:
        match what:
            case "pack":
                shapes.pack(start)
            case "drop":
                shapes.drop_before(start)
                plain = {kept: shape for kept, shape in plain.items() if kept >= start}
                hidden = {kept for kept in hidden if kept >= start}
            case "hide":
                shapes.hide(start)
                plain.pop(start, None)
                hidden.add(start)
            case list() if start not in hidden:  # as Tier does: once hidden, the values stay unknown
                shapes.mix(start, [(0.5, 1.0)], what)
                plain.setdefault(start, Distribution([(0.5, 1.0)])).add(what)
        assert {at: values(shapes, at) for at in range(0, 540, 60)} == {
            at: plain[at].entries() if at in plain else None for at in range(0, 540, 60)
        }


def test_a_packed_distribution_in_bins_goes_on_in_its_bins() -> None:
    many = [(1.0 + number / 100, 1.0) for number in range(2 * EXACT_VALUES)]
    shapes, plain = Shapes(), Distribution(many)
    shapes.mix(0, [], many)
    shapes.pack(60)
    shapes.mix(0, [], [(1.001, 1.0)])
    plain.add([(1.001, 1.0)])
    assert values(shapes, 0) == plain.entries()


def test_packed_distributions_take_what_their_size_says() -> None:
    tracemalloc.start()
    shapes = Shapes()
    for minute in range(2000):
        shapes.mix(60 * minute, [], [(minute + n / 7, 1.0) for n in range(3)])
    shapes.pack(60 * 2000)
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert shapes.size * ROW == 2000 * (3 * 8 + 3 * 16)
    assert taken < 1.5 * shapes.size * ROW  # columns have room to grow


def test_packed_distributions_are_saved_with_the_state() -> None:
    shapes = Shapes()
    shapes.mix(0, [], [(1.0, 1.0), (2.0, 3.0)])
    shapes.pack(60)
    assert values(pickle.loads(pickle.dumps(shapes)), 0) == [(1.0, 1.0), (2.0, 3.0)]
