"""A fault: one effect on named targets that is active for a period of time. Frozen values only.

Each kind of fault has an `Effect` class (effects.py). registry.py applies and undoes it.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol


class FaultKind(Enum):
    ANNOUNCED = "announced"  # a user or a scenario breaks something by other means
    API_ERROR = "api-error"
    NO_CAPACITY = "no-capacity"
    HOST_UNREACHABLE = "host-unreachable"


class Effect(Protocol):
    """What a fault does while it is active. `apply` and `undo` are idempotent; they do nothing in a QueriedEffect."""

    @property
    def kind(self) -> FaultKind: ...

    @property
    def targets(self) -> tuple[str, ...]:
        """Ids or names of what it affects: an instance id, a zone, "ec2:RunInstances"."""
        ...

    def apply(self) -> None: ...

    def undo(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One active fault."""

    id: str  # "fault-1"
    effect: Effect
    summary: str  # one sentence
    since: datetime
    until: datetime | None = None  # None: until it is cleared
    cause: str | None = None  # id of the event that records its start

    @property
    def kind(self) -> FaultKind:
        return self.effect.kind

    @property
    def targets(self) -> tuple[str, ...]:
        return self.effect.targets
