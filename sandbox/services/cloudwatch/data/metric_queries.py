"""GetMetricData's queries: metrics and expressions that refer to each other by id (CW-7). Also used by metric-math alarms and widgets.

A request is a tuple of `Query`s and a time range; `MetricDataRequest` computes each result once, when it is first needed. `check` refuses
invalid queries before anything is computed.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sandbox.core.persisted import persisted
from sandbox.services.cloudwatch.data import expressions, searches, statistics
from sandbox.services.cloudwatch.data.math_functions import FUNCTIONS
from sandbox.services.cloudwatch.data.metric_math import Evaluation, Grid, TimeSeries, Value
from sandbox.services.cloudwatch.data.series import MetricId
from sandbox.services.cloudwatch.data.store import MetricStore
from sandbox.services.cloudwatch.errors import validation

MAX_QUERIES = 500
MAX_DATAPOINTS = 100_800
DEFAULT_PERIOD = 300

_ID = re.compile(r"[a-z][a-zA-Z0-9_]*")


@persisted("cloudwatch.Query")
@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One MetricDataQuery: a metric with statistic and period, or an expression."""

    id: str
    metric: MetricId | None = None
    stat: str = ""
    unit: str | None = None
    period: int | None = None  # seconds; None: an expression has that of its metrics
    expression: str | None = None
    label: str | None = None
    return_data: bool = True


def check(queries: Sequence[Query]) -> None:
    """Raises ValidationError for what AWS refuses."""
    if len(queries) > MAX_QUERIES:
        raise validation(f"The collection MetricDataQueries must not have a size greater than {MAX_QUERIES}.")
    seen: set[str] = set()
    for number, query in enumerate(queries, 1):
        where = f"MetricDataQueries.member.{number}"
        if not _ID.fullmatch(query.id) or len(query.id) > 255:
            raise validation(f"The value {query.id} for parameter {where}.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.")
        if query.id in seen:
            raise validation(f"The values for parameter Id in MetricDataQueries are not unique: {query.id}.")
        seen.add(query.id)
        _check_content(query, where)
    if not any(query.return_data for query in queries):
        raise validation("The MetricDataQueries list must contain at least one element with ReturnData equal to true.")


def _check_content(query: Query, where: str) -> None:
    if query.metric is not None and query.expression is not None:
        raise validation("The parameters MetricDataQuery Expression and MetricStat are mutually exclusive and you have specified both.")
    if query.period is not None:
        parameter = f"{where}.Period" if query.metric is None else f"{where}.MetricStat.Period"
        statistics.check_period(query.period, parameter)
    if query.metric is None and query.expression is None:
        raise validation(f"The parameter {where}.MetricStat is required.\n")  # AWS also returns the empty line
    if query.metric is not None and statistics.parse_statistic(query.stat) is None:
        raise validation(f"The value {query.stat} for parameter {where}.MetricStat.Stat is not supported.")
    if query.expression is not None and query.expression.lstrip().upper().startswith("SELECT"):
        raise validation("Metrics Insights queries (SELECT) are not supported by this sandbox; use SEARCH or metric math.")


class MetricDataRequest:
    """The queries over [start, end). Implements metric_math.Sources."""

    def __init__(self, store: MetricStore, queries: Sequence[Query], start: int, end: int) -> None:
        self._store = store
        self._queries = {query.id: query for query in queries}
        self._start, self._end = start, end
        self.exceeded = False  # a SEARCH found more metrics than it may return
        self._done: dict[str, Value] = {}
        self._open: list[str] = []  # expressions in evaluation, outermost first
        periods = [query.period for query in queries if query.period]
        self.grid = Grid(start=start, end=end, period=min(periods, default=DEFAULT_PERIOD))

    def results(self) -> Iterator[tuple[Query, TimeSeries]]:
        """The series of each query with ReturnData (several for a SEARCH or an array), without labels. Raises ValidationError."""
        for query in self._queries.values():
            if not query.return_data:
                continue
            for series in self._returned(query):
                yield query, series

    def _returned(self, query: Query) -> list[TimeSeries]:
        value = self.value_of(query.id)
        if isinstance(value, list):
            return value
        if isinstance(value, TimeSeries):
            return [value]
        raise validation(f"Error in expression '{query.id}' [The expression must return a time series or an array of time series]")

    def value_of(self, name: str) -> Value | None:
        query = self._queries.get(name)
        if query is None:
            return None
        if name not in self._done:
            self._done[name] = self._metric(query) if query.metric else self._expression(query)
        return self._done[name]

    def metrics(self, containing: str) -> list[TimeSeries]:
        ids = [query.id for query in self._queries.values() if query.metric and containing in query.id]
        return [value for one in ids if isinstance(value := self.value_of(one), TimeSeries)]

    def search(self, expression: str, statistic: str, period: int) -> list[TimeSeries]:
        search = searches.parse(expression)
        statistics.check_period(period, "SEARCH.Period")
        if statistics.parse_statistic(statistic) is None:
            raise validation(f"Error in search expression '{expression}': the statistic {statistic} is not supported.")
        found = [metric for metric in self._store.metrics(since=self._start) if search.matches(metric)]
        self.exceeded = self.exceeded or len(found) > searches.MAX_RESULTS
        return [self._points(metric, statistic, period, None) for metric in found[: searches.MAX_RESULTS]]

    def _metric(self, query: Query) -> TimeSeries:
        assert query.metric is not None
        series = self._points(query.metric, query.stat, query.period or DEFAULT_PERIOD, query.unit)
        return replace(series, id=query.id)

    def _points(self, metric: MetricId, stat: str, period: int, unit: str | None) -> TimeSeries:
        statistic = statistics.parse_statistic(stat)
        assert statistic is not None
        found = self._store.with_data(metric, unit, self._start, self._end)
        starts, values = statistics.points(found[:1], statistic, self._start, self._end, period)
        points, units = dict(zip(starts, values, strict=True)), tuple(series.unit for series in found)
        return TimeSeries(points=points, label="", period=period, metric=metric, stat=stat, units=units)

    def _expression(self, query: Query) -> Value:
        assert query.expression is not None
        if query.id in self._open:
            raise validation(f"Error in expression '{query.id}' [Circular reference: {' -> '.join([*self._open, query.id])}]")
        self._open.append(query.id)
        value = Evaluation(self, FUNCTIONS, query.expression).evaluate(expressions.parse(query.expression))
        self._open.pop()
        if isinstance(value, TimeSeries):
            return TimeSeries(points=value.points, label="", period=value.period, id=query.id)
        return value
