"""Seam S5: replaces one function or method of moto by name, where we replace no class.

moto imports most of its services at their first call, some of them in the middle of a call. If the module is not loaded yet, the function
is replaced when the module is loaded, before any other code can use it.
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
    """Replaces one function of moto with ours. `wraps`: ours receives moto's function as its first argument."""

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
            raise self._error(f"does not fit this version of moto: {error}") from error
        return owner, attribute

    def _check(self, theirs: Callable[..., Any]) -> None:
        """Our function must have moto's parameter names. Parameters that a decorator of moto adds (pagination) may be `**`."""
        given = list(inspect.signature(theirs).parameters)
        plain = [p.name for p in inspect.signature(self.ours).parameters.values() if p.kind is not p.VAR_KEYWORD]
        if plain[self.wraps :] != given:
            raise self._error(f"has parameters {plain[self.wraps :]}, but moto's function has {given}")

    def _wrapped(self, theirs: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(theirs)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return self.ours(theirs, *args, **kwargs)

        return wrapper

    def _error(self, problem: str) -> SandboxError:
        return SandboxError(f"seam S5 {self.module}.{self.name}: {self.ours.__module__}.{self.ours.__qualname__} {problem}")


class _WhenLoaded(MetaPathFinder):
    """Finds modules as Python does, and calls the functions registered for a module after it has been executed."""

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
    """Replaces the function in the moto modules that imported it by name."""
    for module_name, module in sorted(sys.modules.items()):
        if module_name.startswith("moto.") and vars(module).get(name) is theirs:
            setattr(module, name, ours)


def swap_function(module: str, name: str, why: str, registry: Registry = REGISTRY) -> Callable[[F], F]:
    """Replaces `name` ("tag_filter_matches", "SQSBackend.list_queues") in a module of moto with the decorated function. Same parameters."""
    return _declaring(module, name, why, registry, wraps=False)


def wrap_function(module: str, name: str, why: str, registry: Registry = REGISTRY) -> Callable[[F], F]:
    """Like swap_function, but the decorated function receives moto's function as its first argument, so that it can call it."""
    return _declaring(module, name, why, registry, wraps=True)


def _declaring(module: str, name: str, why: str, registry: Registry, *, wraps: bool) -> Callable[[F], F]:
    if not why.strip():
        raise SandboxError(f"the swap of {module}.{name} needs a reason")

    def decorate(ours: F) -> F:
        registry.declare(FunctionSwap(module, name, ours, why, wraps=wraps))
        return ours

    return decorate
