"""The operations that start, change or end a stack. Each checks the whole request, then records what is wanted; controller.py does it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.moto_api._internal import mock_random

from sandbox.aws.context import context
from sandbox.core.control import Scope
from sandbox.core.errors import ApiError
from sandbox.services.cloudformation import errors
from sandbox.services.cloudformation.api import tokens, versions
from sandbox.services.cloudformation.api.validation import requests
from sandbox.services.cloudformation.decide import plans, stack_policy
from sandbox.services.cloudformation.decide.outputs import in_use
from sandbox.services.cloudformation.decide.template.environments import Names
from sandbox.services.cloudformation.model import Resource, Stack, Version
from sandbox.services.cloudformation.resources.registry import find
from sandbox.services.cloudformation.state import snapshot, writes
from sandbox.services.cloudformation.state.store import CloudFormationBackend
from sandbox.services.cloudformation.status_model import OnFailure, ResourceStatus, StackStatus

USER_INITIATED = "User Initiated"
MOST_STACKS = 2000  # CFN-3
Given = Mapping[str, Any]


def scope_of(backend: CloudFormationBackend) -> Scope:
    return Scope(backend.account_id, backend.region_name)


def new_id(scope: Scope, name: str) -> str:
    return f"arn:aws:cloudformation:{scope.region}:{scope.account}:stack/{name}/{mock_random.uuid4()}"


def named(backend: CloudFormationBackend, name: str) -> Stack:
    """Raises ApiError with the text of the Describe operations."""
    found = backend.find(name)
    if found is None:
        raise errors.no_such_stack(name)
    return found


def existing(backend: CloudFormationBackend, name: str) -> Stack:
    """The same with the text of the operations that change a stack."""
    found = backend.find(name)
    if found is None or found.is_gone:
        raise errors.no_stack_named(name)
    return found


# ---- create and update -------------------------------------------------------------------------------------------------------------------


def create(backend: CloudFormationBackend, given: Given) -> str:
    """→ the stack's id. The stack is CREATE_IN_PROGRESS."""
    name, scope = requests.stack_name(given["StackName"]), scope_of(backend)
    before = backend.find(name)
    if before is not None and tokens.repeated(before, given, "CreateStack"):
        return before.id
    if before is not None:
        raise errors.stack_exists(name)
    if len(backend.live()) >= MOST_STACKS:
        raise errors.too_many_stacks()
    stack_id = new_id(scope, name)
    names = Names(scope=scope, stack_id=stack_id, stack_name=name)
    policy = stack_policy.optional(given.get("StackPolicyBody"))
    made = versions.version(scope, given, names, snapshot.exports(backend))
    stack = Stack(
        id=stack_id,
        name=name,
        status=StackStatus.CREATE_IN_PROGRESS,
        created=context().clock.now(),
        version=made,
        policy=policy,
        termination_protection=bool(given.get("EnableTerminationProtection")),
    )
    start_create(backend, tokens.with_token(stack, given, "CreateStack"), given)
    return stack_id


def start_create(backend: CloudFormationBackend, stack: Stack, given: Given) -> None:
    timeout = given.get("TimeoutInMinutes")
    operation = writes.new_operation(given.get("ClientRequestToken"))
    operation = replace(
        operation,
        on_failure=OnFailure(given.get("OnFailure") or given.get("OnStackFailure") or "ROLLBACK"),
        disable_rollback=bool(given.get("DisableRollback")),
        deadline=operation.started + timedelta(minutes=timeout) if timeout else None,
    )
    stack = replace(
        stack,
        status=StackStatus.CREATE_IN_PROGRESS,
        operation=operation,
        disable_rollback=operation.disable_rollback or operation.on_failure is OnFailure.DO_NOTHING,
        timeout_minutes=timeout,
    )
    writes.announce(backend, stack, USER_INITIATED)


def update(backend: CloudFormationBackend, given: Given) -> str:
    stack = existing(backend, given["StackName"])
    if tokens.repeated(stack, given, "UpdateStack"):
        return stack.id
    check_updatable(stack)
    scope = scope_of(backend)
    policy = stack_policy.optional(given.get("StackPolicyBody"))
    names = Names(scope=scope, stack_id=stack.id, stack_name=stack.name)
    made = versions.version(scope, given, names, snapshot.exports(backend), stack)
    if not plan_of(backend, stack, made):
        raise errors.nothing_to_update()
    if policy is not None:
        stack = replace(stack, policy=policy)
    start_update(backend, tokens.with_token(stack, given, "UpdateStack"), made, given)
    return stack.id


def check_updatable(stack: Stack) -> None:
    if not stack.status.may_update:
        raise errors.wrong_state(stack.id, stack.status.value, "updated")


def plan_of(backend: CloudFormationBackend, stack: Stack, version: Version) -> plans.Plan:
    """What the version changes of the stack. Raises ApiError if it changes the type of a resource."""
    names = Names(scope=scope_of(backend), stack_id=stack.id, stack_name=stack.name)
    return plans.plan(stack, version, names, snapshot.exports(backend), find)


