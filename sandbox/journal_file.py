"""The journal on disk, one event per line, so that a new control plane has the events of the previous one.

It is limited to two files of `LARGEST` bytes. A line cut short by a crash is skipped. Events that do not fit on a full disk are written
later.
"""

import errno
import json
import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from sandbox.core.events import Event

LARGEST = 20_000_000  # bytes
MOST_WAITING = 20_000  # events


class JournalFile:
    """`write` is the journal's sink: called in order, under the journal's own lock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._older = path.with_suffix(".older.jsonl")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._open()
        self._waiting: deque[bytes] = deque(maxlen=MOST_WAITING)
        self._cut = not _ends_with_newline(path)
        self.problem: str | None = None  # why the newest event is not on disk; None again after the next successful write

    def write(self, event: Event) -> None:
        """Never raises, so that a full disk does not stop the control plane. Sets `problem` on failure; the next event tries again."""
        self._waiting.append(json.dumps(event.as_json(), ensure_ascii=False).encode() + b"\n")
        try:
            while self._waiting:
                self._append(self._waiting[0])
                self._waiting.popleft()
        except OSError as error:
            self.problem = f"The journal could not be written ({error}). New events are kept in memory."
        else:
            self.problem = None

    def _append(self, line: bytes) -> None:
        """Writes the whole line or nothing: the next line would be appended to a partial one and lost too."""
        end = self._file.tell()
        whole = b"\n" + line if self._cut else line
        if self._file.write(whole) < len(whole):
            self._file.truncate(end)
            self._file.seek(end)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._cut = False
        if end + len(whole) > LARGEST:
            self._file.close()
            self._path.replace(self._older)
            self._file = self._open()

    def _open(self) -> BinaryIO:
        return self._path.open("ab", buffering=0)

    def read(self) -> Iterator[Event]:
        """The events of earlier runs, oldest first."""
        for path in (self._older, self._path):
            if not path.exists():
                continue
            for line in path.read_bytes().split(b"\n"):
                try:
                    yield Event.from_json(json.loads(line))
                except (ValueError, KeyError, TypeError, AttributeError):
                    continue  # the process died while writing this line

    def close(self) -> None:
        self._file.close()


def _ends_with_newline(path: Path) -> bool:
    """Also True for an empty file."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - 1, 0))
        return file.read(1) in (b"", b"\n")
