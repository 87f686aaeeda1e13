"""In turn, but not all alike: which of several weighted things is next. No chance is involved, so a short run is as even as a long one.
Used by the simulated proxy for new connections to nodes. Pure.
"""

from collections import Counter
from collections.abc import Hashable, Mapping
from functools import lru_cache
from math import gcd
from types import MappingProxyType


@lru_cache(maxsize=256)
def order(weights: tuple[int, ...]) -> tuple[int, ...]:
    """The indexes in the order of one round, in which each occurs as often as its weight, evenly spread; empty when all weights are 0."""
    common = gcd(*weights) or 1
    left = [weight // common for weight in weights]
    total, credit, found = sum(left), [0] * len(left), list[int]()
    for _ in range(total):
        credit = [have + weight for have, weight in zip(credit, left, strict=True)]
        best = max(range(len(left)), key=credit.__getitem__)
        credit[best] -= total
        found.append(best)
    return tuple(found)


class Turns:
    """How many turns each thing has had: connections to a listener, requests of a target group."""

    def __init__(self) -> None:
        self._had: dict[Hashable, int] = {}

    def take(self, key: Hashable, count: int = 1) -> int:
        """The number of the first of the next `count` turns, from 0."""
        first = self._had.get(key, 0)
        self._had[key] = first + count
        return first


def shares(turns: tuple[int, ...], first: int, count: int) -> Mapping[int, int]:
    """How often each index has its turn in `count` turns from number `first`, if the round is repeated; only those that have one."""
    return _shares(turns, first % len(turns), count)


@lru_cache(maxsize=4096)
def _shares(turns: tuple[int, ...], first: int, count: int) -> Mapping[int, int]:
    rounds, rest = divmod(count, len(turns))
    found = Counter({index: times * rounds for index, times in _round(turns).items()})
    found.update(turns[(first + number) % len(turns)] for number in range(rest))
    return MappingProxyType({index: times for index, times in found.items() if times})


@lru_cache(maxsize=256)
def _round(turns: tuple[int, ...]) -> Counter[int]:
    return Counter(turns)
