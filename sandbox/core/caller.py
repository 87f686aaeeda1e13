"""The caller of the request that this thread processes, and whether it still waits for the response.

The HTTP server creates one for each request and reports a closed connection to it. The gateway does not start a call whose caller has hung
up, and a long poll returns. Requests from inside this process have a caller that never hangs up.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Caller:
    """`hung_up` and `patient` are written by the server's thread and read by the thread that processes the request."""

    def __init__(self) -> None:
        self.hung_up = False
        self.patient = True  # False: a long poll returns at once, since its caller hung up or the server stops
        self._lock = threading.Lock()
        self._wake: Callable[[], None] | None = None

    def hang_up(self) -> None:
        self.hung_up, self.patient = True, False

    def hurry(self) -> None:
        self.patient = False

    def wake(self) -> None:
        """Wakes the request if it waits. Takes the lock of that wait, so it may block: do not call it on the server's event loop."""
        with self._lock:
            wake = self._wake
        if wake is not None:
            wake()

    @contextmanager
    def woken_by(self, wake: Callable[[], None]) -> Iterator[None]:
        """While the context is open, the request waits, and `wake` ends its wait."""
        with self._lock:
            self._wake = wake
        try:
            yield
        finally:
            with self._lock:
                self._wake = None


_INSIDE = Caller()
_CURRENT: ContextVar[Caller] = ContextVar("caller", default=_INSIDE)


def current() -> Caller:
    return _CURRENT.get()


@contextmanager
def answering(caller: Caller) -> Iterator[None]:
    """While the context is open, this thread processes a request of `caller`."""
    token = _CURRENT.set(caller)
    try:
        yield
    finally:
        _CURRENT.reset(token)
