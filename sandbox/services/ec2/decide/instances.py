"""What EC2 does with one instance: compares the state that the API promised with the machine that is there. Pure.

One function per state, each a ladder of early returns. The controller calls `decide` when the runtime's snapshot changed, when a request
came, and at the resync; each answer is right after a restart, a missed wake-up, or twice in a row, because it looks at levels only.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sandbox.core.control import Action, Decision
from sandbox.core.events import Event
from sandbox.drivers.runtime.base import Container, ContainerState
from sandbox.services.ec2.actions import (
    LaunchContainer,
    Purge,
    RebootContainer,
    RecordBoot,
    SetState,
    SetStatus,
    StartContainer,
    StopContainer,
    TerminateContainer,
)
from sandbox.services.ec2.decide import scheduled_events
from sandbox.services.ec2.decide.status_checks import checks
from sandbox.services.ec2.decide.user_data import tell_user_data
from sandbox.services.ec2.model import (
    CHECK_INTERVAL,
    IMAGE_MISSING,
    INSTANCE_SHUTDOWN,
    LAUNCH_ERROR,
    MACHINE_LOST,
    REBOOT_LIMIT,
    InstanceEvent,
    InstanceState,
    Memory,
    Observed,
    Reason,
    ShutdownBehavior,
    StatusCheck,
    event_of,
)

AT_ONCE = timedelta(0)
RUNTIME_RETRY = timedelta(seconds=5)  # how often a launch that waits for the runtime looks whether it is back
STILL_UP = (ContainerState.RUNNING, ContainerState.STARTING)
NOT_UP = (ContainerState.EXITED, ContainerState.FAILED)


def decide(observed: Observed, memory: Memory | None, now: datetime) -> Decision[Memory]:
    known = memory or Memory()
    known = replace(known, seen=known.seen or observed.container is not None)
    if observed.state is None:
        return _orphan(observed, known)
    decision = _LADDERS[observed.state](observed, known, now)
    waits = decision.memory.waiting and observed.unavailable is not None
    return replace(decision, memory=replace(decision.memory, waiting=waits))


# ---- pending: until the machine runs (EC2-3) ----------------------------------------------------------------------------------------


def _pending(observed: Observed, memory: Memory, now: datetime) -> Decision[Memory]:
    container = observed.container
    late = observed.state_since + observed.launch_delay - now
    if late > AT_ONCE and (container is None or observed.start_asked):
        return _slow(observed, memory, late)
    if container is None:
        return _pending_without_machine(observed, memory)
    ran_and_ended = container.state is ContainerState.EXITED and container.boots > observed.boots and not observed.start_asked
    if container.state is ContainerState.RUNNING or ran_and_ended:  # an end is then seen as a shutdown from inside
        return _booted(observed, container, memory, now)
    if container.state in NOT_UP and observed.start_asked:
        return _wait_for_runtime(observed, memory) if observed.unavailable else Decision(memory=memory, actions=(StartContainer(),))
    if container.state is ContainerState.FAILED:
        return _failed(observed, container, memory)
    if container.state is ContainerState.EXITED:  # the start was lost (the runtime was restarted): ask again
        return Decision(memory=memory, actions=(StartContainer(),))
    return Decision(memory=memory)


def _pending_without_machine(observed: Observed, memory: Memory) -> Decision[Memory]:
    if observed.unavailable:
        return _wait_for_runtime(observed, memory)
    if observed.boots:  # a stopped instance whose machine, with its disk, is no longer there
        return _lost(observed, memory)
    assert observed.spec is not None, "a pending instance comes with its LaunchSpec"
    return Decision(memory=memory, actions=(LaunchContainer(spec=observed.spec),))


def _slow(observed: Observed, memory: Memory, late: timedelta) -> Decision[Memory]:
    """Launches and starts in the zone take longer (AZ-6): the machine is not started yet, and one event says so."""
    summary = f"{observed.instance_id} stays pending: launches in its zone take {observed.launch_delay.total_seconds():g} s longer"
    event = event_of(observed, "Launch Delayed", summary)
    return Decision(memory=replace(memory, slow=True), events=() if memory.slow else (event,), look_again=late)


def _wait_for_runtime(observed: Observed, memory: Memory) -> Decision[Memory]:
    """A launch is not lost while the runtime does not answer: the instance stays pending, and one event says why."""
    event = event_of(observed, "Launch Waiting", f"{observed.instance_id} stays pending: {observed.unavailable}")
    return Decision(memory=replace(memory, waiting=True), events=() if memory.waiting else (event,), look_again=RUNTIME_RETRY)


def _booted(observed: Observed, container: Container, memory: Memory, now: datetime) -> Decision[Memory]:
    actions = (
        RecordBoot(boots=container.boots),
        SetStatus(system=StatusCheck(), instance=StatusCheck(), next_check=now + CHECK_INTERVAL),  # EC2-32, first result after a minute (U)
        SetState(move=InstanceEvent.BOOTED, why="its machine runs", because=observed.cause),
    )
    return Decision(memory=memory, actions=actions, look_again=AT_ONCE)


def _failed(observed: Observed, container: Container, memory: Memory) -> Decision[Memory]:
    sentence = container.error or "the runtime gives no reason"
    if observed.boots:  # EC2-2 has no transition for a failed start: AWS returns the instance to stopped (U)
        event = event_of(observed, "Instance Start Failed", f"{observed.instance_id} could not be started: {sentence}", error=sentence)
        move = InstanceEvent.START_FAILED
    else:  # EC2-2: pending → shutting-down → terminated
        event = event_of(observed, "Instance Launch Failed", f"{observed.instance_id} could not be launched: {sentence}", error=sentence)
        move = InstanceEvent.LAUNCH_FAILED
    reason = Reason(code=IMAGE_MISSING, text=sentence) if container.image_missing else LAUNCH_ERROR
    return _set_state(SetState(move=move, why=reason.message, reason=reason), memory, event)


# ---- running ------------------------------------------------------------------------------------------------------------------------


def _running(observed: Observed, memory: Memory, now: datetime) -> Decision[Memory]:
    container = observed.container
    if _removed(observed, memory):
        return _lost(observed, memory)
    if container is not None and container.state in NOT_UP:
        return _not_up(observed, container, memory, now)
    checked, told = checks(observed, now), tell_user_data(observed)
    actions: list[Action] = [*checked.actions, *told.actions]
    events = [*checked.events, *told.events]
    if container is not None and container.boots != observed.boots:
        if container.boots > observed.boots:  # fewer: a runtime that was restarted counts anew
            events.append(event_of(observed, "Instance Rebooted", f"{observed.instance_id} has rebooted"))
        actions.append(RecordBoot(boots=container.boots))
    if container is not None and observed.reboot_asked and container.state is ContainerState.RUNNING:  # EC2-6
        actions.append(RebootContainer(boots=container.boots))
    if container is not None and container.oom_kills > memory.oom_kills:
        events.append(_out_of_memory(observed, container))
    full = container is not None and container.disk_full is not None
    if container is not None and full and not memory.disk_full:
        events.append(_disk_full(observed, container))
    memory = replace(memory, oom_kills=container.oom_kills if container else 0, disk_full=full)
    schedule = scheduled_events.of_running(observed, now)  # EC2-34
    look_again = min((wait for wait in (checked.look_again, schedule.look_again) if wait is not None), default=None)
    return Decision(memory=memory, actions=(*actions, *schedule.actions), events=(*events, *schedule.events), look_again=look_again)


def _out_of_memory(observed: Observed, container: Container) -> Event:
    """The kernel killed a process of the machine; the others go on, and so does the instance."""
    limit = f"{container.memory_mib} MiB" if container.memory_mib else "its memory"
    summary = f"a process of {observed.instance_id} was killed: the machine ran out of memory ({limit})"
    return event_of(observed, "Instance Out Of Memory", summary, memory_mib=container.memory_mib)


def _disk_full(observed: Observed, container: Container) -> Event:
    summary = f"{observed.instance_id} has written {container.disk_full} MiB, more than its disk holds (SANDBOX_DISK_MIB), and is frozen"
    return event_of(observed, "Instance Disk Full", summary, written_mib=container.disk_full)


def _not_up(observed: Observed, container: Container, memory: Memory, now: datetime) -> Decision[Memory]:
    """The machine does not run although the API did not stop it: it is rebooting, or it was shut down from inside (EC2-10)."""
    reboot = observed.reboot
    if reboot and container.boots == reboot.boots and container.state is ContainerState.EXITED and now < reboot.asked_at + REBOOT_LIMIT:
        return Decision(memory=memory, look_again=reboot.asked_at + REBOOT_LIMIT - now)
    summary = f"the machine of {observed.instance_id} {_how(container)}"
    event = event_of(observed, "Instance Machine Exited", summary, exit_code=container.exit_code)
    terminate = observed.shutdown_behavior is ShutdownBehavior.TERMINATE
    move = InstanceEvent.TERMINATE if terminate else InstanceEvent.STOP
    why = f"{INSTANCE_SHUTDOWN.message} (behavior: {observed.shutdown_behavior.value})"
    return _set_state(SetState(move=move, why=why, reason=INSTANCE_SHUTDOWN), memory, event)


def _how(container: Container) -> str:
    if container.state is ContainerState.FAILED:
        return f"could not be started: {container.error}"
    if container.oom_killed:
        return "ran out of memory and was killed"
    return "ended by itself" if container.exit_code is None else f"ended by itself with exit code {container.exit_code}"


# ---- on the way out -----------------------------------------------------------------------------------------------------------------


def _stopping(observed: Observed, memory: Memory, now: datetime) -> Decision[Memory]:
    container = observed.container
    if container is None:
        return _lost(observed, memory) if _removed(observed, memory) else Decision(memory=memory, look_again=RUNTIME_RETRY)
    if container.state in NOT_UP:
        done = SetState(move=InstanceEvent.HALTED, why="its machine has stopped", because=observed.cause)
        return Decision(memory=memory, actions=(done,))
    if container.state in STILL_UP or observed.stop_forced:  # EC2-5: a stuck `stopping` can be forced
        return Decision(memory=memory, actions=(StopContainer(force=observed.stop_forced),))
    return Decision(memory=memory)


def _stopped(observed: Observed, memory: Memory, now: datetime) -> Decision[Memory]:
    container = observed.container
    if _removed(observed, memory):
        return _lost(observed, memory)
    if container is not None and container.state in STILL_UP:
        summary = f"the machine of {observed.instance_id} was started outside the API and is stopped again"
        event = event_of(observed, "Instance Machine Started", summary)
        return Decision(memory=memory, actions=(StopContainer(),), events=(event,))
    schedule = scheduled_events.of_stopped(observed)
    return Decision(memory=memory, actions=schedule.actions, events=schedule.events)


def _shutting_down(observed: Observed, memory: Memory, now: datetime) -> Decision[Memory]:
    if observed.container is not None:
        return Decision(memory=memory, actions=_removal(observed.container))
    if observed.boots and not _removed(observed, memory):
        return Decision(memory=memory, look_again=RUNTIME_RETRY)
    return Decision(memory=memory, actions=(SetState(move=InstanceEvent.GONE, why="its machine is removed", because=observed.cause),))


def _terminated(observed: Observed, memory: Memory, now: datetime) -> Decision[Memory]:
    if observed.container is not None:
        return Decision(memory=memory, actions=_removal(observed.container))
    left = observed.state_since + observed.terminated_visible - now
    if left > timedelta(0):
        return Decision(memory=memory, look_again=left)
    return Decision(memory=memory, actions=(Purge(),), look_again=AT_ONCE)  # EC2-9


def _lost(observed: Observed, memory: Memory) -> Decision[Memory]:
    """Somebody removed the container behind the API's back (`docker rm -f`): the instance cannot come back."""
    event = event_of(observed, "Instance Machine Lost", f"the machine of {observed.instance_id} was removed outside the API")
    return _set_state(SetState(move=InstanceEvent.LOST, why=MACHINE_LOST.message, reason=MACHINE_LOST), memory, event)


