"""Converts the objects of the saved state to bytes and back.

moto's backends, with what the services store on them, are one graph of objects that refer to each other. pickle writes such a graph fast.
This module differs from pickle's default in two ways:

- An object of ours is written as the stable name of its class and its fields by name (core/persisted.py), never as the path of its class.
  Objects of moto are written with moto's paths, so a file can be read only with the version of moto that wrote it.
- Only the classes listed below are written or read, so that reading a file cannot run code. A class that is not listed makes the save fail
  at once, instead of a later load.
"""

import gc
import io
import operator
import pickle
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from importlib import import_module
from typing import Any

from sandbox.core.errors import SandboxError
from sandbox.core.persisted import CLASSES, NAMES, Persisted

OURS = ("sandbox.aws.pickling",)
"""Paths of this module in saved files. If the module moves, add its new path and keep the old ones."""

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
"""Names of the standard library that a file may contain."""

MOTOS = ("autoscaling", "cloudwatch", "core", "ec2", "elb", "elbv2", "fis", "iam", "kms", "moto_api", "sns", "sqs", "sts", "utilities")
"""Packages of moto whose classes a file may contain: the saved services, and what their objects refer to."""

RLOCK = type(threading.RLock())
METHODS = frozenset({"acquire", "release", "_is_owned", "_release_save", "_acquire_restore"})  # of an RLock, that a Condition holds

Reduced = tuple[Any, ...]  # as of object.__reduce_ex__


def dumps(value: object) -> bytes:
    """Raises SandboxError for an object that could not be loaded again."""
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
    """`schema`: of the file. Raises SandboxError if the data is damaged or contains a name that is not allowed."""
    try:
        with _collection_put_off():
            return _Reader(io.BytesIO(written), schema).load()
    except SandboxError:
        raise
    except Exception as error:
        raise SandboxError(f"it is damaged ({type(error).__name__}: {error})") from error


@contextmanager
def _collection_put_off() -> Iterator[None]:
    """Disables garbage collection: the many new tuples would make Python scan all objects again and again, and there is no garbage."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


# ---- writing ---------------------------------------------------------------------------------------------------------------------------


def make(name: str) -> Any:
    """In the file: creates an empty object of the class with this name. A file refers to the functions of this section by name."""
    cls: Any = known(name).cls
    return cls.__new__(cls)


def member(name: str, value: Any) -> Any:
    """In the file: the member of the enumeration with this name."""
    return known(name).cls(value)


def pattern(text: str, flags: int) -> Any:
    """In the file: a regular expression that moto keeps in an attribute."""
    return re.compile(text, flags)


def fill(instance: Any, values: Any) -> None:
    """In the file: sets the object's fields. The reader replaces it with its own method, which knows the schema."""
    raise NotImplementedError  # pragma: no cover


def _of_object(instance: Any) -> Reduced:
    written = CLASSES[type(instance)]
    return make, (written.name,), written.values(instance), None, None, fill


def _of_member(instance: Any) -> Reduced:
    return member, (CLASSES[type(instance)].name, instance.value)


class _Ways(dict[type, Callable[[Any], Reduced]]):
    """How objects of each class are written. Computed once per class, because pickle's C code looks it up for every object."""

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
    if cls is re.Pattern:
        return lambda found: (pattern, (found.pattern, found.flags))
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
            return {"make": make, "member": member, "pattern": pattern, "fill": self._fill}[name]
        return named(module, name)

    def _fill(self, instance: Any, values: Any) -> None:
        CLASSES[type(instance)].fill(instance, values, self._schema)


def named(module: str, name: str) -> Any:
    """The object with this path. Raises SandboxError if it is not allowed in a file."""
    if (module, name) == ("builtins", "getattr"):
        return _method
    if not _may_name(module, name):
        raise SandboxError(f"it contains {module}.{name}, which is not allowed in a saved state")
    found: Any = import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    if module.startswith("moto.") and not (isinstance(found, type) and found.__module__.startswith(("moto.", "sandbox."))):
        raise SandboxError(f"it contains {module}.{name}, which is not a class of moto")
    return found


def _may_name(module: str, name: str) -> bool:
    package, _, rest = module.partition(".")
    return name in PYTHONS.get(module, ()) or (package == "moto" and rest.partition(".")[0] in MOTOS)


def _method(instance: Any, name: str) -> Any:
    """A bound method, which moto and threading keep in attributes: the file names the object and the method."""
    of_moto = type(instance).__module__.startswith("moto.") and not name.startswith("_")
    if not of_moto and not (isinstance(instance, RLOCK) and name in METHODS):
        raise SandboxError(f"it contains {name} of {type(instance).__name__}, which is not allowed in a saved state")
    return getattr(instance, name)


def known(name: str) -> Persisted:
    """The class with this name. Raises SandboxError if there is none."""
    if name not in NAMES:
        raise SandboxError(f"it contains {name}, which this release does not know")
    return NAMES[name]
