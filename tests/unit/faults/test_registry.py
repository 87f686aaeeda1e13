"""The registry of faults: what is in force, when it ends, and how faults on one hook combine."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.aws.active_faults import ApiCall, Hosted, LaunchAttempt
from sandbox.core.clock import VirtualClock
from sandbox.core.errors import ApiError, DriverUnavailable, UserError
from sandbox.core.journal import Journal
from sandbox.engine import Engine
from sandbox.faults.announced import Announced
from sandbox.faults.control_plane.api_errors import ApiErrors
from sandbox.faults.controller import FaultController
from sandbox.faults.hooks import FaultHooks
from sandbox.faults.model import BaseEffect
from sandbox.faults.record import ENDED, FAILED, STARTED
from sandbox.faults.registry import FaultRegistry
from tests.support.rules import rule
from tests.support.services.faults import HostsDown, api_errors, no_capacity

NOON = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)
HOSTED = {name: Hosted(instance_id=name, zone="us-east-1a", launched_at=NOON) for name in ("i-1", "i-2")}


@dataclass
class Switch(BaseEffect):
    """An effect on the world: a switch that is on or off. `missing`, `broken`, `stuck`: what cannot be done with it."""

    on: bool = False
    missing: bool = False
    broken: bool = False
    stuck: bool = False
    kind: str = "switch"
    targets: tuple[str, ...] = ("switch",)

    def check(self) -> None:
        if self.missing:
            raise UserError("there is no switch")

    def keep(self, now: datetime) -> timedelta | None:
        if self.broken:
            raise UserError("the switch is broken")
        self.on = True
        return None

    def undo(self) -> None:
        if self.stuck:
            raise DriverUnavailable("the switch is stuck")
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


def test_an_effect_that_cannot_be_carried_out_here_leaves_no_fault_and_no_event(setup: Setup) -> None:
    with pytest.raises(UserError):
        setup.registry.inject(Switch(missing=True), "never")
    assert (setup.registry.active(), setup.events()) == ((), [])


def test_an_effect_that_fails_when_it_begins_is_undone_and_the_journal_says_so(setup: Setup) -> None:
    with pytest.raises(UserError):
        setup.registry.inject(Switch(broken=True), "the switch is on")
    assert setup.registry.active() == ()
    assert setup.events() == [
        (STARTED, "the switch is on"),
        (FAILED, "fault-1 (the switch is on) could not be carried out: the switch is broken"),
    ]


def test_what_cannot_be_undone_is_tried_again(setup: Setup) -> None:
    setup.engine.add([FaultController(setup.registry)])
    switch = Switch(stuck=True)
    setup.registry.clear(setup.registry.inject(switch, "on").id)
    assert (switch.on, len(setup.registry.active()), len(setup.registry.ending())) == (True, 0, 1)
    setup.engine.run_until(NOON + timedelta(seconds=5))
    assert switch.on
    switch.stuck = False
    setup.engine.run_until(NOON + timedelta(minutes=2))
    assert (switch.on, setup.registry.ending()) == (False, ())


def test_an_effect_is_put_in_force_again_at_each_change(setup: Setup) -> None:
    setup.engine.add([FaultController(setup.registry)])
    switch = Switch()
    setup.registry.inject(switch, "on")
    switch.on = False
    setup.engine.wake()
    setup.engine.run_due()
    assert switch.on


def test_clear_all_undoes_every_fault(setup: Setup) -> None:
    switches = [Switch(), Switch()]
    for switch in switches:
        setup.registry.inject(switch, "on")
    assert [fault.id for fault in setup.registry.clear_all()] == ["fault-2", "fault-1"]
    assert [switch.on for switch in switches] == [False, False]


@rule("EC2-15")
def test_two_capacity_faults_in_one_zone_combine(setup: Setup) -> None:
    every_type = setup.registry.inject(no_capacity("us-east-1a", "none at all"), "us-east-1a is full")
    setup.registry.inject(no_capacity("us-east-1a", "no t3.micro", "t3.micro"), "no t3.micro in us-east-1a")
    asked = [
        LaunchAttempt(zone=zone, instance_type=instance_type)
        for zone, instance_type in [("us-east-1a", "t3.micro"), ("us-east-1a", "m5.large"), ("us-east-1b", "t3.micro")]
    ]
    assert [setup.hooks.no_capacity(each) for each in asked] == ["none at all", "none at all", None]
    setup.registry.clear(every_type.id)
    assert [setup.hooks.no_capacity(each) for each in asked] == ["no t3.micro", None, None]


@rule("EC2-30")
def test_an_instance_under_two_host_faults_is_reachable_when_both_are_cleared(setup: Setup) -> None:
    first = setup.registry.inject(HostsDown(targets=("i-1", "i-2")), "a host fails")
    second = setup.registry.inject(HostsDown(targets=("i-1",)), "another fault on i-1")
    seen = [(setup.hooks.host_unreachable(HOSTED["i-1"]), setup.hooks.host_unreachable(HOSTED["i-2"]))]
    for fault in (first, second):
        setup.registry.clear(fault.id)
        seen.append((setup.hooks.host_unreachable(HOSTED["i-1"]), setup.hooks.host_unreachable(HOSTED["i-2"])))
    assert seen == [(True, True), (True, False), (False, False)]


@pytest.mark.parametrize(
    ("effect", "failing"),
    [
        (api_errors(ApiError("Throttling", "Rate exceeded"), "ec2"), {"ec2:RunInstances", "ec2:StopInstances"}),
        (api_errors(ApiError("Throttling", "Rate exceeded"), "ec2", "RunInstances"), {"ec2:RunInstances"}),
    ],
)
def test_an_api_error_concerns_an_operation_or_a_service(setup: Setup, effect: ApiErrors, failing: set[str]) -> None:
    setup.registry.inject(effect, "the API fails")
    calls = ["ec2:RunInstances", "ec2:StopInstances", "sns:Publish"]
    asked = {name: ApiCall(service=name.split(":")[0], operation=name.split(":")[1]) for name in calls}
    assert {name for name, call in asked.items() if setup.hooks.api_error(call)} == failing


def test_an_announced_fault_changes_nothing_for_the_services(setup: Setup) -> None:
    setup.registry.inject(Announced(targets=("i-1",)), "i-1 is terminated by a person")
    assert setup.hooks.api_error(ApiCall(service="ec2", operation="RunInstances")) is None
    assert setup.hooks.no_capacity(LaunchAttempt(zone="us-east-1a", instance_type="t3.micro")) is None
    assert not setup.hooks.host_unreachable(HOSTED["i-1"])
