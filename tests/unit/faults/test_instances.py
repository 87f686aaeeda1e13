"""Faults on instances in virtual time: what they do to machines, how several combine, and that nothing is left behind."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.active_faults import AnswerFault
from sandbox.core.control import Scope
from sandbox.core.errors import UserError
from sandbox.drivers.runtime.base import UNIMPAIRED, ContainerState, Impairment
from sandbox.faults.store import MemoryStore
from tests.support.drivers.runtimes import launch_spec
from tests.support.services.faults import FakeInventory, FaultsInTime, instance

MINUTE = timedelta(minutes=1)
FIRST, SECOND, THIRD = (launch_spec(number).instance_id for number in (10, 11, 12))


@dataclass
class Ec2:
    """EC2's API as far as these faults call it. `refuse`: the code of the error of the next calls."""

    inventory: FakeInventory
    calls: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    refuse: str | None = None

    def client(self, service: str, scope: Scope, caller: str | None = None) -> Any:
        assert (service, caller) == ("ec2", None)
        return self

    def _make_api_call(self, operation: str, parameters: dict[str, list[str]]) -> None:
        if self.refuse:
            raise ClientError({"Error": {"Code": self.refuse, "Message": "It may not be."}}, operation)
        self.calls.append((operation, tuple(parameters["InstanceIds"])))
        states = {"TerminateInstances": "shutting-down", "StopInstances": "stopping", "StartInstances": "pending"}
        for instance_id in parameters["InstanceIds"]:
            self.inventory.change(instance_id, states[operation])


class Bench(FaultsInTime):
    """Two machines of the group web in us-east-1a and us-east-1b."""

    def __init__(self, **more: Any) -> None:
        known = [instance(FIRST, group="web"), instance(SECOND, "us-east-1b", "web")]
        super().__init__(inventory=FakeInventory(known, ("web",)), **more)
        self.runtime = self.context.runtime
        self.ec2 = Ec2(self.inventory)
        self.context = replace(self.context, clients=self.ec2)
        for number in (10, 11):
            self.runtime.launch(launch_spec(number))
        self.wait(timedelta(seconds=5))

    def seen(self, instance_id: str = FIRST) -> Impairment:
        return self.runtime.containers()[instance_id].impairment

    def again(self, after: timedelta) -> "FaultsInTime":
        """The next control plane, on the same machines."""
        later = FaultsInTime(self.inventory, self.store, self.clock.now() + after, self.context.runtime._world)  # type: ignore[attr-defined]
        later.injector.take_up()
        return later


@pytest.fixture
def bench() -> Bench:
    return Bench()


IMPAIRED = {
    "instance-hang": ({}, Impairment(frozen=True)),
    "cpu-heat": ({"percent": 30}, Impairment(cpu_percent=30)),
}


@pytest.mark.parametrize("kind", IMPAIRED)
def test_a_machine_is_impaired_while_the_fault_lasts_and_healed_after_it(bench: Bench, kind: str) -> None:
    parameters, impairment = IMPAIRED[kind]
    bench.inject(kind, FIRST, lasts=10 * MINUTE, **parameters)
    assert (bench.seen(), bench.seen(SECOND)) == (impairment, UNIMPAIRED)
    bench.wait(9 * MINUTE)
    assert bench.seen() == impairment
    bench.wait(MINUTE)
    assert (bench.seen(), bench.registry.impaired) == (UNIMPAIRED, frozenset())


def test_two_faults_on_a_machine_combine_and_each_ends_on_its_own(bench: Bench) -> None:
    heat, hang = bench.inject("cpu-heat", "us-east-1a", percent=50), bench.inject("instance-hang", FIRST)
    hotter = bench.inject("cpu-heat", SECOND, percent=10)
    seen = [(bench.seen(), bench.seen(SECOND))]
    for fault in (hang, hotter, heat):
        bench.registry.clear(fault.id)
        seen.append((bench.seen(), bench.seen(SECOND)))
    assert seen == [
        (Impairment(frozen=True, cpu_percent=50), Impairment(cpu_percent=10)),
        (Impairment(cpu_percent=50), Impairment(cpu_percent=10)),
        (Impairment(cpu_percent=50), UNIMPAIRED),
        (UNIMPAIRED, UNIMPAIRED),
    ]