def start_update(backend: CloudFormationBackend, stack: Stack, version: Version, given: Given) -> None:
    operation = writes.new_operation(given.get("ClientRequestToken"))
    operation = replace(operation, disable_rollback=bool(given.get("DisableRollback")))
    stack = replace(
        stack,
        status=StackStatus.UPDATE_IN_PROGRESS,
        operation=operation,
        updated=operation.started,
        previous=stack.previous if stack.status is StackStatus.UPDATE_FAILED else stack.version,
        version=version,
        previous_outputs=stack.outputs,
    )
    writes.announce(backend, stack, USER_INITIATED)


# ---- delete ------------------------------------------------------------------------------------------------------------------------------


def delete(backend: CloudFormationBackend, given: Given) -> None:
    """A stack that does not exist is deleted already."""
    requests.check(given)
    if given.get("DeletionMode") == "FORCE_DELETE_STACK":
        raise errors.not_supported("the parameter DeletionMode")
    stack = backend.find(given["StackName"])
    if stack is None or stack.is_gone or stack.status is StackStatus.DELETE_IN_PROGRESS or tokens.repeated(stack, given, "DeleteStack"):
        return
    if stack.termination_protection:
        raise errors.protected(stack.name)
    if stack.status.is_running and not stack.status.value.startswith("CREATE"):
        raise errors.invalid(f"Stack [{stack.id}] cannot be deleted while in status {stack.status.value}")  # CFN-22
    retain = _retained(stack, given)
    users = snapshot.importers(backend, stack)
    if users:
        name, stacks = next(iter(users.items()))
        writes.announce(backend, replace(stack, status=StackStatus.DELETE_IN_PROGRESS), USER_INITIATED)
        writes.announce(backend, stack, in_use(name, stacks))
        return
    operation = replace(writes.new_operation(given.get("ClientRequestToken")), retain=retain)
    started = replace(
        tokens.with_token(stack, given, "DeleteStack"),
        status=StackStatus.DELETE_IN_PROGRESS,
        operation=operation,
        deleted=operation.started,
    )
    writes.announce(backend, started, USER_INITIATED)


def _retained(stack: Stack, given: Given) -> frozenset[str]:
    names = given.get("RetainResources") or []
    if names and stack.status is not StackStatus.DELETE_FAILED:
        text = (
            f"Invalid operation on stack [{stack.id}]. Specify which resources to retain only when the stack is in the DELETE_FAILED state."
        )
        raise errors.invalid(text)
    if unknown := [name for name in names if name not in stack.resources]:
        raise errors.invalid(f"The following resources do not exist in the stack: [{', '.join(unknown)}]")
    if any(stack.resources[name].status is ResourceStatus.DELETE_COMPLETE for name in names):
        text = "The specified resources to retain must be in a valid state."
        raise errors.invalid(f"{text} Do not specify resources that are in the DELETE_COMPLETE state.")
    return frozenset(names)


# ---- the rest ----------------------------------------------------------------------------------------------------------------------------


def signal(backend: CloudFormationBackend, given: Given) -> None:
    """CFN-14: counts for the resource that waits for signals."""
    requests.check(given)
    stack = existing(backend, given["StackName"])
    logical_id, unique_id, status = given["LogicalResourceId"], given["UniqueId"], given["Status"]
    resource = stack.resources.get(logical_id)
    if resource is None:
        raise errors.no_such_resource(logical_id, stack.name)
    if not 1 <= len(unique_id) <= 64:
        raise errors.too_long(unique_id, "uniqueId", 64) if unique_id else errors.too_short(unique_id, "uniqueId", 1)
    if not stack.status.is_running or not resource.status.is_in_progress or resource.signals_wanted is None:
        raise _not_signalable(stack, resource)
    if unique_id in resource.signals:
        return
    reason = f"Received {status} signal with UniqueId {unique_id}"
    writes.put_resource(
        backend,
        stack.id,
        replace(resource, signals={**resource.signals, unique_id: status}, reason=reason, updated=context().clock.now()),
    )


def _not_signalable(stack: Stack, resource: Resource) -> ApiError:
    if not stack.status.is_running:
        return errors.invalid(f"Stack {stack.id} is in {stack.status.value} state and cannot be signaled")  # CFN-14
    return errors.invalid(f"Resource {resource.logical_id} is in {resource.status.value} state and cannot be signaled")


def set_termination_protection(backend: CloudFormationBackend, given: Given) -> str:
    stack = existing(backend, given["StackName"])
    writes.put_stack(backend, replace(stack, termination_protection=bool(given["EnableTerminationProtection"])))
    return stack.id


def set_policy(backend: CloudFormationBackend, given: Given) -> None:
    requests.check(given)
    stack = existing(backend, given["StackName"])
    writes.put_stack(backend, replace(stack, policy=stack_policy.optional(given.get("StackPolicyBody"))))
