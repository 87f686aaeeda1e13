"""What happens next to each invocation of a command: sent, delayed, judged by its step's result, canceled, given up (SSM-4, SSM-5, SSM-7).

Pure. Nothing is remembered between two runs: the invocations in the state say all.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sandbox.core.control import Action, Decision
from sandbox.core.machine import move
from sandbox.services.ssm.actions import SaveInvocation, StartStep, StopStep
from sandbox.services.ssm.decide import events, results, status
from sandbox.services.ssm.model import (
    DELIVERY_TIMED_OUT,
    TERMINATED,
    TRANSITIONS,
    UNDELIVERABLE,
    FaultStep,
    Invocation,
    InvocationMove,
    InvocationStatus,
    NodeState,
    Observed,
    StepRun,
    StepSeen,
)

WAITING = (InvocationStatus.PENDING, InvocationStatus.DELAYED)
AT_WORK = (InvocationStatus.IN_PROGRESS, InvocationStatus.CANCELLING)
RETRY = timedelta(seconds=2)
"""After which a node that does not answer is tried again."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Nothing."""


@dataclass(slots=True)
class _Slots:
    """How many more invocations may be in progress (MaxConcurrency)."""

    free: int


def decide(observed: Observed, memory: Memory | None, now: datetime) -> Decision[Memory]:
    command = observed.command
    at_work = sum(each.status in AT_WORK for each in command.invocations.values())
    slots = _Slots(status.limit(command.max_concurrency, len(command.invocations)) - at_work)
    actions = [action for each in command.invocations.values() for action in _advance(observed, each, slots, now)]
    return Decision(memory=Memory(), actions=tuple(actions), look_again=_look_again(observed, actions, now))


def _advance(observed: Observed, invocation: Invocation, slots: _Slots, now: datetime) -> Iterator[Action]:
    if invocation.ended:
        return
    if invocation.status in WAITING:
        yield from _deliver(observed, invocation, slots, now)
    elif invocation.cancel and invocation.status is InvocationStatus.IN_PROGRESS:
        yield _moved(observed, invocation, InvocationMove.REQUEST_CANCEL, "Cancelling")
        yield StopStep(instance_id=invocation.instance_id, step=invocation.current, because=invocation.event)
    else:
        yield from _follow(observed, invocation, now)


def _deliver(observed: Observed, invocation: Invocation, slots: _Slots, now: datetime) -> Iterator[Action]:
    command, node = observed.command, observed.nodes[invocation.instance_id]
    if invocation.cancel:
        yield _moved(observed, invocation, InvocationMove.CANCEL, "Cancelled")
    elif node is NodeState.GONE:
        yield _moved(observed, invocation, InvocationMove.FAIL, UNDELIVERABLE)
    elif status.too_many_errors(command):  # SSM-7
        yield _moved(observed, invocation, InvocationMove.CANCEL, TERMINATED)
    elif now >= command.requested + command.timeout:  # SSM-4
        yield _moved(observed, invocation, InvocationMove.TIME_OUT, DELIVERY_TIMED_OUT)
    elif node is NodeState.CONNECTION_LOST:
        if invocation.status is InvocationStatus.PENDING:
            yield _moved(observed, invocation, InvocationMove.DELAY, "Delayed")
    elif slots.free > 0:
        slots.free -= 1
        sent = replace(invocation, attempt=invocation.attempt + 1)
        yield _moved(observed, _with_step(sent, 0, _begun(sent.steps[0], now)), InvocationMove.SEND, "InProgress")
        yield StartStep(instance_id=invocation.instance_id, step=0)


