"""The two alarms of a target tracking policy, as PutMetricAlarm takes them (SCL-10 to SCL-13). Pure; api/policies.py calls it.

AWS does not document AlarmLow's threshold; the observed numbers are in policy_model.Tuning.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.services.autoscaling.policy_model import ScalingPolicy, Tuning

PERIOD = 60  # seconds
HIGH_PERIODS, LOW_PERIODS = 3, 15
LONGEST_NAME = 255
EC2_METRICS = {
    "ASGAverageCPUUtilization": "CPUUtilization",
    "ASGAverageNetworkIn": "NetworkIn",
    "ASGAverageNetworkOut": "NetworkOut",
}
PER_TARGET = "ALBRequestCountPerTarget"
HIGH_RESOLUTION = "ASGAverageCPUUtilizationHighResolution"


def alarms(policy: ScalingPolicy, in_service: int, unique: Mapping[str, str], tuning: Tuning) -> Iterator[dict[str, Any]]:
    """Parameters of PutMetricAlarm for AlarmHigh and, when the policy scales in, AlarmLow. `unique`: a uuid for each."""
    assert policy.target is not None
    yield _alarm(policy, "AlarmHigh", unique) | _rule("GreaterThanThreshold", HIGH_PERIODS, policy.target)
    if policy.scales_in:
        low = round(policy.target * low_ratio(policy, in_service, tuning), 9)  # 0.7 × 50 is 35, not 34.99999999999999
        yield _alarm(policy, "AlarmLow", unique) | _rule("LessThanThreshold", LOW_PERIODS, low)


def low_ratio(policy: ScalingPolicy, in_service: int, tuning: Tuning) -> float:
    """SCL-13."""
    small = tracks_ec2(policy) and in_service <= tuning.small_group
    return tuning.tt_low_ratio_small if small else tuning.tt_low_ratio


def tracks_ec2(policy: ScalingPolicy) -> bool:
    return _predefined(policy).get("PredefinedMetricType") in EC2_METRICS


def _predefined(policy: ScalingPolicy) -> Mapping[str, Any]:
    return policy.configuration.get("PredefinedMetricSpecification") or {}


def _alarm(policy: ScalingPolicy, which: str, unique: Mapping[str, str]) -> dict[str, Any]:
    end = f"-{which}-{unique[which]}"
    return {
        "AlarmName": f"TargetTracking-{policy.auto_scaling_group_name}"[: LONGEST_NAME - len(end)] + end,
        "AlarmDescription": f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy.arn}.",
        "AlarmActions": [policy.arn],
        **_metric(policy),
    }


def _rule(comparison: str, periods: int, threshold: float) -> dict[str, Any]:
    return {"ComparisonOperator": comparison, "EvaluationPeriods": periods, "Threshold": threshold}


def _metric(policy: ScalingPolicy) -> dict[str, Any]:
    predefined, custom = _predefined(policy), policy.configuration.get("CustomizedMetricSpecification")
    if custom:
        return _customized(custom)
    if predefined["PredefinedMetricType"] == PER_TARGET:
        dimension = {"Name": "TargetGroup", "Value": target_group_part(predefined["ResourceLabel"])}
        return _single("AWS/ApplicationELB", "RequestCountPerTarget", [dimension], "Sum")
    dimension = {"Name": "AutoScalingGroupName", "Value": policy.auto_scaling_group_name}
    return _single("AWS/EC2", EC2_METRICS[predefined["PredefinedMetricType"]], [dimension], "Average")


def target_group_part(label: str) -> str:
    """`app/<lb>/<id>/targetgroup/<tg>/<id>` → `targetgroup/<tg>/<id>`."""
    return "/".join(label.split("/")[3:])


def _single(namespace: str, name: str, dimensions: list[dict[str, str]], statistic: str) -> dict[str, Any]:
    return {"Namespace": namespace, "MetricName": name, "Dimensions": dimensions, "Statistic": statistic, "Period": PERIOD}


def _customized(custom: Mapping[str, Any]) -> dict[str, Any]:
    if custom.get("Metrics"):
        return {"Metrics": [_query(query) for query in custom["Metrics"]]}
    metric = _single(custom["Namespace"], custom["MetricName"], list(custom.get("Dimensions") or []), custom["Statistic"])
    return metric | ({"Unit": custom["Unit"]} if custom.get("Unit") else {})


def _query(query: Mapping[str, Any]) -> dict[str, Any]:
    returned = query.get("ReturnData")
    made: dict[str, Any] = {"Id": query["Id"], "ReturnData": True if returned is None else returned}
    made |= {name: query[name] for name in ("Expression", "Label") if query.get(name)}
    if stat := query.get("MetricStat"):
        metric = {name: value for name, value in stat["Metric"].items() if value is not None}
        unit = {"Unit": stat["Unit"]} if stat.get("Unit") else {}
        made["MetricStat"] = {"Metric": metric, "Period": PERIOD, "Stat": stat["Stat"]} | unit
    return made
