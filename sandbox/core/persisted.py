"""Which of our classes the saved state contains, and the stable name of each.

    @persisted("autoscaling.Activity")
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Activity: ...

The name never changes, so classes and modules may be renamed and moved. An object is written as its fields by name. A field that is missing
from an older file gets its default; a field that the class no longer has is dropped. Any other change needs a migration in the class.
aws/pickling.py writes and reads by these declarations.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from typing import Any, TypeVar

from sandbox.core.errors import SandboxError

C = TypeVar("C", bound=type)
Values = Mapping[str, Any]  # field → value
Default = Callable[[], Any]
Migration = Callable[[Values], Values]


@dataclass(frozen=True, slots=True, kw_only=True)
class Persisted:
    """How the objects of one class are written and read."""

    name: str
    cls: type
    fields: frozenset[str] | None  # None: whatever the object's __dict__ holds (a subclass of one of moto's)
    defaults: Mapping[str, Default]  # of fields that are missing from an older file
    migrations: Mapping[int, Migration]  # schema of the file → values of the next schema

    def values(self, instance: Any) -> Values:
        """What is saved of the object: its fields, or the result of its `to_written`."""
        if hasattr(self.cls, "to_written"):
            written: Values = instance.to_written()
            return written
        return vars(instance) if self.fields is None else {name: getattr(instance, name) for name in self.fields}

    def fill(self, instance: Any, values: Values, schema: int) -> None:
        """Sets a new object's fields from a file of that schema. Raises SandboxError if a field without a default is missing."""
        for before in sorted(self.migrations):
            if schema <= before:
                values = self.migrations[before](values)
        if hasattr(self.cls, "from_written"):
            instance.from_written(values)
            return
        known = {name: value for name, value in values.items() if self.fields is None or name in self.fields}
        known |= {name: default() for name, default in self.defaults.items() if name not in known}
        if self.fields is not None and (missing := sorted(self.fields - known.keys())):
            raise SandboxError(f"{self.name} lacks {', '.join(missing)}")
        for name, value in known.items():
            object.__setattr__(instance, name, value)  # also where the class is frozen


CLASSES: dict[type, Persisted] = {}
NAMES: dict[str, Persisted] = {}


def persisted(name: str, *, migrations: Mapping[int, Migration] | None = None, **defaults: Default) -> Callable[[C], C]:
    """Declares a class of the saved state. Must be the outermost decorator, because a dataclass with slots is a new class.

    `defaults` creates the values of attributes that are missing from an older file, for a class that is not a dataclass. A class may define
    `to_written() -> Values` and `from_written(values)` instead of being saved by its fields."""

    def declare(cls: C) -> C:
        known = NAMES.get(name)
        if known is not None and _path(known.cls) != _path(cls):
            raise SandboxError(f"two classes are persisted as {name}: {_path(known.cls)} and {_path(cls)}")
        made = Persisted(
            name=name, cls=cls, fields=_fields(cls), defaults={**_defaults(cls), **defaults}, migrations=dict(migrations or {})
        )
        CLASSES[cls] = NAMES[name] = made
        return cls

    return declare


def renamed(**new_names: str) -> Migration:
    """A migration that renames fields: `old="new"`."""
    return lambda values: {new_names.get(name, name): value for name, value in values.items()}


def _fields(cls: type) -> frozenset[str] | None:
    if is_dataclass(cls):
        return frozenset(field.name for field in fields(cls))
    has_dict = cls.__dictoffset__ != 0
    return None if has_dict else frozenset(getattr(cls, "__slots__", ()))


def _defaults(cls: type) -> dict[str, Default]:
    found: dict[str, Default] = {}
    for field in fields(cls) if is_dataclass(cls) else ():
        if field.default is not MISSING:
            found[field.name] = _always(field.default)
        elif field.default_factory is not MISSING:
            found[field.name] = field.default_factory
    return found


def _always(value: Any) -> Default:
    return lambda: value


def _path(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
