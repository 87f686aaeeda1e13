"""The Ports of the sandbox in this process, and the lock that protects its AWS state.

moto's backends are process-wide, so these are too. wiring (and each test) calls `use()` once; api/ and state/ of the services read
`context().clock` and so on.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sandbox.aws.ports import Ports

LOCK = threading.RLock()
"""Held during every AWS API request and every reconcile. Never held during a driver's I/O, a long poll or a delivery."""

_current: Ports | None = None
_calling: ContextVar[str | None] = ContextVar("the AWS service that sent the request", default=None)
_role: ContextVar[str | None] = ContextVar("the IAM role that sent the request", default=None)


def use(ports: Ports) -> None:
    global _current  # noqa: PLW0603 - moto's backends are process-wide
    _current = ports


def context() -> Ports:
    assert _current is not None, "call sandbox.aws.context.use() first: see sandbox/wiring.py"
    return _current


@contextmanager
def called_by(service: str | None, role: str | None = None) -> Iterator[None]:
    """While it is open, the request that this thread processes is from that AWS service (None: from a user) and from that IAM role (its
    ARN; None: from none)."""
    token, role_token = _calling.set(service), _role.set(role)
    try:
        yield
    finally:
        _calling.reset(token)
        _role.reset(role_token)


def calling_role() -> str | None:
    """The ARN of the IAM role that sent the request that this thread processes."""
    return _role.get()


def by_aws() -> bool:
    """Whether an AWS service sent the request that this thread processes. Only they may use reserved names, such as tags aws:*."""
    return _calling.get() is not None
