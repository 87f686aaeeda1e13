"""What the steps of lessons say now, for all open pages together. As any client, it knows the sandbox through its API only.

One look at a time, and pauses that are four times as long as the look was: lessons cost at most a fifth of a core, however many are open.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.client import SandboxClient
from sandbox.core.errors import UserError
from sandbox.learn.lesson import Lesson
from sandbox.learn.progress import Book, Look, Progress

SHORTEST, SHARE = 1.0, 4.0  # real seconds between two looks at one lesson; and how many times its duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """`looks`: of each step; none: the lesson was not begun, or not looked at yet."""

    begun: bool = False
    looks: tuple[Look, ...] = ()
    problem: str | None = None  # why the last look failed: an injected fault of the API, for example


class Looks:
    """Thread-safe."""

    def __init__(self, client: Callable[[], SandboxClient]) -> None:
        self._make = client
        self._client: SandboxClient | None = None
        self._looking = threading.Lock()
        self._known: dict[str, tuple[float, Seen]] = {}  # name → (real time from which it is old, what was seen)

    def progress(self) -> Mapping[str, Progress]:
        return self._book().all()

    def begin(self, lesson: Lesson) -> None:
        """Begins it, or begins it again."""
        self._book().begin(lesson)
        self._known.pop(lesson.name, None)

    def seen(self, lesson: Lesson) -> Seen:
        """The newest look: at most a moment old. While another one is in progress, the one before."""
        fresh_until, known = self._known.get(lesson.name, (0.0, None))
        if known is not None and time.monotonic() < fresh_until:
            return known
        if not self._looking.acquire(blocking=known is None):
            return known or Seen()
        try:
            began = time.monotonic()
            found = self._look(lesson, known)
            ended = time.monotonic()
            self._known[lesson.name] = ended + max(SHORTEST, SHARE * (ended - began)), found
            return found
        finally:
            self._looking.release()

    def _look(self, lesson: Lesson, known: Seen | None) -> Seen:
        try:
            book = self._book()
            return Seen(begun=True, looks=book.look(lesson)[1]) if book.progress(lesson) else Seen()
        except ClientError as error:
            problem = f"{error.operation_name}: {error.response['Error'].get('Code')}: {error.response['Error'].get('Message')}"
        except (BotoCoreError, UserError) as error:
            problem = error.message if isinstance(error, UserError) else str(error)
        return Seen(begun=known is not None and known.begun, looks=known.looks if known else (), problem=problem)

    def _book(self) -> Book:
        if self._client is None:
            self._client = self._make()
        return Book(self._client)
