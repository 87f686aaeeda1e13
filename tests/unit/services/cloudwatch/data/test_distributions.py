"""Distributions of buckets, open and packed, against a plain dictionary of distributions."""

import pickle
import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from sandbox.services.cloudwatch.data.distributions import ROW, Distributions
from sandbox.services.cloudwatch.data.percentiles import EXACT_VALUES, Distribution, Entries

STARTS = st.integers(0, 8).map(lambda number: 60 * number)
VALUES = st.lists(st.tuples(st.floats(0.001, 1e6), st.integers(1, 9).map(float)), min_size=1, max_size=5)


def values(distributions: Distributions, start: int) -> Entries | None:
    pairs = distributions.pairs(start)
    return None if pairs is None else sorted(pairs)


@given(st.lists(st.tuples(STARTS, VALUES | st.sampled_from(["hide", "pack", "drop"])), max_size=40))
def test_packing_changes_no_value_in_any_order_of_operations(given: list[tuple[int, Entries | str]]) -> None:
    distributions, plain = Distributions(), dict[int, Distribution]()
    hidden = set[int]()
    for start, what in given:
        match what:
            case "pack":
                distributions.pack(start)
            case "drop":
                distributions.drop_before(start)
                plain = {at: values for at, values in plain.items() if at >= start}
                hidden = {at for at in hidden if at >= start}
            case "hide":
                distributions.hide(start)
                plain.pop(start, None)
                hidden.add(start)
            case list() if start not in hidden:  # as Tier does: once hidden, the values stay unknown
                distributions.mix(start, [(0.5, 1.0)], what)
                plain.setdefault(start, Distribution([(0.5, 1.0)])).add(what)
        assert {at: values(distributions, at) for at in range(0, 540, 60)} == {
            at: plain[at].entries() if at in plain else None for at in range(0, 540, 60)
        }


def test_a_packed_distribution_in_bins_keeps_its_bins() -> None:
    many = [(1.0 + number / 100, 1.0) for number in range(2 * EXACT_VALUES)]
    distributions, plain = Distributions(), Distribution(many)
    distributions.mix(0, [], many)
    distributions.pack(60)
    distributions.mix(0, [], [(1.001, 1.0)])
    plain.add([(1.001, 1.0)])
    assert values(distributions, 0) == plain.entries()


def test_packed_distributions_take_the_memory_that_their_size_gives() -> None:
    tracemalloc.start()
    distributions = Distributions()
    for minute in range(2000):
        distributions.mix(60 * minute, [], [(minute + n / 7, 1.0) for n in range(3)])
    distributions.pack(60 * 2000)
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert distributions.size * ROW == 2000 * (3 * 8 + 3 * 16)
    assert taken < 1.5 * distributions.size * ROW  # columns have room to grow


def test_packed_distributions_are_saved_with_the_state() -> None:
    distributions = Distributions()
    distributions.mix(0, [], [(1.0, 1.0), (2.0, 3.0)])
    distributions.pack(60)
    assert values(pickle.loads(pickle.dumps(distributions)), 0) == [(1.0, 1.0), (2.0, 3.0)]
