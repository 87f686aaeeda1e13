"""services.toml as values. It is read at the first call, not at import."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("services.toml")
NO_NOTE = "moto keeps what callers send and returns it."


class Kind(StrEnum):
    REAL = "real"
    RECORD = "record"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Operations that are refused, and why ("the sandbox does not run functions"). The conditions narrow it to some requests."""

    operations: tuple[str, ...]
    why: str
    when: str | None = None  # a parameter that the request has
    with_target: str | None = None  # the service of an ARN in the request
    unless_targets: tuple[str, ...] = ()  # "service" or "service:resource type" of every ARN in the request but those of roles


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    name: str  # botocore's: "lambda"
    kind: Kind
    note: str
    refused: tuple[Refused, ...] = ()


@cache
def entries() -> Mapping[str, Service]:
    """The rows of the file, by botocore's name of the service."""
    found = tomllib.loads(FILE.read_text())
    return {name: _service(name, row) for name, row in found.items()}


def entry(name: str) -> Service:
    """A service without a row is a record."""
    return entries().get(name) or Service(name=name, kind=Kind.RECORD, note=NO_NOTE)


def _service(name: str, row: Mapping[str, Any]) -> Service:
    return Service(name=name, kind=Kind(row["class"]), note=row["note"], refused=tuple(map(_refused, row.get("refused", ()))))


def _refused(row: Mapping[str, Any]) -> Refused:
    return Refused(
        operations=tuple(row["operations"]),
        why=row["why"],
        when=row.get("when"),
        with_target=row.get("with_target"),
        unless_targets=tuple(row.get("unless_targets", ())),
    )
