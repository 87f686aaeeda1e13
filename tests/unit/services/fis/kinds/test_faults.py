"""Which faults and shifts an action asks for, and what becomes of it when one is refused, cleared, or over."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.core.errors import ApiError, UserError
from sandbox.core.ports import ExperimentShift, FaultRequest
from sandbox.services.fis.decide.observed import Broken, Done, Going
from sandbox.services.fis.kinds.base import Call, NothingToDo, Reach, Refusal
from sandbox.services.fis.kinds.registry import KINDS
from sandbox.services.fis.model import ActionTemplate, Run
from sandbox.services.fis.status_model import ActionStatus
from tests.support import HERE, rule
from tests.support.ports import FakeInjections, FakeShifts, NoClients

NOW = datetime(2026, 5, 7, 17, 0, tzinfo=UTC)
GROUP = "arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:1:autoScalingGroupName/"
EC2 = "arn:aws:ec2:us-east-1:123456789012:"
ROLES = ("arn:aws:iam::123456789012:role/a", "arn:aws:iam::123456789012:role/b")
ALB = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/web/1"


@dataclass(frozen=True)
class FakeCall(Call):
    """Answers by operation."""

    answers: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        return dict(self.answers[operation])

    def pages(self, service: str, operation: str, member: str, **parameters: Any) -> list[dict[str, Any]]:
        return list(self.answers[operation])


class Stage:
    def __init__(self, **answers: Any) -> None:
        self.faults, self.shifts = FakeInjections(), FakeShifts()
        self.reach = Reach(call=FakeCall(NoClients(), HERE, answers), faults=self.faults, shifts=self.shifts, experiment_id="EXP1", now=NOW)

    def begin(self, action_id: str, targets: tuple[str, ...], **parameters: str) -> Run:
        action = ActionTemplate(action_id=action_id, parameters=parameters)
        run = Run(name="act", action=action, status=ActionStatus.INITIATING, event="e1")
        return KINDS[action_id].begin(self.reach, run, targets)

    def look(self, run: Run, after: timedelta = timedelta(0)) -> object:
        return KINDS[run.action.action_id].look(replace(self.reach, now=NOW + after), run)

    def undo(self, run: Run) -> Run:
        return KINDS[run.action.action_id].undo(self.reach, run)

    def asked(self) -> list[FaultRequest]:
        return list(self.faults.injected.values())


def one(requests: list[FaultRequest]) -> tuple[str, tuple[str, ...], dict[str, object], timedelta | None]:
    [request] = requests
    return request.kind, request.targets, dict(request.parameters), request.duration


TWO_MINUTES = timedelta(minutes=2)


@rule("FIS-24")
def test_a_group_has_no_capacity_in_zones() -> None:
    stage = Stage(describe_auto_scaling_groups=[{"AutoScalingGroupName": "web", "LaunchTemplate": {}}])
    zones = {"availabilityZoneIdentifiers": "us-east-1a, use1-az1", "percentage": "50"}
    run = stage.begin("aws:ec2:asg-insufficient-instance-capacity-error", (GROUP + "web",), duration="PT2M", **zones)
    expected = {"groups": "web", "percent": 50}
    assert one(stage.asked()) == ("no-capacity", ("us-east-1a", "use1-az1"), expected, TWO_MINUTES)
    assert (run.until, run.faults) == (NOW + TWO_MINUTES, ("fault-1",))
    [request] = stage.asked()
    assert (request.cause, request.token) == ("e1", "EXP1/act/0")


@rule("FIS-24")
def test_a_group_without_launch_template_is_refused() -> None:
    stage = Stage(describe_auto_scaling_groups=[{"AutoScalingGroupName": "old", "LaunchConfigurationName": "lc"}])
    with pytest.raises(Refusal, match="old have no launch template"):
        stage.begin(
            "aws:ec2:asg-insufficient-instance-capacity-error", (GROUP + "old",), duration="PT2M", availabilityZoneIdentifiers="us-east-1a"
        )
    assert stage.asked() == []


@rule("FIS-25")
def test_callers_have_no_capacity() -> None:
    stage = Stage()
    stage.begin("aws:ec2:api-insufficient-instance-capacity-error", ROLES, duration="PT2M", availabilityZoneIdentifiers="us-east-1a")
    assert one(stage.asked()) == ("no-capacity", ("us-east-1a",), {"roles": ",".join(ROLES), "percent": 100}, TWO_MINUTES)


@rule("FIS-26")
@pytest.mark.parametrize(
    ("scope", "kind", "parameters"), [("all", "zone-blackhole", {}), ("availability-zone", "zone-partition", {"direction": "cross-zone"})]
)
def test_subnets_are_cut_off(scope: str, kind: str, parameters: dict[str, object]) -> None:
    stage = Stage()
    stage.begin("aws:network:disrupt-connectivity", (f"{EC2}subnet/subnet-1", f"{EC2}subnet/subnet-2"), duration="PT2M", scope=scope)
    assert one(stage.asked()) == (kind, ("subnet-1", "subnet-2"), parameters, TWO_MINUTES)


@rule("FIS-33")
@pytest.mark.parametrize(
    ("what", "code"), [("internal", "InternalError"), ("throttle", "RequestLimitExceeded"), ("unavailable", "Unavailable")]
)
def test_calls_of_roles_fail(what: str, code: str) -> None:
    stage = Stage()
    given = {"service": "ec2", "percentage": "25", "operations": "RunInstances, StartInstances"}
    stage.begin(f"aws:fis:inject-api-{what}-error", ROLES, duration="PT2M", **given)
    kind, targets, parameters, duration = one(stage.asked())
    assert (kind, targets, duration) == ("api-error", ("ec2",), TWO_MINUTES)
    assert (parameters["operation"], parameters["code"]) == ("RunInstances,StartInstances", code)
    assert (parameters["roles"], parameters["percent"]) == (",".join(ROLES), 25)


# ---- how a fault ends


def cut(stage: Stage) -> Run:
    return stage.begin("aws:network:disrupt-connectivity", (f"{EC2}subnet/subnet-1",), duration="PT2M", scope="all")


@rule("FIS-9")
def test_undoing_clears_the_faults_and_may_be_repeated() -> None:
    stage = Stage()
    run = cut(stage)
    assert stage.look(run) == Going() and stage.faults.active == {"fault-1"}
    for _ in range(2):
        run = stage.undo(run)
    assert stage.faults.active == set() and stage.look(run) == Done()


def test_a_fault_that_somebody_clears_breaks_the_action() -> None:
    stage = Stage()
    run = cut(stage)
    stage.faults.clear("fault-1")
    assert isinstance(stage.look(run, timedelta(minutes=1)), Broken)
    assert stage.look(run, TWO_MINUTES) == Going()  # it ended by itself, at the same moment


def test_a_fault_that_is_not_possible_here_is_a_refusal_in_its_words() -> None:
    stage = Stage()
    stage.faults.refuse = UserError(
        "zone-blackhole is not possible in the process runtime: processes share a loopback", "sandbox fault kinds"
    )
    with pytest.raises(Refusal) as refused:
        cut(stage)
    assert (refused.value.code, refused.value.reason[:14]) == ("ConfigurationFailure", "zone-blackhole")


# ---- zonal shifts

ON_GROUP = GROUP + "web"
SHIFT = {"duration": "PT25M", "availabilityZoneIdentifier": "use1-az6", "managedResourceTypes": "ASG,ALB"}


@rule("FIS-30")
def test_traffic_of_each_resource_leaves_the_zone_for_as_long_as_the_action_lasts() -> None:
    stage = Stage(get_managed_resource={"zonalAutoshiftStatus": "ENABLED"})
    run = stage.begin("aws:arc:start-zonal-autoshift", (ALB, ON_GROUP), **SHIFT)
    expected = [
        ExperimentShift(resource_arn=arn, zone="use1-az6", duration=timedelta(minutes=25), experiment="EXP1") for arn in (ALB, ON_GROUP)
    ]
    assert list(stage.shifts.started.values()) == expected and run.shifts == ("shift-1", "shift-2")
    run = stage.undo(run)
    assert stage.shifts.started == {} and stage.look(run) == Done()


@rule("FIS-30")
@pytest.mark.parametrize(
    ("asked", "status", "shifted"),
    [
        ({"managedResourceTypes": "ALB"}, "ENABLED", [ALB]),
        ({"zonalAutoshiftStatus": "DISABLED"}, "DISABLED", [ALB, ON_GROUP]),
        ({"zonalAutoshiftStatus": "ANY"}, "DISABLED", [ALB, ON_GROUP]),
        ({}, "DISABLED", None),
        ({"managedResourceTypes": "NLB"}, "ENABLED", None),
    ],
)
def test_it_acts_on_resources_of_some_types_and_status(asked: dict[str, str], status: str, shifted: list[str] | None) -> None:
    stage = Stage(get_managed_resource={"zonalAutoshiftStatus": status})
    if shifted is None:
        with pytest.raises(NothingToDo):
            stage.begin("aws:arc:start-zonal-autoshift", (ALB, ON_GROUP), **{**SHIFT, **asked})
    else:
        stage.begin("aws:arc:start-zonal-autoshift", (ALB, ON_GROUP), **{**SHIFT, **asked})
        assert [each.resource_arn for each in stage.shifts.started.values()] == shifted


@rule("ARC-5", "FIS-30")
def test_a_shift_that_arc_refuses_or_cancels_fails_the_action(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(get_managed_resource={"zonalAutoshiftStatus": "ENABLED"})
    run = stage.begin("aws:arc:start-zonal-autoshift", (ALB,), **SHIFT)
    stage.shifts.started.clear()
    assert isinstance(stage.look(run, timedelta(minutes=1)), Broken)

    first = stage.shifts.start

    def start(shift: ExperimentShift) -> str:
        if shift.resource_arn == ON_GROUP:
            raise ApiError("ConflictException", "another shift is active")
        return first(shift)

    monkeypatch.setattr(stage.shifts, "start", start)
    with pytest.raises(ApiError, match="another shift is active"):
        stage.begin("aws:arc:start-zonal-autoshift", (ALB, ON_GROUP), **SHIFT)
    assert stage.shifts.started == {}
