"""Parameters of the kinds of faults: name, unit, default, range. `parse` turns a JSON value or the text of `--set name=value` into a value.

A parser raises ValueError with what was expected; injector.py makes the sentence of it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from sandbox.core.text import DURATIONS, parse_duration, short_duration

Value = float | str | timedelta | None


class Parser(Protocol):
    def parse(self, given: object) -> Value:
        """Raises ValueError."""
        ...

    @property
    def range(self) -> str:
        """What is accepted, for the table of kinds: "0 to 100"."""
        ...


@dataclass(frozen=True, slots=True)
class Number:
    low: float
    high: float
    whole: bool = False

    def parse(self, given: object) -> float:
        text = given.strip() if isinstance(given, str) else given
        if (
            isinstance(text, bool)
            or not isinstance(text, int | float | str)
            or not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", str(text))
        ):
            raise ValueError(f"expected a number, {self.range}")
        number = float(text)
        if not self.low <= number <= self.high or (self.whole and number != int(number)):
            raise ValueError(f"expected {'a whole number' if self.whole else 'a number'}, {self.range}")
        return number

    @property
    def range(self) -> str:
        return f"{_plain(self.low)} to {_plain(self.high)}"


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)


@dataclass(frozen=True, slots=True)
class Duration:
    shortest: timedelta = timedelta(milliseconds=1)
    longest: timedelta = timedelta(days=1)

    def parse(self, given: object) -> timedelta:
        if not isinstance(given, str):
            raise ValueError(f"expected a duration in quotes, such as {DURATIONS}")
        value = timedelta(0) if given.strip() in ("0", "0s") else parse_duration(given)
        if not self.shortest <= value <= self.longest:
            raise ValueError(f"expected a duration, {self.range}")
        return value

    @property
    def range(self) -> str:
        return f"{short_duration(self.shortest)} to {short_duration(self.longest)}"


@dataclass(frozen=True, slots=True)
class Choice:
    names: tuple[str, ...]

    def parse(self, given: object) -> str:
        if given not in self.names:
            raise ValueError(f"expected {self.range}")
        return str(given)

    @property
    def range(self) -> str:
        return " or ".join(self.names)


@dataclass(frozen=True, slots=True)
class Text:
    pattern: str = r"[^\x00-\x1f]{1,500}"
    means: str = "a text of at most 500 characters"

    def parse(self, given: object) -> str:
        if not isinstance(given, str) or not re.fullmatch(self.pattern, given):
            raise ValueError(f"expected {self.means}")
        return given

    @property
    def range(self) -> str:
        return self.means


PERCENT = Number(0, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """`default` None: it may be left out and then has no value, unless it is `required`."""

    name: str
    parser: Parser
    means: str  # one clause: "requests that fail"
    unit: str = ""  # "%", "ms", "per second"; "" for durations and texts
    default: Value = None
    required: bool = False

    def parse(self, given: object) -> Value:
        return self.parser.parse(given)


def as_json(value: Value) -> float | int | str | None:
    """The value as `parse` reads it back."""
    if isinstance(value, timedelta):
        return short_duration(value)
    return int(value) if isinstance(value, float) and value == int(value) else value


@dataclass(frozen=True, slots=True)
class Values:
    """The values of one fault's parameters, all of them present. Each accessor asks for one type."""

    by_name: Mapping[str, Value]

    def number(self, name: str) -> float:
        value = self.by_name[name]
        assert isinstance(value, float | int), f"{name} is not a number"
        return float(value)

    def duration(self, name: str) -> timedelta:
        value = self.by_name[name]
        assert isinstance(value, timedelta), f"{name} is not a duration"
        return value

    def text(self, name: str) -> str:
        value = self.by_name[name]
        assert isinstance(value, str), f"{name} is not a text"
        return value

    def given(self, name: str) -> bool:
        return self.by_name[name] is not None

    def as_json(self) -> dict[str, object]:
        return {name: as_json(value) for name, value in self.by_name.items()}
