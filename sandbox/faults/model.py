"""A fault: one effect on named targets that is active for a period of time.

Each kind of fault (kind.py, catalogue.py) makes an `Effect`. registry.py holds the active faults;
controller.py keeps their effects in force.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol


class Effect(Protocol):
    """What a fault does while it is active. Every method is idempotent; `BaseEffect` has those that do nothing."""

    @property
    def kind(self) -> str: ...

    @property
    def targets(self) -> tuple[str, ...]:
        """Ids or names of what it affects: an instance id, a zone, "ec2:RunInstances"."""
        ...

    def check(self) -> None:
        """Raises UserError if it cannot be carried out here. Changes nothing; called before the fault exists."""
        ...

    def apply(self) -> None:
        """Called once, when the fault begins: for what happens at that moment. If it raises, the fault is undone and does not exist."""
        ...

    def keep(self, now: datetime) -> timedelta | None:
        """Puts the effect in force, as it should be at `now`: when the fault begins, after a restart of the control plane, and whenever
        something changed (level-triggered). → when to look again; None: at the next change."""
        ...

    def undo(self) -> None:
        """Ends the effect, also if its target no longer exists. If it raises, it is called again until it does not."""
        ...


class BaseEffect:
    """An effect that the services query through hooks.py while the registry holds the fault. Base class of all effects."""

    __slots__ = ()

    def check(self) -> None:
        """It can always be carried out."""

    def apply(self) -> None:
        """Nothing happens at the beginning."""

    def keep(self, now: datetime) -> timedelta | None:
        """The hooks query the registry, so there is nothing to put in force."""
        return None

    def undo(self) -> None:
        """The registry no longer holds the fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault. It is active from `since` until it is cleared, or until `until`."""

    id: str  # "fault-1"
    effect: Effect
    summary: str  # one sentence
    since: datetime
    until: datetime | None = None  # None: until it is cleared; equal to `since`: it has happened and has no duration
    cause: str | None = None  # id of the event that records its start
    parameters: Mapping[str, object] = field(default_factory=dict)  # name → JSON value, defaults included
    instances: tuple[str, ...] = ()  # those that its targets meant at `since`; a fault may cover later ones too
    conflicts: frozenset[str] = frozenset()  # what a second fault of the kind may not have too: targets and instances
    token: str | None = None  # FaultRequest.token
    account: str = ""  # only what is in this AWS account is affected; "": in every account
    hidden: bool = False  # FaultRequest.hidden
    saved: bool = False  # it is kept in the state folder: it was made from the catalogue, so it can be made again

    @property
    def kind(self) -> str:
        return self.effect.kind

    @property
    def targets(self) -> tuple[str, ...]:
        return self.effect.targets
