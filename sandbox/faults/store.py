"""Keeps the active faults on disk, so that a control plane that was killed finds them again. Written before a fault takes effect and after
it is undone: nothing that a fault did is ever unknown to the next control plane.

The file is in the state folder beside the AWS state. `sandbox down` removes it with the machines.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from sandbox.faults.model import Fault

FILE = "faults.json"  # in the state folder


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedFault:
    id: str
    kind: str
    targets: tuple[str, ...]
    parameters: Mapping[str, object]
    instances: tuple[str, ...]
    summary: str
    since: datetime
    until: datetime | None
    cause: str | None
    token: str | None = None
    account: str = ""
    hidden: bool = False
    ending: bool = False  # it has ended, and its effect is still to be undone

    @staticmethod
    def of(fault: Fault, *, ending: bool) -> "SavedFault":
        return SavedFault(
            id=fault.id,
            kind=fault.kind,
            targets=fault.targets,
            parameters=fault.parameters,
            instances=fault.instances,
            summary=fault.summary,
            since=fault.since,
            until=fault.until,
            cause=fault.cause,
            token=fault.token,
            account=fault.account,
            hidden=fault.hidden,
            ending=ending,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """`impaired`: the instances whose machines a fault may have changed (Runtime.impair) and that were not seen to be normal again."""

    faults: tuple[SavedFault, ...] = ()
    impaired: tuple[str, ...] = ()
    newest: int = 0  # number of the newest fault, so that an id is never used twice


class FaultStore(Protocol):
    def read(self) -> Saved: ...

    def write(self, saved: Saved) -> None:
        """Returns when it is kept."""
        ...


@dataclass
class MemoryStore:
    """For virtual sandboxes and tests: outlives a control plane if it is given to the next one."""

    saved: Saved = field(default_factory=Saved)

    def read(self) -> Saved:
        return self.saved

    def write(self, saved: Saved) -> None:
        self.saved = saved


class FileStore:
    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self) -> Saved:
        """Empty if there is no file. One that cannot be read is set aside under another name."""
        try:
            return _from_json(json.loads(self._file.read_text()))
        except FileNotFoundError:
            return Saved()
        except (ValueError, KeyError, TypeError):
            self._file.replace(self._file.with_suffix(".unreadable"))
            return Saved()

    def write(self, saved: Saved) -> None:
        new = self._file.with_suffix(".new")
        with new.open("w") as file:
            file.write(json.dumps(_as_json(saved)))
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._file)


def _as_json(saved: Saved) -> dict[str, Any]:
    return {"newest": saved.newest, "impaired": list(saved.impaired), "faults": [_fault_as_json(each) for each in saved.faults]}


def _fault_as_json(fault: SavedFault) -> dict[str, Any]:
    return {**asdict(fault), "since": fault.since.isoformat(), "until": fault.until.isoformat() if fault.until else None}


def _from_json(value: Mapping[str, Any]) -> Saved:
    return Saved(
        newest=int(value["newest"]),
        impaired=_names(value["impaired"]),
        faults=tuple(_fault(each) for each in value["faults"]),
    )


def _fault(value: Mapping[str, Any]) -> SavedFault:
    return SavedFault(
        **{
            **value,
            "targets": _names(value["targets"]),
            "instances": _names(value["instances"]),
            "since": datetime.fromisoformat(value["since"]),
            "until": datetime.fromisoformat(value["until"]) if value["until"] else None,
        }
    )


def _names(values: Sequence[object]) -> tuple[str, ...]:
    return tuple(str(each) for each in values)
