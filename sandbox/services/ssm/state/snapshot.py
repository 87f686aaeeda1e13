"""What the controller reads: a command, the nodes of its invocations, and what has become of their steps. Reads only."""

from collections.abc import Iterator
from datetime import datetime

from sandbox.aws import backends
from sandbox.aws.context import context
from sandbox.core.control import Scope
from sandbox.drivers.commands.base import CommandReport, Commands
from sandbox.drivers.runtime.commands import CommandEnd
from sandbox.services.ssm.decide import results
from sandbox.services.ssm.model import TERMINAL, Command, FaultStep, Invocation, Observed, StepRun, StepSeen
from sandbox.services.ssm.state import nodes
from sandbox.services.ssm.state.store import RunCommandBackend, run_command_backends


def keys() -> Iterator[str]:
    """Of the commands that have not ended."""
    for scope, backend in backends.walk(run_command_backends):
        yield from (scope.key(each.id) for each in tuple(backend.commands.values()) if not each.ended)


def backend_of(scope: Scope) -> RunCommandBackend | None:
    found: RunCommandBackend | None = backends.find(run_command_backends, scope)
    return found


def find(key: str) -> Command | None:
    scope, command_id = Scope.split(key)
    backend = backend_of(scope)
    return backend.commands.get(command_id) if backend else None


def step_key(key: str, invocation: Invocation) -> str:
    """What the driver knows the current step by: another one for each time that the command is sent."""
    return f"{key}/{invocation.instance_id}/{invocation.attempt}/{invocation.current}"


def read(key: str, command: Command, commands: Commands, now: datetime) -> Observed:
    scope, _ = Scope.split(key)
    at_work = [each for each in command.invocations.values() if not each.ended and each.attempt]
    return Observed(
        command=command,
        nodes={each: nodes.state(scope, each) for each in command.invocations},
        steps={each.instance_id: _seen(key, command, each, commands, now) for each in at_work},
    )


def _seen(key: str, command: Command, invocation: Invocation, commands: Commands, now: datetime) -> StepSeen:
    run, step = invocation.steps[invocation.current], command.steps[invocation.current]
    if run.status in TERMINAL:
        return StepSeen(running=False, done=run)
    if isinstance(step, FaultStep):
        active = run.fault is not None and context().inject_faults.is_active(run.fault)
        done = results.of_fault(run, step.length, active=active, now=now) if step.length and run.started else None
        return StepSeen(running=active, done=done)
    known = step_key(key, invocation)
    report = commands.latest(known)
    if report is None:
        return StepSeen(running=commands.is_running(known))
    done = _result(run, report)
    return StepSeen(running=False, done=done, refused=done is None)


def _result(run: StepRun, report: CommandReport) -> StepRun | None:
    """None: the machine could not be given the command."""
    result = report.result
    if result is None:
        return None
    stdout, stderr = result.stdout.decode(errors="replace"), result.stderr.decode(errors="replace")
    match result.end:
        case CommandEnd.EXITED:
            assert result.exit_code is not None
            return results.exited(run, result.exit_code, stdout, stderr, report.at)
        case CommandEnd.TIMED_OUT:
            return results.timed_out(run, stdout, stderr, report.at)
        case CommandEnd.CANCELED:
            return results.canceled(run, stdout, stderr, report.at)
        case CommandEnd.LOST | CommandEnd.NOT_STARTED:
            return results.failed(run, f"{stderr}{result.detail}", report.at, stdout)
