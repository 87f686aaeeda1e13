"""Change sets: what an update would do, as a record that can be executed once (CFN-30)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.moto_api._internal import mock_random

from sandbox.aws.context import context
from sandbox.core.errors import ApiError
from sandbox.services.cloudformation import errors
from sandbox.services.cloudformation.api import stacks, tokens, versions
from sandbox.services.cloudformation.api.validation import requests
from sandbox.services.cloudformation.decide.template.environments import Names
from sandbox.services.cloudformation.model import ChangeSet, Stack, Version
from sandbox.services.cloudformation.state import snapshot, writes
from sandbox.services.cloudformation.state.store import CloudFormationBackend
from sandbox.services.cloudformation.status_model import StackStatus

NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."
Given = Mapping[str, Any]


def create(backend: CloudFormationBackend, given: Given) -> ChangeSet:
    name = requests.change_set_name(given["ChangeSetName"])
    if given.get("ChangeSetType") == "IMPORT":
        raise errors.not_supported("a change set that imports resources")
    requests.check(given)
    creates = given.get("ChangeSetType") == "CREATE"
    stack = backend.find(given["StackName"])
    if (repeated := _repeated(backend, stack, name, given)) is not None:
        return repeated
    if creates and stack is not None and stack.status is not StackStatus.REVIEW_IN_PROGRESS:
        raise errors.invalid(f"Stack [{given['StackName']}] already exists and cannot be created again with the changeSet [{name}].")
    if not creates:
        stack = stack or stacks.existing(backend, given["StackName"])
        if stack.status is StackStatus.REVIEW_IN_PROGRESS:
            raise errors.no_stack_named(stack.name)
        stacks.check_updatable(stack)
    scope = stacks.scope_of(backend)
    stack_name = stack.name if stack else requests.stack_name(given["StackName"])
    stack_id = stack.id if stack else stacks.new_id(scope, stack_name)
    names = Names(scope=scope, stack_id=stack_id, stack_name=stack_name)
    made = versions.version(scope, given, names, snapshot.exports(backend), None if creates else stack)
    if stack is None:
        stack = _in_review(stack_id, stack_name)
    planned = stacks.plan_of(backend, stack, made)
    change_set = ChangeSet(
        id=f"arn:aws:cloudformation:{scope.region}:{scope.account}:changeSet/{name}/{mock_random.uuid4()}",
        name=name,
        stack_id=stack.id,
        type="CREATE" if creates else "UPDATE",
        created=context().clock.now(),
        version=made,
        status="CREATE_COMPLETE" if planned or creates else "FAILED",
        execution_status="AVAILABLE" if planned or creates else "UNAVAILABLE",
        reason=None if planned or creates else NO_CHANGES,
        description=given.get("Description"),
        changes=planned.changes,
        on_stack_failure=given.get("OnStackFailure"),
        client_token=given.get("ClientToken"),
    )
    if stack.id not in backend.stacks:
        writes.announce(backend, stack, stacks.USER_INITIATED)
    backend.change_sets[change_set.id] = change_set
    return change_set


def _repeated(backend: CloudFormationBackend, stack: Stack | None, name: str, given: Given) -> ChangeSet | None:
    """One of that name: the same by its ClientToken, else an error."""
    found = next((c for c in backend.change_sets.values() if stack is not None and c.stack_id == stack.id and c.name == name), None)
    if found is None or found.execution_status == "EXECUTE_COMPLETE":
        return None
    if given.get("ClientToken") and given["ClientToken"] == found.client_token:
        return found
    raise errors.change_set_exists(name)


def _in_review(stack_id: str, name: str) -> Stack:
    """A stack that has no template and no resources yet."""
    empty = Version(template_body="")
    return Stack(id=stack_id, name=name, status=StackStatus.REVIEW_IN_PROGRESS, created=context().clock.now(), version=empty)


def find(backend: CloudFormationBackend, given: Given) -> ChangeSet:
    """By ARN, or by name and stack."""
    name = given["ChangeSetName"]
    if name in backend.change_sets:
        return backend.change_sets[name]
    if name.startswith("arn:"):
        raise errors.no_such_change_set(name)
    if not given.get("StackName"):
        raise errors.invalid("StackName must be specified if ChangeSetName is not specified as an ARN.")
    stack = backend.find(given["StackName"])
    if stack is None:
        raise errors.no_stack_named(given["StackName"])
    found = [c for c in backend.change_sets.values() if c.stack_id == stack.id and c.name == name]
    if not found:
        raise errors.no_such_change_set(name)
    return found[-1]


def execute(backend: CloudFormationBackend, given: Given) -> None:
    requests.check(given)
    change_set = find(backend, given)
    stack = stacks.existing(backend, change_set.stack_id)
    if tokens.repeated(stack, given, "ExecuteChangeSet"):
        return
    if change_set.execution_status != "AVAILABLE":
        raise errors.bad_change_set_status(change_set.id, _shown_status(change_set))
    if change_set.type == "UPDATE":
        stacks.check_updatable(stack)
    stack = replace(tokens.with_token(stack, given, "ExecuteChangeSet"), change_set_id=change_set.id)
    backend.forget_change_sets(stack.id)  # the others are about a stack that is no more
    backend.change_sets[change_set.id] = replace(change_set, execution_status="EXECUTE_COMPLETE")
    options = {**given, "OnStackFailure": change_set.on_stack_failure}
    if change_set.type == "CREATE":
        stacks.start_create(backend, replace(stack, version=change_set.version, updated=context().clock.now()), options)
    else:
        stacks.start_update(backend, stack, change_set.version, options)


def _shown_status(change_set: ChangeSet) -> str:
    return change_set.status if change_set.status == "FAILED" else change_set.execution_status


def delete(backend: CloudFormationBackend, given: Given) -> None:
    """One that does not exist is deleted already."""
    try:
        change_set = find(backend, given)
    except ApiError as error:
        if error.code == "ChangeSetNotFound":
            return
        raise
    del backend.change_sets[change_set.id]


def of_stack(backend: CloudFormationBackend, stack: Stack) -> list[ChangeSet]:
    return [c for c in backend.change_sets.values() if c.stack_id == stack.id]
