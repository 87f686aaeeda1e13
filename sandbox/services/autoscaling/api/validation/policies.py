"""Validation of PutScalingPolicy and ExecutePolicy (SCL-1, SCL-3, SCL-10, SCL-30, SCL-36): AWS's error, or what the request describes.

Checks against the group and its target groups are in api/policies.py.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from sandbox.services.autoscaling import errors
from sandbox.services.autoscaling.decide import target_tracking
from sandbox.services.autoscaling.policy_model import AdjustmentType, Aggregation, Breach, PolicyType, ScalingPolicy, Step

MOST_STEPS = 20
SIMPLE, STEP, TRACKING = PolicyType.SIMPLE, PolicyType.STEP, PolicyType.TARGET_TRACKING
NEEDED = {
    SIMPLE: ("AdjustmentType", "ScalingAdjustment"),
    STEP: ("AdjustmentType", "StepAdjustments"),
    TRACKING: ("TargetTrackingConfiguration",),
}
ONLY_OF = {
    "AdjustmentType": (SIMPLE, STEP),
    "ScalingAdjustment": (SIMPLE,),
    "Cooldown": (SIMPLE,),
    "MinAdjustmentMagnitude": (SIMPLE, STEP),
    "StepAdjustments": (STEP,),
    "MetricAggregationType": (STEP,),
    "EstimatedInstanceWarmup": (STEP, TRACKING),
    "TargetTrackingConfiguration": (TRACKING,),
}
STATISTICS = ("Average", "Minimum", "Maximum", "SampleCount", "Sum")


def policy(given: Mapping[str, Any], arn: str) -> ScalingPolicy:
    """The policy that the request describes, without alarms."""
    kind = _type(given.get("PolicyType") or SIMPLE.value)
    _check_presence(given, kind)
    given = {name: value for name, value in given.items() if kind in ONLY_OF.get(name, (kind,))}
    tracking = given.get("TargetTrackingConfiguration") or {}
    if kind is TRACKING:
        _check_tracking(tracking)
    return ScalingPolicy(
        arn=arn,
        name=given["PolicyName"],
        auto_scaling_group_name=given["AutoScalingGroupName"],
        type=kind,
        enabled=given.get("Enabled") is not False,
        adjustment_type=_adjustment_type(given.get("AdjustmentType")),
        adjustment=_adjustment(given),
        min_adjustment_magnitude=_min_adjustment_magnitude(given),
        cooldown=_seconds(given, "Cooldown"),
        steps=_steps(given.get("StepAdjustments") or []),
        aggregation=_aggregation(given.get("MetricAggregationType")),
        warmup=_seconds(given, "EstimatedInstanceWarmup"),
        target=tracking.get("TargetValue"),
        scales_in=not tracking.get("DisableScaleIn"),
        configuration=tracking,
    )


def breach(policy: ScalingPolicy, given: Mapping[str, Any]) -> Breach:
    """What ExecutePolicy gives the policy (SCL-36)."""
    if policy.type is TRACKING:
        raise errors.invalid(f"Policy {policy.name} is of type {policy.type.value}, which cannot be executed.")  # (U)
    value, threshold = given.get("MetricValue"), given.get("BreachThreshold")
    if policy.type is not STEP:
        if value is not None or threshold is not None:
            raise errors.invalid("MetricValue and BreachThreshold are valid only for policies of type StepScaling.")
        return Breach()
    if value is None or threshold is None:
        raise errors.invalid("MetricValue and BreachThreshold are required for policies of type StepScaling.")  # (U)
    return Breach(datapoints=(value,), threshold=threshold)


def _type(given: str) -> PolicyType:
    if given == PolicyType.PREDICTIVE.value:
        raise errors.not_supported("predictive scaling")
    if given not in {kind.value for kind in PolicyType}:
        raise errors.invalid(f"Invalid policy type: {given}. Valid types are: {', '.join(kind.value for kind in PolicyType)}.")
    return PolicyType(given)


def _check_presence(given: Mapping[str, Any], kind: PolicyType) -> None:
    for name in NEEDED[kind]:
        if given.get(name) in (None, [], ""):
            raise errors.invalid(f"You must specify {_article(name)} {name} for policy type: {kind.value}")
    for name, kinds in ONLY_OF.items():
        if kind not in kinds and given.get(name) not in (None, [], "", {}, 0):  # clients send 0 for a number that is not set (SCL-37)
            raise errors.invalid(f"You cannot specify {_article(name)} {name} for policy type: {kind.value}")  # (U)
    if given.get("PredictiveScalingConfiguration"):
        raise errors.not_supported("predictive scaling")


def _article(name: str) -> str:
    return "an" if name[0] in "AEIOU" else "a"


def _adjustment_type(given: str | None) -> AdjustmentType | None:
    if given is None:
        return None
    if given not in {kind.value for kind in AdjustmentType}:
        raise errors.invalid(f"Invalid adjustment type: {given}. Valid types are: {', '.join(kind.value for kind in AdjustmentType)}.")
    return AdjustmentType(given)


def _adjustment(given: Mapping[str, Any]) -> int | None:
    adjustment = given.get("ScalingAdjustment")
    if given.get("AdjustmentType") == AdjustmentType.EXACT.value:
        for amount in (adjustment, *(step.get("ScalingAdjustment") for step in given.get("StepAdjustments") or [])):
            if amount is not None and amount < 0:
                raise errors.invalid("ScalingAdjustment must not be negative when the AdjustmentType is ExactCapacity.")  # (U)
    return adjustment


def _min_adjustment_magnitude(given: Mapping[str, Any]) -> int | None:
    min_adjustment_magnitude: int | None = given.get("MinAdjustmentMagnitude")
    if not min_adjustment_magnitude:
        return None  # SCL-37
    if given.get("AdjustmentType") != AdjustmentType.PERCENT.value:
        raise errors.invalid("MinAdjustmentMagnitude is valid only when the AdjustmentType is PercentChangeInCapacity.")  # SCL-3 (U)
    if min_adjustment_magnitude < 1:
        raise errors.invalid("MinAdjustmentMagnitude must be greater than 0.")
    return min_adjustment_magnitude


def _seconds(given: Mapping[str, Any], name: str) -> int | None:
    value: int | None = given.get(name)
    if value is not None and value < 0:
        raise errors.invalid(f"{name} must not be negative.")
    return value


def _aggregation(given: str | None) -> Aggregation:
    if given is not None and given not in {how.value for how in Aggregation}:
        raise errors.invalid(f"Invalid metric aggregation type: {given}. Valid types are: Minimum, Maximum, Average.")
    return Aggregation(given or "Average")


# ---- steps (SCL-30) ----------------------------------------------------------------------------------------------------------------------


def _steps(given: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    steps = tuple(
        Step(lower=s.get("MetricIntervalLowerBound"), upper=s.get("MetricIntervalUpperBound"), adjustment=s["ScalingAdjustment"])
        for s in given
    )
    if len(steps) > MOST_STEPS:
        raise errors.invalid(f"There can be at most {MOST_STEPS} step adjustments per scaling policy")
    ordered = sorted(steps, key=lambda step: -math.inf if step.lower is None else step.lower)
    for step in ordered:
        _check_step(step)
    for side in ("lower", "upper"):
        if sum(getattr(step, side) is None for step in ordered) > 1:
            raise errors.invalid(f"At most one StepAdjustment may have an unspecified {side} bound")
    for before, after in pairwise(ordered):
        _check_neighbours(before, after)
    _check_ends(ordered)
    return steps


def _check_step(step: Step) -> None:
    if step.lower is None and step.upper is None:
        raise errors.invalid("Both lower and upper bounds of a step adjustment cannot be left unspecified")
    if step.lower is not None and step.upper is not None and step.lower >= step.upper:
        raise errors.invalid("The upper bound of a StepAdjustment must be greater than its lower bound")


def _check_neighbours(before: Step, after: Step) -> None:
    end, start = math.inf if before.upper is None else before.upper, -math.inf if after.lower is None else after.lower
    if end > start:
        raise errors.invalid("StepAdjustment intervals can't overlap")
    if end < start:
        raise errors.invalid("StepAdjustment intervals can't have gaps between them")


def _check_ends(ordered: Sequence[Step]) -> None:
    for side, sign, word in (("lower", -1, "negative"), ("upper", 1, "positive")):
        bounds = [getattr(step, side) for step in ordered]
        if None not in bounds and any(bound * sign > 0 for bound in bounds):
            raise errors.invalid(
                f"There must be a StepAdjustment with an unspecified {side} bound (i.e., {side} bound is null)"
                f" when one StepAdjustment has a {word} {side} bound"
            )


# ---- target tracking (SCL-10) ------------------------------------------------------------------------------------------------------------


def _check_tracking(given: Mapping[str, Any]) -> None:
    predefined, custom = given.get("PredefinedMetricSpecification"), given.get("CustomizedMetricSpecification")
    if bool(predefined) == bool(custom):
        raise errors.invalid("You must specify either a PredefinedMetricSpecification or a CustomizedMetricSpecification, and not both.")
    target = given.get("TargetValue")
    if target is None or not math.isfinite(target) or target <= 0:
        raise errors.invalid("TargetValue must be a number greater than 0.")
    if predefined:
        _check_predefined(predefined)
    elif custom:
        _check_customized(custom)


def _check_predefined(given: Mapping[str, Any]) -> None:
    kind, label = given.get("PredefinedMetricType"), given.get("ResourceLabel")
    if kind == target_tracking.HIGH_RESOLUTION:
        raise errors.not_supported("tracking of high-resolution metrics")
    if kind == target_tracking.PER_TARGET:
        if not label:
            raise errors.invalid(f"You must specify a ResourceLabel for the predefined metric type {kind}.")
        parts = label.split("/")
        if len(parts) != 6 or parts[0] != "app" or parts[3] != "targetgroup" or not all(parts):
            form = "app/<load-balancer-name>/<load-balancer-id>/targetgroup/<target-group-name>/<target-group-id>"
            raise errors.invalid(f"The resource label {label} is not valid. It has the form {form}.")
        return
    if kind not in target_tracking.EC2_METRICS:
        known = ", ".join((*target_tracking.EC2_METRICS, target_tracking.PER_TARGET))
        raise errors.invalid(f"Invalid predefined metric type: {kind}. Valid types are: {known}.")
    if label:
        raise errors.invalid(f"You cannot specify a ResourceLabel for the predefined metric type {kind}.")


def _check_customized(given: Mapping[str, Any]) -> None:
    queries = given.get("Metrics")
    _check_period(given.get("Period"))
    if queries:
        _check_queries(given, queries)
        return
    for name in ("MetricName", "Namespace", "Statistic"):
        if not given.get(name):
            raise errors.invalid(f"You must specify a {name} in the CustomizedMetricSpecification.")
    if given["Statistic"] not in STATISTICS:
        raise errors.invalid(f"Invalid statistic: {given['Statistic']}. Valid statistics are: {', '.join(STATISTICS)}.")


def _check_queries(given: Mapping[str, Any], queries: Sequence[Mapping[str, Any]]) -> None:
    if any(given.get(name) for name in ("MetricName", "Namespace", "Statistic", "Dimensions", "Unit")):
        raise errors.invalid("You cannot specify Metrics together with a single metric in the CustomizedMetricSpecification.")
    if sum(query.get("ReturnData") is not False for query in queries) != 1:
        raise errors.invalid("Exactly one element of the metrics list should return data.")
    for query in queries:
        stat = query.get("MetricStat")
        if bool(stat) == bool(query.get("Expression")):
            raise errors.invalid(f"The metric data query {query.get('Id')} must have either an Expression or a MetricStat.")
        _check_period(query.get("Period"))
        _check_period((stat or {}).get("Period"))


def _check_period(period: int | None) -> None:
    if period in (10, 30):
        raise errors.not_supported("tracking of high-resolution metrics")
    if period not in (None, target_tracking.PERIOD):
        raise errors.invalid(f"Invalid period: {period}. Valid periods are: 10, 30, 60.")
