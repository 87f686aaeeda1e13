"""Stops moto from keeping every object of every model class for its dashboard: the list holds weak references instead.

moto.core.common_models.BaseModel appends each new object to its class's list `instances_tracked`. Each response of DescribeTargetHealth
creates such objects, so a sandbox that runs for a day would grow by a hundred megabytes. environment.py calls `track_weakly`. moto's
readers of the list (the model data at /moto-api/data.json, the reset of S3) see the objects that are still in use.
"""

import weakref
from collections.abc import Iterable, Iterator
from typing import Any

from moto.core.common_models import BaseModel

ATTRIBUTE = "instances_tracked"


class WeakInstances:
    """Supports what moto does with its list: append, and iterate, oldest first. As thread-safe as a list."""

    def __init__(self, instances: Iterable[Any] = ()) -> None:
        self._references: dict[int, weakref.ref[Any]] = {}
        for instance in instances:
            self.append(instance)

    def append(self, instance: Any) -> None:
        key, references = id(instance), self._references
        references[key] = weakref.ref(instance, lambda gone: _forget(references, key, gone))

    def __iter__(self) -> Iterator[Any]:
        alive = (reference() for reference in list(self._references.values()))
        return (instance for instance in alive if instance is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _forget(references: dict[int, "weakref.ref[Any]"], key: int, gone: "weakref.ref[Any]") -> None:
    """Unless a new object already has the same id."""
    if references.get(key) is gone:
        del references[key]


def _new(cls: Any, *_args: Any, **_kwargs: Any) -> Any:
    """Replaces BaseModel.__new__. moto's reset sets a list again."""
    instance: Any = super(BaseModel, cls).__new__(cls)
    tracked = getattr(cls, ATTRIBUTE)
    if not isinstance(tracked, WeakInstances):
        tracked = WeakInstances(tracked)
        setattr(cls, ATTRIBUTE, tracked)
    tracked.append(instance)
    return instance


def track_weakly() -> None:
    """Idempotent."""
    BaseModel.__new__ = _new
