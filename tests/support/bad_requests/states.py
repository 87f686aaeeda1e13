"""The whole AWS state as bytes, to see whether a call changed it, and the first difference between two of them."""

from collections.abc import Iterator
from typing import Any

from sandbox.aws import pickling, state
from sandbox.aws.state_file import SCHEMA

PASSING = frozenset({"default_kms_key_id"})
"""Attributes that moto fills when they are first read."""

BACKENDS = 3
"""Service, account, Region: moto makes the backend, which is empty, when it is first looked at."""


def digest() -> bytes:
    return pickling.dumps(state._gather())


def difference(before: bytes, after: bytes) -> str | None:
    """The path of the first thing that differs; None: only the order of bytes does."""
    if before == after:
        return None
    return next(_differences(pickling.loads(before, SCHEMA), pickling.loads(after, SCHEMA), "", set()), None)


def _differences(one: Any, other: Any, path: str, seen: set[int]) -> Iterator[str]:
    if type(one) is not type(other):
        yield f"{path}: {type(one).__name__} → {type(other).__name__}"
        return
    if isinstance(one, str | int | float | bytes | bool | None):
        if repr(one) != repr(other):  # NaN is not equal to itself
            yield f"{path}: {one!r:.80} → {other!r:.80}"
        return
    if id(one) in seen:
        return
    seen.add(id(one))
    yield from _within(one, other, path, seen)


def _within(one: Any, other: Any, path: str, seen: set[int]) -> Iterator[str]:
    if isinstance(one, dict):
        yield from (f"{path}[{key!r}] is gone" for key in one if key not in other)
        if path.count("[") >= BACKENDS:
            yield from (f"{path}[{key!r}] is new" for key in other if key not in one and key not in PASSING)
        for key in [key for key in one if key in other and key not in PASSING]:
            yield from _differences(one[key], other[key], f"{path}[{key!r:.60}]", seen)
    elif isinstance(one, list | tuple):
        if len(one) != len(other):
            yield f"{path}: {len(one)} → {len(other)} members"
        for index, (left, right) in enumerate(zip(one, other, strict=False)):
            yield from _differences(left, right, f"{path}[{index}]", seen)
    elif isinstance(one, set | frozenset):
        if len(one) != len(other):
            yield f"{path}: {len(one)} → {len(other)} members"
    elif hasattr(one, "__dict__"):
        yield from _differences(vars(one), vars(other), f"{path}.{type(one).__name__}", seen)
    elif repr(one) != repr(other) and " at 0x" not in repr(one):
        yield f"{path}: {one!r:.80} → {other!r:.80}"
