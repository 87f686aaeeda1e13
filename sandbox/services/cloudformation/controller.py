"""The CloudFormation loop: one key for each stack with an operation in progress.

What it does to resources goes through the same API operations as a user's, by the resource types. The gateway wakes it after each request;
while resources are in progress it looks again every second.
"""

import traceback
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.errors import ApiError, Retry
from sandbox.core.events import Event
from sandbox.core.journal import Journal
from sandbox.core.ports import Clients
from sandbox.services.cloudformation.actions import Create, Delete, MoveStack, Put, Restore, Resume, Roll, Update
from sandbox.services.cloudformation.decide.observed import Observed
from sandbox.services.cloudformation.decide.stacks import decide
from sandbox.services.cloudformation.model import Resource, Stack
from sandbox.services.cloudformation.resources import members
from sandbox.services.cloudformation.resources.base import Call, Gone, Incomplete, ResourceType, Wanted
from sandbox.services.cloudformation.resources.registry import find
from sandbox.services.cloudformation.state import dynamic, snapshot, writes
from sandbox.services.cloudformation.state.store import CloudFormationBackend
from sandbox.services.cloudformation.status_model import ResourceStatus

INITIATED = "Resource creation Initiated"
THROTTLED = ("Throttling", "ThrottlingException", "RequestLimitExceeded", "InternalError", "InternalFailure", "ServiceUnavailable")
"""Codes of errors that pass by themselves."""
IN_USE = (
    *("DependencyViolation", "ResourceInUse", "ResourceInUseException", "ScalingActivityInProgress", "DeleteConflict"),
    "OperationInProgress",
)
"""Codes of errors that a delete tries to outwait: what depends on the resource is going."""
RETRY = timedelta(seconds=5)
LONGEST_DELETE = timedelta(minutes=10)


class CloudFormationController(Shell[Observed, None]):
    name = "cloudformation"

    def __init__(self, journal: Journal, transport: Clients) -> None:
        super().__init__(journal)
        self._transport = transport

    def keys(self) -> Iterable[str]:
        return tuple(scope.key(name) for scope, name in snapshot.running())

    def observe(self, key: str, now: datetime) -> Observed | None:
        return snapshot.observe(*Scope.split(key))

    def decide(self, observed: Observed, memory: None, now: datetime) -> Decision[None]:
        return decide(observed, now)

    def act(self, key: str, action: Action, now: datetime) -> None:
        scope, name = Scope.split(key)
        backend = snapshot.backend_of(scope)
        stack = backend.find(name) if backend is not None else None
        if backend is None or stack is None:
            return
        step = _Step(self.journal, backend, stack, Call(self._transport, scope), now)
        match action:
            case Create():
                step.create(action)
            case Update():
                step.update(action.resource)
            case Delete():
                step.delete(action)
            case Resume():
                step.resume(action.resource)
            case Roll():
                step.roll(action)
            case Put() if action.event_only:
                writes.resource_event(backend, stack.id, action.resource)
            case Put():
                writes.put_resource(backend, stack.id, action.resource, quiet=action.quiet)
            case Restore():
                writes.restore(backend, stack.id, action.resource)
            case MoveStack():
                writes.move_stack(backend, stack.id, action)


