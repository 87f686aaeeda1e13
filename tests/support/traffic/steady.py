"""Clients that ask one URL all the time, in threads, while a test changes what is behind it."""

import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from types import TracebackType

CLIENTS = 4
PAUSE = 0.02


class Traffic:
    """`with Traffic(url) as traffic: ...`; afterwards `answers` counts statuses and errors, `lost` those that were not 200."""

    def __init__(self, url: str) -> None:
        self.answers: Counter[str] = Counter()
        self._url, self._stop, self._lock = url, threading.Event(), threading.Lock()
        self._threads = [threading.Thread(target=self._ask, daemon=True) for _ in range(CLIENTS)]

    @property
    def lost(self) -> dict[str, int]:
        return {answer: count for answer, count in self.answers.items() if answer != "200"}

    def __enter__(self) -> "Traffic":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        while not self._stop.is_set():
            answer = self._once()
            with self._lock:
                self.answers[answer] += 1
            time.sleep(PAUSE)

    def _once(self) -> str:
        try:
            with urllib.request.urlopen(self._url, timeout=10) as answer:
                answer.read()
                return str(answer.status)
        except urllib.error.HTTPError as error:
            return str(error.code)
        except OSError as error:
            return repr(error)
