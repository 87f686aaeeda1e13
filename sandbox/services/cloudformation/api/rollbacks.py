"""The operations that bring a stack back: CancelUpdateStack, ContinueUpdateRollback, RollbackStack (CFN-13)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.services.cloudformation import errors
from sandbox.services.cloudformation.api.stacks import USER_INITIATED, existing
from sandbox.services.cloudformation.api.validation import requests
from sandbox.services.cloudformation.model import Operation, Stack
from sandbox.services.cloudformation.state import writes
from sandbox.services.cloudformation.state.store import CloudFormationBackend
from sandbox.services.cloudformation.status_model import ResourceStatus, StackStatus

Given = Mapping[str, Any]


def cancel_update(backend: CloudFormationBackend, given: Given) -> None:
    stack = existing(backend, given["StackName"])
    if stack.status is not StackStatus.UPDATE_IN_PROGRESS or stack.operation is None:
        text = f"CancelUpdateStack cannot be called from current stack status {stack.status.value}"
        raise errors.invalid(text)
    writes.put_stack(backend, replace(stack, operation=replace(stack.operation, cancelled=True)))


def continue_rollback(backend: CloudFormationBackend, given: Given) -> None:
    stack = existing(backend, given["StackName"])
    if stack.status is not StackStatus.UPDATE_ROLLBACK_FAILED:
        raise errors.invalid(f"Stack:{stack.id} is in {stack.status.value} state and can not continue update rollback.")
    names = given.get("ResourcesToSkip") or []
    not_failed = [n for n in names if n not in stack.resources or stack.resources[n].status is not ResourceStatus.UPDATE_FAILED]
    if not_failed:
        raise errors.invalid(f"ResourcesToSkip: [{', '.join(not_failed)}] are not in the state UPDATE_FAILED")
    operation = replace(writes.new_operation(given.get("ClientRequestToken")), skip=frozenset(names))
    _roll_back(backend, stack, operation, StackStatus.UPDATE_ROLLBACK_IN_PROGRESS)


def roll_back(backend: CloudFormationBackend, given: Given) -> str:
    """RollbackStack: of a stack that was left as it was after a failure."""
    requests.check(given)
    stack = existing(backend, given["StackName"])
    targets = {
        StackStatus.CREATE_FAILED: StackStatus.ROLLBACK_IN_PROGRESS,
        StackStatus.UPDATE_FAILED: StackStatus.UPDATE_ROLLBACK_IN_PROGRESS,
    }
    if stack.status not in targets:
        raise errors.wrong_state(stack.id, stack.status.value, "rolled back")
    _roll_back(backend, stack, writes.new_operation(given.get("ClientRequestToken")), targets[stack.status])
    return stack.id


def _roll_back(backend: CloudFormationBackend, stack: Stack, operation: Operation, status: StackStatus) -> None:
    version = stack.previous if status is StackStatus.UPDATE_ROLLBACK_IN_PROGRESS and stack.previous else stack.version
    writes.announce(backend, replace(stack, status=status, operation=operation, version=version), USER_INITIATED)
