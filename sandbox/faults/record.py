"""What is kept of a fault beside its effect, and the events of its beginning and its end."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.core.events import Event
from sandbox.faults.model import Fault

STARTED, ENDED, FAILED = "Fault Injected", "Fault Cleared", "Fault Not Carried Out"
SOURCE = "sandbox.faults"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What the registry keeps of a fault beside its effect; the fields are Fault's."""

    parameters: Mapping[str, object] = field(default_factory=dict)
    instances: tuple[str, ...] = ()
    conflicts: frozenset[str] = frozenset()
    token: str | None = None
    account: str = ""
    saved: bool = False
    momentary: bool = False
    hidden: bool = False
    cause: str | None = None  # id of the event that led to the fault


UNRECORDED = Record()
"""Of an effect that tests make by hand."""


def event_of(fault: Fault, detail_type: str, summary: str) -> Event:
    detail = {"faultId": fault.id, "kind": fault.kind, "targets": list(fault.targets), "parameters": dict(fault.parameters)}
    until = {"until": fault.until.isoformat()} if fault.until else {}
    return Event(
        source=SOURCE,
        detail_type=detail_type,
        summary=summary,
        account=fault.account,
        resources=tuple(dict.fromkeys((fault.id, *fault.targets, *fault.instances))),
        detail={**detail, **until},
        cause=fault.cause,
    )
