"""The objects of the saved state as bytes, and back.

moto's backends are one graph of objects that refer to each other, with what the services keep on them: pickle writes such a graph at the
speed of C. Two things are done otherwise than pickle does:

- An object of ours is written as the name that its class has in the saved state and its fields by name (core/persisted.py), never as the
  path of its class. moto's objects have moto's paths: a file holds for the version of moto that wrote it.
- Only what is on the list below is written or read, so that a file can make data and nothing else. A class that is not on it fails the
  save at once, not a load later.
"""

import gc
import io
import operator
import pickle
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from importlib import import_module
from typing import Any

from sandbox.core.errors import SandboxError
from sandbox.core.persisted import CLASSES, NAMES, Persisted

OURS = ("sandbox.aws.pickling",)
"""Modules that the functions below were written from. When this one moves, its new path is added, and none is removed."""

PYTHONS = {
    "array": ("array", "_array_reconstructor"),
    "builtins": ("bytearray", "complex", "dict", "frozenset", "list", "object", "range", "set", "slice", "tuple"),
    "collections": ("OrderedDict", "defaultdict", "deque"),
    "datetime": ("date", "datetime", "time", "timedelta", "timezone"),
    "decimal": ("Decimal",),
    "ipaddress": ("IPv4Address", "IPv4Interface", "IPv4Network", "IPv6Address", "IPv6Interface", "IPv6Network"),
    "threading": ("Condition", "RLock"),  # of a queue; nobody holds it when the state is saved
    "uuid": ("UUID",),
}
"""What of the standard library a file may name."""

MOTOS = ("autoscaling", "cloudwatch", "core", "ec2", "elb", "elbv2", "fis", "iam", "kms", "moto_api", "sns", "sqs", "utilities")
"""Packages of moto whose classes a file may name: the services that are saved, and what their objects refer to."""

RLOCK = type(threading.RLock())
METHODS = frozenset({"acquire", "release", "_is_owned", "_release_save", "_acquire_restore"})  # of an RLock, that a Condition holds

Reduced = tuple[Any, ...]  # as of object.__reduce_ex__


def dumps(value: object) -> bytes:
    """Raises SandboxError for an object that could not be read back."""
    file = io.BytesIO()
    pickler = pickle.Pickler(file, protocol=5)
    pickler.dispatch_table = _WAYS
    try:
        with _collection_put_off():
            pickler.dump(value)
    except SandboxError:
        raise
    except Exception as error:  # pickle raises many kinds
        raise SandboxError(f"{type(error).__name__}: {error}") from error
    return file.getvalue()


def loads(written: bytes, schema: int) -> Any:
    """`schema`: of the file. Raises SandboxError for what is damaged, or names what a file may not name."""
    try:
        with _collection_put_off():
            return _Reader(io.BytesIO(written), schema).load()
    except SandboxError:
        raise
    except Exception as error:
        raise SandboxError(f"it is damaged ({type(error).__name__}: {error})") from error


@contextmanager
def _collection_put_off() -> Iterator[None]:
    """Nothing becomes garbage meanwhile, and the many new tuples would make Python look through all objects again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


# ---- writing ---------------------------------------------------------------------------------------------------------------------------


def make(name: str) -> Any:
    """In the file: an empty object of the class with this name. The functions of this section are names for the reader."""
    cls: Any = known(name).cls
    return cls.__new__(cls)


def member(name: str, value: Any) -> Any:
    """In the file: the member of the enumeration with this name."""
    return known(name).cls(value)


def fill(instance: Any, values: Any) -> None:
    """In the file: gives the object its fields. The reader's own does, which knows the schema."""
    raise NotImplementedError  # pragma: no cover


def _of_object(instance: Any) -> Reduced:
    written = CLASSES[type(instance)]
    return make, (written.name,), written.values(instance), None, None, fill


def _of_member(instance: Any) -> Reduced:
    return member, (CLASSES[type(instance)].name, instance.value)


class _Ways(dict[type, Callable[[Any], Reduced]]):
    """How objects of each class are written: found at the first of them, for pickle's C code looks here for every object."""

    def __missing__(self, cls: type) -> Callable[[Any], Reduced]:
        if issubclass(cls, type):
            raise KeyError(cls)  # a class itself: pickle writes its path
        self[cls] = way = _way(cls)
        return way


def _way(cls: type) -> Callable[[Any], Reduced]:
    if cls in CLASSES:
        return _of_member if issubclass(cls, Enum) else _of_object
    if cls is RLOCK:
        return lambda _lock: (threading.RLock, ())
    if cls.__module__ in ("builtins", "array") or _may_name(cls.__module__, cls.__qualname__):
        return operator.methodcaller("__reduce_ex__", 5)
    raise SandboxError(f"{cls.__module__}.{cls.__qualname__} has no name in the saved state (core/persisted.py)")


_WAYS = _Ways()


# ---- reading ---------------------------------------------------------------------------------------------------------------------------


class _Reader(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, schema: int) -> None:
        super().__init__(file)
        self._schema = schema

    def find_class(self, module: str, name: str) -> Any:
        if module in OURS:
            return {"make": make, "member": member, "fill": self._fill}[name]
        return named(module, name)

    def _fill(self, instance: Any, values: Any) -> None:
        CLASSES[type(instance)].fill(instance, values, self._schema)


def named(module: str, name: str) -> Any:
    """What a file means by a path. Raises SandboxError for what is not on the list."""
    if (module, name) == ("builtins", "getattr"):
        return _method
    if not _may_name(module, name):
        raise SandboxError(f"it names {module}.{name}, which a saved state does not have")
    found: Any = import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    if module.startswith("moto.") and not (isinstance(found, type) and found.__module__.startswith(("moto.", "sandbox."))):
        raise SandboxError(f"it names {module}.{name}, which is no class of moto's")
    return found


def _may_name(module: str, name: str) -> bool:
    package, _, rest = module.partition(".")
    return name in PYTHONS.get(module, ()) or (package == "moto" and rest.partition(".")[0] in MOTOS)


def _method(instance: Any, name: str) -> Any:
    """A bound method, which moto and threading keep in attributes: the file names the object and the method."""
    of_moto = type(instance).__module__.startswith("moto.") and not name.startswith("_")
    if not of_moto and not (isinstance(instance, RLOCK) and name in METHODS):
        raise SandboxError(f"it names {name} of {type(instance).__name__}, which a saved state does not have")
    return getattr(instance, name)


def known(name: str) -> Persisted:
    """Raises SandboxError for a name that no class has."""
    if name not in NAMES:
        raise SandboxError(f"it has a {name}, which this release does not know")
    return NAMES[name]
