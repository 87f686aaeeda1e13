"""What follows when a resource fails, time runs out, or a user cancels: the stack's next status and AWS's reason (CFN-12, CFN-13). Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sandbox.core.control import Action
from sandbox.services.cloudformation.actions import MoveStack, Put
from sandbox.services.cloudformation.decide.observed import Observed
from sandbox.services.cloudformation.model import Resource
from sandbox.services.cloudformation.status_model import OnFailure, StackStatus

CANCELLED = {"CREATE": "Resource creation cancelled", "UPDATE": "Resource update cancelled", "DELETE": "Resource deletion cancelled"}
TIMED_OUT = "Stack creation time exceeded the specified timeout. "
USER_INITIATED = "User Initiated"


def stops(observed: Observed, mine: Sequence[Resource], now: datetime) -> bool:
    """Whether the operation cannot go on."""
    operation = observed.operation
    timed_out = operation.deadline is not None and now >= operation.deadline
    return operation.cancelled or timed_out or any(r.status.is_failed for r in mine)


def handle(observed: Observed, mine: Sequence[Resource]) -> tuple[Action, ...]:
    """First the others in progress end, then the stack moves."""
    others = tuple(_cancelled(resource) for resource in mine if resource.status.is_in_progress)
    if others:
        return others
    failed = [r for r in mine if r.status.is_failed]
    reason = "".join(
        f"The following resource(s) failed to {verb.lower()}: [{', '.join(sorted(names))}]. "
        for verb in ("CREATE", "UPDATE")
        if (names := [r.logical_id for r in failed if r.status.value.startswith(verb)])
    )
    if observed.operation.cancelled and not any(r.reason not in CANCELLED.values() for r in failed):
        return (MoveStack(status=StackStatus.UPDATE_ROLLBACK_IN_PROGRESS, reason=USER_INITIATED),)
    return (replace(of_stack(observed, reason or TIMED_OUT), because=failed[0].event if failed else None),)


def _cancelled(resource: Resource) -> Put:
    reason = CANCELLED[resource.status.value.split("_")[0]]
    return Put(resource=replace(resource, status=resource.status.ended(False), reason=reason))


def of_stack(observed: Observed, reason: str) -> MoveStack:
    """The operation failed for this reason."""
    operation = observed.operation
    keeps = operation.disable_rollback or operation.on_failure is OnFailure.DO_NOTHING
    match observed.stack.status:
        case StackStatus.CREATE_IN_PROGRESS if keeps:
            return MoveStack(status=StackStatus.CREATE_FAILED, reason=reason)
        case StackStatus.CREATE_IN_PROGRESS if operation.on_failure is OnFailure.DELETE:
            return MoveStack(status=StackStatus.DELETE_IN_PROGRESS, reason=f"{_sentence(reason)}Delete requested by user.")
        case StackStatus.CREATE_IN_PROGRESS:
            return MoveStack(status=StackStatus.ROLLBACK_IN_PROGRESS, reason=f"{_sentence(reason)}Rollback requested by user.")
        case StackStatus.UPDATE_IN_PROGRESS if keeps:
            return MoveStack(status=StackStatus.UPDATE_FAILED, reason=reason)
        case StackStatus.UPDATE_IN_PROGRESS:
            return MoveStack(status=StackStatus.UPDATE_ROLLBACK_IN_PROGRESS, reason=reason)
    return MoveStack(status=StackStatus.UPDATE_ROLLBACK_FAILED, reason=reason)


def _sentence(reason: str) -> str:
    return reason if reason.endswith(" ") else f"{reason} " if reason.endswith(".") else f"{reason}. "
