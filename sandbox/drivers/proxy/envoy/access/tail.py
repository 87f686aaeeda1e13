"""The access log as the control plane reads it: Envoy's file is followed, each line becomes an AccessRecord once, across restarts too.

The place up to which was read is kept in a file beside it. When the log has grown it is renamed and Envoy is told to open a new one;
the old one is read to its end before it is deleted, so no line is lost.
"""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from sandbox.drivers.proxy.base import AccessRecord
from sandbox.drivers.proxy.envoy.access.log_format import read

LARGEST = 16 * 1024 * 1024
_MOST_AT_ONCE = 1024 * 1024  # bytes a round: a long absence is caught up in pieces


class Tail:
    """Not thread-safe: one thread calls `follow`."""

    def __init__(self, log: Path, reopen: Callable[[], bool], largest: int = LARGEST) -> None:
        """`reopen` makes Envoy open its log anew; False: it could not be told."""
        self._log, self._reopen, self._largest = log, reopen, largest
        self._old = log.with_name(log.name + ".old")
        self._place = log.with_name(log.name + ".offset")
        self._inode, self._offset = self._load()

    def follow(self, deliver: Callable[[Sequence[AccessRecord]], None]) -> bool:
        """Delivers what was written since the last time. → whether there may be more at once."""
        path = self._current()
        if path is None:
            return False
        chunk = self._read(path)
        whole = chunk[: chunk.rfind(b"\n") + 1]
        if whole:
            deliver(tuple(read(whole.splitlines())))
            self._offset += len(whole)
            self._save()
        if path == self._old and not whole:
            return self._finish_old()
        if path == self._log and self._offset > self._largest:
            self._rotate()
        return path == self._old or len(chunk) == _MOST_AT_ONCE

    def _current(self) -> Path | None:
        """The renamed file as long as it is there, then Envoy's present one."""
        for path in (self._old, self._log):
            try:
                inode = os.stat(path).st_ino
            except FileNotFoundError:
                continue
            if inode != self._inode:
                self._inode, self._offset = inode, 0
            return path
        return None

    def _read(self, path: Path) -> bytes:
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_size < self._offset:  # someone emptied it
                self._offset = 0
            file.seek(self._offset)
            return file.read(_MOST_AT_ONCE)

    def _rotate(self) -> None:
        os.rename(self._log, self._old)
        self._reopen()

    def _finish_old(self) -> bool:
        """Envoy closes the old file before it opens the new one: when that exists, the old one is complete."""
        if not self._log.exists():
            self._reopen()
            return False
        if b"\n" in self._read(self._old):
            return True
        self._old.unlink()
        return True

    def _load(self) -> tuple[int, int]:
        try:
            saved = json.loads(self._place.read_text())
            return int(saved["inode"]), int(saved["offset"])
        except (OSError, ValueError, KeyError):
            return 0, 0

    def _save(self) -> None:
        self._place.write_text(json.dumps({"inode": self._inode, "offset": self._offset}))
