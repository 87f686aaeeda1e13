"""Reads Envoy's access log as it is written: each line becomes one AccessRecord exactly once, also across restarts.

The offset that was read last is kept in a file next to the log. A log that has grown too large is renamed, and Envoy opens a new one; the
old one is read to its end before it is deleted, so no line is lost.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path

from sandbox.drivers.proxy.batches import AccessBatch
from sandbox.drivers.proxy.envoy.access.log_batch import LogBatch

LARGEST = 16 * 1024 * 1024
_MOST_AT_ONCE = 1024 * 1024  # bytes per round: a long backlog is read in pieces


class Tail:
    """Not thread-safe: one thread calls `follow`."""

    def __init__(self, log: Path, reopen: Callable[[], bool], largest: int = LARGEST) -> None:
        """`reopen` makes Envoy reopen its log file. → False when Envoy did not answer."""
        self._log, self._reopen, self._largest = log, reopen, largest
        self._old = log.with_name(log.name + ".old")
        self._offset_file = log.with_name(log.name + ".offset")
        self._inode, self._offset = self._load()

    def follow(self, deliver: Callable[[AccessBatch], None]) -> bool:
        """Delivers what was written since the last call. → whether there may be more to read now."""
        path = self._current()
        if path is None:
            return False
        chunk = self._read(path)
        whole = chunk[: chunk.rfind(b"\n") + 1]
        if whole:
            deliver(LogBatch(whole[:-1].split(b"\n")))
            self._offset += len(whole)
            self._save()
        if path == self._old and not whole:
            return self._finish_old()
        if path == self._log and self._offset > self._largest:
            self._rotate()
        return path == self._old or len(chunk) == _MOST_AT_ONCE

    def _current(self) -> Path | None:
        """The renamed file while it exists, then Envoy's current one."""
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
            if os.fstat(file.fileno()).st_size < self._offset:  # the file was truncated
                self._offset = 0
            file.seek(self._offset)
            return file.read(_MOST_AT_ONCE)

    def _rotate(self) -> None:
        os.rename(self._log, self._old)
        self._reopen()

    def _finish_old(self) -> bool:
        """Envoy closes the old file before it opens the new one: when the new one exists, the old one is complete."""
        if not self._log.exists():
            self._reopen()
            return False
        if b"\n" in self._read(self._old):
            return True
        self._old.unlink()
        return True

    def _load(self) -> tuple[int, int]:
        try:
            saved = json.loads(self._offset_file.read_text())
            return int(saved["inode"]), int(saved["offset"])
        except (OSError, ValueError, KeyError):
            return 0, 0

    def _save(self) -> None:
        self._offset_file.write_text(json.dumps({"inode": self._inode, "offset": self._offset}))
