"""Makes moto use the sandbox's clock: for API responses, stored timestamps and moto's own periods.

moto gets the time from moto.core.utils.utcnow, which its modules import by name, and in a few modules from datetime.now() (DIRECT).
`install(clock)` replaces the former in moto.core.utils and in every module loaded so far (modules loaded later import the replacement), and
gives the latter a `datetime` whose now() is ours. It may be called again with another clock. tests/seams finds places that a new version of
moto adds.
"""

import sys
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from importlib import import_module
from types import ModuleType
from typing import Any

from sandbox.core.clock import Clock
from sandbox.core.errors import SandboxError

UTCNOW = "moto.core.utils"

DIRECT = (
    "moto.autoscaling.models",  # a launch's created_time
    "moto.cloudwatch.models",  # a dashboard's last_modified
    "moto.elb.models",  # a classic load balancer's created_time
    "moto.moto_api._internal.managed_state_model",  # state transitions of fis and others
)

_MARK = "__sandbox_time__"
_clock: Clock | None = None


def utcnow() -> datetime:
    """Sandbox time as moto keeps it: naive, UTC."""
    assert _clock is not None, "call moto_time.install() first"
    return _clock.now().astimezone(UTC).replace(tzinfo=None)


setattr(utcnow, _MARK, True)


def now(tz: tzinfo | None = None) -> datetime:
    """Replaces datetime.now(). A naive result is in UTC; moto's would be in the machine's time zone."""
    return utcnow() if tz is None else utcnow().replace(tzinfo=UTC).astimezone(tz)


class _DatetimeType(type):
    """Everything except now() is the real class, so that isinstance, constructors and pickling work as before."""

    def __call__(cls, *args: Any, **kwargs: Any) -> datetime:
        return datetime(*args, **kwargs)  # noqa: DTZ001 - as the caller says

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, datetime)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, datetime)

    def __getattr__(cls, name: str) -> Any:
        return getattr(datetime, name)


class SandboxDatetime(metaclass=_DatetimeType):
    """`datetime` for modules that use `from datetime import datetime`."""

    now = staticmethod(now)


class _DatetimeModule(ModuleType):
    """`datetime` for modules that use `import datetime`."""

    datetime = SandboxDatetime

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.modules["datetime"], name)


_MODULE = _DatetimeModule("datetime")


def install(clock: Clock) -> None:
    """Idempotent. Raises SandboxError if moto no longer has the names that are replaced."""
    global _clock  # noqa: PLW0603 - moto is process-wide, and so is its time
    for place in DIRECT:
        _rebind_datetime(import_module(place))
    original: Callable[[], datetime] | None = getattr(import_module(UTCNOW), "utcnow", None)
    if original is None:
        raise SandboxError(f"moto_time: {UTCNOW} has no utcnow; this version of moto gets the time elsewhere")
    if not hasattr(original, _MARK):
        for module in _loaded():
            if vars(module).get("utcnow") is original:
                setattr(module, "utcnow", utcnow)  # noqa: B010 - a module of moto's
    _clock = clock


def _loaded() -> list[ModuleType]:
    return [module for name, module in sorted(sys.modules.items()) if name.partition(".")[0] == "moto" and isinstance(module, ModuleType)]


def _rebind_datetime(module: ModuleType) -> None:
    there = vars(module).get("datetime")
    if there is datetime:
        setattr(module, "datetime", SandboxDatetime)  # noqa: B010
    elif there is sys.modules["datetime"]:
        setattr(module, "datetime", _MODULE)  # noqa: B010
    elif there is not SandboxDatetime and there is not _MODULE:
        raise SandboxError(f"moto_time: {module.__name__} has no name datetime; this version of moto gets the time elsewhere")
