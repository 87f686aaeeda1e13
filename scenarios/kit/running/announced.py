"""What a run announced while it ran: phases, faults, actions of an operator, captions. evidence/ and the report read it."""

from dataclasses import dataclass
from datetime import datetime

from sandbox.report.model import MarkKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A phase that has ended."""

    name: str
    title: str
    began: datetime
    ended: datetime
    caption: str = ""
    invented: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """One moment that the report marks."""

    at: datetime
    kind: MarkKind
    text: str
    zone: str | None = None


@dataclass(slots=True, kw_only=True)
class Injected:
    """A fault that the run injected, or announced because an API call caused it."""

    id: str  # "fault-3"
    kind: str  # "instance-crash"; "announced" for one caused by an API call
    targets: tuple[str, ...]
    summary: str
    since: datetime
    until: datetime | None = None  # None: in force at the end of the run
