"""The loop of Run Command: one key for each command that has not ended.

The gateway wakes it after each request, and the driver when a script has ended. Faults, instances that start or end, and delivery timeouts
are due by events or by look_again.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sandbox.aws.context import context
from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.errors import UserError
from sandbox.core.events import Event
from sandbox.core.journal import Journal
from sandbox.core.ports import FaultRequest
from sandbox.drivers.commands.base import CommandRequest, Commands
from sandbox.services.ssm.actions import SaveInvocation, StartStep, StopStep
from sandbox.services.ssm.decide import commands, results, scripts
from sandbox.services.ssm.decide.commands import Memory
from sandbox.services.ssm.model import Command, FaultStep, Invocation, Observed, ScriptStep, StepRun
from sandbox.services.ssm.state import snapshot, writes

STATE_CHANGE = "EC2 Instance State-change Notification"
FAULTS = "sandbox.faults"


class SsmController(Shell[Observed, Memory]):
    name = "ssm"

    def __init__(self, journal: Journal, driver: Commands) -> None:
        super().__init__(journal)
        self._driver = driver
        driver.on_result(self._wake)
        journal.on_event(self._on_event)

    def _wake(self, step_key: str) -> None:
        """Called by the driver, in its own thread, when a script has ended."""
        scope, name = Scope.split(step_key)
        context().wake(self.name, scope.key(name.partition("/")[0]))

    def _on_event(self, event: Event) -> None:
        if event.detail_type == STATE_CHANGE or event.source == FAULTS:
            context().wake(self.name)

    def keys(self) -> Iterable[str]:
        return tuple(snapshot.keys())

    def has(self, key: str) -> bool:
        command = snapshot.find(key)
        return command is not None and not command.ended

    def observe(self, key: str, now: datetime) -> Observed | None:
        command = snapshot.find(key)
        return None if command is None or command.ended else snapshot.read(key, command, self._driver, now)

    def decide(self, observed: Observed, memory: Memory | None, now: datetime) -> Decision[Memory]:
        return commands.decide(observed, memory, now)

    def act(self, key: str, action: Action, now: datetime) -> None:
        match action:
            case SaveInvocation():
                self._save(key, action)
            case StartStep():
                self._start(key, action.instance_id, action.step, now)
            case StopStep():
                self._stop(key, action.instance_id, action.step)

    def _save(self, key: str, action: SaveInvocation) -> None:
        invocation = action.invocation
        if action.event is not None:
            invocation = replace(invocation, event=self.journal.current_cause)
        before = snapshot.step_key(key, _command(key).invocations[invocation.instance_id])
        _store(key, invocation)
        if invocation.ended or snapshot.step_key(key, invocation) != before:
            self._driver.forget(before)

    def _start(self, key: str, instance_id: str, number: int, now: datetime) -> None:
        command = _command(key)
        invocation, step = command.invocations[instance_id], command.steps[number]
        with self.journal.because(invocation.event):
            if isinstance(step, FaultStep):
                _store(key, _with(invocation, number, _inject(command, invocation, step, number, now)))
                context().wake(self.name, key)
            else:
                self._driver.start(_request(snapshot.step_key(key, invocation), instance_id, step))

    def _stop(self, key: str, instance_id: str, number: int) -> None:
        command = _command(key)
        invocation = command.invocations[instance_id]
        fault = invocation.steps[number].fault
        if fault is not None:
            with self.journal.because(invocation.event):
                context().inject_faults.clear(fault)
        self._driver.cancel(snapshot.step_key(key, invocation))


def _command(key: str) -> Command:
    found = snapshot.find(key)
    assert found is not None, f"{key} was just observed"
    return found


def _store(key: str, invocation: Invocation) -> None:
    scope, command_id = Scope.split(key)
    backend = snapshot.backend_of(scope)
    assert backend is not None, f"{key} was just observed"
    writes.save(backend, command_id, invocation)


def _with(invocation: Invocation, number: int, step: StepRun) -> Invocation:
    return replace(invocation, steps=(*invocation.steps[:number], step, *invocation.steps[number + 1 :]))


def _request(step_key: str, instance_id: str, step: ScriptStep) -> CommandRequest:
    return CommandRequest(
        key=step_key, instance_id=instance_id, argv=scripts.argv(step.script), timeout=step.timeout, directory=step.directory
    )


def _inject(command: Command, invocation: Invocation, step: FaultStep, number: int, now: datetime) -> StepRun:
    """The step, with its fault. A fault that cannot be is a failed step."""
    run = invocation.steps[number]
    request = FaultRequest(
        kind=step.kind,
        targets=(invocation.instance_id,),
        parameters=step.parameters,
        duration=step.length,
        summary=f"command {command.id} ({command.document})",
        cause=invocation.event,
        token=f"{command.id}/{invocation.instance_id}/{invocation.attempt}/{number}",
    )
    try:
        fault = context().inject_faults.inject(request)
    except UserError as error:
        return results.failed(run, error.message, now)
    return replace(run, fault=fault) if step.length else results.exited(replace(run, fault=fault), 0, "", "", now)
