"""A shorter plan that still fails: parts of the plan are left out, halves first, single steps last, as long as there is time."""

from collections.abc import Callable, Sequence

Fails = Callable[[Sequence[int]], bool]


def shortest(length: int, fails: Fails, more_time: Callable[[], bool]) -> tuple[int, ...]:
    """→ the numbers of the steps to keep. `fails` carries out a plan of only these; the whole plan is known to fail."""
    kept = tuple(range(length))
    size = max(length // 2, 1)
    while size and more_time():
        start = 0
        while start < len(kept) and more_time():
            fewer = kept[:start] + kept[start + size :]
            if fewer and fails(fewer):
                kept = fewer
            else:
                start += size
        size //= 2
    return kept
