"""Does Envoy still answer? A frozen one keeps its sockets and its stream, so that only a question tells it from one that serves.

Asks counted in a row, not time: when it was the control plane that stood still, Envoy is not to blame for the silence.
"""

import threading
from collections.abc import Callable

PAUSE = 1.0  # real seconds between questions
MOST_UNANSWERED = 3  # each waited for as long as `ask` does (admin.py: 2 real seconds)


class Pulse:
    def __init__(self, ask: Callable[[], bool], silent: Callable[[], None]) -> None:
        """`ask`: does it answer (may take a while); `silent`: called when it has not for MOST_UNANSWERED questions, and again after as
        many more."""
        self._ask, self._silent = ask, silent
        self._unanswered = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="envoy-pulse", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def why_not(self) -> str | None:
        return "Envoy is there, but does not answer" if self._unanswered >= MOST_UNANSWERED else None

    def look(self) -> None:
        """One question."""
        self._unanswered = 0 if self._ask() else self._unanswered + 1
        if self._unanswered and self._unanswered % MOST_UNANSWERED == 0:
            self._silent()

    def _beat(self) -> None:
        while not self._stop.wait(PAUSE):
            self.look()
