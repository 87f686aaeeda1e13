"""UpdatePolicy: what a template may say, its defaults, and single steps of a rolling update."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.core.errors import ApiError
from sandbox.services.cloudformation.decide import rolling
from sandbox.services.cloudformation.decide.update_policies import check, evaluated
from sandbox.services.cloudformation.policy_model import Phase, RollingPolicy, RollingUpdate
from sandbox.services.cloudformation.resources.members import GroupSeen, Member, Terminate
from sandbox.services.cloudformation.template_model import Environment
from tests.support import rule

GROUP = "AWS::AutoScaling::AutoScalingGroup"
HERE = Environment(parameters={"Batch": "2"}, pseudo={})
NOW = datetime(2026, 5, 7, 17, tzinfo=UTC)


@rule("CFN-70")
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, RollingPolicy()),
        ({"WaitOnResourceSignals": "true"}, RollingPolicy(signals=True, pause=timedelta(minutes=5), pause_text="PT5M")),
        ({"PauseTime": "PT1H"}, RollingPolicy(pause=timedelta(hours=1), pause_text="PT1H")),
        ({"MaxBatchSize": {"Ref": "Batch"}, "MinInstancesInService": "1"}, RollingPolicy(batch=2, in_service=1)),
        ({"MinSuccessfulInstancesPercent": 50, "MinActiveInstancesPercent": 80}, RollingPolicy(successful_percent=50, active_percent=80)),
        ({"SuspendProcesses": ["AZRebalance"]}, RollingPolicy(suspend=("AZRebalance",))),
    ],
)
def test_defaults_and_values_of_a_rolling_update(given: dict[str, Any], expected: RollingPolicy) -> None:
    assert evaluated(check("Group", GROUP, {"AutoScalingRollingUpdate": given}), HERE).rolling == expected


@rule("CFN-70")
@pytest.mark.parametrize(
    ("kind", "policy", "text"),
    [
        (GROUP, {"AutoScalingRollingUpdate": {"Colour": 1}}, "Colour of AutoScalingRollingUpdate"),
        (GROUP, {"CodeDeployLambdaAliasUpdate": {}}, "CodeDeployLambdaAliasUpdate of an UpdatePolicy"),
        ("AWS::EC2::VPC", {"AutoScalingRollingUpdate": {}}, "AutoScalingRollingUpdate of an UpdatePolicy"),
    ],
)
def test_other_parts_are_refused_by_name(kind: str, policy: dict[str, Any], text: str) -> None:
    with pytest.raises(NotImplementedError, match=text):
        check("Group", kind, policy)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"PauseTime": "PT2H"}, "PauseTime PT2H is longer than an hour"),
        ({"MaxBatchSize": 0}, "MaxBatchSize of an UpdatePolicy must be a number from 1 to 100: 0"),
        ({"MinSuccessfulInstancesPercent": 101}, "must be a number from 0 to 100: 101"),
    ],
)
def test_values_out_of_range(given: dict[str, Any], text: str) -> None:
    with pytest.raises(ApiError, match=text):
        evaluated({"AutoScalingRollingUpdate": given}, HERE)


def seen(old: int, new: int, desired: int, maximum: int = 10) -> GroupSeen:
    """A group whose instances are all in service: o0, o1, … are obsolete."""
    members = [Member(id=f"o{i}", in_service=True, leaving=False, obsolete=True) for i in range(old)]
    members += [Member(id=f"n{i}", in_service=True, leaving=False, obsolete=False) for i in range(new)]
    return GroupSeen(minimum=1, maximum=maximum, desired=desired, members=tuple(members))


@pytest.mark.parametrize(
    ("batch", "in_service", "old", "new", "replaced", "dropped"),
    [
        (1, 0, 3, 0, ("o0",), ()),
        (2, 0, 3, 0, ("o0", "o1"), ()),
        (2, 2, 3, 0, ("o0",), ()),  # one more would leave one in service
        (1, 3, 3, 1, ("o0",), ()),
        (1, 3, 1, 3, (), ("o0",)),  # enough new ones
        (2, 3, 2, 2, ("o0",), ()),  # room for one
        (3, 0, 2, 2, ("o0",), ("o1",)),
    ],
)
def test_which_instances_leave_next(
    batch: int, in_service: int, old: int, new: int, replaced: tuple[str, ...], dropped: tuple[str, ...]
) -> None:
    policy = RollingPolicy(batch=batch, in_service=in_service)
    update = RollingUpdate(policy=policy, phase=Phase.TERMINATE, obsolete=("o0", "o1", "o2"), size=3, minimum=1)
    step = rolling.next_step(update, seen(old, new, old + new), {}, NOW)
    assert step is not None
    gone = {call.replaced: call.ids for call in step.calls if isinstance(call, Terminate)}
    assert (gone.get(True, ()), gone.get(False, ())) == (replaced, dropped)


@pytest.mark.parametrize(("desired", "maximum", "in_service", "larger"), [(3, 10, 3, 4), (3, 10, 2, None), (3, 4, 3, 4), (9, 9, 8, None)])
def test_a_group_grows_only_as_far_as_it_must(desired: int, maximum: int, in_service: int, larger: int | None) -> None:
    update = RollingUpdate(policy=RollingPolicy(in_service=in_service))
    step = rolling.next_step(update, seen(desired, 0, desired, maximum), {}, NOW)
    assert step is not None
    grown = [text for text in step.told if text.startswith("Temporarily")]
    assert grown == ([f"Temporarily setting autoscaling group MinSize and DesiredCapacity to {larger}."] if larger else [])
