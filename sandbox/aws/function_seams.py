"""S5, the fifth seam: a function or method of moto by its name, where no class of ours stands in moto's place.

moto imports most of its services when they are first called, some of them in the middle of a call. A function whose module is not loaded
yet is swapped when it is, before anybody else sees the module.
"""

import functools
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, TypeVar

from sandbox.aws.seams import REGISTRY, Registry, Seam
from sandbox.core.errors import SandboxError

F = TypeVar("F", bound=Callable[..., Any])


class FunctionSwap:
    """One function of ours in place of one of moto's. `wraps`: ours gets moto's as its first argument."""

    def __init__(self, module: str, name: str, ours: Callable[..., Any], why: str, *, wraps: bool) -> None:
        self.module, self.name, self.ours, self.why, self.wraps = module, name, ours, why, wraps
        self.theirs: Callable[..., Any] | None = None  # moto's function; None: not installed yet
        self._waits = False

    def install(self) -> None:
        if self.theirs is not None or self._waits:
            return
        if self.module in sys.modules:
            self._put(sys.modules[self.module])
        else:
            self._waits = True
            _WHEN_LOADED.add(self.module, self._put)

    def _put(self, module: ModuleType) -> None:
        owner, attribute = self._owner(module)
        there = inspect.getattr_static(owner, attribute)
        theirs = there.__func__ if isinstance(there, staticmethod) else there
        self._check(theirs)
        ours = self._wrapped(theirs) if self.wraps else self.ours
        setattr(owner, attribute, staticmethod(ours) if isinstance(there, staticmethod) else ours)
        if owner is module:
            _rebind(attribute, theirs, ours)
        self.theirs = theirs

    def seams(self) -> Iterator[Seam]:
        if self.theirs is not None:
            by = f"{self.ours.__module__}.{self.ours.__qualname__}"
            yield Seam(seam="S5", where=f"{self.module}.{self.name}", by=by, why=self.why)

    def _owner(self, module: ModuleType) -> tuple[Any, str]:
        """The module or class that has the function, and the function's name there."""
        path, _, attribute = self.name.rpartition(".")
        try:
            owner = functools.reduce(getattr, path.split(".") if path else (), module)
            inspect.getattr_static(owner, attribute)
        except AttributeError as error:
            raise self._error(f"finds no place in this moto: {error}") from error
        return owner, attribute

    def _check(self, theirs: Callable[..., Any]) -> None:
        """Ours takes moto's parameters by name; what a decorator of moto's adds to them (pages) may be `**`."""
        given = list(inspect.signature(theirs).parameters)
        plain = [p.name for p in inspect.signature(self.ours).parameters.values() if p.kind is not p.VAR_KEYWORD]
        if plain[self.wraps :] != given:
            raise self._error(f"takes {plain[self.wraps :]}, and moto's takes {given}")

    def _wrapped(self, theirs: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(theirs)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return self.ours(theirs, *args, **kwargs)

        return wrapper

    def _error(self, problem: str) -> SandboxError:
        return SandboxError(f"seam S5 {self.module}.{self.name}: {self.ours.__module__}.{self.ours.__qualname__} {problem}")


class _WhenLoaded(MetaPathFinder):
    """Has modules found as Python finds them; calls what was added for one when it has been executed."""

    def __init__(self) -> None:
        self._added: dict[str, list[Callable[[ModuleType], None]]] = {}

    def add(self, module: str, then: Callable[[ModuleType], None]) -> None:
        self._added.setdefault(module, []).append(then)
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target) if fullname in self._added else None
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module
            setattr(spec.loader, "exec_module", lambda module: self._execute(execute, module))  # noqa: B010 - mypy
        return spec

    def _execute(self, execute: Callable[[ModuleType], None], module: ModuleType) -> None:
        execute(module)
        for then in self._added.pop(module.__name__, ()):
            then(module)


_WHEN_LOADED = _WhenLoaded()


def _rebind(name: str, theirs: Callable[..., Any], ours: Callable[..., Any]) -> None:
    """In the modules of moto that have imported the function by name."""
    for module_name, module in sorted(sys.modules.items()):
        if module_name.startswith("moto.") and vars(module).get(name) is theirs:
            setattr(module, name, ours)


def swap_function(module: str, name: str, why: str, registry: Registry = REGISTRY) -> Callable[[F], F]:
    """The function takes the place of `name` ("tag_filter_matches", "SQSBackend.list_queues") in moto's module. Same parameters."""
    return _declaring(module, name, why, registry, wraps=False)


def wrap_function(module: str, name: str, why: str, registry: Registry = REGISTRY) -> Callable[[F], F]:
    """As swap_function; before moto's parameters it takes moto's function, to call it."""
    return _declaring(module, name, why, registry, wraps=True)


def _declaring(module: str, name: str, why: str, registry: Registry, *, wraps: bool) -> Callable[[F], F]:
    if not why.strip():
        raise SandboxError(f"the swap of {module}.{name} needs a reason")

    def decorate(ours: F) -> F:
        registry.declare(FunctionSwap(module, name, ours, why, wraps=wraps))
        return ours

    return decorate
