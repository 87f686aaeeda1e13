"""The state file: a header of one line in JSON, then the objects as bytes (pickling.py).

The header has the schema, the version of moto, the last event whose effects the state contains, and the clock. It can be read without the
objects. A file is replaced atomically and never modified. A file that cannot be read is set aside, never deleted.
"""

import json
import os
import tempfile
import zlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
import moto

from sandbox.aws import pickling, schema_3
from sandbox.core.clock import Reading
from sandbox.core.errors import SandboxError

MAGIC, SCHEMA = "fault-tolerance-sandbox state", 4
OLDEST = schema_3.SCHEMA
"""A change that needs a migration increments SCHEMA (core/persisted.py). Every schema since OLDEST can be read; tests/fixtures/state has a
file of each."""

ASIDE, KEPT, TEMPORARY = "{name}.set-aside-{number}", "{name}.kept-{number}", ".new"


class Unreadable(SandboxError):
    """The file cannot be used. The message gives the reason; it completes a sentence that starts with the file's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    event: str = ""  # id of the last event whose effects the state contains; "": unknown
    clock: Reading | None = None  # None: schema 3 has no clock
    schema: int = SCHEMA
    moto: str = moto.__version__


def write(path: Path, header: Header, objects: bytes) -> None:
    """Replaces the file atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=TEMPORARY)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(_line(header, objects) + b"\n" + objects)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_header(path: Path) -> Header:
    """Raises Unreadable, or FileNotFoundError if there is no file."""
    return _header(_content(path).partition(b"\n")[0])[0]


def read(path: Path) -> tuple[Header, Any]:
    """→ the header and the objects. Raises Unreadable, or FileNotFoundError if there is no file."""
    line, _, objects = _content(path).partition(b"\n")
    header, checksum = _header(line)
    if header.moto != moto.__version__:
        raise Unreadable(f"was written with moto {header.moto}; this release has moto {moto.__version__}")
    if checksum is not None and checksum != zlib.crc32(objects):
        raise Unreadable("is damaged: its checksum is wrong")
    try:
        return header, schema_3.loads(objects) if header.schema == schema_3.SCHEMA else pickling.loads(objects, header.schema)
    except SandboxError as error:
        raise Unreadable(f"cannot be read: {error}") from error


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror or error}") from error


def set_aside(path: Path) -> Path:
    """Renames the file, so that a new one can be written. → its new path."""
    return _renamed(path, path.name, ASIDE)


def _renamed(path: Path, name: str, pattern: str) -> Path:
    number = 1
    while (there := path.with_name(pattern.format(name=name, number=number))).exists():
        number += 1
    path.rename(there)
    return there


def those_set_aside(path: Path) -> tuple[Path, ...]:
    return tuple(sorted(path.parent.glob(ASIDE.format(name=path.name, number="*"))))


def sweep(path: Path) -> None:
    """Removes temporary files of a control plane that was killed while writing."""
    for temporary in path.parent.glob(f"{path.name}*{TEMPORARY}"):
        temporary.unlink(missing_ok=True)


def remove(path: Path) -> tuple[Path, ...]:
    """Removes the file, for `sandbox down`. A file that this release could not read is kept under another name: the release that wrote it
    can. → the files that are kept."""
    sweep(path)
    path.unlink(missing_ok=True)
    return tuple(_renamed(file, path.name, KEPT) for file in those_set_aside(path))


# ---- the header ------------------------------------------------------------------------------------------------------------------------


def _line(header: Header, objects: bytes) -> bytes:
    clock = header.clock
    shown = None if clock is None else _plain(clock)
    values = {"magic": MAGIC, "schema": header.schema, "moto": header.moto, "event": header.event, "clock": shown}
    return json.dumps({**values, "crc32": zlib.crc32(objects)}).encode()


def _plain(clock: Reading) -> dict[str, Any]:
    return {"at": clock.at.isoformat(), "wall": clock.wall.isoformat(), "speed": clock.speed, "configured": clock.configured}


def _header(line: bytes) -> tuple[Header, int | None]:
    """→ the header, and the checksum of the objects (None: schema 3 has no checksum)."""
    try:
        found = json.loads(line)
        if not isinstance(found, dict) or found.get("magic") != MAGIC:
            raise Unreadable("is not a state file of the sandbox")
        if not OLDEST <= found["schema"] <= SCHEMA:
            raise Unreadable(f"was written with schema {found['schema']}; this release reads schemas {OLDEST} to {SCHEMA}")
        clock = found.get("clock")
        header = Header(event=str(found.get("event", "")), clock=clock and _reading(clock), schema=found["schema"], moto=str(found["moto"]))
        return header, found.get("crc32")
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"is not a state file of the sandbox ({type(error).__name__}: {error})") from error


def _reading(shown: dict[str, Any]) -> Reading:
    at, wall = (datetime.fromisoformat(shown[name]) for name in ("at", "wall"))
    return Reading(at=at, wall=wall, speed=float(shown["speed"]), configured=float(shown["configured"]))
