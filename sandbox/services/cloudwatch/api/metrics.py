"""The operations on metrics. Handlers only translate: api/validation/ checks parameters, api/assembly.py holds the state."""

from datetime import UTC, timedelta
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.responses import ActionResult, EmptyResult

from sandbox.aws.caller_time import moved, moved_range
from sandbox.aws.context import context
from sandbox.aws.seams import adds, replaces
from sandbox.core.errors import ApiError
from sandbox.services.cloudwatch.api import descriptions, pages, widgets
from sandbox.services.cloudwatch.api.operations import Operations
from sandbox.services.cloudwatch.api.validation import metrics as metric_validation
from sandbox.services.cloudwatch.data import labels, metric_queries, statistics
from sandbox.services.cloudwatch.data.labels import Reader
from sandbox.services.cloudwatch.data.metric_queries import MetricDataRequest
from sandbox.services.cloudwatch.data.series import MetricId
from sandbox.services.cloudwatch.errors import not_in_enum, validation

MAX_REQUEST_SIZE = 2**20  # CW-2, bytes
LISTED_AFTER_LAST_DATA = timedelta(days=14)  # CW-8
RECENTLY_ACTIVE = timedelta(hours=3)
LIST_PAGE = 500


class MetricOperations(Operations):
    @replaces(why="CW-2: requests that AWS refuses")
    def put_metric_data(self) -> ActionResult:
        size = int(self.headers.get("Content-Length") or 0)
        if size > MAX_REQUEST_SIZE:
            raise ApiError("RequestEntityTooLarge", f"Request size {size} exceeded {MAX_REQUEST_SIZE} bytes", status=413)
        if self._get_param("EntityMetricData"):
            raise validation("EntityMetricData is not supported by this sandbox: use MetricData.")
        data = [self._by_our_clock(datum) for datum in self._get_param("MetricData") or []]
        self._backend.put_metric_data(self._get_param("Namespace") or "", data)
        return EmptyResult()

    def _by_our_clock(self, datum: dict[str, Any]) -> dict[str, Any]:
        """A value that was measured at the caller's now. Without this, alarms would not see it when the sandbox's clock is ahead."""
        at = datum.get("Timestamp")
        if not at:
            return datum
        measured = at if at.tzinfo else at.replace(tzinfo=UTC)  # moto's datetimes are naive and in UTC
        return {**datum, "Timestamp": moved(measured, self.headers, context().clock.now())}

    @replaces(why="CW-6: rounding, limits, separate units, percentiles")
    def get_metric_statistics(self) -> ActionResult:
        names = [*(self._get_param("Statistics") or ()), *(self._get_param("ExtendedStatistics") or ())]
        metric_validation.check_statistics(names)
        period, unit = int(self._get_param("Period") or 0), self._get_param("Unit")
        statistics.check_period(period)
        metric_validation.check_unit(unit, "unit")
        statistics.check_range(self._time("StartTime"), self._time("EndTime"), period)
        start, end = self._range(period)
        metric = metric_validation.metric_id(self._get_params())
        found = []
        for series in self._backend.sandbox_metrics.find(metric, unit):
            periods = statistics.summaries([series], start, end, period)
            points = (descriptions.datapoint(at, periods[at], names, series.unit) for at in sorted(periods))
            found += [point for point in points if point]
        return ActionResult({"Label": metric.name, "Datapoints": found})

    def _range(self, period: int) -> tuple[int, int]:
        """StartTime, rounded, and EndTime, in seconds since 1970 of the sandbox's clock."""
        now = context().clock.now()
        start, end = moved_range(self._time("StartTime"), self._time("EndTime"), self.headers, now)
        return statistics.rounded_start(start, now.timestamp(), period), int(end)

    @replaces(why="CW-7: namespaces and dimensions exact, percentiles, metric math, SEARCH, pages")
    def get_metric_data(self) -> ActionResult:
        queries = metric_validation.queries(self._get_param("MetricDataQueries") or [])
        metric_queries.check(queries)
        period = min((query.period for query in queries if query.period), default=metric_queries.DEFAULT_PERIOD)
        metric_validation.check_order(self._time("StartTime"), self._time("EndTime"))
        start, end = self._range(period)
        descending = (self._get_param("ScanBy") or "TimestampDescending") == "TimestampDescending"
        request = MetricDataRequest(self._backend.sandbox_metrics, queries, start, end)
        results = labels.labelled(request.results(), self._reader())
        most = min(int(self._get_param("MaxDatapoints") or metric_queries.MAX_DATAPOINTS), metric_queries.MAX_DATAPOINTS)
        shown, token = pages.results_page(results, self._get_param("NextToken"), most, descending)
        return ActionResult({"MetricDataResults": shown, "NextToken": token, "Messages": descriptions.messages(request.exceeded)})

    def _reader(self) -> Reader:
        """Whom the labels are for."""
        options = self._get_param("LabelOptions") or {}
        zone = metric_validation.timezone_of(options.get("Timezone"))
        return Reader(now=context().clock.now(), account=self.current_account, region=self.region, timezone=zone)

    @replaces(why="CW-8: metrics with data in the last two weeks; RecentlyActive")
    def list_metrics(self) -> ActionResult:
        recently = self._get_param("RecentlyActive")
        if recently not in (None, "PT3H"):
            raise not_in_enum(recently, "recentlyActive", ("PT3H",))
        since = context().clock.now() - (RECENTLY_ACTIVE if recently else LISTED_AFTER_LAST_DATA)
        metrics = [metric for metric in self._backend.sandbox_metrics.metrics(int(since.timestamp())) if self._matches(metric)]
        shown, token = pages.page(metrics, self._get_param("NextToken"), LIST_PAGE)
        return ActionResult({"Metrics": [descriptions.metric(metric) for metric in shown], "NextToken": token})

    def _matches(self, metric: MetricId) -> bool:
        namespace, name = self._get_param("Namespace"), self._get_param("MetricName")
        if (namespace and metric.namespace != namespace) or (name and metric.name != name):
            return False
        has = dict(metric.dimensions)
        filters = metric_validation.dimension_filters(self._get_param("Dimensions"))
        return all(dimension in has and value in (None, has[dimension]) for dimension, value in filters)

    @adds(why="moto draws no images")
    def get_metric_widget_image(self) -> ActionResult:
        image = widgets.image(self._backend.sandbox_metrics, self._get_param("MetricWidget") or "", context().clock.now())
        return ActionResult({"MetricWidgetImage": image})
