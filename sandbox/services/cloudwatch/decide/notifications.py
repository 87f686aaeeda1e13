"""What an alarm publishes about a change of state: the SNS message and its e-mail text, the EventBridge event. Pure.

Key order and spelling are AWS's (CW-48 to CW-51).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.core.events import Event
from sandbox.services.cloudwatch.data.metric_queries import Query
from sandbox.services.cloudwatch.data.series import MetricId
from sandbox.services.cloudwatch.decide.reasons import json_time
from sandbox.services.cloudwatch.model import Alarm, AlarmState, CompositeAlarm, MetricAlarm, StateChange

MAX_SUBJECT_LENGTH = 100  # SNS's limit; how AWS shortens it is not known (CW-48)


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    account: str
    region: str  # "us-east-1"
    region_name: str  # "US East (N. Virginia)"


def subject(alarm: Alarm, change: StateChange, location: Location) -> str:
    """`ALARM: "cpu-high" in US East (N. Virginia)`"""
    text = f'{change.new.value.value}: "{alarm.name}" in {location.region_name}'
    return text if len(text) <= MAX_SUBJECT_LENGTH else text[: MAX_SUBJECT_LENGTH - 3] + "..."


def publication(alarm: Alarm, change: StateChange, location: Location, children: Mapping[str, AlarmState]) -> str:
    """The JSON that is published with MessageStructure=json: one text for each kind of subscriber (CW-54)."""
    texts = {
        "default": default_message(alarm, change, location, children),
        "sms": subject(alarm, change, location),
        "email": email(alarm, change, location),
    }
    return json.dumps(texts)


def default_message(alarm: Alarm, change: StateChange, location: Location, children: Mapping[str, AlarmState]) -> str:
    """What http, https, SQS and Lambda subscribers get. `children`: states by ARN of a composite alarm's children."""
    message: dict[str, Any] = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": location.account,
        "AlarmConfigurationUpdatedTimestamp": json_time(alarm.updated_at),
        "NewStateValue": change.new.value.value,
        "NewStateReason": change.new.reason,
        "StateChangeTime": json_time(change.new.updated_at),
        "Region": location.region_name,
        "AlarmArn": alarm.arn,
        "OldStateValue": change.old.value.value,
        "OKActions": list(alarm.ok_actions),
        "AlarmActions": list(alarm.alarm_actions),
        "InsufficientDataActions": list(alarm.insufficient_data_actions),
    }
    if isinstance(alarm, CompositeAlarm):
        message |= {"AlarmRule": alarm.rule, "TriggeringChildren": [_child(arn, state) for arn, state in children.items()]}
    else:
        message["Trigger"] = trigger(alarm)
    message["ActionExecutedAfterMuteWindow"] = False  # mute rules are refused (CW-66)
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False)


def _child(arn: str, state: AlarmState) -> dict[str, Any]:
    return {"Arn": arn, "State": {"Value": state.value.value, "Timestamp": json_time(state.updated_at)}}


def trigger(alarm: MetricAlarm) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if alarm.metric:
        found |= {"MetricName": alarm.metric.name, "Namespace": alarm.metric.namespace}
        kind = "ExtendedStatistic" if alarm.extended else "Statistic"
        found |= {"StatisticType": kind, kind: alarm.statistic if alarm.extended else alarm.statistic.upper()}
        found |= {"Unit": alarm.unit, "Dimensions": _dimensions(alarm.metric)}
    found |= {"Period": alarm.period, "EvaluationPeriods": alarm.evaluation_periods}
    if alarm.datapoints_to_alarm is not None:  # CW-49
        found["DatapointsToAlarm"] = alarm.datapoints_to_alarm
    found |= {
        "ComparisonOperator": alarm.comparison_operator,
        "Threshold": alarm.threshold,
        "TreatMissingData": alarm.treat_missing_data or "",
        "EvaluateLowSampleCountPercentile": alarm.evaluate_low_sample_count_percentile or "",
    }
    if not alarm.metric:
        found["Metrics"] = [_query(query) for query in alarm.queries]
    return found


def _dimensions(metric: MetricId) -> list[dict[str, str]]:
    return [{"value": value, "name": name} for name, value in metric.dimensions]


def _query(query: Query) -> dict[str, Any]:
    found: dict[str, Any] = {"Id": query.id}
    if query.metric:
        metric = {"Dimensions": _dimensions(query.metric), "MetricName": query.metric.name, "Namespace": query.metric.namespace}
        found["MetricStat"] = {"Metric": metric, "Period": query.period, "Stat": query.stat}
    else:
        found["Expression"] = query.expression
    if query.label:
        found["Label"] = query.label
    return found | {"ReturnData": query.return_data}


