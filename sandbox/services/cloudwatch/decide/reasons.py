"""StateReason and StateReasonData: why an alarm is in its state, in AWS's words (docs/aws-behaviour.md, section 4.4). Pure."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sandbox.core.text import plural
from sandbox.services.cloudwatch.decide.evaluation import Evaluation
from sandbox.services.cloudwatch.model import COMPARISONS, Datapoint, Finding, MetricAlarm, StateValue

MAX_LISTED = 15  # points in one reason; longer lists show the MOST_RECENT (U: not verified)
MOST_RECENT = 5


def json_time(moment: datetime) -> str:
    """`2026-05-12T20:58:58.130+0000`"""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}+0000"


def reason(alarm: MetricAlarm, evaluation: Evaluation, old: StateValue) -> str:
    """For an evaluation that changes the state from `old`."""
    if evaluation.finding is Finding.NO_DATA:
        verb = "was" if alarm.evaluation_periods == 1 else "were"
        return f"Insufficient Data: {plural(alarm.evaluation_periods, 'datapoint')} {verb} unknown."
    if not evaluation.crossing:
        return _only_filled(alarm, evaluation)
    new = "ALARM" if evaluation.finding is Finding.BREACHING else "OK"
    return f"Threshold Crossed: {_points(alarm, evaluation)}{_treated(evaluation)}{_minimum(alarm, old, new)}."


def _only_filled(alarm: MetricAlarm, evaluation: Evaluation) -> str:
    """Missing datapoints alone decide: `no datapoints were received for 8 periods and 8 missing datapoints were treated as [Breaching].`"""
    real = len(evaluation.considered)
    received = "no datapoints were" if not real else f"{plural(real, 'datapoint')} {'was' if real == 1 else 'were'}"
    return f"Threshold Crossed: {received} received for {plural(alarm.evaluation_periods, 'period')}{_treated(evaluation)}."


def _points(alarm: MetricAlarm, evaluation: Evaluation) -> str:
    newest_first = [f"{point.value!r} ({point.at:%d/%m/%y %H:%M:%S})" for point in reversed(evaluation.crossing)]
    many = len(newest_first)
    count = plural(many, "datapoint")
    if alarm.datapoints_to_alarm is not None:
        count = f"{many} out of the last {alarm.evaluation_periods} datapoints"
    words = f"{'was' if many == 1 else 'were'}{'' if evaluation.finding is Finding.BREACHING else ' not'}"
    compared = f"{words} {COMPARISONS[alarm.comparison_operator]} the threshold ({alarm.threshold!r})"
    if many <= MAX_LISTED:
        return f"{count} [{', '.join(newest_first)}] {compared}"
    recent = ", ".join(newest_first[:MOST_RECENT])
    return f"{count} {compared}. The most recent datapoints which crossed the threshold: [{recent}]"


def _treated(evaluation: Evaluation) -> str:
    if not evaluation.filled:
        return ""
    verb = "was" if evaluation.filled == 1 else "were"
    return f" and {plural(evaluation.filled, 'missing datapoint')} {verb} treated as [{evaluation.treated}]"


def _minimum(alarm: MetricAlarm, old: StateValue, new: str) -> str:
    """With DatapointsToAlarm: how many datapoints the change needs. From INSUFFICIENT_DATA, AWS also names that between OK and ALARM."""
    if alarm.datapoints_to_alarm is None:
        return ""
    least = alarm.datapoints_to_alarm if new == "ALARM" else alarm.evaluation_periods - alarm.datapoints_to_alarm + 1
    before = "OK" if new == "ALARM" else "ALARM"
    return f" (minimum {plural(least, 'datapoint')} for {before} -> {new} transition)"


def reason_data(alarm: MetricAlarm, evaluation: Evaluation, points: Sequence[Datapoint], now: datetime) -> str:
    """CW-41."""
    evaluated = _evaluated(alarm, evaluation, points)
    real = [point for point in evaluation.considered if point.value is not None]
    data: dict[str, Any] = {"version": "1.0", "queryDate": json_time(now)}
    if real:
        data["startDate"] = json_time(real[0].at)
    if alarm.unit:
        data["unit"] = alarm.unit
    if alarm.metric:
        data["statistic"] = alarm.statistic
    data |= {"period": alarm.period, "recentDatapoints": [point.value for point in real], "threshold": alarm.threshold}
    data["evaluatedDatapoints"] = [_as_json(point) for point in evaluated]
    return as_json(data)


def _evaluated(alarm: MetricAlarm, evaluation: Evaluation, points: Sequence[Datapoint]) -> list[Datapoint]:
    """Newest first: the points with a value, and as many missing ones as make up N."""
    missing = [point for point in points if point.value is None]
    short = max(alarm.evaluation_periods - len(evaluation.considered), 0)
    chosen = [*evaluation.considered, *missing[len(missing) - min(short, len(missing)) :]]
    return sorted(chosen, key=lambda point: point.at, reverse=True)


def _as_json(point: Datapoint) -> dict[str, Any]:
    found: dict[str, Any] = {"timestamp": json_time(point.at)}
    if point.value is not None:
        found |= {"sampleCount": point.sample_count, "value": point.value}
    return found


def as_json(data: dict[str, Any]) -> str:
    """Without spaces, as AWS writes it."""
    return json.dumps(data, separators=(",", ":"))
