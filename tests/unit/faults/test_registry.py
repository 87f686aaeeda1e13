"""The registry of faults: what is in force, when it ends, and how faults on one hook combine."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.core.clock import VirtualClock
from sandbox.core.errors import ApiError, UserError
from sandbox.core.journal import Journal
from sandbox.engine import Engine
from sandbox.faults.effects import Announced, ApiErrors, HostUnreachable, NoCapacity
from sandbox.faults.hooks import FaultHooks
from sandbox.faults.model import FaultKind
from sandbox.faults.registry import ENDED, STARTED, FaultRegistry
from tests.support.rules import rule

NOON = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)


@dataclass
class Switch:
    """An effect on the world: a switch that is on or off."""

    on: bool = False
    broken: bool = False
    kind: FaultKind = FaultKind.ANNOUNCED
    targets: tuple[str, ...] = ("switch",)

    def apply(self) -> None:
        if self.broken:
            raise UserError("the switch is broken")
        self.on = True

    def undo(self) -> None:
        self.on = False


@dataclass
class Setup:
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(NOON))

    def __post_init__(self) -> None:
        self.journal = Journal(self.clock)
        self.engine = Engine(self.clock, self.journal, _NoLock())
        self.registry = FaultRegistry(self.clock, self.journal, self.engine.at)
        self.hooks = FaultHooks(self.registry)

    def events(self) -> list[tuple[str, str]]:
        return [(event.detail_type, event.summary) for event in self.journal.events()]


class _NoLock:
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


@pytest.fixture
def setup() -> Setup:
    return Setup()


def test_a_fault_is_applied_and_undone_and_both_are_events(setup: Setup) -> None:
    switch = Switch()
    fault = setup.registry.inject(switch, "the switch is on")
    assert (switch.on, fault.since, fault.until, setup.registry.active()) == (True, NOON, None, (fault,))
    setup.registry.clear(fault.id)
    assert (switch.on, setup.registry.active()) == (False, ())
    assert setup.events() == [(STARTED, "the switch is on"), (ENDED, "fault-1 (the switch is on) was cleared")]
    started, ended = setup.journal.events()
    assert (fault.cause, ended.cause) == (started.id, started.id)


def test_a_fault_with_a_duration_ends_by_itself(setup: Setup) -> None:
    switch = Switch()
    fault = setup.registry.inject(switch, "the switch is on", timedelta(minutes=10))
    assert fault.until == NOON + timedelta(minutes=10)
    setup.engine.run_until(NOON + timedelta(minutes=9, seconds=59))
    assert switch.on
    setup.engine.run_until(NOON + timedelta(minutes=10))
    assert (switch.on, setup.registry.active()) == (False, ())
    assert setup.events()[-1] == (ENDED, "fault-1 (the switch is on) ended after its duration")


def test_a_fault_that_was_cleared_does_not_end_a_second_time(setup: Setup) -> None:
    fault = setup.registry.inject(Switch(), "the switch is on", timedelta(minutes=1))
    setup.registry.clear(fault.id)
    setup.engine.run_until(NOON + timedelta(minutes=2))
    assert [kind for kind, _ in setup.events()] == [STARTED, ENDED]


@pytest.mark.parametrize("fault_id", ["fault-1", "fault-2", ""])
def test_clearing_what_is_not_in_force_is_refused(setup: Setup, fault_id: str) -> None:
    setup.registry.clear(setup.registry.inject(Switch(), "over").id)
    with pytest.raises(UserError, match="There is no active fault"):
        setup.registry.clear(fault_id)


def test_an_effect_that_cannot_be_applied_leaves_no_fault_and_no_event(setup: Setup) -> None:
    with pytest.raises(UserError):
        setup.registry.inject(Switch(broken=True), "never")
    assert (setup.registry.active(), setup.events()) == ((), [])


def test_clear_all_undoes_every_fault(setup: Setup) -> None:
    switches = [Switch(), Switch()]
    for switch in switches:
        setup.registry.inject(switch, "on")
    assert [fault.id for fault in setup.registry.clear_all()] == ["fault-2", "fault-1"]
    assert [switch.on for switch in switches] == [False, False]


@rule("EC2-15")
def test_two_capacity_faults_in_one_zone_combine(setup: Setup) -> None:
    every_type = setup.registry.inject(NoCapacity(zone="us-east-1a", text="none at all"), "us-east-1a is full")
    setup.registry.inject(NoCapacity(zone="us-east-1a", instance_type="t3.micro", text="no t3.micro"), "no t3.micro in us-east-1a")
    asked = [("us-east-1a", "t3.micro"), ("us-east-1a", "m5.large"), ("us-east-1b", "t3.micro")]
    assert [setup.hooks.no_capacity(*each) for each in asked] == ["none at all", "none at all", None]
    setup.registry.clear(every_type.id)
    assert [setup.hooks.no_capacity(*each) for each in asked] == ["no t3.micro", None, None]


@rule("EC2-30")
def test_an_instance_under_two_host_faults_is_reachable_when_both_are_cleared(setup: Setup) -> None:
    first = setup.registry.inject(HostUnreachable(targets=("i-1", "i-2")), "a host fails")
    second = setup.registry.inject(HostUnreachable(targets=("i-1",)), "another fault on i-1")
    seen = [(setup.hooks.host_unreachable("i-1"), setup.hooks.host_unreachable("i-2"))]
    for fault in (first, second):
        setup.registry.clear(fault.id)
        seen.append((setup.hooks.host_unreachable("i-1"), setup.hooks.host_unreachable("i-2")))
    assert seen == [(True, True), (True, False), (False, False)]


@pytest.mark.parametrize(
    ("effect", "failing"),
    [
        (ApiErrors(error=ApiError("Throttling", "Rate exceeded")), {"ec2:RunInstances", "ec2:StopInstances", "sns:Publish"}),
        (ApiErrors(error=ApiError("Throttling", "Rate exceeded"), service="ec2"), {"ec2:RunInstances", "ec2:StopInstances"}),
        (ApiErrors(error=ApiError("Throttling", "Rate exceeded"), service="ec2", operation="RunInstances"), {"ec2:RunInstances"}),
    ],
)
def test_an_api_error_concerns_an_operation_a_service_or_everything(setup: Setup, effect: ApiErrors, failing: set[str]) -> None:
    setup.registry.inject(effect, "the API fails")
    calls = ["ec2:RunInstances", "ec2:StopInstances", "sns:Publish"]
    assert {call for call in calls if setup.hooks.api_error(*call.split(":"))} == failing


def test_an_announced_fault_changes_nothing_for_the_services(setup: Setup) -> None:
    setup.registry.inject(Announced(targets=("i-1",)), "i-1 is terminated by a person")
    assert setup.hooks.api_error("ec2", "RunInstances") is None
    assert setup.hooks.no_capacity("us-east-1a", "t3.micro") is None
    assert not setup.hooks.host_unreachable("i-1")
