"""CloudWatch's operations. Handlers only translate: api/validation/ checks parameters, api/assembly.py holds the state.

Parameters and results have the shapes of botocore's model in each of CloudWatch's protocols: query, JSON, and CBOR (aws/protocols/).
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult, EmptyResult

from sandbox.aws.caller_time import shift
from sandbox.aws.context import context
from sandbox.aws.seams import adds, replaces, swap_response
from sandbox.core.errors import ApiError
from sandbox.services.cloudwatch.api import descriptions, pages, widgets
from sandbox.services.cloudwatch.api.assembly import SandboxCloudWatch
from sandbox.services.cloudwatch.api.validation import alarms as alarm_validation
from sandbox.services.cloudwatch.api.validation import composite as composite_validation
from sandbox.services.cloudwatch.api.validation import metrics as metric_validation
from sandbox.services.cloudwatch.api.validation.metrics import epoch
from sandbox.services.cloudwatch.data import labels, metric_queries, statistics
from sandbox.services.cloudwatch.data.labels import Reader
from sandbox.services.cloudwatch.data.metric_queries import MetricDataRequest
from sandbox.services.cloudwatch.data.series import MetricId
from sandbox.services.cloudwatch.errors import invalid_combination, invalid_value, missing, not_in_enum, validation
from sandbox.services.cloudwatch.model import MetricAlarm, StateValue
from sandbox.services.cloudwatch.state import history
from sandbox.services.cloudwatch.state.records import AlarmRecord, children_of, parents_of, records_of

MAX_REQUEST_SIZE = 2**20  # CW-2, bytes
LISTED_AFTER_LAST_DATA = timedelta(days=14)  # CW-8
RECENTLY_ACTIVE = timedelta(hours=3)
LIST_PAGE = 500
ALARM_PAGE, HISTORY_PAGE, MAX_RECORDS = 50, 50, 100
ALARM_TYPES = ("CompositeAlarm", "MetricAlarm")

OURS = "our alarms replace moto's"


@swap_response("cloudwatch")
class SandboxCloudWatchResponse(CloudWatchResponse):
    use_raw_body = True  # CBOR is not text

    @property
    def _backend(self) -> SandboxCloudWatch:
        backend: SandboxCloudWatch = self.cloudwatch_backend
        return backend

    def _page_size(self, default: int) -> int:
        size = int(self._get_param("MaxRecords") or default)
        if not 1 <= size <= MAX_RECORDS:
            raise invalid_value(f"The value {size} for parameter MaxRecords is invalid.")
        return size

    # ---- metrics ------------------------------------------------------------------------------------------------------------------------

    @replaces(why="CW-2: requests that AWS refuses")
    def put_metric_data(self) -> ActionResult:
        size = int(self.headers.get("Content-Length") or 0)
        if size > MAX_REQUEST_SIZE:
            raise ApiError("RequestEntityTooLarge", f"Request size {size} exceeded {MAX_REQUEST_SIZE} bytes", status=413)
        if self._get_param("EntityMetricData"):
            raise validation("EntityMetricData is not supported by this sandbox: use MetricData.")
        self._backend.put_metric_data(self._get_param("Namespace") or "", self._get_param("MetricData") or [])
        return EmptyResult()

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

    def _time(self, parameter: str) -> float:
        """Seconds since 1970."""
        given = self._get_param(parameter)
        if not given:
            raise missing(parameter)
        return epoch(given)

    def _range(self, period: int) -> tuple[int, int]:
        """StartTime, rounded, and EndTime, in seconds since 1970 of the sandbox's clock."""
        start, end, now = self._time("StartTime"), self._time("EndTime"), context().clock.now()
        more = shift(datetime.fromtimestamp(end, UTC), self.headers, now).total_seconds()
        return statistics.rounded_start(start + more, now.timestamp(), period), int(end + more)

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

    @replaces(why="times to the millisecond, as in the responses of every protocol")
    def list_dashboards(self) -> ActionResult:
        found = self._backend.list_dashboards(self._get_param("DashboardNamePrefix") or "")
        return ActionResult({"DashboardEntries": [descriptions.dashboard(one) for one in found]})

    # ---- alarms -------------------------------------------------------------------------------------------------------------------------

    @replaces(why="CW-15 to CW-20: requests that AWS refuses; an update keeps the state")
    def put_metric_alarm(self) -> ActionResult:
        given = self._get_params()
        arn = self._backend.arn_of(given.get("AlarmName") or "")
        alarm = alarm_validation.metric_alarm(given, arn, context().clock.now())
        self._backend.put_alarm(alarm, given.get("Tags"))
        return EmptyResult()

    @adds(why="CW-60")
    def put_composite_alarm(self) -> ActionResult:
        given = self._get_params()
        arn = self._backend.arn_of(given.get("AlarmName") or "")
        alarm = composite_validation.composite_alarm(given, arn, context().clock.now())
        self._backend.put_alarm(alarm, given.get("Tags"))
        return EmptyResult()

    @replaces(why="AlarmTypes, all filters together, pages, current states")
    def describe_alarms(self) -> ActionResult:
        names = self._get_param("AlarmNames")
        if names and self._get_param("AlarmNamePrefix"):
            raise invalid_combination("AlarmNames and AlarmNamePrefix are mutually exclusive and you have specified both.")
        types = self._get_param("AlarmTypes") or ["MetricAlarm"]
        found = [record for record in self._selected() if history.alarm_type(record.configuration) in types]
        shown, token = pages.page(found, self._get_param("NextToken"), self._page_size(ALARM_PAGE))
        answer: dict[str, Any] = {"MetricAlarms": [], "CompositeAlarms": [], "LogAlarms": [], "NextToken": token}
        for record in shown:
            answer[f"{history.alarm_type(record.configuration)}s"].append(_described(record))
        return ActionResult(answer)

    def _selected(self) -> Iterable[AlarmRecord]:
        selected, (names, prefix) = records_of(self._backend), (self._get_param("AlarmNames"), self._get_param("AlarmNamePrefix"))
        state, action = self._get_param("StateValue"), self._get_param("ActionPrefix")
        if state is not None and state not in StateValue.__members__:
            raise not_in_enum(state, "stateValue", ("INSUFFICIENT_DATA", "ALARM", "OK"))
        if parent := self._get_param("ChildrenOfAlarmName"):
            selected = {name: selected[name] for name in children_of(selected, parent) if name in selected}
        if child := self._get_param("ParentsOfAlarmName"):
            selected = {name: selected[name] for name in parents_of(selected, child) if name in selected}
        for name, record in selected.items():
            alarm = record.configuration
            arns = (*alarm.ok_actions, *alarm.alarm_actions, *alarm.insufficient_data_actions)
            if (
                (not names or name in names or alarm.arn in names)
                and (not prefix or name.startswith(prefix))
                and (state is None or record.state.value.value == state)
                and (not action or any(arn.startswith(action) for arn in arns))
            ):
                yield record

    @replaces(why="matches dimensions, statistic, period and unit")
    def describe_alarms_for_metric(self) -> ActionResult:
        given = self._get_params()
        metric, unit, period = metric_validation.metric_id(given), given.get("Unit"), given.get("Period")
        statistic = given.get("Statistic") or given.get("ExtendedStatistic")
        found = []
        for record in records_of(self._backend).values():
            alarm = record.configuration
            if not isinstance(alarm, MetricAlarm) or alarm.metric != metric or statistic not in (None, alarm.statistic):
                continue
            if unit in (None, alarm.unit) and (period is None or int(period) == alarm.period):
                found.append(_described(record))
        return ActionResult({"MetricAlarms": found})

    @adds(why="CW-52")
    def describe_alarm_history(self) -> ActionResult:
        name, types = self._get_param("AlarmName"), self._get_param("AlarmTypes") or ["MetricAlarm"]
        start, end = self._get_param("StartDate"), self._get_param("EndDate")
        kind = self._get_param("HistoryItemType")
        if kind is not None and kind not in history.KINDS:
            raise not_in_enum(kind, "historyItemType", history.KINDS)
        found = [
            item
            for item in self._backend.sandbox_history.items(context().clock.now())
            if (not name or item.alarm_name == name)
            and item.alarm_type in types
            and (not kind or item.kind == kind)
            and (not start or epoch(start) <= item.at.timestamp())
            and (not end or item.at.timestamp() <= epoch(end))
        ]
        if self._get_param("ScanBy") != "TimestampAscending":
            found.reverse()
        shown, token = pages.page(found, self._get_param("NextToken"), self._page_size(HISTORY_PAGE))
        return ActionResult({"AlarmHistoryItems": [descriptions.history_item(item) for item in shown], "NextToken": token})

    @replaces(why=OURS)
    def delete_alarms(self) -> ActionResult:
        self._backend.delete_alarms(self._get_param("AlarmNames") or [])
        return EmptyResult()

    @replaces(why=f"CW-21; {OURS}")
    def set_alarm_state(self) -> ActionResult:
        given = self._get_params()
        for parameter in ("AlarmName", "StateValue", "StateReason"):
            if given.get(parameter) is None:
                raise missing(parameter)
        self._backend.set_alarm_state(given["AlarmName"], given["StateReason"], given.get("StateReasonData"), given["StateValue"])
        return EmptyResult()


def _described(record: AlarmRecord) -> dict[str, Any]:
    return descriptions.alarm(record.configuration, record.state, record.suppression)
