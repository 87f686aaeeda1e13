"""Capacity rules, case by case: what a policy requests, and how the requests of a group's policies are combined."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.services.autoscaling.decide import policies
from sandbox.services.autoscaling.decide.policies import (
    PolicyFailure,
    adjusted,
    aggregated,
    combined_capacity,
    needed,
    requested_capacity,
    step_for,
)
from sandbox.services.autoscaling.lifecycle_model import LifecycleState
from sandbox.services.autoscaling.policy_model import (
    AdjustmentType,
    Aggregation,
    Breach,
    GroupCapacity,
    PolicyType,
    RequestedCapacity,
    ScalingPolicy,
    Step,
)
from tests.support import rule
from tests.support.services.groups import NOW, group, leaving, member, pending, seconds

MINUTE = timedelta(minutes=1)
SCALE_OUT = (Step(lower=0, upper=10, adjustment=0), Step(lower=10, upper=20, adjustment=10), Step(lower=20, adjustment=30))
SCALE_IN = (Step(lower=-10, upper=0, adjustment=0), Step(lower=-20, upper=-10, adjustment=-10), Step(upper=-20, adjustment=-30))


def policy(kind: PolicyType = PolicyType.TARGET_TRACKING, **more: Any) -> ScalingPolicy:
    given = {"target": 70.0} if kind is PolicyType.TARGET_TRACKING else {"adjustment_type": AdjustmentType.CHANGE}
    return ScalingPolicy(arn="arn", name="p", auto_scaling_group_name="web", type=kind, **(given | more))


def group_capacity(desired: int, **more: Any) -> GroupCapacity:
    """At rest: all in service and warm."""
    return GroupCapacity(**({"min_size": 0, "max_size": 100, "desired": desired, "warm": desired} | more))


def breach(*points: float, threshold: float = 50.0, low: bool = False) -> Breach:
    return Breach(datapoints=points, threshold=threshold, low=low)


# ---- adjustments (SCL-3) -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "capacity", "adjustment", "least", "expected"),
    [
        ("ChangeInCapacity", 10, 3, None, 13),
        ("ChangeInCapacity", 10, -3, None, 7),
        ("ExactCapacity", 10, 4, None, 4),
        ("PercentChangeInCapacity", 10, 25, None, 12),  # 2.5 → 2
        ("PercentChangeInCapacity", 100, 12, None, 112),
        ("PercentChangeInCapacity", 3, 10, None, 4),  # 0.3 → 1
        ("PercentChangeInCapacity", 3, -10, None, 2),  # -0.3 → -1
        ("PercentChangeInCapacity", 10, -67, None, 4),  # -6.7 → -6
        ("PercentChangeInCapacity", 4, 25, 2, 6),  # 1, at least 2
        ("PercentChangeInCapacity", 4, -25, 2, 2),
        ("PercentChangeInCapacity", 4, 100, 2, 8),
        ("PercentChangeInCapacity", 4, 0, 2, 4),
        ("PercentChangeInCapacity", 0, 50, None, 1),
    ],
)
@rule("SCL-3")
def test_adjustments_are_rounded_as_the_guide_says(kind: str, capacity: int, adjustment: int, least: int | None, expected: int) -> None:
    step = policy(PolicyType.SIMPLE, adjustment_type=AdjustmentType(kind), min_adjustment_magnitude=least)
    assert expected == adjusted(step, capacity, adjustment)


# ---- target tracking ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("current", "metric", "expected"),
    [
        (3, 90, 4),  # B4
        (3, 70, 3),
        (3, 70.1, 4),
        (10, 140, 20),
        (3, 0, 0),
        (6, 49, 5),  # 4.2
        (2, 17.5, 1),  # 1.5 are too many: one goes
        (7, 65, 7),  # 0.5 is too many: none goes
    ],
)
@rule("SCL-15")
def test_the_needed_instances_bring_the_metric_to_its_target_or_below(current: int, metric: float, expected: int) -> None:
    assert expected == needed(current, metric, 70)


@pytest.mark.parametrize(
    ("group", "points", "expected"),
    [
        pytest.param(group_capacity(3), (90, 90, 90), 4, marks=rule("SCL-15")),
        pytest.param(group_capacity(3), (60, 75, 140), 6, marks=rule("SCL-15")),  # the newest counts
        pytest.param(group_capacity(3), (), 3, marks=rule("SCL-19")),  # SCL-19
        pytest.param(group_capacity(4, warm=3, scaling_out=True), (90,), 4, marks=rule("SCL-16")),  # the instances that warm up are enough
        pytest.param(group_capacity(4, warm=3, scaling_out=True), (140,), 6, marks=rule("SCL-16")),  # two more: the difference
        pytest.param(group_capacity(4, warm=0, scaling_out=True), (140,), 4, marks=rule("SCL-16")),  # no instance counts for the metric
        pytest.param(group_capacity(0), (5,), 1, marks=rule("SCL-15")),
        pytest.param(group_capacity(3, max_size=5), (500,), 5, marks=rule("SCL-2")),  # SCL-2
    ],
)
def test_target_tracking_scales_out_in_proportion(group: GroupCapacity, points: tuple[float, ...], expected: int) -> None:
    assert expected == requested_capacity(policy(), group, breach(*points))


@pytest.mark.parametrize(
    ("group", "points", "expected"),
    [
        pytest.param(group_capacity(6), (20,) * 15, 5, marks=rule("SCL-21")),  # one at a time
        pytest.param(group_capacity(3), (60,) * 15, 3, marks=rule("SCL-15")),  # 2.6 are needed
        (group_capacity(6), (20,) * 14 + (69,), 6),  # the highest of the quarter of an hour counts
        (group_capacity(6), (69,) + (20,) * 14, 6),
        pytest.param(group_capacity(4, warm=3, scaling_out=True), (10,) * 15, 4, marks=rule("SCL-16")),  # SCL-16
        pytest.param(group_capacity(4, metric_current=False), (10,) * 15, 4, marks=rule("SCL-16")),
        (group_capacity(4, terminating=1), (50,) * 15, 4),  # five show 50 %: four are needed
        (group_capacity(2, min_size=2), (1,) * 15, 2),
        pytest.param(group_capacity(2), (0,) * 15, 1, marks=rule("SCL-22")),  # SCL-22
        pytest.param(group_capacity(2), (), 2, marks=rule("SCL-19")),
    ],
)
def test_target_tracking_scales_in_carefully(group: GroupCapacity, points: tuple[float, ...], expected: int) -> None:
    assert expected == requested_capacity(policy(), group, breach(*points, low=True))


# ---- steps -------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "offset", "expected"),
    [
        (SCALE_OUT, 0, 0),
        (SCALE_OUT, 9.99, 0),
        (SCALE_OUT, 10, 10),
        (SCALE_OUT, 20, 30),
        (SCALE_OUT, 1000, 30),
        (SCALE_OUT, -0.1, None),
        (SCALE_IN, 0, 0),
        (SCALE_IN, -9.99, 0),
        (SCALE_IN, -10, -10),
        (SCALE_IN, -20, -30),
        (SCALE_IN, -1000, -30),
        (SCALE_IN, 0.1, None),
        (SCALE_OUT + SCALE_IN, -15, -10),
    ],
)
@rule("SCL-30")
def test_the_bound_nearer_to_the_threshold_belongs_to_the_step(steps: tuple[Step, ...], offset: float, expected: int | None) -> None:
    found = step_for(steps, offset)
    assert expected == (found and found.adjustment)


@rule("SCL-32")
def test_the_worked_example_of_the_guide() -> None:
    out = policy(PolicyType.STEP, adjustment_type=AdjustmentType.PERCENT, steps=SCALE_OUT)
    shrink = policy(PolicyType.STEP, adjustment_type=AdjustmentType.PERCENT, steps=SCALE_IN)
    story = [(out, 60), (out, 72), (shrink, 40), (shrink, 29)]
    sizes = [10]
    for each, metric in story:
        sizes.append(requested_capacity(each, group_capacity(sizes[-1]), breach(metric)))
    assert sizes == [10, 11, 14, 13, 10]


@pytest.mark.parametrize(
    ("group", "metric", "expected"),
    [
        (group_capacity(11, warm=10, scaling_out=True), 62, 11),  # 10 % of ten are on their way
        (group_capacity(11, warm=10, scaling_out=True), 75, 13),  # 30 % of ten: two more
        (group_capacity(11, warm=10, scaling_out=True), 30, 11),  # in waits for out
        (group_capacity(11), 30, 8),
    ],
)
@rule("SCL-33")
def test_steps_count_instances_that_warm_up(group: GroupCapacity, metric: float, expected: int) -> None:
    both = policy(PolicyType.STEP, adjustment_type=AdjustmentType.PERCENT, steps=SCALE_OUT + SCALE_IN)
    assert expected == requested_capacity(both, group, breach(metric))


@pytest.mark.parametrize(("how", "expected"), [("Average", 20), ("Minimum", 10), ("Maximum", 30)])
@rule("SCL-31")
def test_datapoints_are_aggregated(how: str, expected: float) -> None:
    assert expected == aggregated(Aggregation(how), (10, 20, 30))


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ((), "Metric data points must be provided"),
        ((40.0, 44.5), "No step adjustment found for metric value [40.0, 44.5] and breach threshold 50.0"),
    ],
)
@rule("SCL-5")
def test_a_step_policy_that_fails_says_why(points: tuple[float, ...], expected: str) -> None:
    with pytest.raises(PolicyFailure) as caught:
        requested_capacity(policy(PolicyType.STEP, steps=SCALE_OUT), group_capacity(3), breach(*points))
    assert expected == str(caught.value)


@rule("SCL-34")
def test_a_simple_policy_adjusts_once_within_the_bounds() -> None:
    assert requested_capacity(policy(PolicyType.SIMPLE, adjustment=2), group_capacity(3), breach()) == 5
    assert requested_capacity(policy(PolicyType.SIMPLE, adjustment=2), group_capacity(3, max_size=4), breach()) == 4
    assert requested_capacity(policy(PolicyType.SIMPLE, adjustment=-2), group_capacity(3, min_size=2), breach()) == 2


# ---- several policies --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "others", "expected"),
    [
        (12, [(8, 10)], 12),  # out wins
        (8, [], 8),
        (8, [(9, 30)], 9),  # the larger of two that shrink
        (8, [(14, 30)], 10),  # another one grew the group: it stays
        (8, [(9, 80)], 8),  # that was another minute
        (10, [(7, 5)], 10),
    ],
)
@rule("SCL-2")
def test_the_largest_capacity_wins(own: int, others: list[tuple[int, float]], expected: int) -> None:
    requested_capacities = [RequestedCapacity(at=NOW - seconds(ago), capacity=capacity) for capacity, ago in others]
    assert expected == combined_capacity(own, group_capacity(10), requested_capacities, NOW)


# ---- the group as policies see it --------------------------------------------------------------------------------------------------------


@rule("SCL-16")
def test_a_member_is_warm_when_its_own_or_the_group_s_warmup_has_passed() -> None:
    fresh, early = NOW - seconds(100), NOW - seconds(200)
    observed = group(
        member("i-1"),
        member("i-2", in_service_since=fresh),
        member("i-3", in_service_since=early),
        member("i-4", in_service_since=fresh, warmup=seconds(60)),
        member("i-5", lifecycle=LifecycleState.STANDBY),
        pending("i-6"),
        leaving("i-7"),
        default_instance_warmup=seconds(120),
    )
    size = policies.group_capacity(observed, NOW, MINUTE)
    assert (size.desired, size.warm, size.terminating, size.scaling_out) == (5, 3, 1, True)


@pytest.mark.parametrize(("ago", "resolution", "expected"), [(119, 60, False), (120, 60, True), (599, 300, False), (600, 300, True)])
def test_the_metric_is_current_two_datapoints_after_a_change_of_size(ago: float, resolution: float, expected: bool) -> None:
    size = policies.group_capacity(group(member("i-1"), resized_at=NOW - seconds(ago)), NOW, seconds(resolution))
    assert expected == size.metric_current


@pytest.mark.parametrize(
    ("own", "default", "cooldown", "expected"),
    [(0, 120, 300, 0), (60, 120, 300, 60), (None, 120, 300, 120), (None, 0, 300, 0), (None, None, 300, 300)],
)
@rule("SCL-17")
def test_the_warmup_is_the_policy_s_then_the_group_s_then_the_cooldown(
    own: int | None, default: int | None, cooldown: int, expected: int
) -> None:
    assert seconds(expected) == policies.warmup(policy(warmup=own), default, cooldown)


# ---- for all loads -----------------------------------------------------------------------------------------------------------------------

Capacities = st.integers(0, 60)


@given(low=Capacities, more=Capacities, where=st.floats(0, 1), warm=Capacities, metric=st.floats(0, 1e6), down=st.booleans())
@rule("SCL-2")
def test_no_policy_leaves_the_bounds(low: int, more: int, where: float, warm: int, metric: float, down: bool) -> None:
    desired = low + round(where * more)
    size = group_capacity(desired, min_size=low, max_size=low + more, warm=min(warm, desired))
    for each in (
        policy(),
        policy(PolicyType.SIMPLE, adjustment=-7),
        policy(
            PolicyType.STEP, adjustment_type=AdjustmentType.PERCENT, steps=(Step(lower=0, adjustment=150), Step(upper=0, adjustment=-80))
        ),
    ):
        assert low <= requested_capacity(each, size, breach(metric, low=down)) <= low + more


@given(load=st.floats(1, 3000), start=st.integers(1, 50), target=st.floats(10, 90))
@rule("SCL-15", "SCL-21")
def test_constant_load_is_met_and_then_left_alone(load: float, start: int, target: float) -> None:
    """Alarms as SCL-12 puts them; a machine cannot use more than all of itself."""
    sizes = run_until_quiet(policy(target=target), start, lambda size: min(load / size, 100.0))
    enough = max(1, needed(1, load, target))
    if load / sizes[-1] <= 100:
        assert (load / sizes[-1] <= target + 1e-6) or sizes[-1] == 50
    assert sizes[-1] <= max(enough, start)
    turns = sum((b - a) * (c - b) < 0 for a, b, c in zip(sizes, sizes[1:], sizes[2:], strict=False))
    assert turns == 0


def run_until_quiet(tracking: ScalingPolicy, start: int, metric: Callable[[int], float]) -> list[int]:
    assert tracking.target is not None
    sizes = [start]
    for _ in range(200):
        now, shown = sizes[-1], metric(sizes[-1])
        low = shown < 0.9 * tracking.target
        size = group_capacity(now, min_size=1, max_size=50)
        runs = shown > tracking.target or low
        new = requested_capacity(tracking, size, breach(shown, low=low)) if runs else now
        if new == now:
            return sizes
        sizes.append(new)
    raise AssertionError(f"never quiet: {sizes[-10:]}")
