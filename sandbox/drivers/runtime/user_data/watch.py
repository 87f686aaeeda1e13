"""Looks for the result of user data until it is there: one thread for all instances of a runtime. The end of a boot gives no signal outside
the instance, so each is asked, first soon and then after twice the time.
"""

import heapq
import itertools
import threading
import time
from collections.abc import Callable

from sandbox.drivers.runtime.base import UserDataResult
from sandbox.drivers.runtime.user_data.results import BootResult

FIRST, LONGEST = 0.5, 30.0  # real seconds between two looks


class ResultWatch:
    """`read(instance_id)`: the result of the boot that runs now; None: not yet. Raises KeyError when there is none to come, any other
    exception to be asked again. `found`: is told each result once."""

    def __init__(self, read: Callable[[str], BootResult | None], found: Callable[[str, UserDataResult | None], None]) -> None:
        self._read, self._found = read, found
        self._due: list[tuple[float, int, str, float]] = []  # when, number, instance, delay until the next look
        self._expected: dict[str, int] = {}  # number of the newest boot; an older entry in the heap has no effect
        self._number = itertools.count()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._watch, name="user-data-results", daemon=True)
        self._thread.start()

    def expect(self, instance_id: str) -> None:
        """A boot with user data began, or goes on."""
        with self._changed:
            self._expected[instance_id] = number = next(self._number)
            heapq.heappush(self._due, (time.monotonic(), number, instance_id, FIRST))
            self._changed.notify()

    def forget(self, instance_id: str) -> None:
        with self._changed:
            self._expected.pop(instance_id, None)

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout=5)

    def _watch(self) -> None:
        while (taken := self._take()) is not None:
            instance_id, number, delay = taken
            try:
                result = self._read(instance_id)
            except KeyError:
                continue
            except Exception:  # the engine does not answer, or the instance is about to end
                result = None
            if result is None:
                self._again(instance_id, number, delay)
            elif self._expected.get(instance_id) == number:
                self._found(instance_id, result.user_data)

    def _take(self) -> tuple[str, int, float] | None:
        """Waits for the next one that is due. None: closed."""
        with self._changed:
            while not self._closed:
                if self._due and self._expected.get(self._due[0][2]) != self._due[0][1]:
                    heapq.heappop(self._due)
                elif not self._due:
                    self._changed.wait()
                elif (wait := self._due[0][0] - time.monotonic()) > 0:
                    self._changed.wait(wait)
                else:
                    _, number, instance_id, delay = heapq.heappop(self._due)
                    return instance_id, number, delay
        return None

    def _again(self, instance_id: str, number: int, delay: float) -> None:
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + delay, number, instance_id, min(2 * delay, LONGEST)))