def email(alarm: Alarm, change: StateChange, location: Location) -> str:
    """CW-50."""
    state, moment = change.new.value.value, f"{change.new.updated_at:%A %d %B, %Y %H:%M:%S} UTC"
    if isinstance(alarm, CompositeAlarm):
        entered = f'has transitioned to {state} state on {moment}, because "{change.new.reason}".'
    else:
        entered = f'has entered the {state} state, because "{change.new.reason}" at "{moment}".'
    url = f"https://{location.region}.console.aws.amazon.com/cloudwatch/deeplink.js?region={location.region}#alarmsV2:alarm/{alarm.name}"
    lines = [
        f'You are receiving this email because your Amazon CloudWatch Alarm "{alarm.name}" in the {location.region_name} region {entered}',
        "",
        "View this alarm in the AWS Management Console:",
        url,
        "",
        "Alarm Details:",
        f"- Name:                       {alarm.name}",
        f"- Description:                {alarm.description or ''}",
        f"- State Change:               {change.old.value.value} -> {state}",
        f"- Reason for State Change:    {change.new.reason}",
        f"- Timestamp:                  {moment}",
        f"- AWS Account:                {location.account}",
        f"- Alarm Arn:                  {alarm.arn}",
    ]
    if isinstance(alarm, MetricAlarm):
        lines += _threshold(alarm)
    return "\n".join([*lines, "", "State Change Actions:", *_actions(alarm)]) + "\n"


def _threshold(alarm: MetricAlarm) -> list[str]:
    lines = [
        "",
        "Threshold:",
        f"- The alarm is in the ALARM state when the metric is {alarm.comparison_operator} {alarm.threshold!r} "
        f"for at least {alarm.least_breaching} of the last {alarm.evaluation_periods} period(s) of {alarm.period} seconds.",
        f"- TreatMissingData: {alarm.treat_missing_data or ''}",
    ]
    if not alarm.metric:
        return lines
    dimensions = " ".join(f"[{name} = {value}]" for name, value in alarm.metric.dimensions)
    return [
        *lines,
        "",
        "Monitored Metric:",
        f"- MetricNamespace:                     {alarm.metric.namespace}",
        f"- MetricName:                          {alarm.metric.name}",
        f"- Dimensions:                          {dimensions}",
        f"- Period:                              {alarm.period} seconds",
        f"- Statistic:                           {alarm.statistic}",
        f"- Unit:                                {alarm.unit or 'not specified'}",
    ]


def _actions(alarm: Alarm) -> list[str]:
    lists = {"OK": alarm.ok_actions, "ALARM": alarm.alarm_actions, "INSUFFICIENT_DATA": alarm.insufficient_data_actions}
    return [f"- {state}: {' '.join(f'[{arn}]' for arn in arns)}" for state, arns in lists.items()]


def state_change_event(alarm: Alarm, change: StateChange, cause: str | None = None) -> Event:
    """CW-51."""
    return Event(
        source="aws.cloudwatch",
        detail_type="CloudWatch Alarm State Change",
        summary=f"alarm {alarm.name} went from {change.old.value.value} to {change.new.value.value}: {change.new.reason}",
        resources=(alarm.name, alarm.arn),
        detail={
            "alarmName": alarm.name,
            "state": _state(change.new),
            "previousState": _state(change.old),
            "configuration": _configuration(alarm),
        },
        cause=cause,
    )


def _state(state: AlarmState) -> dict[str, Any]:
    return {
        "value": state.value.value,
        "reason": state.reason,
        "reasonData": state.reason_data,
        "timestamp": json_time(state.updated_at),
    }


def _configuration(alarm: Alarm) -> dict[str, Any]:
    if isinstance(alarm, CompositeAlarm):
        return {"alarmRule": alarm.rule}
    queries = alarm.queries or (Query(id="m1", metric=alarm.metric, stat=alarm.statistic, period=alarm.period),)
    return {"description": alarm.description, "metrics": [_configured(query) for query in queries]}


def _configured(query: Query) -> dict[str, Any]:
    if not query.metric:
        return {"id": query.id, "expression": query.expression, "returnData": query.return_data}
    metric = {"namespace": query.metric.namespace, "name": query.metric.name, "dimensions": dict(query.metric.dimensions)}
    return {
        "id": query.id,
        "metricStat": {"metric": metric, "period": query.period, "stat": query.stat},
        "returnData": query.return_data,
    }
