"""What a decision about a stack may contain. Each changes one stack and records AWS's events about it (state/writes.py)."""

from dataclasses import dataclass

from sandbox.core.control import Action
from sandbox.services.cloudformation.model import Output, Resource
from sandbox.services.cloudformation.resources.members import GroupCall
from sandbox.services.cloudformation.status_model import StackStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Create(Action):
    """Make the resource and put it in the stack. `discard`: the one that it replaces."""

    resource: Resource
    discard: Resource | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Update(Action):
    resource: Resource
    """With the new properties; `before` holds the old ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete(Action):
    """`again`: the call was refused before; there is no further stack event."""

    resource: Resource
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume(Action):
    """Call the create or update in progress again: it was not accepted the last time."""

    resource: Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll(Action):
    """One step of a rolling update: the calls, then the events, then the record."""

    resource: Resource
    calls: tuple[GroupCall, ...] = ()
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Put(Action):
    """Replace the stack's record of a resource. `quiet`: without a stack event; `event_only`: only the event."""

    resource: Resource
    quiet: bool = False
    event_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore(Action):
    """Make a replaced resource the stack's again, and discard the one that replaced it."""

    resource: Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveStack(Action):
    """`reason` None: no reason. `outputs` and `imports` None: they stay. `keep`: the resources of the template; None: all stay."""

    status: StackStatus
    reason: str | None = None
    outputs: tuple[Output, ...] | None = None
    imports: tuple[str, ...] | None = None
    keep: frozenset[str] | None = None
