"""What a fault is: one effect on named targets, in force from one moment to another. Frozen values only.

An `Effect` is the small class of a kind (capacity.py, reachability.py, api_errors.py, announced.py). registry.py applies and undoes it.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol


class FaultKind(Enum):
    ANNOUNCED = "announced"  # a person or a scenario breaks something by other means and says so
    API_ERROR = "api-error"
    NO_CAPACITY = "no-capacity"
    HOST_UNREACHABLE = "host-unreachable"


class Effect(Protocol):
    """What a fault does while it is in force. `apply` and `undo` may be called twice in a row; effects that are only asked do nothing."""

    @property
    def kind(self) -> FaultKind: ...

    @property
    def targets(self) -> tuple[str, ...]:
        """Ids or names of what it concerns: an instance id, a zone, "ec2:RunInstances"."""
        ...

    def apply(self) -> None: ...

    def undo(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault in force."""

    id: str  # "fault-1"
    effect: Effect
    summary: str  # one sentence for a person
    since: datetime
    until: datetime | None = None  # None: until it is cleared
    cause: str | None = None  # id of the event that records its start

    @property
    def kind(self) -> FaultKind:
        return self.effect.kind

    @property
    def targets(self) -> tuple[str, ...]:
        return self.effect.targets
