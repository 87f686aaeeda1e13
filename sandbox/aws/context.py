"""What moto's backends need of the sandbox they live in. moto's backends are process-wide, so is this: one sandbox in a process at a time.

Set once by wiring (and by tests); read by services/*/backend.py as `context().clock` and so on.
"""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.core.clock import Clock
from sandbox.core.journal import Journal

LOCK = threading.RLock()
"""Round every request to the core services and every reconcile. Never held during I/O of a driver, a long poll or a delivery."""


def _sleep_through(controller: str | None = None, key: str | None = None) -> None:
    """Nobody to wake: the engine is not there yet."""


@dataclass
class Context:
    clock: Clock
    journal: Journal
    random: random.Random
    settings: Any  # sandbox.settings.Settings; untyped because settings lies above this layer
    wake: Callable[..., None] = _sleep_through
    extra: dict[str, Any] = field(default_factory=dict)  # drivers by name ("runtime", "proxy"), set by wiring


_current: Context | None = None


def use(context: Context) -> None:
    global _current  # noqa: PLW0603 - moto's backends are process-wide
    _current = context


def context() -> Context:
    assert _current is not None, "sandbox.aws.context.use() comes first: see sandbox/wiring.py"
    return _current
