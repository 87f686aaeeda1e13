"""The only writers of stacks. Each change of a status is a stack event, an event of the journal, and a message to the stack's topics."""

import json
from dataclasses import replace

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.moto_api._internal import mock_random

from sandbox.aws.context import context
from sandbox.core.control import Scope
from sandbox.core.events import Event
from sandbox.services.cloudformation.actions import MoveStack
from sandbox.services.cloudformation.decide.template import parameters, templates
from sandbox.services.cloudformation.model import ROLLBACK, STACK_TYPE, Operation, Resource, Stack, StackEvent
from sandbox.services.cloudformation.state import notifications
from sandbox.services.cloudformation.state.store import CloudFormationBackend
from sandbox.services.cloudformation.status_model import ResourceStatus, StackStatus

STACK_CHANGE, RESOURCE_CHANGE = "CloudFormation Stack Status Change", "CloudFormation Resource Status Change"
REMOVED = (StackStatus.DELETE_COMPLETE, StackStatus.DELETE_FAILED, StackStatus.ROLLBACK_COMPLETE, StackStatus.ROLLBACK_FAILED)
ROLLBACKS = (StackStatus.ROLLBACK_IN_PROGRESS, StackStatus.UPDATE_ROLLBACK_IN_PROGRESS)

# ---- stacks ------------------------------------------------------------------------------------------------------------------------------


def put_stack(backend: CloudFormationBackend, stack: Stack) -> None:
    """Without an event."""
    backend.stacks[stack.id] = stack


def announce(backend: CloudFormationBackend, stack: Stack, reason: str | None = None) -> None:
    """Stores the stack and records its status as an event. The event is the cause of what its operation does."""
    now = context().clock.now()
    stack = replace(stack, reason=reason)
    event = StackEvent(
        id=str(mock_random.uuid4()),
        at=now,
        logical_id=stack.name,
        physical_id=stack.id,
        about=STACK_TYPE,
        status=stack.status.value,
        reason=reason,
        client_request_token=stack.operation.client_request_token if stack.operation else None,
    )
    recorded = _journal(stack, event, context().journal.latest(stack.id))
    if stack.operation is not None:
        stack = replace(stack, operation=replace(stack.operation, cause=recorded))
    put_stack(backend, stack)
    _keep(backend, stack, event)


def move_stack(backend: CloudFormationBackend, stack_id: str, move: MoveStack) -> None:
    """To the next status of its operation; the operation ends with a status that is not in progress."""
    stack = backend.stacks[stack_id]
    now = context().clock.now()
    new = replace(stack, status=move.status)
    if move.outputs is not None:
        new = replace(new, outputs=move.outputs)
    if move.imports is not None:
        new = replace(new, imports=move.imports)
    if move.keep is not None:
        new = _without_unwanted(new, move.keep)
    if move.status in ROLLBACKS or move.status is StackStatus.DELETE_IN_PROGRESS:
        new = _rolled_back(new)
        new = replace(new, deleted=None if move.status is StackStatus.UPDATE_ROLLBACK_IN_PROGRESS else now)
    elif move.status.is_cleaning_up and new.operation is not None:
        new = replace(new, operation=replace(new.operation, token=f"{new.operation.token}-cleanup"))
    elif not move.status.is_running:
        new = replace(new, deleted=(new.deleted or now) if move.status in REMOVED else None)
        if not move.status.value.endswith("_FAILED"):  # after a failure, replaced resources may have to come back
            new = replace(new, discarded=())
    announce(backend, new, move.reason)
    if not move.status.is_running:
        put_stack(backend, replace(backend.stacks[stack_id], operation=None))
    if move.status is StackStatus.DELETE_COMPLETE:
        put_stack(backend, replace(backend.stacks[stack_id], outputs=(), imports=()))
        backend.forget_change_sets(stack_id)
        backend.forget_oldest()


def _without_unwanted(stack: Stack, keep: frozenset[str]) -> Stack:
    """Resources that the template no longer has are discarded."""
    unwanted = tuple(r for name, r in stack.resources.items() if name not in keep)
    kept = {name: r for name, r in stack.resources.items() if name in keep}
    return replace(stack, resources=kept, discarded=(*stack.discarded, *(r for r in unwanted if r.physical_id is not None)))


def _rolled_back(stack: Stack) -> Stack:
    operation = stack.operation or new_operation()
    operation = replace(operation, token=f"{operation.token}{ROLLBACK}", deadline=None, cancelled=False)
    version = stack.version
    if stack.status is StackStatus.UPDATE_ROLLBACK_IN_PROGRESS and stack.previous is not None:
        version = stack.previous
    return replace(stack, operation=operation, version=version)


def new_operation(client_request_token: str | None = None) -> Operation:
    return Operation(token=str(mock_random.uuid4()), started=context().clock.now(), client_request_token=client_request_token)


# ---- resources ---------------------------------------------------------------------------------------------------------------------------


