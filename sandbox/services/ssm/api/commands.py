"""SendCommand, CancelCommand and what reads commands: what they check and change (SSM-3 to SSM-7)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.moto_api._internal import mock_random

from sandbox.aws.context import context
from sandbox.core.control import Scope
from sandbox.services.ssm import errors
from sandbox.services.ssm.api.validation import requests
from sandbox.services.ssm.decide import rendering, status
from sandbox.services.ssm.model import Command, Invocation, Node, Step, StepRun
from sandbox.services.ssm.state import documents, writes
from sandbox.services.ssm.state.store import RunCommandBackend

DELIVERY_TIMEOUT = 3_600
"""Seconds (SSM-4)."""

Given = Mapping[str, Any]


def send(backend: RunCommandBackend, scope: Scope, given: Given) -> Command:
    requests.refuse_absent(given)
    document = documents.find(scope, given["DocumentName"], given.get("DocumentVersion"))
    values = requests.parameters(given)
    steps = rendering.steps(document, values)
    requests.check_size(steps)
    concurrency, max_errors = requests.limits(given)
    nodes = requests.chosen(given, scope)
    command = Command(
        id=str(mock_random.uuid4()),
        document=document.name,
        document_version=given.get("DocumentVersion") or documents.DEFAULT,
        parameters=values,
        steps=steps,
        invocations={each.instance_id: _invocation(each, steps) for each in nodes},
        requested=context().clock.now(),
        timeout=timedelta(seconds=int(given.get("TimeoutSeconds") or DELIVERY_TIMEOUT)),
        instance_ids=tuple(given.get("InstanceIds") or ()),
        targets=requests.targets(given),
        max_concurrency=concurrency,
        max_errors=max_errors,
        comment=given.get("Comment") or "",
    )
    return writes.add(backend, command)


def _invocation(node: Node, steps: tuple[Step, ...]) -> Invocation:
    return Invocation(
        instance_id=node.instance_id, instance_name=node.tags.get("Name", ""), steps=tuple(StepRun(name=each.name) for each in steps)
    )


def cancel(backend: RunCommandBackend, given: Given) -> None:
    """No effect on invocations that have ended."""
    command = find(backend, given["CommandId"])
    wanted = frozenset(given.get("InstanceIds") or ())
    if unknown := sorted(wanted - command.invocations.keys()):
        raise errors.not_valid_instances(unknown, backend.account_id)
    writes.cancel(backend, command, wanted)


def find(backend: RunCommandBackend, command_id: str) -> Command:
    found = backend.commands.get(command_id)
    if found is None:
        raise errors.invalid_command(command_id)
    return found


def listed(backend: RunCommandBackend, given: Given) -> list[Command]:
    """The newest first."""
    wanted, instance = requests.filters(given, of_commands=True), given.get("InstanceId")
    return [
        each
        for each in _named(backend, given)
        if instance in (None, *each.invocations) and wanted.fits(each.requested, each.document, _words(each))
    ]


def invocations(backend: RunCommandBackend, given: Given) -> list[tuple[Command, Invocation]]:
    """Those of the newest command first."""
    wanted, instance = requests.filters(given, of_commands=False), given.get("InstanceId")
    return [
        (command, each)
        for command in _named(backend, given)
        for each in command.invocations.values()
        if instance in (None, each.instance_id) and wanted.fits(command.requested, command.document, (each.status.value, each.details))
    ]


def invocation(backend: RunCommandBackend, given: Given) -> tuple[Command, Invocation, StepRun]:
    """SSM-6: of one step. `PluginName` may be left out where there is one step only."""
    command = find(backend, given["CommandId"])
    found = command.invocations.get(given["InstanceId"])
    if found is None:
        raise errors.no_invocation()
    names = [each.name for each in found.steps]
    wanted = given.get("PluginName")
    if wanted is None and len(names) > 1:
        raise errors.several_plugins(names)
    if wanted is not None and wanted not in names:
        raise errors.invalid_plugin(wanted)
    return command, found, found.steps[0 if wanted is None else names.index(wanted)]


def _named(backend: RunCommandBackend, given: Given) -> list[Command]:
    command_id = given.get("CommandId")
    return [find(backend, command_id)] if command_id else list(backend.commands.values())[::-1]


def _words(command: Command) -> tuple[str, str]:
    told = status.summary(command)
    return told.status.value, told.details
