"""The files of the process runtime: for each instance its record, by which the next control plane finds the process, its console log, and
its folder, which stands for its disk. All are in one directory.
"""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sandbox.drivers.runtime import launch_spec_json
from sandbox.drivers.runtime.base import LaunchSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    spec: LaunchSpec
    host: str  # the loopback address on which it listens
    port: int = 0  # 0: not yet started
    boots: int = 0
    pid: int = 0
    created: float = 0.0  # start of the process in seconds since the epoch; differs for a later process with the same id


class Records:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    @property
    def mark(self) -> str:
        """What the processes of these records are marked with (processes.MARK)."""
        return str(self._directory.resolve())

    def load(self) -> Iterator[Record]:
        """All records that can be read; a truncated one is skipped."""
        for file in sorted(self._directory.glob("*.json")):
            try:
                value = json.loads(file.read_text())
                yield Record(**{**value, "spec": launch_spec_json.from_json(value["spec"])})
            except (ValueError, KeyError, TypeError):
                continue

    def save(self, record: Record) -> None:
        value = {"spec": launch_spec_json.to_json(record.spec), "host": record.host, "port": record.port, "boots": record.boots}
        value |= {"pid": record.pid, "created": record.created}
        file = self._file(record.spec.instance_id, "json")
        new = file.with_suffix(".new")
        new.write_text(json.dumps(value))
        new.replace(file)

    def remove(self, instance_id: str) -> None:
        for kind in ("json", "log"):
            self._file(instance_id, kind).unlink(missing_ok=True)
        shutil.rmtree(self.home(instance_id), ignore_errors=True)

    def home(self, instance_id: str) -> Path:
        """The instance's folder: what its programs write. It may not exist."""
        return self._directory / instance_id

    def open_console(self, instance_id: str) -> IO[bytes]:
        return self._file(instance_id, "log").open("ab", buffering=0)

    def console(self, instance_id: str, newest: int) -> bytes:
        """The last `newest` bytes of the console log; empty when there is none."""
        try:
            with self._file(instance_id, "log").open("rb") as console:
                console.seek(max(0, console.seek(0, os.SEEK_END) - newest))
                return console.read()
        except FileNotFoundError:
            return b""

    def _file(self, instance_id: str, kind: str) -> Path:
        return self._directory / f"{instance_id}.{kind}"
