"""The JSON view of a report, and the report read back from it. The keys are the names of the fields of model.py."""

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any

from sandbox.core.errors import UserError
from sandbox.report.model import Report

FORM = 1  # increased when a reader of the former form would misread the new one


def as_text(report: Report) -> str:
    return json.dumps({"form": FORM, "report": _plain(report)}, indent=1, ensure_ascii=False) + "\n"


def read(text: str, where: str) -> Report:
    """`where` names the file in the error. Raises UserError when the text is not a report of this form."""
    try:
        given = json.loads(text)
        if given["form"] != FORM:
            raise UserError(
                f"{where} has the form {given['form']}; this release reads form {FORM}.", "sandbox scenario run NAME --report DIR"
            )
        return typing.cast(Report, _value(Report, given["report"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{where} is not a report: {type(error).__name__}: {error}", "sandbox scenario run NAME --report DIR") from error


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, datetime) else value


def _value(kind: Any, given: Any) -> Any:
    """The value of the annotated type."""
    origin = typing.get_origin(kind)
    if origin in (types.UnionType, typing.Union):
        if given is None:
            return None
        return _value(next(each for each in typing.get_args(kind) if each is not type(None)), given)
    if origin is tuple:
        return _tuple(typing.get_args(kind), given)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _dataclass(kind, given)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(given)
    return datetime.fromisoformat(given) if kind is datetime else given


def _tuple(arguments: tuple[Any, ...], given: list[Any]) -> tuple[Any, ...]:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return tuple(_value(arguments[0], each) for each in given)
    return tuple(_value(argument, each) for argument, each in zip(arguments, given, strict=True))


def _dataclass(kind: type, given: Mapping[str, Any]) -> Any:
    hints = typing.get_type_hints(kind)
    return kind(**{name: _value(hints[name], value) for name, value in given.items()})
