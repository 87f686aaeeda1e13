"""The journal on disk: one event a line, so that a new control plane knows what the earlier one did and why.

Kept to two files of `LARGEST` bytes; a line cut short by a crash is passed over.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from sandbox.core.events import Event

LARGEST = 20_000_000  # bytes


class JournalFile:
    """`write` is the journal's sink: called in order, under the journal's own lock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._older = path.with_suffix(".older.jsonl")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8")
        self.trouble: str | None = None  # why the newest event is not on disk

    def write(self, event: Event) -> None:
        """Never raises: a full disk must not stop what the events are about. `trouble` tells, and the next event tries again."""
        try:
            self._append(event)
        except OSError as error:
            self.trouble = f"the journal could not be written ({error}); events are kept in memory only"
        else:
            self.trouble = None

    def _append(self, event: Event) -> None:
        self._file.write(json.dumps(event.as_json(), ensure_ascii=False) + "\n")
        self._file.flush()
        if self._file.tell() > LARGEST:
            self._file.close()
            self._path.replace(self._older)
            self._file = self._path.open("a", encoding="utf-8")

    def read(self) -> Iterator[Event]:
        """What earlier runs wrote, oldest first."""
        for path in (self._older, self._path):
            if not path.exists():
                continue
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    yield Event.from_json(json.loads(line))
                except (ValueError, KeyError):
                    continue  # the process died while it wrote this line

    def close(self) -> None:
        self._file.close()
