"""Converts the parameters of PutMetricAlarm to a MetricAlarm; refuses what AWS refuses (CW-16 to CW-20). Pure.

Called by api/responses.py. Composite alarms: composite.py. New options of 2025-26 (EvaluationWindow and so on) are accepted and ignored
(CW-32).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sandbox.services.cloudwatch.api.validation import metrics as metric_validation
from sandbox.services.cloudwatch.api.validation.metrics import Parameters
from sandbox.services.cloudwatch.data import expressions, metric_queries, percentiles
from sandbox.services.cloudwatch.data.metric_queries import Query
from sandbox.services.cloudwatch.data.statistics import SIMPLE
from sandbox.services.cloudwatch.decide.alarm_actions import ec2_verb
from sandbox.services.cloudwatch.errors import exclusive, invalid_combination, invalid_value, missing, not_in_enum, validation
from sandbox.services.cloudwatch.model import COMPARISONS, DAY, MISSING_DATA, SHORT_PERIODS, MetricAlarm

MAX_ACTIONS = 5
MAX_DESCRIPTION_LENGTH = 1024
_BANDS = ("LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold")
_ACTION_LISTS = {"OKActions": "ok_actions", "AlarmActions": "alarm_actions", "InsufficientDataActions": "insufficient_data_actions"}


def metric_alarm(given: Parameters, arn: str, now: datetime) -> MetricAlarm:
    """The configuration that the parameters of PutMetricAlarm describe. Raises ApiError."""
    _check_enums(given)
    _check_numbers(given)
    shared = common(given, arn, now)
    if given.get("Metrics"):
        alarm = MetricAlarm(**shared, **_threshold(given), **_metric_math(given))
    else:
        alarm = MetricAlarm(**shared, **_threshold(given), **_single_metric(given))
    _check_span(alarm)
    _check_ec2_actions(alarm)
    return alarm


def check_filters(given: Parameters) -> None:
    """Filters of DescribeAlarms that exclude each other (CW-22). Raises ApiError."""
    if given.get("AlarmNames") and given.get("AlarmNamePrefix"):
        raise invalid_combination("AlarmNames and AlarmNamePrefix are mutually exclusive and you have specified both.")
    for alone in ("ChildrenOfAlarmName", "ParentsOfAlarmName"):
        others = sorted(name for name, value in given.items() if value and name not in (alone, "MaxRecords", "NextToken"))
        if given.get(alone) and others:
            raise validation(f"{alone} cannot be used together with {', '.join(others)}.")  # (U)


def common(given: Parameters, arn: str, now: datetime) -> dict[str, Any]:
    """The fields that metric and composite alarms share. Raises ApiError."""
    name = given.get("AlarmName") or ""
    if not name:
        raise missing("AlarmName")
    if len(name) > 255:
        raise _too_long(name, "alarmName", 255)
    if len(given.get("AlarmDescription") or "") > MAX_DESCRIPTION_LENGTH:
        raise _too_long(given["AlarmDescription"], "alarmDescription", MAX_DESCRIPTION_LENGTH)
    enabled = given.get("ActionsEnabled")
    lists = {field: _actions(given.get(parameter) or (), parameter) for parameter, field in _ACTION_LISTS.items()}
    return {
        "name": name,
        "arn": arn,
        "updated_at": now,
        "description": given.get("AlarmDescription"),
        "actions_enabled": True if enabled is None else bool(enabled),
        **lists,
    }


def _too_long(value: object, member: str, limit: int) -> Exception:
    return validation(
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: "
        f"Member must have length less than or equal to {limit}"
    )


def _actions(arns: Sequence[str], parameter: str) -> tuple[str, ...]:
    if len(arns) > MAX_ACTIONS:  # CW-18
        raise _too_long(f"[{', '.join(arns)}]", parameter[0].lower() + parameter[1:], MAX_ACTIONS)
    for arn in arns:
        if not arn.startswith("arn:") or arn.count(":") < 5:
            raise validation(f"Invalid arn syntax: {arn}")
    return tuple(arns)


def _check_enums(given: Parameters) -> None:
    comparison = given.get("ComparisonOperator")
    if comparison is None:
        raise missing("ComparisonOperator")
    if given.get("Threshold") is not None and given.get("ThresholdMetricId"):
        raise validation("Threshold and ThresholdMetricId cannot both be set")
    if comparison in _BANDS or given.get("ThresholdMetricId"):
        raise validation("Anomaly detection alarms are not supported by this sandbox: use a static Threshold.")
    if comparison not in COMPARISONS:
        raise not_in_enum(comparison, "comparisonOperator", (*COMPARISONS, *_BANDS))
    if given.get("Statistic") is not None and given["Statistic"] not in SIMPLE:
        raise not_in_enum(given["Statistic"], "statistic", SIMPLE)
    metric_validation.check_unit(given.get("Unit"), "unit")
    treatment = given.get("TreatMissingData")
    if treatment is not None and treatment not in MISSING_DATA:
        raise validation(
            f"Option {treatment} is not supported. "
            "Supported options for parameter TreatMissingData are breaching, notBreaching, ignore, and missing."
        )
    low = given.get("EvaluateLowSampleCountPercentile")
    if low is not None and low not in ("evaluate", "ignore"):
        raise validation(
            f"Option {low} is not supported. Supported options for parameter EvaluateLowSampleCountPercentile are evaluate and ignore."
        )


def _check_numbers(given: Parameters) -> None:
    for parameter in ("EvaluationPeriods", "Threshold"):
        if given.get(parameter) is None:
            raise missing(parameter)
    metric_validation.finite(given["Threshold"], "Threshold")
    periods, least = int(given["EvaluationPeriods"]), given.get("DatapointsToAlarm")
    if periods < 1:
        raise _too_small(periods, "evaluationPeriods")
    if least is not None and int(least) < 1:
        raise _too_small(least, "datapointsToAlarm")
    if least is not None and int(least) > periods:
        raise validation("DatapointsToAlarm must be less than or equal to EvaluationPeriods.")


def _too_small(value: object, member: str) -> Exception:
    return validation(
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: "
        "Member must have value greater than or equal to 1"
    )


def _threshold(given: Parameters) -> dict[str, Any]:
    least = given.get("DatapointsToAlarm")
    return {
        "comparison_operator": given["ComparisonOperator"],
        "threshold": float(given["Threshold"]),
        "evaluation_periods": int(given["EvaluationPeriods"]),
        "datapoints_to_alarm": int(least) if least is not None else None,
        "treat_missing_data": given.get("TreatMissingData"),
        "evaluate_low_sample_count_percentile": given.get("EvaluateLowSampleCountPercentile"),
    }


def _single_metric(given: Parameters) -> dict[str, Any]:
    for parameter in ("MetricName", "Namespace", "Period"):
        if not given.get(parameter):
            raise missing(parameter)
    statistic, extended = given.get("Statistic"), given.get("ExtendedStatistic")
    if statistic and extended:
        raise exclusive("Statistic", "ExtendedStatistic")
    if not statistic and not extended:
        raise missing("Statistic")
    if extended and percentiles.parse(extended) is None:
        raise invalid_value(f"The value {extended} for parameter ExtendedStatistic is not supported.")
    period = int(given["Period"])
    if period not in SHORT_PERIODS and (period < 60 or period % 60):
        raise invalid_value("The parameter Period must be 10, 20, 30 or a multiple of 60.")  # CW-16
    return {
        "period": period,
        "metric": metric_validation.metric_id(given),
        "statistic": statistic or extended,
        "extended": not statistic,
        "unit": given.get("Unit"),
    }


def _metric_math(given: Parameters) -> dict[str, Any]:
    for parameter in ("MetricName", "Namespace", "Period", "Statistic", "ExtendedStatistic", "Dimensions", "Unit"):
        if given.get(parameter):
            raise validation(f"{parameter} should not be set if list of Metrics is set.")
    queries = metric_validation.queries(given["Metrics"])
    metric_queries.check(queries)
    if sum(query.return_data for query in queries) != 1:
        raise validation("Exactly one element of the metrics list should return data.")
    for query in queries:
        _check_expression(query, queries)
    return {"queries": queries, "period": min((query.period for query in queries if query.period), default=metric_queries.DEFAULT_PERIOD)}


def _check_expression(query: Query, queries: Sequence[Query]) -> None:
    if query.expression is None:
        return
    tree = expressions.parse(query.expression)
    if any(call.function == "SEARCH" for call in expressions.calls(tree)):
        raise validation("SEARCH is not supported on Metric Alarms.")
    known = {one.id for one in queries} | {"REPEAT", "LINEAR"}
    for name in expressions.names(tree):
        if name not in known and name.upper() not in known:
            raise validation(f"Error in expression '{query.id}' [Unknown identifier '{name}']")


def _check_span(alarm: MetricAlarm) -> None:
    """CW-16."""
    limit = 7 * DAY if alarm.period >= 3600 else DAY
    if alarm.span > limit:
        span = "more than a day" if limit == DAY else "more than 7 days"
        raise validation(f"Metrics cannot be checked across {span} (EvaluationPeriods * Period must be <= {limit}).")


def _check_ec2_actions(alarm: MetricAlarm) -> None:
    """CW-47."""
    for arn in (*alarm.ok_actions, *alarm.alarm_actions, *alarm.insufficient_data_actions):
        verb = ec2_verb(arn)
        if verb and not alarm.instance_id:
            raise validation(f"Alarm action {arn} requires the dimension InstanceId.")
        if verb == "recover" and alarm.metric and alarm.metric.name != "StatusCheckFailed_System":
            raise validation(f"Alarm action {arn} is supported on metric StatusCheckFailed_System only.")
