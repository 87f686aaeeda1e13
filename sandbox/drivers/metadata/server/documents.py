"""The documents in the state folder, as the control plane leaves them: which of them changed since the last look."""

from collections.abc import Iterator
from pathlib import Path

from sandbox.drivers.metadata.document_json import from_json
from sandbox.drivers.metadata.server.answers import Caller
from sandbox.drivers.metadata.server.service import Served

Stamp = tuple[int, int, int]


class Documents:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stamps: dict[str, Stamp] = {}  # by file name

    def changed(self) -> list[Served]:
        """Those that are new or differ, oldest first. A file that cannot be read changes nothing: what it said before still counts."""
        return sorted(self._read_changed(), key=lambda each: each.version)

    def gone(self) -> list[str]:
        """The ids whose file is gone since the last call. None is while the folder itself is missing: what was known still counts."""
        if not self._folder.is_dir():
            return []
        missing = [name for name in self._stamps if not (self._folder / name).exists()]
        for name in missing:
            del self._stamps[name]
        return [name.removesuffix(".json") for name in missing]

    def _read_changed(self) -> Iterator[Served]:
        for file in self._folder.glob("i-*.json"):
            try:
                found = file.stat()
                stamp = (found.st_mtime_ns, found.st_ino, found.st_size)
                if self._stamps.get(file.name) == stamp:
                    continue
                document, addresses, version = from_json(file.read_text())
            except (OSError, ValueError):
                continue
            self._stamps[file.name] = stamp
            yield Served(Caller.of(document), addresses, version)