def put_resource(backend: CloudFormationBackend, stack_id: str, resource: Resource, *, quiet: bool = False) -> str | None:
    """Replaces the stack's record: the current resource of that logical id, or the discarded one with that physical id.

    → the event's id."""
    event = None if quiet else resource_event(backend, stack_id, resource)
    resource = replace(resource, event=event or resource.event)
    stack = backend.stacks[stack_id]
    current = stack.resources.get(resource.logical_id)
    discarded = [_same(r, resource) for r in stack.discarded]
    if any(discarded) and (current is None or not _same(current, resource)):
        records = tuple(resource if same else r for r, same in zip(stack.discarded, discarded, strict=True))
        put_stack(backend, replace(stack, discarded=records))
    else:
        put_stack(backend, replace(stack, resources={**stack.resources, resource.logical_id: resource}))
    return event


def _same(record: Resource, other: Resource) -> bool:
    return record.logical_id == other.logical_id and record.physical_id == other.physical_id


def discard(backend: CloudFormationBackend, stack_id: str, resource: Resource) -> None:
    """The stack's resource is replaced: the clean-up deletes it."""
    stack = backend.stacks[stack_id]
    others = {name: r for name, r in stack.resources.items() if name != resource.logical_id}
    put_stack(backend, replace(stack, resources=others, discarded=(*stack.discarded, resource)))


def restore(backend: CloudFormationBackend, stack_id: str, resource: Resource) -> None:
    """A replaced resource is the stack's again; its successor is discarded."""
    stack = backend.stacks[stack_id]
    successor = stack.resources.get(resource.logical_id)
    others = tuple(r for r in stack.discarded if not _same(r, resource))
    if successor is not None and successor.physical_id is not None:
        others = (*others, successor)
    restored = replace(resource, status=ResourceStatus.UPDATE_COMPLETE, reason=None)
    put_stack(backend, replace(stack, resources={**stack.resources, resource.logical_id: restored}, discarded=others))
    resource_event(backend, stack_id, restored)


def resource_event(backend: CloudFormationBackend, stack_id: str, resource: Resource) -> str:
    stack = backend.stacks[stack_id]
    event = StackEvent(
        id=f"{resource.logical_id}-{resource.status.value}-{context().clock.now().isoformat(timespec='milliseconds')}",
        at=context().clock.now(),
        logical_id=resource.logical_id,
        physical_id=resource.physical_id or "",
        about=resource.type,
        status=resource.status.value,
        reason=resource.reason,
        properties=json.dumps(_shown(stack, resource), default=str, separators=(",", ":")),
        client_request_token=stack.operation.client_request_token if stack.operation else None,
    )
    recorded = _journal(stack, event, _cause(stack, resource))
    _keep(backend, stack, event)
    return recorded


def _cause(stack: Stack, resource: Resource) -> str | None:
    """What happened to the resource itself; when it begins: the last of those that it waited for; else the stack's own event."""
    if resource.started and resource.physical_id is not None:
        return context().journal.latest(resource.physical_id)
    began = stack.operation.cause if stack.operation else None
    if resource.status is ResourceStatus.DELETE_IN_PROGRESS:
        return began
    waited_for = [needed.event for name in resource.depends_on if (needed := stack.resources.get(name)) and needed.event]
    return max(waited_for, default=began)


def _shown(stack: Stack, resource: Resource) -> object:
    """The properties without the values of NoEcho parameters."""
    template = templates.parse(stack.version.template_body)
    return parameters.masked(dict(resource.properties), parameters.secrets(template, stack.version.values))


# ---- events ------------------------------------------------------------------------------------------------------------------------------


def _keep(backend: CloudFormationBackend, stack: Stack, event: StackEvent) -> None:
    backend.events.setdefault(stack.id, []).append(event)
    if stack.version.notification_arns:
        notifications.publish(Scope(backend.account_id, backend.region_name), stack, event)


def _journal(stack: Stack, event: StackEvent, cause: str | None) -> str:
    is_stack = event.about == STACK_TYPE
    what = f"stack {stack.name}" if is_stack else f"{event.logical_id} ({event.about}) of stack {stack.name}"
    resources = (stack.name, stack.id) if is_stack else (event.physical_id, stack.name, stack.id)
    made = Event(
        source="aws.cloudformation",
        detail_type=STACK_CHANGE if is_stack else RESOURCE_CHANGE,
        summary=f"{what} is {event.status}" + (f": {event.reason.strip()}" if event.reason else ""),
        resources=tuple(dict.fromkeys(name for name in resources if name)),
        detail={
            "stack-id": stack.id,
            "logical-resource-id": event.logical_id,
            "physical-resource-id": event.physical_id,
            "resource-type": event.about,
            "status-details": {"status": event.status, "status-reason": event.reason or ""},
            "client-request-token": event.client_request_token or "",
        },
        cause=context().journal.current_cause or cause,
    )
    return context().journal.record(made).id
