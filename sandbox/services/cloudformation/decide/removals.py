"""Deletes: each resource goes when nothing that depends on it is left. Pure.

A stack that is deleted or rolled back loses all its resources; a clean-up after an update those that were replaced or are no longer in the
template. What a DeletionPolicy retains is skipped (CFN-16).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sandbox.core.control import Action, Decision
from sandbox.services.cloudformation.actions import Delete, MoveStack, Put
from sandbox.services.cloudformation.decide.observed import AT_ONCE, LONGEST_STEP, POLL, Observed, key, patience
from sandbox.services.cloudformation.model import Resource
from sandbox.services.cloudformation.resources.base import Failed, Gone
from sandbox.services.cloudformation.status_model import ResourceStatus, StackStatus
from sandbox.services.cloudformation.template_model import DeletionPolicy

TOO_LONG = "Exceeded attempts to wait"
NOT_CLEANED = "One or more resources could not be deleted."


def decide(observed: Observed, now: datetime) -> Decision[None]:
    records = _records(observed)
    actions = [action for record in records for action in _of_one(observed, record, records, now)]
    if actions:
        return Decision(memory=None, actions=tuple(actions), look_again=AT_ONCE)
    in_progress = [r for r in records if _in_progress(observed, r)]
    if in_progress:
        waits = [patience(record, now) for record in in_progress]
        return Decision(memory=None, look_again=min(waits, default=POLL))
    return Decision(memory=None, actions=(_finish(observed, records),), look_again=AT_ONCE)


def _records(observed: Observed) -> Sequence[Resource]:
    stack = observed.stack
    return stack.discarded if stack.status.is_cleaning_up else [*stack.resources.values(), *stack.discarded]


def _in_progress(observed: Observed, record: Resource) -> bool:
    return record.status is ResourceStatus.DELETE_IN_PROGRESS and record.operation == observed.operation.token


def _of_one(observed: Observed, record: Resource, records: Sequence[Resource], now: datetime) -> list[Action]:
    if _in_progress(observed, record):
        return _progress(observed, record, now)
    failed_now = record.status is ResourceStatus.DELETE_FAILED and record.operation == observed.operation.token
    if record.status.is_gone or failed_now or _needed(record, records):
        return []
    mine = replace(record, operation=observed.operation.token, updated=now, began=now, reason=None)
    if record.physical_id is None:
        return [Put(resource=replace(mine, status=ResourceStatus.DELETE_COMPLETE), quiet=True)]
    if _retained(observed, record):
        return [Put(resource=replace(mine, status=ResourceStatus.DELETE_SKIPPED))]
    return [Delete(resource=replace(mine, status=ResourceStatus.DELETE_IN_PROGRESS, started=False, not_before=None))]


def _needed(record: Resource, records: Sequence[Resource]) -> bool:
    """Whether anything that is left depends on it."""
    return any(record.logical_id in other.depends_on for other in records if not other.status.is_gone and other is not record)


def _retained(observed: Observed, record: Resource) -> bool:
    stack = observed.stack
    if stack.status is StackStatus.DELETE_IN_PROGRESS and record.logical_id in observed.operation.retain:
        return True
    policy = record.update_replace_policy if record.successor else record.deletion_policy
    rolls_back = stack.status in (StackStatus.ROLLBACK_IN_PROGRESS, StackStatus.UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS)
    if policy is DeletionPolicy.RETAIN_EXCEPT_ON_CREATE:
        return not rolls_back
    if policy is DeletionPolicy.RETAIN and rolls_back and record.status is ResourceStatus.CREATE_FAILED:
        return False  # it never became a resource of the stack
    return policy is DeletionPolicy.RETAIN


def _progress(observed: Observed, record: Resource, now: datetime) -> list[Action]:
    if record.began is not None and now - record.began > LONGEST_STEP:
        return [Put(resource=replace(record, status=ResourceStatus.DELETE_FAILED, reason=TOO_LONG, updated=now))]
    if not record.started:
        due = record.not_before is None or now >= record.not_before
        return [Delete(resource=record, again=True)] if due else []
    match observed.looks.get(key(record)):
        case Gone():
            return [Put(resource=replace(record, status=ResourceStatus.DELETE_COMPLETE, reason=None, updated=now))]
        case Failed(reason=reason):
            return [Put(resource=replace(record, status=ResourceStatus.DELETE_FAILED, reason=reason, updated=now))]
    return []


ENDS = {
    StackStatus.DELETE_IN_PROGRESS: (StackStatus.DELETE_COMPLETE, StackStatus.DELETE_FAILED),
    StackStatus.ROLLBACK_IN_PROGRESS: (StackStatus.ROLLBACK_COMPLETE, StackStatus.ROLLBACK_FAILED),
}


def _finish(observed: Observed, records: Sequence[Resource]) -> MoveStack:
    left = sorted(r.logical_id for r in records if r.status is ResourceStatus.DELETE_FAILED)
    match observed.stack.status:
        case StackStatus.UPDATE_COMPLETE_CLEANUP_IN_PROGRESS:
            return MoveStack(status=StackStatus.UPDATE_COMPLETE, reason=NOT_CLEANED if left else None)
        case StackStatus.UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS:
            return MoveStack(status=StackStatus.UPDATE_ROLLBACK_COMPLETE, reason=NOT_CLEANED if left else None)
    well, badly = ENDS[observed.stack.status]
    if not left:
        return MoveStack(status=well)
    return MoveStack(status=badly, reason=f"The following resource(s) failed to delete: [{', '.join(left)}]. ")
