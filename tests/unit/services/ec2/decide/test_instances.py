"""What EC2 decides about one instance, case by case: the promised state against the machine that is there."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.core.control import Action, Decision
from sandbox.drivers.runtime.base import Container, ContainerState, LaunchSpec
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
from sandbox.services.ec2.decide.instances import decide
from sandbox.services.ec2.model import (
    INSTANCE_SHUTDOWN,
    LAUNCH_ERROR,
    MACHINE_LOST,
    CheckResult,
    InstanceEvent,
    InstanceState,
    Memory,
    Observed,
    Reboot,
    ShutdownBehavior,
    StatusCheck,
)
from tests.support import rule

ID = "i-0123456789abcdef0"
NOW = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SPEC = LaunchSpec(
    instance_id=ID,
    image_id="ami-1",
    instance_type="t3.micro",
    account="123456789012",
    region="us-east-1",
    availability_zone="us-east-1a",
    vpc_id="vpc-1",
    subnet_id="subnet-1",
    subnet_cidr="172.31.0.0/20",
    private_ip_address="172.31.0.4",
    private_dns_name="ip-172-31-0-4.ec2.internal",
)


def container(state: ContainerState, **fields: object) -> Container:
    values: dict[str, object] = {"boots": 1, **fields}
    return Container(instance_id=ID, state=state, **values)  # type: ignore[arg-type]


def instance(state: InstanceState | None, machine: Container | None, **fields: object) -> Observed:
    """Boots: a running, stopping or stopped instance has run once."""
    ran = 0 if state in (None, InstanceState.PENDING) else 1
    values: dict[str, object] = {"boots": ran, "spec": SPEC, "next_check": NOW + MINUTE, "cause": "e000007", **fields}
    return Observed(instance_id=ID, state=state, state_since=NOW, container=machine, **values)  # type: ignore[arg-type]


def moved(decision: Decision[Memory]) -> tuple[SetState, ...]:
    return tuple(a for a in decision.actions if isinstance(a, SetState))


def titles(decision: Decision[Memory]) -> list[str]:
    return [event.detail_type for event in decision.events]


PENDING, RUNNING, STOPPING, STOPPED, SHUTTING_DOWN, TERMINATED = (
    InstanceState.PENDING,
    InstanceState.RUNNING,
    InstanceState.STOPPING,
    InstanceState.STOPPED,
    InstanceState.SHUTTING_DOWN,
    InstanceState.TERMINATED,
)
STARTING, UP, HALTING, EXITED, FAILED, REMOVING = (
    ContainerState.STARTING,
    ContainerState.RUNNING,
    ContainerState.STOPPING,
    ContainerState.EXITED,
    ContainerState.FAILED,
    ContainerState.REMOVING,
)


@rule("EC2-2", "EC2-5", "EC2-7")
@pytest.mark.parametrize(
    ("state", "machine", "fields", "expected"),
    [
        # a launch
        (PENDING, None, {}, (LaunchContainer(spec=SPEC),)),
        (PENDING, STARTING, {}, ()),
        # a start
        (PENDING, EXITED, {"boots": 1, "start_asked": True}, (StartContainer(),)),
        (PENDING, FAILED, {"boots": 1, "start_asked": True}, (StartContainer(),)),
        (PENDING, STARTING, {"boots": 1}, ()),
        (PENDING, EXITED, {"boots": 1}, (StartContainer(),)),  # the start was lost with the runtime's queue
        # running
        (RUNNING, UP, {}, ()),
        (RUNNING, STARTING, {}, ()),
        (RUNNING, HALTING, {}, ()),
        (RUNNING, REMOVING, {}, ()),
        (RUNNING, UP, {"reboot_asked": True}, (RebootContainer(boots=1),)),
        (RUNNING, STARTING, {"reboot_asked": True}, ()),
        # a stop
        (STOPPING, UP, {}, (StopContainer(),)),
        (STOPPING, STARTING, {}, (StopContainer(),)),
        (STOPPING, HALTING, {}, ()),
        (STOPPING, HALTING, {"stop_forced": True}, (StopContainer(force=True),)),
        (STOPPED, EXITED, {}, ()),
        (STOPPED, FAILED, {}, ()),
        (STOPPED, UP, {}, (StopContainer(),)),  # docker start behind the API's back
        # a termination
        (SHUTTING_DOWN, UP, {}, (TerminateContainer(),)),
        (SHUTTING_DOWN, STARTING, {}, (TerminateContainer(),)),
        (SHUTTING_DOWN, EXITED, {}, (TerminateContainer(),)),
        (SHUTTING_DOWN, FAILED, {}, (TerminateContainer(),)),
        (SHUTTING_DOWN, REMOVING, {}, ()),
        (TERMINATED, UP, {}, (TerminateContainer(),)),
        (TERMINATED, REMOVING, {}, ()),
        (TERMINATED, None, {}, ()),
        # nobody's container
        (None, UP, {}, (TerminateContainer(),)),
        (None, EXITED, {}, (TerminateContainer(),)),
        (None, REMOVING, {}, ()),
    ],
)
def test_machine_follows_the_promised_state(
    state: InstanceState | None, machine: ContainerState | None, fields: dict[str, object], expected: tuple[Action, ...]
) -> None:
    there = None if machine is None else container(machine)
    decision = decide(instance(state, there, **fields), None, NOW)
    assert expected == decision.actions


@rule("EC2-2")
@pytest.mark.parametrize(
    ("state", "machine", "fields", "event"),
    [
        (PENDING, UP, {}, InstanceEvent.BOOTED),
        (PENDING, EXITED, {}, InstanceEvent.BOOTED),  # it ran and is gone again: a shutdown from inside comes next
        (PENDING, FAILED, {}, InstanceEvent.LAUNCH_FAILED),
        (PENDING, FAILED, {"boots": 1}, InstanceEvent.START_FAILED),
        (PENDING, None, {"boots": 1}, InstanceEvent.LOST),
        (RUNNING, None, {}, InstanceEvent.LOST),
        (RUNNING, EXITED, {}, InstanceEvent.STOP),
        (RUNNING, FAILED, {}, InstanceEvent.STOP),
        (RUNNING, EXITED, {"shutdown_behavior": ShutdownBehavior.TERMINATE}, InstanceEvent.TERMINATE),
        (STOPPING, EXITED, {}, InstanceEvent.HALTED),
        (STOPPING, FAILED, {}, InstanceEvent.HALTED),
        (STOPPING, None, {}, InstanceEvent.LOST),
        (STOPPED, None, {}, InstanceEvent.LOST),
        (SHUTTING_DOWN, None, {}, InstanceEvent.GONE),
    ],
)
def test_state_follows_the_machine(
    state: InstanceState, machine: ContainerState | None, fields: dict[str, object], event: InstanceEvent
) -> None:
    there = None if machine is None else container(machine)
    assert [event] == [move.move for move in moved(decide(instance(state, there, **fields), None, NOW))]


@rule("EC2-10", "EC2-11", "EC2-12")
@pytest.mark.parametrize(
    ("observed", "reason", "title"),
    [
        (instance(RUNNING, container(EXITED, exit_code=0)), INSTANCE_SHUTDOWN, "Instance Machine Exited"),
        (instance(RUNNING, None), MACHINE_LOST, "Instance Machine Lost"),
        (instance(PENDING, container(FAILED, error="no such image")), LAUNCH_ERROR, "Instance Launch Failed"),
        (instance(PENDING, container(FAILED, error="no such image"), boots=1), LAUNCH_ERROR, "Instance Start Failed"),
    ],
)
def test_a_fall_has_a_reason_and_an_event_that_tells_it(observed: Observed, reason: object, title: str) -> None:
    decision = decide(observed, None, NOW)
    assert [reason] == [move.reason for move in moved(decision)]
    assert [title] == titles(decision)
    assert [event.cause for event in decision.events] == ["e000007"]
    assert timedelta(0) == decision.look_again


@rule("EC2-73")
def test_an_image_that_does_not_exist_is_a_missing_snapshot_and_the_reason_names_the_next_command() -> None:
    sentence = "The Docker image my/service:1 does not exist. next: docker build --tag my/service:1 ."
    decision = decide(instance(PENDING, container(FAILED, error=sentence, image_missing=True)), None, NOW)
    [move] = moved(decision)
    assert move.reason is not None
    assert (move.reason.code, move.reason.message) == (
        "Client.InvalidSnapshot.NotFound",
        f"Client.InvalidSnapshot.NotFound: {sentence}",
    )
    assert titles(decision) == ["Instance Launch Failed"]


def test_a_failed_launch_tells_the_drivers_sentence() -> None:
    decision = decide(instance(PENDING, container(FAILED, error="address 172.31.0.4 is taken")), None, NOW)
    assert f"{ID} could not be launched: address 172.31.0.4 is taken" == decision.events[0].summary


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"exit_code": 3}, "ended by itself with exit code 3"),
        ({"exit_code": 137, "oom_killed": True}, "ran out of memory and was killed"),
        ({}, "ended by itself"),
    ],
)
def test_the_event_of_a_dead_machine_says_how_it_died(fields: dict[str, object], words: str) -> None:
    decision = decide(instance(RUNNING, container(EXITED, **fields)), None, NOW)
    assert f"the machine of {ID} {words}" == decision.events[0].summary


class TestWhileTheRuntimeIsAway:
    AWAY = "Docker does not answer: connection refused"

    @pytest.mark.parametrize(
        ("state", "fields"),
        [(PENDING, {}), (PENDING, {"boots": 1}), (RUNNING, {}), (STOPPING, {}), (STOPPED, {}), (SHUTTING_DOWN, {})],
    )  # it may never have looked: just after a restart of the sandbox
    def test_a_machine_that_is_not_seen_is_not_taken_as_gone(self, state: InstanceState, fields: dict[str, object]) -> None:
        decision = decide(instance(state, None, unavailable=self.AWAY, **fields), None, NOW)
        assert decision.actions == ()

    @pytest.mark.parametrize(("state", "event"), [(RUNNING, InstanceEvent.LOST), (SHUTTING_DOWN, InstanceEvent.GONE)])
    def test_one_that_was_seen_and_is_no_longer_shown_is_gone(self, state: InstanceState, event: InstanceEvent) -> None:
        seen = decide(instance(state, container(UP), unavailable=self.AWAY), None, NOW).memory
        assert [move.move for move in moved(decide(instance(state, None, unavailable=self.AWAY), seen, NOW))] == [event]

    def test_what_never_ran_can_be_terminated(self) -> None:
        decision = decide(instance(SHUTTING_DOWN, None, boots=0, unavailable=self.AWAY), None, NOW)
        assert [move.move for move in moved(decision)] == [InstanceEvent.GONE]

    def test_a_launch_waits_and_says_so_once(self) -> None:
        observed = instance(PENDING, None, unavailable=self.AWAY)
        first = decide(observed, None, NOW)
        second = decide(observed, first.memory, NOW)
        assert titles(first) == ["Launch Waiting"]
        assert f"{ID} stays pending: {self.AWAY}" == first.events[0].summary
        assert titles(second) == []
        assert first.look_again == second.look_again == timedelta(seconds=5)

    def test_the_launch_goes_on_when_it_is_back_and_a_new_wait_is_told_again(self) -> None:
        waiting = decide(instance(PENDING, None, unavailable=self.AWAY), None, NOW).memory
        back = decide(instance(PENDING, None), waiting, NOW)
        assert (LaunchContainer(spec=SPEC),) == back.actions
        again = decide(instance(PENDING, None, unavailable=self.AWAY), back.memory, NOW)
        assert titles(again) == ["Launch Waiting"]

    def test_a_start_waits_too(self) -> None:
        decision = decide(instance(PENDING, container(EXITED), boots=1, start_asked=True, unavailable=self.AWAY), None, NOW)
        assert decision.actions == ()
        assert titles(decision) == ["Launch Waiting"]


@rule("EC2-6")
class TestReboot:
    def test_a_machine_that_is_down_for_its_reboot_is_not_shut_down(self) -> None:
        observed = instance(RUNNING, container(EXITED), reboot=Reboot(boots=1, asked_at=NOW - MINUTE))
        decision = decide(observed, None, NOW)
        assert decision.actions == ()
        assert timedelta(minutes=3) == decision.look_again

    @pytest.mark.parametrize(
        "observed",
        [
            instance(RUNNING, container(EXITED), reboot=Reboot(boots=1, asked_at=NOW - timedelta(minutes=4))),  # it never came back
            instance(RUNNING, container(EXITED, boots=2), reboot=Reboot(boots=1, asked_at=NOW - MINUTE)),  # it came, and then ended
        ],
    )
    def test_a_machine_that_does_not_come_back_is(self, observed: Observed) -> None:
        assert [move.move for move in moved(decide(observed, None, NOW))] == [InstanceEvent.STOP]

    def test_the_new_boot_is_noted(self) -> None:
        decision = decide(instance(RUNNING, container(UP, boots=2), reboot=Reboot(boots=1, asked_at=NOW)), None, NOW)
        assert (RecordBoot(boots=2),) == decision.actions
        assert titles(decision) == ["Instance Rebooted"]

    def test_a_runtime_that_counts_anew_is_no_reboot(self) -> None:
        decision = decide(instance(RUNNING, container(UP, boots=1), boots=4), None, NOW)
        assert decision.actions == (RecordBoot(boots=1),)
        assert titles(decision) == []


@rule("EC2-31", "EC2-32")
class TestStatusChecks:
    INITIALIZING, OK = StatusCheck(), StatusCheck(result=CheckResult.PASSED)
    UNKNOWN = StatusCheck(result=CheckResult.INSUFFICIENT_DATA)

    @staticmethod
    def failed(since: datetime) -> StatusCheck:
        return StatusCheck(result=CheckResult.FAILED, impaired_since=since)

    def test_a_boot_begins_with_initializing_and_a_first_result_after_a_minute(self) -> None:
        decision = decide(instance(PENDING, container(UP)), None, NOW)
        assert SetStatus(system=self.INITIALIZING, instance=self.INITIALIZING, next_check=NOW + MINUTE) in decision.actions

    @pytest.mark.parametrize(
        ("before", "found", "after"),
        [
            (INITIALIZING, True, OK),
            (INITIALIZING, False, StatusCheck(result=CheckResult.FAILED, impaired_since=NOW)),
            (INITIALIZING, None, INITIALIZING),
            (OK, True, OK),
            (OK, None, UNKNOWN),
            (UNKNOWN, True, OK),
            (OK, False, StatusCheck(result=CheckResult.FAILED, impaired_since=NOW)),
        ],
    )
    def test_result_of_a_minute(self, before: StatusCheck, found: bool | None, after: StatusCheck) -> None:
        observed = instance(RUNNING, container(UP), next_check=NOW, instance_check=before, reachable=found)
        (checked,) = [a for a in decide(observed, None, NOW).actions if isinstance(a, SetStatus)]
        assert after == checked.instance
        assert checked.next_check == NOW + MINUTE

    def test_impaired_since_is_the_first_failure(self) -> None:
        before = self.failed(NOW - 5 * MINUTE)
        observed = instance(RUNNING, container(UP), next_check=NOW, instance_check=before, reachable=False, system_check=self.OK)
        (checked,) = [a for a in decide(replace(observed, host_reachable=True), None, NOW).actions if isinstance(a, SetStatus)]
        assert (self.OK, before) == (checked.system, checked.instance)

    def test_only_a_change_is_an_event(self) -> None:
        observed = instance(RUNNING, container(UP), next_check=NOW, system_check=self.OK, instance_check=self.OK, host_reachable=True)
        assert titles(decide(replace(observed, reachable=True), None, NOW)) == []
        impaired = decide(replace(observed, reachable=False), None, NOW)
        assert [f"the instance status check of {ID} is impaired"] == [e.summary for e in impaired.events]

    def test_between_checks_nothing_is_judged(self) -> None:
        decision = decide(instance(RUNNING, container(UP), next_check=NOW + timedelta(seconds=20), reachable=False), None, NOW)
        assert decision.actions == ()
        assert timedelta(seconds=20) == decision.look_again

    def test_checks_that_were_missed_are_not_made_up_for(self) -> None:
        observed = instance(RUNNING, container(UP), next_check=NOW - timedelta(minutes=10, seconds=15), reachable=True, host_reachable=True)
        (checked,) = [a for a in decide(observed, None, NOW).actions if isinstance(a, SetStatus)]
        assert NOW + timedelta(seconds=45) == checked.next_check


@rule("EC2-9")
@pytest.mark.parametrize(
    ("age", "actions", "look_again"),
    [
        (timedelta(0), (), timedelta(minutes=60)),
        (timedelta(minutes=59), (), MINUTE),
        (timedelta(minutes=60), (Purge(),), timedelta(0)),
    ],
)
def test_a_terminated_instance_is_visible_for_an_hour(age: timedelta, actions: tuple[Action, ...], look_again: timedelta) -> None:
    decision = decide(instance(TERMINATED, None), None, NOW + age)
    assert (actions, look_again) == (decision.actions, decision.look_again)


def test_an_orphan_is_told_once_and_removed_until_it_is_gone() -> None:
    first = decide(instance(None, container(UP)), None, NOW)
    second = decide(instance(None, container(UP)), first.memory, NOW)
    assert titles(first) == ["Orphan Removed"]
    assert titles(second) == []
    assert (TerminateContainer(),) == second.actions


def test_an_orphan_that_a_lost_state_may_know_is_reported_once_and_left_alone() -> None:
    first = decide(instance(None, container(UP), state_lost="state.bin.set-aside-1"), None, NOW)
    second = decide(instance(None, container(UP), state_lost="state.bin.set-aside-1"), first.memory, NOW)
    assert titles(first) == ["Orphan Left Alone"]
    assert "state.bin.set-aside-1" in first.events[0].summary
    assert (titles(second), first.actions, second.actions) == ([], (), ())


@pytest.mark.parametrize("state", list(InstanceState))
@pytest.mark.parametrize("machine", [None, *ContainerState])
def test_every_move_it_asks_for_is_in_the_table(state: InstanceState, machine: ContainerState | None) -> None:
    from sandbox.services.ec2.model import TRANSITIONS

    there = None if machine is None else container(machine, boots=2)
    for boots in (0, 1):
        for move in moved(decide(instance(state, there, boots=boots), None, NOW)):
            assert (state, move.move) in TRANSITIONS


@rule("AZ-6")
@pytest.mark.parametrize(("machine", "asked"), [(None, False), (EXITED, True)], ids=["launch", "start"])
def test_a_slow_launch_stays_pending_for_its_time_and_says_so_once(machine: ContainerState | None, asked: bool) -> None:
    found = machine and container(machine)
    observed = instance(PENDING, found, boots=1 if asked else 0, start_asked=asked, launch_delay=MINUTE)
    first = decide(observed, None, NOW)
    assert (first.actions, titles(first), first.look_again) == ((), ["Launch Delayed"], MINUTE)
    second = decide(observed, first.memory, NOW + MINUTE / 2)
    assert (second.actions, titles(second), second.look_again) == ((), [], MINUTE / 2)
    assert decide(observed, second.memory, NOW + MINUTE).actions == ((StartContainer(),) if asked else (LaunchContainer(spec=SPEC),))


@rule("AZ-7")
def test_status_checks_keep_their_results_until_the_failure_of_a_host_is_noticed() -> None:
    observed = instance(RUNNING, container(UP), next_check=NOW, host_reachable=True, reachable=False, unnoticed=True)
    waiting = decide(observed, None, NOW)
    assert (waiting.actions, titles(waiting), waiting.look_again) == ((), [], timedelta(seconds=5))
    noticed = decide(replace(observed, unnoticed=False, host_reachable=False), None, NOW + MINUTE)
    (status,) = [action for action in noticed.actions if isinstance(action, SetStatus)]
    assert (status.system.result, status.instance.result) == (CheckResult.FAILED, CheckResult.FAILED)


def test_a_process_killed_for_lack_of_memory_is_told_once_and_the_instance_goes_on() -> None:
    killed = instance(RUNNING, container(UP, oom_kills=1, memory_mib=256))
    first = decide(killed, None, NOW)
    assert (titles(first), moved(first)) == (["Instance Out Of Memory"], ())
    assert "ran out of memory (256 MiB)" in first.events[0].summary
    assert titles(decide(killed, first.memory, NOW)) == []
    assert titles(decide(instance(RUNNING, container(UP, oom_kills=2)), first.memory, NOW)) == ["Instance Out Of Memory"]
    restarted = decide(instance(RUNNING, container(UP)), first.memory, NOW)  # a new control plane of the runtime counts anew
    assert titles(decide(killed, restarted.memory, NOW)) == ["Instance Out Of Memory"]


def test_a_machine_that_is_frozen_for_its_full_disk_is_told_once() -> None:
    full = instance(RUNNING, container(UP, disk_full=9000))
    first = decide(full, None, NOW)
    assert [event.summary for event in first.events] == [
        f"{ID} has written 9000 MiB, more than its disk holds (SANDBOX_DISK_MIB), and is frozen"
    ]
    assert titles(decide(full, first.memory, NOW)) == []