def _follow(observed: Observed, invocation: Invocation, now: datetime) -> Iterator[Action]:
    """An invocation in progress, or one that is being canceled."""
    seen, number = observed.steps[invocation.instance_id], invocation.current
    done = seen.done
    if done is None and observed.nodes[invocation.instance_id] is NodeState.GONE:
        done = results.failed(invocation.steps[number], "The instance was terminated while the command ran.", now)
        yield StopStep(instance_id=invocation.instance_id, step=number)
    if invocation.status is InvocationStatus.CANCELLING:
        yield from _cancel(observed, invocation, seen, done, now)
        return
    if done is None and seen.refused:
        if number == 0:
            yield _moved(observed, _with_step(invocation, 0, StepRun(name=invocation.steps[0].name)), InvocationMove.DELAY, "Delayed")
            return
        done = results.failed(invocation.steps[number], "The instance did not answer.", now)
    if done is None and not seen.running:
        done = results.failed(invocation.steps[number], results.LOST, now)
    if done is not None:
        yield from _next_step(observed, _with_step(invocation, number, done), number + 1, now)


def _cancel(observed: Observed, invocation: Invocation, seen: StepSeen, done: StepRun | None, now: datetime) -> Iterator[Action]:
    if done is None and seen.running:
        yield StopStep(instance_id=invocation.instance_id, step=invocation.current)
        return
    number = invocation.current
    fault = isinstance(observed.command.steps[number], FaultStep)
    ended = done if done is not None and not fault else results.canceled(invocation.steps[number], "", "", now)
    yield _moved(observed, _with_step(invocation, number, ended), InvocationMove.CANCEL, "Cancelled")


def _next_step(observed: Observed, invocation: Invocation, number: int, now: datetime) -> Iterator[Action]:
    """SSM-8: a step that failed does not keep the next one from running; one that ran too long does."""
    last = invocation.steps[number - 1]
    if last.status is InvocationStatus.TIMED_OUT:
        yield _moved(observed, invocation, InvocationMove.TIME_OUT, last.details)
    elif number < len(invocation.steps) and observed.nodes[invocation.instance_id] is not NodeState.GONE:
        yield SaveInvocation(invocation=_with_step(invocation, number, _begun(invocation.steps[number], now)), because=invocation.event)
        yield StartStep(instance_id=invocation.instance_id, step=number, because=invocation.event)
    elif all(each.status is InvocationStatus.SUCCESS for each in invocation.steps):
        yield _moved(observed, invocation, InvocationMove.SUCCEED, "Success")
    else:
        gone = observed.nodes[invocation.instance_id] is NodeState.GONE
        yield _moved(observed, invocation, InvocationMove.FAIL, UNDELIVERABLE if gone else "Failed")


def _moved(observed: Observed, invocation: Invocation, how: InvocationMove, details: str) -> SaveInvocation:
    to = move(TRANSITIONS, f"invocation of {observed.command.id} on {invocation.instance_id}", invocation.status, how)
    after = replace(invocation, status=to, details=details)
    return SaveInvocation(invocation=after, event=events.invocation_changed(observed.command, after))


def _begun(step: StepRun, now: datetime) -> StepRun:
    return replace(step, status=InvocationStatus.IN_PROGRESS, details="InProgress", started=now)


def _with_step(invocation: Invocation, number: int, step: StepRun) -> Invocation:
    return replace(invocation, steps=(*invocation.steps[:number], step, *invocation.steps[number + 1 :]))


def _look_again(observed: Observed, actions: list[Action], now: datetime) -> timedelta | None:
    """Results wake the controller; nodes that do not answer, the delivery timeout and the ends of faults do not."""
    if any(isinstance(each, SaveInvocation) for each in actions):
        return timedelta(0)
    if actions:
        return RETRY
    due: list[timedelta] = []
    for each in observed.command.invocations.values():
        if each.status in WAITING:
            due.append(min(RETRY, max(timedelta(0), observed.command.requested + observed.command.timeout - now)))
        elif each.status in AT_WORK:
            step, run = observed.command.steps[each.current], each.steps[each.current]
            if isinstance(step, FaultStep) and step.length is not None and run.started is not None:
                due.append(max(timedelta(0), run.started + step.length - now))
    return min(due, default=None)
