"""The observed state for decide/alarms.py: an alarm, its state and, when its evaluation is due, its datapoints.

Datapoints are read only when an evaluation is due, so that observing a thousand alarms takes a tenth of a second.
"""

from datetime import UTC, datetime

from sandbox.services.cloudwatch.data import statistics
from sandbox.services.cloudwatch.data.metric_queries import MetricDataRequest
from sandbox.services.cloudwatch.data.percentiles import Extended
from sandbox.services.cloudwatch.data.store import MetricStore
from sandbox.services.cloudwatch.decide import alarms
from sandbox.services.cloudwatch.decide.alarms import Observed
from sandbox.services.cloudwatch.decide.evaluation import SURPLUS
from sandbox.services.cloudwatch.decide.notifications import Location
from sandbox.services.cloudwatch.model import CompositeAlarm, Datapoint, MetricAlarm
from sandbox.services.cloudwatch.state.backends import Backend
from sandbox.services.cloudwatch.state.records import AlarmRecord, children_of, record_of


def observe(backend: Backend, record: AlarmRecord, location: Location, due: datetime | None) -> Observed:
    """`due`: the time of the evaluation that is due; None: none is."""
    alarm = record.configuration
    if isinstance(alarm, CompositeAlarm):
        return _composite(backend, record, alarm, location)
    points = datapoints(backend.sandbox_metrics, alarm, due) if due else None
    return Observed(alarm=alarm, state=record.state, location=location, set_states=record.set_states, points=points)


def _composite(backend: Backend, record: AlarmRecord, alarm: CompositeAlarm, location: Location) -> Observed:
    named = children_of({alarm.name: record}, alarm.name)
    children = {name: child.state for name in named if (child := record_of(backend, name))}
    suppressor = record_of(backend, alarm.suppressor) if alarm.suppressor else None
    return Observed(
        alarm=alarm,
        state=record.state,
        location=location,
        set_states=record.set_states,
        children=children,
        suppressor=suppressor.state if suppressor else None,
    )


def datapoints(store: MetricStore, alarm: MetricAlarm, now: datetime) -> tuple[Datapoint, ...]:
    """The evaluation range: N periods and a surplus, counted back from the last whole minute (CW-24, CW-25); oldest first."""
    end = int(alarms.range_end(alarm, now).timestamp())
    starts = range(end - (alarm.evaluation_periods + SURPLUS) * alarm.period, end, alarm.period)
    values = _metric_points(store, alarm, starts) if alarm.metric else _math_points(store, alarm, starts)
    return tuple(Datapoint(datetime.fromtimestamp(start, UTC), *values.get(start, (None, None))) for start in starts)


def _metric_points(store: MetricStore, alarm: MetricAlarm, starts: range) -> dict[int, tuple[float, float]]:
    """Period start → (value, number of samples)."""
    assert alarm.metric is not None
    parsed = statistics.parse_statistic(alarm.statistic)
    series = store.with_data(alarm.metric, alarm.unit, starts.start, starts.stop)[:1]
    if parsed is None or not series:
        return {}
    found = statistics.summaries(series, starts.start, starts.stop, alarm.period, entries=isinstance(parsed, Extended))
    return {at: (value, one.count) for at, one in found.items() if (value := one.value(parsed)) is not None}


def _math_points(store: MetricStore, alarm: MetricAlarm, starts: range) -> dict[int, tuple[float, float | None]]:
    """Of the one query that returns data."""
    results = MetricDataRequest(store, alarm.queries, starts.start, starts.stop).results()
    return {at: (value, None) for _, series in results for at, value in series.points.items()}
