"""moto keeps every object of every model class for ever, for its dashboard: here they are kept only while somebody else keeps them.

moto.core.common_models.BaseModel puts each new object into its class's list `instances_tracked`. Each answer of DescribeTargetHealth makes
such objects, so a sandbox that runs for a day grows by a hundred megabytes. environment.py calls `let_go`; moto's readers of the list
(its model data at /moto-api/data.json, the reset of S3) see what is alive.
"""

import weakref
from collections.abc import Iterable, Iterator
from typing import Any

from moto.core.common_models import BaseModel

ATTRIBUTE = "instances_tracked"


class WeakInstances:
    """What moto does with its list: append and go through it, oldest first. Thread-safe as a list is."""

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
    """Unless a new object has got the same id already."""
    if references.get(key) is gone:
        del references[key]


def _new(cls: Any, *_args: Any, **_kwargs: Any) -> Any:
    """In place of BaseModel.__new__. moto's reset puts a list there again."""
    instance: Any = super(BaseModel, cls).__new__(cls)
    tracked = getattr(cls, ATTRIBUTE)
    if not isinstance(tracked, WeakInstances):
        tracked = WeakInstances(tracked)
        setattr(cls, ATTRIBUTE, tracked)
    tracked.append(instance)
    return instance


def let_go() -> None:
    """Idempotent."""
    BaseModel.__new__ = _new
