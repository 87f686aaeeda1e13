"""Alarms, and the datapoints of their metrics, from CloudWatch's backend. Call it with the lock held."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sandbox.control.observed.model import Alarm, Point
from sandbox.core.control import Scope
from sandbox.services.cloudwatch.model import CompositeAlarm, MetricAlarm
from sandbox.services.cloudwatch.state.backends import find_backend
from sandbox.services.cloudwatch.state.records import AlarmRecord, record_of, records_of
from sandbox.services.cloudwatch.state.snapshot import datapoints

PERIODS = 60  # of a plot


def alarms(scope: Scope) -> tuple[Alarm, ...]:
    backend = find_backend(scope)
    return tuple(_alarm(record) for record in records_of(backend).values()) if backend else ()


def points(scope: Scope, name: str, now: datetime) -> Sequence[Point]:
    """The last PERIODS periods of the alarm's metric, oldest first. Empty: there is no such alarm, or it is a composite one."""
    backend = find_backend(scope)
    record = record_of(backend, name) if backend else None
    if backend is None or record is None or not isinstance(record.configuration, MetricAlarm):
        return ()
    longer = replace(record.configuration, evaluation_periods=PERIODS)
    return tuple(Point(at=each.at, value=each.value) for each in datapoints(backend.sandbox_metrics, longer, now))


def _alarm(record: AlarmRecord) -> Alarm:
    alarm, state = record.configuration, record.state
    metric = None if isinstance(alarm, CompositeAlarm) else alarm
    return Alarm(
        name=alarm.name,
        state=state.value.value,
        reason=state.reason,
        since=state.transitioned_at,
        measures=alarm.rule if isinstance(alarm, CompositeAlarm) else _measures(alarm),
        comparison=metric.comparison_operator if metric else "",
        threshold=metric.threshold if metric else None,
    )


def _measures(alarm: MetricAlarm) -> str:
    what = f"{alarm.statistic} of {alarm.metric.name}" if alarm.metric else "metric math"
    where = ", ".join(f"{name} {value}" for name, value in alarm.metric.dimensions) if alarm.metric else ""
    return f"{what}{f' ({where})' if where else ''}, {alarm.evaluation_periods} × {alarm.period} s"
