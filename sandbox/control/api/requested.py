"""What a request to /_sandbox says: parameters of its query, its body, and the error that refuses it.

Each parameter is a value: the function that answers reads it, and the OpenAPI document describes it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import request


class RequestError(Exception):
    def __init__(self, status_code: int, sentence: str, next_command: str) -> None:
        super().__init__(sentence)
        self.status_code, self.sentence, self.next_command = status_code, sentence, next_command


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A text that may be missing."""

    name: str
    means: str

    @property
    def required(self) -> bool:
        return False

    @property
    def schema(self) -> Mapping[str, Any]:
        return {"type": "string"}

    def text(self) -> str | None:
        """None if it is missing or empty."""
        return request.args.get(self.name) or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed(Parameter):
    example: str  # a command that has it

    @property
    def required(self) -> bool:
        return True

    def given(self) -> str:
        """Raises RequestError."""
        value = self.text()
        if value is None:
            raise RequestError(400, f"The parameter {self.name} is required.", self.example)
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole(Parameter):
    default: int
    low: int
    high: int

    @property
    def schema(self) -> Mapping[str, Any]:
        return {"type": "integer", "minimum": self.low, "maximum": self.high, "default": self.default}

    def number(self) -> int:
        """Raises RequestError."""
        text = request.args.get(self.name, str(self.default))
        if not re.fullmatch(r"\d{1,9}", text) or not self.low <= int(text) <= self.high:
            raise RequestError(
                400, f"Invalid {self.name}={text}: expected a whole number from {self.low} to {self.high}.", "sandbox --help"
            )
        return int(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventId(Parameter):
    PATTERN = re.compile(r"e\d+")

    @property
    def schema(self) -> Mapping[str, Any]:
        return {"type": "string", "pattern": f"^{self.PATTERN.pattern}$"}

    def id(self) -> str | None:
        """Raises RequestError."""
        text = request.args.get(self.name)
        if text is not None and not self.PATTERN.fullmatch(text):
            raise RequestError(400, f"Invalid {self.name}={text}: expected the id of an event, such as e000012.", "sandbox events")
        return text


ACCOUNT = Parameter(
    name="account",
    means="What this AWS account (12 digits) sees. Default: the sandbox's own, with events, mails and faults of all.",
)
"""Of every route."""


def body() -> Mapping[str, Any]:
    """The JSON object of the request; empty if it has none."""
    given = request.get_json(silent=True)
    return given if isinstance(given, dict) else {}
