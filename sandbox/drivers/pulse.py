"""Does the other side still answer? A frozen Envoy or Docker engine keeps its sockets and streams, so that only a question tells it from
one that works. Used by proxy/envoy/proxy.py and runtime/docker/runtime.py.

Questions are counted, not time: when it was the control plane that stood still, the other side is not to blame for the silence.
"""

import threading
from collections.abc import Callable

MOST_UNANSWERED = 3  # in a row; each waited for as long as `ask` does


class Pulse:
    def __init__(self, name: str, pause: float, ask: Callable[[], bool], on_silence: Callable[[], None] = lambda: None) -> None:
        """`pause`: real seconds between questions; `ask`: does it answer (may take a while); `on_silence`: called when it has not for
        MOST_UNANSWERED questions, and again after as many more. `name` is the thread's."""
        self._pause, self._ask, self._on_silence = pause, ask, on_silence
        self._unanswered = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns when a question that is under way is answered."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def silent(self) -> bool:
        return self._unanswered >= MOST_UNANSWERED

    def look(self) -> None:
        """One question."""
        self._unanswered = 0 if self._ask() else self._unanswered + 1
        if self._unanswered and self._unanswered % MOST_UNANSWERED == 0:
            self._on_silence()

    def _beat(self) -> None:
        while not self._stop.wait(self._pause):
            self.look()
