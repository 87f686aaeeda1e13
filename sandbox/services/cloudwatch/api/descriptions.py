"""Converts our values to the response shapes of DescribeAlarms, DescribeAlarmHistory and the metric operations. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sandbox.core.metrics import Dimensions
from sandbox.services.cloudwatch.data.metric_math import TimeSeries
from sandbox.services.cloudwatch.data.metric_queries import Query
from sandbox.services.cloudwatch.data.percentiles import Extended
from sandbox.services.cloudwatch.data.series import MetricId
from sandbox.services.cloudwatch.data.statistics import SIMPLE, Summary, parse_statistic
from sandbox.services.cloudwatch.model import ActionsSuppression, Alarm, AlarmState, CompositeAlarm, MetricAlarm
from sandbox.services.cloudwatch.state.history import HistoryItem


def moment(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def shown(at: datetime) -> datetime:
    """To the millisecond, as in the responses of every protocol."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def dimensions(given: Dimensions) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in given]


def metric(given: MetricId) -> dict[str, Any]:
    return {"Namespace": given.namespace, "MetricName": given.name, "Dimensions": dimensions(given.dimensions)}


def alarm(configured: Alarm, state: AlarmState, suppression: ActionsSuppression) -> dict[str, Any]:
    """A MetricAlarm or CompositeAlarm shape without the members that were not set."""
    found: dict[str, Any] = {
        "AlarmName": configured.name,
        "AlarmArn": configured.arn,
        "AlarmDescription": configured.description,
        "AlarmConfigurationUpdatedTimestamp": shown(configured.updated_at),
        "ActionsEnabled": configured.actions_enabled,
        "OKActions": list(configured.ok_actions),
        "AlarmActions": list(configured.alarm_actions),
        "InsufficientDataActions": list(configured.insufficient_data_actions),
        "StateValue": state.value.value,
        "StateReason": state.reason,
        "StateReasonData": state.reason_data if state.reason_data != "{}" else None,
        "StateUpdatedTimestamp": shown(state.updated_at),
        "StateTransitionedTimestamp": shown(state.transitioned_at),
    }
    found |= _metric_alarm(configured) if isinstance(configured, MetricAlarm) else _composite(configured, suppression)
    return {name: value for name, value in found.items() if value is not None}


def _metric_alarm(configured: MetricAlarm) -> dict[str, Any]:
    found: dict[str, Any] = {
        "EvaluationPeriods": configured.evaluation_periods,
        "DatapointsToAlarm": configured.datapoints_to_alarm,
        "Threshold": configured.threshold,
        "ComparisonOperator": configured.comparison_operator,
        "TreatMissingData": configured.treat_missing_data,
        "EvaluateLowSampleCountPercentile": configured.evaluate_low_sample_count_percentile,
    }
    if not configured.metric:
        return found | {"Metrics": [query(one) for one in configured.queries]}
    return found | {
        **metric(configured.metric),
        "Statistic": None if configured.extended else configured.statistic,
        "ExtendedStatistic": configured.statistic if configured.extended else None,
        "Period": configured.period,
        "Unit": configured.unit,
    }


def _composite(configured: CompositeAlarm, suppression: ActionsSuppression) -> dict[str, Any]:
    found: dict[str, Any] = {"AlarmRule": configured.rule}
    if configured.suppressor:
        found |= {
            "ActionsSuppressor": configured.suppressor,
            "ActionsSuppressorWaitPeriod": int(configured.suppressor_wait.total_seconds()),
            "ActionsSuppressorExtensionPeriod": int(configured.suppressor_extension.total_seconds()),
            "ActionsSuppressedBy": suppression.by,
            "ActionsSuppressedReason": suppression.reason,
        }
    return found


def query(given: Query) -> dict[str, Any]:
    found: dict[str, Any] = {"Id": given.id, "Expression": given.expression, "Label": given.label, "ReturnData": given.return_data}
    if given.metric:
        found["MetricStat"] = {"Metric": metric(given.metric), "Period": given.period, "Stat": given.stat}
        if given.unit:
            found["MetricStat"]["Unit"] = given.unit
    elif given.period:
        found["Period"] = given.period
    return {name: value for name, value in found.items() if value is not None}


def history_item(item: HistoryItem) -> dict[str, Any]:
    return {
        "AlarmName": item.alarm_name,
        "AlarmType": item.alarm_type,
        "Timestamp": shown(item.at),
        "HistoryItemType": item.kind,
        "HistorySummary": item.summary,
        "HistoryData": item.data,
    }


def dashboard(found: Any) -> dict[str, Any]:
    """Of ListDashboards; `found` is moto's object."""
    return {
        "DashboardName": found.name,
        "DashboardArn": found.arn,
        "LastModified": shown(found.last_modified),
        "Size": len(found.body.encode()),
    }


def datapoint(at: int, summary: Summary, statistics: Sequence[str], unit: str) -> dict[str, Any] | None:
    """Of GetMetricStatistics; None when the period has none of the statistics."""
    values: dict[str, float] = {}
    for name in statistics:
        parsed = parse_statistic(name)
        value = summary.value(parsed) if parsed is not None else None
        if value is not None:
            values[name] = value
    if not values:
        return None
    extended = {name: value for name, value in values.items() if isinstance(parse_statistic(name), Extended)}
    found: dict[str, Any] = {"Timestamp": moment(at), **{name: value for name, value in values.items() if name in SIMPLE}, "Unit": unit}
    return found | ({"ExtendedStatistics": extended} if extended else {})


def messages(exceeded: bool) -> list[dict[str, str]]:
    """Of a whole GetMetricData; the code is (U)."""
    return [{"Code": "MaxMetricsExceeded", "Value": "Maximum number of allowed metrics exceeded"}] if exceeded else []


def _messages(series: TimeSeries) -> list[dict[str, str]]:
    """CW-12: of one result."""
    if len(series.units) < 2:
        return []
    return [{"Code": "MultipleUnits", "Value": f"Multiple units returned: '[{', '.join(series.units)}]'"}]


def result(asked: Query, series: TimeSeries, descending: bool, window: slice) -> dict[str, Any]:
    """Of GetMetricData: the part of the series that is on the page."""
    points = list(series.points.items())
    if descending:
        points.reverse()
    shown = points[window]
    messages = _messages(series)
    return {
        "Id": asked.id,
        "Label": series.label,
        "Timestamps": [moment(at) for at, _ in shown],
        "Values": [value for _, value in shown],
        "StatusCode": "Complete" if window.stop >= len(points) else "PartialData",
        **({"Messages": messages} if messages else {}),
    }
