"""The status of a whole command, made from its invocations and its limits (SSM-5, SSM-7). Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from math import ceil

from sandbox.services.ssm.model import (
    DELIVERY_TIMED_OUT,
    EXECUTION_TIMED_OUT,
    INCOMPLETE,
    NO_INSTANCES,
    UNDELIVERABLE,
    Command,
    Invocation,
    InvocationStatus,
)


class CommandStatus(Enum):
    PENDING = "Pending"
    IN_PROGRESS = "InProgress"
    SUCCESS = "Success"
    CANCELLED = "Cancelled"
    FAILED = "Failed"
    TIMED_OUT = "TimedOut"
    CANCELLING = "Cancelling"


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    status: CommandStatus
    details: str
    completed: int
    errors: int
    undelivered: int  # by the delivery timeout


def summary(command: Command) -> Summary:
    found = tuple(command.invocations.values())
    status, details = _status(command, found)
    return Summary(
        status=status,
        details=details,
        completed=sum(each.ended for each in found),
        errors=errors(found),
        undelivered=_count(found, DELIVERY_TIMED_OUT),
    )


def errors(invocations: Collection[Invocation]) -> int:
    """Those that count against MaxErrors: failed on their node, or not done in time."""
    failed = sum(each.status is InvocationStatus.FAILED and each.details != UNDELIVERABLE for each in invocations)
    return failed + _count(invocations, EXECUTION_TIMED_OUT)


def limit(given: str, targets: int) -> int:
    """ "10" or "10%": MaxConcurrency and MaxErrors. A percentage is rounded up (U)."""
    return ceil(targets * int(given[:-1]) / 100) if given.endswith("%") else int(given)


def too_many_errors(command: Command) -> bool:
    found = command.invocations.values()
    return errors(found) > limit(command.max_errors, len(found))


def _status(command: Command, found: Collection[Invocation]) -> tuple[CommandStatus, str]:
    if not found:
        return CommandStatus.SUCCESS, NO_INSTANCES
    if not command.ended:
        return _unfinished(found)
    if all(each.status is InvocationStatus.SUCCESS for each in found):
        return CommandStatus.SUCCESS, "Success"
    if too_many_errors(command):
        timed_out = errors(found) == _count(found, EXECUTION_TIMED_OUT)
        return (CommandStatus.TIMED_OUT, EXECUTION_TIMED_OUT) if timed_out else (CommandStatus.FAILED, "Failed")
    if any(each.status is InvocationStatus.CANCELLED for each in found):
        return CommandStatus.CANCELLED, "Cancelled"
    if _count(found, DELIVERY_TIMED_OUT) > limit(command.max_errors, len(found)):
        return CommandStatus.TIMED_OUT, DELIVERY_TIMED_OUT
    if all(each.details == UNDELIVERABLE for each in found):
        return CommandStatus.FAILED, UNDELIVERABLE
    if all(each.status is InvocationStatus.SUCCESS or each.details == UNDELIVERABLE for each in found):
        return CommandStatus.SUCCESS, "Success"
    return CommandStatus.FAILED, INCOMPLETE


def _unfinished(found: Collection[Invocation]) -> tuple[CommandStatus, str]:
    if any(each.cancel and not each.ended for each in found):
        return CommandStatus.CANCELLING, "Cancelling"
    if all(each.status in (InvocationStatus.PENDING, InvocationStatus.DELAYED) for each in found):
        return CommandStatus.PENDING, "Pending"
    return CommandStatus.IN_PROGRESS, "InProgress"


def _count(invocations: Collection[Invocation], details: str) -> int:
    return sum(each.details == details for each in invocations)
