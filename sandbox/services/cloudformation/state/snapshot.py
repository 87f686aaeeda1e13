"""The observed state of a stack: its record, and a look at each of its resources in progress."""

from collections.abc import Iterator

from sandbox.aws import backends
from sandbox.aws.context import context
from sandbox.core.control import Scope
from sandbox.core.errors import ApiError, Retry
from sandbox.services.cloudformation.decide.observed import Key, Observed, key
from sandbox.services.cloudformation.model import Resource, Stack
from sandbox.services.cloudformation.resources import members
from sandbox.services.cloudformation.resources.base import Call, InProgress, Status
from sandbox.services.cloudformation.resources.members import GroupSeen
from sandbox.services.cloudformation.resources.registry import find as find_type
from sandbox.services.cloudformation.state import dynamic
from sandbox.services.cloudformation.state.store import CloudFormationBackend, cloudformation_backends


def running() -> Iterator[tuple[Scope, str]]:
    """The stacks with an operation in progress: scope and name."""
    for scope, backend in backends.walk(cloudformation_backends):
        for stack in backend.stacks.values():
            if stack.status.is_running:
                yield scope, stack.name


def backend_of(scope: Scope) -> CloudFormationBackend | None:
    found: CloudFormationBackend | None = backends.find(cloudformation_backends, scope)
    return found


def observe(scope: Scope, name: str) -> Observed | None:
    backend = backend_of(scope)
    stack = backend.find(name) if backend is not None else None
    if backend is None or stack is None or not stack.status.is_running:
        return None
    return Observed(
        stack=stack,
        scope=scope,
        find=find_type,
        looks=_looks(scope, stack),
        groups=_groups(scope, stack),
        exports=exports(backend),
        exported_by=exported_by(backend),
        importers=importers(backend, stack),
    )


def exports(backend: CloudFormationBackend) -> dict[str, str]:
    return {o.export_name: o.value for stack in backend.live() for o in stack.outputs if o.export_name is not None}


def exported_by(backend: CloudFormationBackend) -> dict[str, str]:
    return {o.export_name: stack.name for stack in backend.live() for o in stack.outputs if o.export_name is not None}


def importers(backend: CloudFormationBackend, stack: Stack) -> dict[str, tuple[str, ...]]:
    """Name of an export of the stack → the stacks that import it."""
    names = [output.export_name for output in stack.outputs if output.export_name is not None]
    users = {name: tuple(other.name for other in backend.live() if name in _imports(other)) for name in names}
    return {name: stacks for name, stacks in users.items() if stacks}


def _imports(stack: Stack) -> tuple[str, ...]:
    """While an operation runs, what it is about to use counts too."""
    return (*stack.imports, *stack.version.imports) if stack.status.is_running else stack.imports


def _looks(scope: Scope, stack: Stack) -> dict[Key, Status]:
    token = stack.operation.token if stack.operation else ""
    records = [*stack.resources.values(), *stack.discarded]
    waiting = [r for r in records if r.operation == token and r.status.is_in_progress and r.started and r.physical_id is not None]
    return {key(resource): look(scope, stack, resource) for resource in waiting}


def _groups(scope: Scope, stack: Stack) -> dict[Key, GroupSeen]:
    found = {}
    for resource in stack.resources.values():
        if resource.rolling is not None and resource.started and resource.status.is_in_progress and resource.physical_id is not None:
            try:
                seen = members.look(Call(context().clients, scope), resource.physical_id)
            except ApiError:
                continue  # an API that refuses to answer says nothing about the group
            if seen is not None:
                found[key(resource)] = seen
    return found


def look(scope: Scope, stack: Stack, resource: Resource) -> Status:
    """An API that refuses to answer says nothing about the resource."""
    kind = find_type(resource.type)
    assert kind is not None and resource.physical_id is not None
    call = Call(context().clients, scope)
    try:
        return kind.look(call, resource.physical_id, dynamic.resolved(call, resource.wanted(stack)))
    except (ApiError, Retry) as error:
        return InProgress(str(error))
