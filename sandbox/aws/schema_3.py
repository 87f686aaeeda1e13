"""Reads state files of schema 3, which contain the former paths of our classes, and fields by position.

schema_3.json has the former path and the current name of each class, and its former fields where a file has them without names. Later files
have stable names, so the table does not grow. pickling.py defines what a file may contain.
"""

import io
import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.aws.pickling import known, named
from sandbox.core.errors import SandboxError
from sandbox.core.persisted import CLASSES, Values

SCHEMA = 3
THEN: Mapping[str, Mapping[str, str]] = json.loads(Path(__file__).with_suffix(".json").read_text())
FIELDS = {row["name"]: row["fields"].split() for row in THEN.values() if "fields" in row}

_InPython: Any = pickle._Unpickler  # allows overriding how fields are set. Slow, but used once per file


class _Reader(_InPython):
    dispatch = dict(_InPython.dispatch)  # noqa: RUF012 - pickle's

    def find_class(self, module: str, name: str) -> Any:
        if not module.startswith("sandbox."):
            return named(module, name)
        if f"{module}.{name}" not in THEN:
            raise SandboxError(f"it contains {module}.{name}, which is not part of schema {SCHEMA}")
        return known(THEN[f"{module}.{name}"]["name"]).cls

    def load_build(self) -> None:
        instance = self.stack[-2]
        persisted = CLASSES.get(type(instance))
        if persisted is None:
            _InPython.load_build(self)
        else:
            persisted.fill(instance, _values(persisted.name, self.stack.pop()), SCHEMA)

    dispatch[pickle.BUILD[0]] = load_build


def _values(name: str, state: Any) -> Values:
    """The values by field. A list has the fields of a frozen dataclass in order, a pair those of another class with slots."""
    if isinstance(state, list):
        return dict(zip(FIELDS[name], state, strict=True))
    return dict(state[1] if isinstance(state, tuple) else state)


def loads(written: bytes) -> Any:
    """Raises SandboxError if the data is damaged or contains a name that is not allowed."""
    try:
        return _Reader(io.BytesIO(written)).load()
    except SandboxError:
        raise
    except Exception as error:
        raise SandboxError(f"it is damaged ({type(error).__name__}: {error})") from error
