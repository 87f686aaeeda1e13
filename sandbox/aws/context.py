"""The Ports of the sandbox in this process, and the lock that protects its AWS state.

moto's backends are process-wide, so these are too. wiring (and each test) calls `use()` once; api/ and state/ of the services read
`context().clock` and so on.
"""

import threading

from sandbox.aws.ports import Ports

LOCK = threading.RLock()
"""Held during every AWS API request and every reconcile. Never held during a driver's I/O, a long poll or a delivery."""

_current: Ports | None = None


def use(ports: Ports) -> None:
    global _current  # noqa: PLW0603 - moto's backends are process-wide
    _current = ports


def context() -> Ports:
    assert _current is not None, "call sandbox.aws.context.use() first: see sandbox/wiring.py"
    return _current
