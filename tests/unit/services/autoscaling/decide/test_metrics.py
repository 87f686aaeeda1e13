"""Group metrics: which are due, and what they count (ASG-118)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.core.control import Scope
from sandbox.services.autoscaling.decide.metrics import METRICS, GroupSample, ObservedGroups, decide
from sandbox.services.autoscaling.lifecycle_model import LifecycleState
from tests.support import rule

NOON = datetime(2026, 5, 7, 12, tzinfo=UTC)
S = LifecycleState
GROUP = GroupSample(
    name="web",
    enabled=METRICS,
    min_size=1,
    max_size=9,
    desired_capacity=4,
    members=(S.IN_SERVICE, S.IN_SERVICE, S.PENDING, S.PENDING_WAIT, S.STANDBY, S.TERMINATING, S.DETACHED),
)


def published(group: GroupSample, now: datetime = NOON) -> dict[str, object]:
    actions = decide(ObservedGroups(scope=Scope("1", "us-east-1"), groups=(group,)), now).actions
    data = [datum for action in actions for datum in action.data]  # type: ignore[attr-defined]
    assert all((d.namespace, d.dimensions, d.at) == ("AWS/AutoScaling", (("AutoScalingGroupName", "web"),), NOON) for d in data)
    return {datum.name: datum.sample.total for datum in data}


@rule("ASG-118")
@pytest.mark.parametrize("unit", ["Instances", "Capacity"])
def test_members_are_counted_by_lifecycle_state(unit: str) -> None:
    values = published(GROUP)
    assert {kind: values[f"Group{kind}{unit}"] for kind in ("InService", "Pending", "Standby", "Terminating", "Total")} == {
        "InService": 2.0,
        "Pending": 2.0,
        "Standby": 1.0,
        "Terminating": 1.0,
        "Total": 6.0,
    }


@rule("ASG-118")
def test_sizes_are_the_groups() -> None:
    values = published(GROUP)
    assert [values[f"Group{name}"] for name in ("MinSize", "MaxSize", "DesiredCapacity")] == [1.0, 9.0, 4.0]


@rule("ASG-118")
def test_only_enabled_metrics_are_published() -> None:
    assert set(published(replace(GROUP, enabled=("GroupMinSize", "WarmPoolTotalCapacity")))) == {"GroupMinSize"}


@rule("ASG-118")
def test_each_minute_is_published_once() -> None:
    assert published(replace(GROUP, published=NOON), NOON + timedelta(seconds=59)) == {}
    assert "GroupMinSize" in published(replace(GROUP, published=NOON - timedelta(minutes=1)), NOON + timedelta(seconds=59))