def test_heat_of_a_group_covers_instances_that_are_launched_later_and_hanging_does_not(bench: Bench) -> None:
    bench.inject("cpu-heat", "web", percent=30)
    bench.inject("instance-hang", "web")
    bench.inventory.known.append(instance(THIRD, "us-east-1c", "web"))
    bench.runtime.launch(launch_spec(12))
    bench.wait(timedelta(seconds=5))
    assert bench.seen(THIRD) == Impairment(cpu_percent=30)


def test_a_machine_that_is_rebooted_hangs_again(bench: Bench) -> None:
    bench.inject("instance-hang", FIRST)
    bench.runtime.reboot(FIRST)
    bench.wait(2 * MINUTE)
    assert bench.seen() == Impairment(frozen=True)


def test_clearing_works_when_the_instance_is_gone(bench: Bench) -> None:
    fault = bench.inject("instance-hang", FIRST)
    bench.runtime.terminate(FIRST)
    bench.inventory.known.clear()
    bench.wait(MINUTE)
    bench.registry.clear(fault.id)
    bench.wait(MINUTE)
    assert (bench.registry.active(), bench.registry.ending(), bench.registry.impaired) == ((), (), frozenset())


def test_a_machine_that_a_user_paused_is_left_alone(bench: Bench) -> None:
    bench.runtime.impair(SECOND, Impairment(frozen=True))
    fault = bench.inject("instance-hang", FIRST)
    bench.registry.clear(fault.id)
    bench.wait(2 * MINUTE)
    assert (bench.seen(), bench.seen(SECOND)) == (UNIMPAIRED, Impairment(frozen=True))


@pytest.mark.parametrize(("after", "impairment"), [(4 * MINUTE, Impairment(frozen=True)), (11 * MINUTE, UNIMPAIRED)])
def test_the_next_control_plane_continues_the_fault_or_heals_the_machine(after: timedelta, impairment: Impairment) -> None:
    first = Bench(store=MemoryStore())
    first.inject("instance-hang", FIRST, lasts=10 * MINUTE)
    later = first.again(after)
    later.wait(timedelta(seconds=5))
    assert later.context.runtime.containers()[FIRST].impairment == impairment
    later.wait(10 * MINUTE)
    assert later.context.runtime.containers()[FIRST].impairment == UNIMPAIRED
    assert (later.registry.active(), later.store.read().faults, later.store.read().impaired) == ((), (), ())


def test_a_machine_that_was_impaired_before_the_fault_was_lost_is_healed() -> None:
    first = Bench(store=MemoryStore())
    first.inject("instance-hang", FIRST)
    first.store.write(replace(first.store.read(), faults=()))
    later = first.again(MINUTE)
    later.wait(timedelta(seconds=5))
    assert later.context.runtime.containers()[FIRST].impairment == UNIMPAIRED


def test_memory_is_refused_by_name_where_machines_have_none(bench: Bench) -> None:
    with pytest.raises(UserError, match="memory-pressure is not possible in the simulated runtime: simulated machines have no memory"):
        bench.inject("memory-pressure", FIRST)


def test_instances_are_terminated_by_the_api_once_for_the_group_and_the_calls_have_the_fault_as_cause(bench: Bench) -> None:
    fault = bench.inject("instance-terminate", "web")
    assert bench.ec2.calls == [("TerminateInstances", (FIRST, SECOND))]
    assert (fault.until, bench.registry.active()) == (fault.since, ())
    bench.wait(2 * MINUTE)
    assert len(bench.ec2.calls) == 1


def test_stopped_instances_are_started_when_the_fault_ends_and_when_they_have_stopped(bench: Bench) -> None:
    bench.inject("instance-stop", "web", lasts=MINUTE)
    bench.inventory.change(FIRST, "stopped")
    bench.wait(MINUTE)
    bench.inventory.change(SECOND, "stopped")
    bench.wait(timedelta(seconds=2))
    assert bench.ec2.calls[1:] == [("StartInstances", (FIRST,)), ("StartInstances", (SECOND,))]
    assert bench.registry.ending() == ()


