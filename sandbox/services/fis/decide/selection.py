"""selectionMode: how many of a target's resources an experiment takes (FIS-3). Chance is passed in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

ALL = "ALL"
_MODE = re.compile(r"(COUNT|PERCENT)\((\d{1,9})\)")


class Chance(Protocol):
    """The part of random.Random that a selection uses."""

    def sample(self, population: Sequence[str], k: int) -> list[str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Both None: all resources."""

    count: int | None = None
    percent: int | None = None


def parse(mode: str) -> Selection | None:
    """None: it is not a selection mode."""
    if mode == ALL:
        return Selection()
    found = _MODE.fullmatch(mode)
    if found is None:
        return None
    number = int(found[2])
    if found[1] == "COUNT":
        return Selection(count=number) if number >= 1 else None
    return Selection(percent=number) if 1 <= number <= 100 else None


def select(candidates: Sequence[str], mode: str, chance: Chance) -> tuple[str, ...]:
    """In the candidates' order. A percentage is rounded down, so that it may take none (FIS-3)."""
    selection = parse(mode)
    assert selection is not None, mode
    if selection.count is None and selection.percent is None:
        return tuple(candidates)
    wanted = selection.count if selection.count is not None else len(candidates) * (selection.percent or 0) // 100
    chosen = set(chance.sample(tuple(candidates), min(wanted, len(candidates))))
    return tuple(each for each in candidates if each in chosen)
