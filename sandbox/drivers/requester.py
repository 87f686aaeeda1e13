"""The shared part of probers and deliverers: each request has a key and a number, and its result is stored under the same key.

`Results` keeps the newest result of each key. `Requester` is the base class with the methods of both Protocols that only read results.
`AsyncRequester` also runs an asyncio loop in a thread of its own.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Generic, Protocol, TypeVar


class Numbered(Protocol):
    """A request or a result. `number` increases with each request under the key."""

    @property
    def key(self) -> str: ...
    @property
    def number(self) -> int: ...


R = TypeVar("R", bound=Numbered)


class Results(Generic[R]):
    """Thread-safe. The highest number wins. The result of a request that was forgotten is dropped. Callbacks run in the thread that ended
    the request, without the lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._in_progress: dict[str, set[int]] = {}
        self._latest: dict[str, R] = {}
        self._callbacks: list[Callable[[str], None]] = []
        self._closed = False

    def begin(self, request: Numbered) -> None:
        with self._lock:
            self._in_progress.setdefault(request.key, set()).add(request.number)

    def end(self, result: R) -> None:
        with self._lock:
            numbers = self._in_progress.get(result.key, set())
            if self._closed or result.number not in numbers:
                return  # forgotten in the meantime
            numbers.discard(result.number)
            if not numbers:
                del self._in_progress[result.key]
            before = self._latest.get(result.key)
            if before is None or before.number <= result.number:
                self._latest[result.key] = result
        for callback in self._callbacks:
            callback(result.key)

    def latest(self, key: str) -> R | None:
        with self._lock:
            return self._latest.get(key)

    def forget(self, key: str) -> None:
        with self._lock:
            self._latest.pop(key, None)
            self._in_progress.pop(key, None)

    def on_result(self, callback: Callable[[str], None]) -> None:
        self._callbacks.append(callback)

    def close(self) -> None:
        with self._lock:
            self._closed = True


class Requester(Generic[R]):
    def __init__(self) -> None:
        self._results: Results[R] = Results()

    def latest(self, key: str) -> R | None:
        return self._results.latest(key)

    def forget(self, key: str) -> None:
        self._results.forget(key)

    def on_result(self, callback: Callable[[str], None]) -> None:
        self._results.on_result(callback)

    def close(self) -> None:
        """Requests in progress are abandoned without a result."""
        self._results.close()


class AsyncRequester(Requester[R]):
    def __init__(self, name: str) -> None:
        """`name`: of the thread."""
        super().__init__()
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def close(self) -> None:
        super().close()
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def _schedule(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Runs the coroutine in the loop. Called from any thread; returns at once."""
        self._loop.call_soon_threadsafe(self._begin, work)

    def _begin(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        task = self._loop.create_task(work())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _run(self) -> None:
        self._loop.run_forever()
        self._loop.run_until_complete(self._cancel_all())
        self._loop.close()

    async def _cancel_all(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
