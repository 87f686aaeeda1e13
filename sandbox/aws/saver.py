"""Saves the state soon after it changed, and not after each change: a burst of API calls becomes one file.

`mark()` says that something changed; a thread of its own waits until nothing more did for `quiet` seconds (but no longer than `longest`)
and saves. Real seconds: this is about the disk, not about the sandbox's time.
"""

import threading
import time
from collections.abc import Callable


class Saver:
    def __init__(
        self,
        save: Callable[[], None],
        on_error: Callable[[Exception], None],
        quiet: float = 0.5,
        longest: float = 5.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`save` writes the file; `on_error` is told when it could not, and the next change tries again."""
        self._save, self._on_error, self._quiet, self._longest, self._now = save, on_error, quiet, longest, now
        self._changed = threading.Condition()
        self._saving = threading.Lock()  # one save at a time, so that an older picture never replaces a newer one
        self._first: float | None = None  # when the oldest unsaved change was marked; None: all is saved
        self._last = 0.0
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="saver", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def mark(self) -> None:
        """Something changed. From any thread; quick."""
        with self._changed:
            self._last = self._now()
            if self._first is None:
                self._first = self._last
                self._changed.notify_all()

    def flush(self) -> None:
        """Saves now what is not saved yet, in the caller's thread."""
        with self._saving:
            with self._changed:
                dirty, self._first = self._first is not None, None
            if dirty:
                self._try()

    def stop(self) -> None:
        """Ends the thread and saves what is left."""
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
        return max(0.0, min(self._last + self._quiet, self._first + self._longest) - self._now())

    def _try(self) -> None:
        try:
            self._save()
        except Exception as error:
            self._on_error(error)

    def _work(self) -> None:
        while not self._stopping:
            with self._changed:
                wait = self.due()
                if wait is None or wait > 0:
                    self._changed.wait(wait)
                    continue
            self.flush()
