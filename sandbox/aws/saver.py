"""Saves the state within milliseconds of a change. What a killed control plane has not saved is lost, which may fail requests: a target
whose registration was lost is registered again, and receives no requests until its health checks pass.

`mark()` reports a change. A thread waits until there has been no further change for `quiet` seconds (but no longer than `longest`), then
saves. A large state is saved less often, so that saving takes no more than `share` of the time. Unmarked changes (measured data) are saved
every `regular` seconds. All of these are real seconds.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """In real seconds, and a share of them."""

    quiet: float = 0.02
    longest: float = 0.1
    share: float = 0.1
    regular: float = 15.0


class Saver:
    def __init__(
        self,
        save: Callable[[], None],
        on_trouble: Callable[[Exception | None], object],
        pace: Pace = Pace(),
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`save` writes the file. `on_trouble` is called with the error when saving starts to fail, and with None when it succeeds
        again."""
        self._save, self._on_trouble, self._pace, self._now = save, on_trouble, pace, now
        self.trouble: Exception | None = None  # why the newest state is not on disk; None again after the next successful save
        self._changed = threading.Condition()
        self._saving = threading.Lock()  # one save at a time, so that an older state never replaces a newer one
        self._first: float | None = None  # when the oldest unsaved change was marked; None: everything is saved
        self._last = 0.0
        self._rested = 0.0  # the next save is not before this time
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="saver", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def mark(self) -> None:
        """Reports a change. May be called from any thread; returns at once."""
        with self._changed:
            self._last = self._now()
            if self._first is None:
                self._first = self._last
                self._changed.notify_all()

    def flush(self) -> None:
        """Saves unsaved changes now, in the caller's thread."""
        with self._saving:
            with self._changed:
                dirty, self._first = self._first is not None, None
            if dirty:
                self._try()

    def stop(self) -> None:
        """Ends the thread and saves the remaining changes."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()
        self.flush()

    def due(self) -> float | None:
        """Seconds until the next save; None: nothing to save."""
        if self._first is None:
            return None
        wanted = min(self._last + self._pace.quiet, self._first + self._pace.longest)
        return max(0.0, max(wanted, self._rested) - self._now())

    def _try(self) -> None:
        began, before = self._now(), self.trouble
        try:
            self._save()
        except Exception as error:
            self.trouble = error
        else:
            self.trouble = None
        if (before is None) != (self.trouble is None):
            self._on_trouble(self.trouble)
        ended = self._now()
        self._rested = ended + (ended - began) * (1 / self._pace.share - 1)

    def _work(self) -> None:
        while True:
            with self._changed:
                if self._stopping:
                    return
                if (wait := self.due()) is None:
                    if not self._changed.wait(self._pace.regular):
                        self._first = self._last = self._now()
                    continue
                if wait > 0:
                    self._changed.wait(wait)
                    continue
            self.flush()
