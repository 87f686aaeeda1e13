"""Reads the state files of schema 3, which name our classes by the modules that they had then, and fields by their place.

schema_3.json has each class's path then, its name now, and its fields then where a file has them without their names. Later files have
stable names, so the table does not grow. pickling.py says what a file may hold.
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

_InPython: Any = pickle._Unpickler  # shows what an object is given. Slow, and needed once for a file


class _Reader(_InPython):
    dispatch = dict(_InPython.dispatch)  # noqa: RUF012 - pickle's

    def find_class(self, module: str, name: str) -> Any:
        if not module.startswith("sandbox."):
            return named(module, name)
        if f"{module}.{name}" not in THEN:
            raise SandboxError(f"it names {module}.{name}, which schema {SCHEMA} does not have")
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
    """By field: a list has those of a frozen dataclass in their order, a pair those of other classes with slots."""
    if isinstance(state, list):
        return dict(zip(FIELDS[name], state, strict=True))
    return dict(state[1] if isinstance(state, tuple) else state)


def loads(written: bytes) -> Any:
    """Raises SandboxError for what is damaged, or names what a file may not name."""
    try:
        return _Reader(io.BytesIO(written)).load()
    except SandboxError:
        raise
    except Exception as error:
        raise SandboxError(f"it is damaged ({type(error).__name__}: {error})") from error