class _Step:
    """One create, update or delete of a resource: the record first, then the call, then what came of it."""

    def __init__(self, journal: Journal, backend: CloudFormationBackend, stack: Stack, call: Call, now: datetime) -> None:
        self._journal, self._backend, self._stack, self._call, self._now = journal, backend, stack, call, now

    def create(self, action: Create) -> None:
        if action.discard is not None:
            writes.discard(self._backend, self._stack.id, action.discard)
        event = self._put(action.resource)
        with self._journal.because(event):
            self._create(replace(action.resource, reason=None))

    def _create(self, resource: Resource) -> None:
        try:
            wanted = dynamic.resolved(self._call, resource.wanted(self._stack))
            physical_id = _kind(resource).create(self._call, wanted)
        except Incomplete as error:
            self._failed(replace(resource, physical_id=error.physical_id), error.message)
        except Exception as error:  # the rollback must run whatever happened
            self._not_done(resource, error)
        else:
            self._put(replace(resource, physical_id=physical_id, started=True, reason=INITIATED, updated=self._now))

    def update(self, resource: Resource) -> None:
        event = self._put(resource)
        with self._journal.because(event):
            self._update(resource)

    def _update(self, resource: Resource) -> None:
        assert resource.physical_id is not None
        try:
            old, new = (
                _without(dynamic.resolved(self._call, wanted), resource.unmodified)
                for wanted in (resource.wanted_before(self._stack), resource.wanted(self._stack))
            )
            physical_id = _kind(resource).update(self._call, resource.physical_id, old, new)
        except Exception as error:
            self._not_done(resource, error)
        else:
            self._put(replace(resource, physical_id=physical_id or resource.physical_id, started=True, updated=self._now), quiet=True)

    def resume(self, resource: Resource) -> None:
        with self._journal.because(self._stack.operation.cause if self._stack.operation else None):
            if resource.physical_id is None:
                self._create(resource)
            else:
                self._update(resource)

    def roll(self, action: Roll) -> None:
        resource = action.resource
        assert resource.physical_id is not None
        with self._journal.because(resource.event):
            try:
                members.carry_out(self._call, resource.physical_id, action.calls)
            except ApiError as error:
                if error.code not in THROTTLED:  # else the same step is taken again
                    self._failed(resource, error.message)
                return
        for text in action.told:
            writes.resource_event(self._backend, self._stack.id, replace(resource, reason=text))
        self._put(resource, quiet=True)

    def delete(self, action: Delete) -> None:
        resource = action.resource
        assert resource.physical_id is not None
        event = self._put(resource, quiet=action.again)
        with self._journal.because(event or (self._stack.operation.cause if self._stack.operation else None)):
            try:
                old = dynamic.resolved(self._call, resource.wanted(self._stack))
                gone = _kind(resource).delete(self._call, resource.physical_id, old)
            except Exception as error:
                self._not_done(resource, error)
            else:
                if isinstance(gone, Gone):
                    self._put(replace(resource, status=ResourceStatus.DELETE_COMPLETE, updated=self._now))
                else:
                    self._put(replace(resource, started=True), quiet=True)

    def _not_done(self, resource: Resource, error: Exception) -> None:
        """The call was refused: it is repeated later, or the resource has failed."""
        if isinstance(error, Retry):
            self._put(replace(resource, not_before=self._now + error.after), quiet=True)
        elif isinstance(error, ApiError):
            if self._passes(resource, error):
                self._put(replace(resource, not_before=self._now + RETRY), quiet=True)
            else:
                self._failed(resource, error.message)
        else:
            self._record_fault(resource, error)
            self._failed(resource, f"Internal failure: {type(error).__name__}: {error}")

    def _passes(self, resource: Resource, error: ApiError) -> bool:
        if error.code in THROTTLED:
            return True
        waits = resource.status is ResourceStatus.DELETE_IN_PROGRESS and (error.code in IN_USE or "InUse" in error.code)
        return waits and self._now - (resource.began or self._now) < LONGEST_DELETE

    def _failed(self, resource: Resource, reason: str) -> None:
        self._put(replace(resource, status=resource.status.ended(False), reason=reason, updated=self._now))

    def _put(self, resource: Resource, quiet: bool = False) -> str | None:
        return writes.put_resource(self._backend, self._stack.id, resource, quiet=quiet)

    def _record_fault(self, resource: Resource, error: Exception) -> None:
        self._journal.record(
            Event(
                source="sandbox.cloudformation",
                detail_type="Sandbox Fault",
                summary=f"{resource.logical_id} of stack {self._stack.name} failed because of a bug in the sandbox: {error!r}",
                resources=(self._stack.name, self._stack.id),
                detail={"traceback": "".join(traceback.format_exception(error))},
            )
        )


def _kind(resource: Resource) -> ResourceType:
    kind = find(resource.type)
    if kind is None:
        raise ApiError("ValidationError", f"Unrecognized resource type: {resource.type}")
    return kind


def _without(wanted: Wanted, names: tuple[str, ...]) -> Wanted:
    return replace(wanted, properties={name: value for name, value in wanted.properties.items() if name not in names})