def _orphan(observed: Observed, memory: Memory) -> Decision[Memory]:
    """A container of this sandbox without an instance. After a reset it is removed; when the state could not be read it goes on serving."""
    if observed.container is None:
        return Decision(memory=memory)
    if observed.state_lost:
        summary = f"the container of {observed.instance_id} is left alone: the state that may know it is in {observed.state_lost}"
        left = event_of(observed, "Orphan Left Alone", summary)
        return Decision(memory=replace(memory, orphan_reported=True), events=() if memory.orphan_reported else (left,))
    event = event_of(observed, "Orphan Removed", f"the container {observed.instance_id} has no instance in the API and is removed")
    actions = _removal(observed.container)
    return Decision(memory=replace(memory, orphan_reported=True), actions=actions, events=() if memory.orphan_reported else (event,))


# ---- helpers ------------------------------------------------------------------------------------------------------------------------


def _removed(observed: Observed, memory: Memory) -> bool:
    """There is no machine, and that is certain: the runtime has looked. One that does not answer still shows what it saw last."""
    return observed.container is None and (memory.seen or observed.unavailable is None)


def _removal(container: Container) -> tuple[Action, ...]:
    return () if container.state is ContainerState.REMOVING else (TerminateContainer(),)


def _set_state(move: SetState, memory: Memory, event: Event) -> Decision[Memory]:
    """Moves the state, records why, and looks again immediately."""
    return Decision(memory=memory, actions=(move,), events=(event,), look_again=AT_ONCE)


_LADDERS: dict[InstanceState, Callable[[Observed, Memory, datetime], Decision[Memory]]] = {
    InstanceState.PENDING: _pending,
    InstanceState.RUNNING: _running,
    InstanceState.STOPPING: _stopping,
    InstanceState.STOPPED: _stopped,
    InstanceState.SHUTTING_DOWN: _shutting_down,
    InstanceState.TERMINATED: _terminated,
}
