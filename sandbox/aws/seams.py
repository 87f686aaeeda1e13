"""Seams: the places where we change moto. Each change is declared in the code that makes it, checked at start, and listed by `sandbox
seams`.

One of three decorators puts a class of ours in place of a class of moto (`swap_backend`, `swap_response`, `swap_model`). In such a class, a
method that overrides one of moto carries `@replaces(why=...)`, and an operation that moto lacks carries `@adds(why=...)`. wiring calls
`install()` after all of those modules are imported. Nothing else in the project assigns into moto, except hosting/moto_time.py,
hosting/lazy_loading.py and hosting/weak_instances.py.

    S1  <service>_backends.backend                      moto/core/base_backend.py: BackendDict
    S2  <service>.urls.url_paths, or a name in urls     moto/<service>/urls.py
    S3  the dispatcher                                  http/dispatcher.py
    S4  a model class that moto looks up by name
    S5  a function or method                            function_seams.py
    S6  a table of protocols                            protocols/rpc_v2.py
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any, Protocol, TypeVar

from sandbox.core.errors import SandboxError

C = TypeVar("C", bound=type)
F = TypeVar("F")

RESPONSES_BY_NAME = {"elb": ("moto.elb.urls", "ELBResponse"), "elbv2": ("moto.elb.urls", "ELBV2Response")}
"""Both load balancer services share a host; moto/elb/urls.py selects one of these two by the request's Version."""

_MARK = "__seam__"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seam:
    """What `sandbox seams` shows for one changed method (or for the class, if it changes no method)."""

    seam: str  # "S1"
    where: str  # "moto.ec2.models.EC2Backend.run_instances"
    by: str  # "sandbox.services.ec2.api.assembly.SandboxEC2"
    why: str


@dataclass(frozen=True, slots=True)
class _Mark:
    kind: str  # "replaces" or "adds"
    why: str


def replaces(why: str) -> Callable[[F], F]:
    """For a method (or property) that overrides moto's of the same name."""
    return _marker(_Mark("replaces", why))


def adds(why: str) -> Callable[[F], F]:
    """For an operation (or method) that moto lacks. If a later moto has it, the start fails here: decide then which one to use."""
    return _marker(_Mark("adds", why))


def _marker(mark: _Mark) -> Callable[[F], F]:
    if not mark.why.strip():
        raise SandboxError(f"@{mark.kind} needs a reason")

    def decorate(member: F) -> F:
        setattr(_function(member), _MARK, mark)
        return member

    return decorate


def _function(member: Any) -> Any:
    """The function of a property, classmethod or staticmethod; anything else is returned unchanged."""
    for attribute in ("fget", "__func__", "func"):
        if isinstance(member, (property, classmethod, staticmethod, cached_property)) and hasattr(member, attribute):
            return getattr(member, attribute)
    return member


class Swap:
    """Replaces one class of moto with ours. Subclasses define where."""

    seam: str

    def __init__(self, name: str, ours: type) -> None:
        self.name, self.ours = name, ours
        self.base: type | None = None  # moto's class; None: not installed yet

    def find(self) -> type:
        """The class that moto uses now."""
        raise NotImplementedError  # pragma: no cover - abstract

    def put(self, base: type) -> None:
        """Makes moto use our class."""
        raise NotImplementedError  # pragma: no cover - abstract

    def install(self) -> None:
        """Idempotent. Checks everything before it changes anything."""
        if self.base is not None:
            return
        base = self._look_up()
        if not issubclass(self.ours, base):
            raise self._error(f"is not a subclass of {_path(base)}, which it replaces")
        for name, member in _members(self.ours, base):
            self._check(name, member, base)
        self.put(base)
        self.base = base

    def _look_up(self) -> type:
        try:
            return self.find()
        except (ImportError, AttributeError, KeyError) as error:
            raise self._error(f"does not fit this version of moto: {error}") from error

    def _check(self, name: str, member: Any, base: type) -> None:
        mark = getattr(_function(member), _MARK, None)
        exists = hasattr(base, name)
        if mark and mark.kind == "replaces" and not exists:
            raise self._error(f"@replaces {name}, but {_path(base)} has no such method")
        if mark and mark.kind == "adds" and exists:
            raise self._error(f"@adds {name}, but {_path(base)} already has it: use @replaces")
        if not mark and exists and _is_method(getattr(base, name)) and not _is_special(name):
            raise self._error(f"overrides {name} of {_path(base)} without @replaces(why=...)")

    def _error(self, problem: str) -> SandboxError:
        return SandboxError(f"seam {self.seam} {self.name}: {_path(self.ours)} {problem}")

    def seams(self) -> Iterator[Seam]:
        if self.base is None:
            return
        marked = [(n, m) for n, member in _members(self.ours, self.base) if (m := getattr(_function(member), _MARK, None))]
        for name, mark in marked:
            yield Seam(seam=self.seam, where=f"{_path(self.base)}.{name}", by=_path(self.ours), why=mark.why)
        if not marked:
            yield Seam(seam=self.seam, where=_path(self.base), by=_path(self.ours), why=(self.ours.__doc__ or "").strip().split("\n")[0])


