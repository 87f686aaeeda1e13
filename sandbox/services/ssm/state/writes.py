"""What changes commands. A change of the status of a whole command is an event."""

from dataclasses import replace

from sandbox.aws.context import context
from sandbox.services.ssm.decide import events, status
from sandbox.services.ssm.model import Command, Invocation
from sandbox.services.ssm.state.store import RunCommandBackend


def add(backend: RunCommandBackend, command: Command) -> Command:
    """A new one. Its event is the cause of everything that it does."""
    told = status.summary(command)
    event = context().journal.record(events.command_changed(command, told.status.value, told.details))
    stored = replace(command, event=event.id, invocations={k: replace(each, event=event.id) for k, each in command.invocations.items()})
    backend.store(stored)
    return stored


def save(backend: RunCommandBackend, command_id: str, invocation: Invocation) -> None:
    before = backend.commands[command_id]
    after = replace(before, invocations={**before.invocations, invocation.instance_id: invocation})
    told = status.summary(after)
    if (told.status, told.details) != (status.summary(before).status, status.summary(before).details):
        context().journal.record(replace(events.command_changed(after, told.status.value, told.details), cause=invocation.event))
    backend.store(after)


def cancel(backend: RunCommandBackend, command: Command, instance_ids: frozenset[str]) -> None:
    """Asks for it: the controller cancels what has not ended. `instance_ids`: of its invocations; none: all."""
    for each in command.invocations.values():
        if not each.ended and (not instance_ids or each.instance_id in instance_ids):
            save(backend, command.id, replace(each, cancel=True, event=context().journal.current_cause or each.event))
