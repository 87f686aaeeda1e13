"""What is wrong with a request, independent of the service's words for it."""

from dataclasses import dataclass
from enum import Enum
from typing import Any, Union

Path = Union["Step", None]
"""Where a value is, as a chain from the value up to the operation (None): it costs nothing until there is a problem."""


@dataclass(frozen=True, slots=True)
class Step:
    above: Path
    wire: str  # as the parameter is sent: "Filter", "1"
    name: str  # as the model names it: "Filters", "1"; of a query's list "1.member"

    def chain(self) -> "list[Step]":
        """From the operation's member down to this one."""
        found: list[Step] = []
        step: Path = self
        while step is not None:
            found.append(step)
            step = step.above
        return found[::-1]

    @property
    def sent(self) -> str:
        """Filter.1.Name"""
        return ".".join(step.wire for step in self.chain())

    @property
    def member(self) -> str:
        """tags.1.member.key, as the framework of AWS's services writes it."""
        return ".".join(step.name[:1].lower() + step.name[1:] for step in self.chain())


class Kind(Enum):
    MISSING = "a required member is absent"
    UNKNOWN = "a parameter that the operation does not have"
    TYPE = "a value that cannot be read as its type"
    INDEX = "an index of a list that does not follow the one before it"
    ENUM = "not one of the allowed words"
    LENGTH = "too short or too long; of a list: too few or too many members"
    RANGE = "a number that is too small or too large"
    PATTERN = "a string that does not match its pattern"
    CIDR = "a string that is no block of addresses"


UNREADABLE = frozenset({Kind.TYPE, Kind.INDEX, Kind.UNKNOWN})
"""Found while a request is read: AWS looks at the other kinds only when there is none of these."""


@dataclass(frozen=True, slots=True)
class Problem:
    kind: Kind
    at: Step
    value: Any = None
    wanted: Any = None
    """Of TYPE: the name of the type. Of ENUM: the words. Of LENGTH and RANGE: (least, most), each may be None. Of PATTERN: the pattern."""