def test_an_instance_that_was_terminated_or_started_meanwhile_is_left_alone(bench: Bench) -> None:
    fault = bench.inject("instance-stop", "web")
    bench.inventory.change(FIRST, "terminated")
    bench.inventory.change(SECOND, "running")
    bench.registry.clear(fault.id)
    assert [operation for operation, _ in bench.ec2.calls] == ["StopInstances"]


def test_what_the_api_refuses_is_told_with_its_code_and_there_is_no_fault(bench: Bench) -> None:
    bench.ec2.refuse = "OperationNotPermitted"
    with pytest.raises(UserError, match=r"TerminateInstances failed: OperationNotPermitted: It may not be\."):
        bench.inject("instance-terminate", FIRST)
    assert (bench.registry.active(), bench.titles()[-1].startswith("fault-1 (")) == ((), True)


def test_a_start_that_the_api_refuses_is_tried_again(bench: Bench) -> None:
    fault = bench.inject("instance-stop", FIRST)
    bench.inventory.change(FIRST, "stopped")
    bench.ec2.refuse = "InternalError"
    bench.registry.clear(fault.id)
    bench.ec2.refuse = None
    bench.wait(2 * MINUTE)
    assert bench.ec2.calls[-1] == ("StartInstances", (FIRST,))


@pytest.mark.parametrize(("kind", "state"), [("instance-crash", ContainerState.EXITED), ("process-kill", ContainerState.RUNNING)])
def test_what_is_killed_dies_without_a_call(bench: Bench, kind: str, state: ContainerState) -> None:
    bench.inject(kind, "us-east-1a")
    found = bench.runtime.containers()
    assert (found[FIRST].state, found[SECOND].state, bench.ec2.calls) == (state, ContainerState.RUNNING, [])


def test_the_event_names_the_instances_that_a_group_meant(bench: Bench) -> None:
    fault = bench.inject("process-kill", "web")
    started = next(event for event in bench.journal.events() if event.id == fault.cause)
    assert started.resources == (fault.id, "web", FIRST, SECOND)


def test_errors_and_latency_of_a_group_cover_its_instances_those_launched_later_too(bench: Bench) -> None:
    bench.inject("error-rate", "web", percent=30, status=503)
    bench.inject("latency", FIRST, milliseconds=200, jitter=500)
    bench.inventory.known.append(instance(THIRD, "us-east-1c", "web"))
    errors = AnswerFault(error_percent=30, status=503)
    slow = AnswerFault(error_percent=30, status=503, delay=timedelta(milliseconds=200), jitter=timedelta(milliseconds=200))
    assert bench.hooks.answer_faults() == {FIRST: slow, SECOND: errors, THIRD: errors}


def test_of_two_latencies_on_an_instance_the_longer_one_counts(bench: Bench) -> None:
    bench.inject("latency", "us-east-1c", milliseconds=100)
    bench.inject("latency", "web", milliseconds=300)
    bench.inventory.known.append(instance(THIRD, "us-east-1c", "web"))
    assert bench.hooks.answer_faults()[THIRD].delay == timedelta(milliseconds=300)


def test_a_fault_of_the_data_plane_is_over_when_it_is_cleared(bench: Bench) -> None:
    fault = bench.inject("error-rate", FIRST, percent=100)
    bench.registry.clear(fault.id)
    assert bench.hooks.answer_faults() == {}


def test_lost_packets_make_requests_and_health_checks_late_and_are_over_when_the_fault_is(bench: Bench) -> None:
    world = bench.context.runtime._world  # type: ignore[attr-defined]
    address = bench.inventory.known[0].private_ip_address
    assert world.lost_time(address) == timedelta(0)
    fault = bench.inject("packet-loss", FIRST, percent=50)
    assert world.varies(address)
    assert sum((world.lost_time(address) for _ in range(50)), timedelta(0)) > timedelta(seconds=20)
    bench.registry.clear(fault.id)
    assert (world.varies(address), bench.cut_off()) == (False, {})