class BackendSwap(Swap):
    seam = "S1"

    def _dict(self) -> Any:
        return getattr(import_module(f"moto.{self.name}.models"), f"{self.name}_backends")

    def find(self) -> type:
        found: type = self._dict().backend
        return found

    def put(self, base: type) -> None:
        backends = self._dict()
        if len(backends):
            raise self._error("is installed too late: moto has already created backends; call sandbox.aws.state.reset() before install()")
        backends.backend = self.ours


class ResponseSwap(Swap):
    seam = "S2"

    def find(self) -> type:
        if self.name in RESPONSES_BY_NAME:
            module, attribute = RESPONSES_BY_NAME[self.name]
            return _class(import_module(module), attribute)
        classes = [handler.__self__ for handler in self._url_paths().values() if isinstance(getattr(handler, "__self__", None), type)]
        if not classes:
            raise KeyError("no response class in url_paths")
        return classes[0]

    def _url_paths(self) -> dict[str, Any]:
        paths: dict[str, Any] = import_module(f"moto.{self.name}.urls").url_paths
        return paths

    def put(self, base: type) -> None:
        if self.name in RESPONSES_BY_NAME:
            module, attribute = RESPONSES_BY_NAME[self.name]
            setattr(import_module(module), attribute, self.ours)
            return
        paths = self._url_paths()
        for path, handler in paths.items():
            if getattr(handler, "__self__", None) is base:
                paths[path] = getattr(self.ours, handler.__name__)


class ModelSwap(Swap):
    seam = "S4"

    def find(self) -> type:
        module, _, attribute = self.name.rpartition(".")
        return _class(import_module(module), attribute)

    def put(self, base: type) -> None:
        module, _, attribute = self.name.rpartition(".")
        setattr(import_module(module), attribute, self.ours)


def _class(module: Any, attribute: str) -> type:
    found = getattr(module, attribute)
    if not isinstance(found, type):
        raise AttributeError(f"{module.__name__}.{attribute} is not a class")
    return found


def _members(ours: type, base: type) -> Iterator[tuple[str, Any]]:
    """Members defined by our class and our mixins, without moto's; a member that ours override among themselves appears once."""
    seen: set[str] = set()
    for cls in ours.__mro__:
        if cls in base.__mro__:
            continue
        for name, member in vars(cls).items():
            if name not in seen:
                seen.add(name)
                yield name, member


def _is_method(member: Any) -> bool:
    return callable(member) or isinstance(member, (property, cached_property))


def _is_special(name: str) -> bool:
    return name == "_url_module" or (name.startswith("__") and name.endswith("__"))


def _path(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


class Declared(Protocol):
    def install(self) -> None:
        """Idempotent. Raises SandboxError if it does not fit moto."""

    def seams(self) -> Iterator[Seam]:
        """Empty before it is installed."""


class Registry:
    """The declared swaps, in the order of declaration."""

    def __init__(self) -> None:
        self._swaps: list[Declared] = []

    def declare(self, swap: Declared) -> None:
        self._swaps.append(swap)

    def install(self) -> None:
        for swap in self._swaps:
            swap.install()

    def installed(self) -> tuple[Seam, ...]:
        return tuple(seam for swap in self._swaps for seam in swap.seams())


REGISTRY = Registry()


def swap_backend(service: str, registry: Registry = REGISTRY) -> Callable[[C], C]:
    """S1: moto creates this class for each account and Region. `service`: "ec2", as in moto.ec2.models.ec2_backends."""

    def decorate(cls: C) -> C:
        # moto derives the urls module from the name of the class's own module, which is ours (BaseBackend._url_module)
        setattr(cls, "_url_module", property(lambda self: import_module(f"moto.{service}.urls")))  # noqa: B010 - mypy
        registry.declare(BackendSwap(service, cls))
        return cls

    return decorate


def swap_response(service: str, registry: Registry = REGISTRY) -> Callable[[C], C]:
    """S2: the class handles the service's requests: one method per operation, named in snake case, returning `ActionResult`."""

    def decorate(cls: C) -> C:
        registry.declare(ResponseSwap(service, cls))
        return cls

    return decorate


def swap_model(module: str, name: str, registry: Registry = REGISTRY) -> Callable[[C], C]:
    """S4: moto's module creates this class when it looks up `name`."""

    def decorate(cls: C) -> C:
        registry.declare(ModelSwap(f"{module}.{name}", cls))
        return cls

    return decorate


def install() -> None:
    """Installs every declared change. Idempotent. Raises SandboxError naming the seam that does not fit; that one is not installed."""
    REGISTRY.install()


def installed() -> tuple[Seam, ...]:
    """Every change of moto that is in force."""
    return REGISTRY.installed()
