"""The operations on alarms. Handlers only translate: api/validation/ checks parameters, api/assembly.py holds the state."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.responses import ActionResult, EmptyResult

from sandbox.aws.context import context
from sandbox.aws.seams import adds, replaces
from sandbox.services.cloudwatch.api import descriptions, pages
from sandbox.services.cloudwatch.api.operations import Operations
from sandbox.services.cloudwatch.api.validation import alarms as alarm_validation
from sandbox.services.cloudwatch.api.validation import composite as composite_validation
from sandbox.services.cloudwatch.api.validation import metrics as metric_validation
from sandbox.services.cloudwatch.api.validation.metrics import epoch
from sandbox.services.cloudwatch.errors import missing, not_in_enum
from sandbox.services.cloudwatch.model import MetricAlarm, StateValue
from sandbox.services.cloudwatch.state import history
from sandbox.services.cloudwatch.state.records import AlarmRecord, children_of, parents_of, records_of

ALARM_PAGE, HISTORY_PAGE = 50, 50

OF_PARENTS = ("AlarmName", "AlarmArn")
OF_CHILDREN = (*OF_PARENTS, "StateValue", "StateUpdatedTimestamp")

OURS = "our alarms replace moto's"


class AlarmOperations(Operations):
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
        alarm_validation.check_filters(self._get_params())
        if self._get_param("ChildrenOfAlarmName") or self._get_param("ParentsOfAlarmName"):
            return self._related()
        types = self._get_param("AlarmTypes") or ["MetricAlarm"]
        found = [record for record in self._selected() if history.alarm_type(record.configuration) in types]
        return self._alarms(found, None)

    def _related(self) -> ActionResult:
        """Children or parents of an alarm, with the few members that AWS returns of them (CW-22)."""
        records = records_of(self._backend)
        parent, child = self._get_param("ChildrenOfAlarmName"), self._get_param("ParentsOfAlarmName")
        names = children_of(records, parent) if parent else parents_of(records, child)
        return self._alarms([records[name] for name in names if name in records], OF_CHILDREN if parent else OF_PARENTS)

    def _alarms(self, found: Sequence[AlarmRecord], members: Collection[str] | None) -> ActionResult:
        """A page of DescribeAlarms; `members`: None for all."""
        shown, token = pages.page(found, self._get_param("NextToken"), self._page_size(ALARM_PAGE))
        answer: dict[str, Any] = {"MetricAlarms": [], "CompositeAlarms": [], "LogAlarms": [], "NextToken": token}
        for record in shown:
            described = {name: value for name, value in _described(record).items() if members is None or name in members}
            answer[f"{history.alarm_type(record.configuration)}s"].append(described)
        return ActionResult(answer)

    def _selected(self) -> Iterable[AlarmRecord]:
        selected, (names, prefix) = records_of(self._backend), (self._get_param("AlarmNames"), self._get_param("AlarmNamePrefix"))
        state, action = self._get_param("StateValue"), self._get_param("ActionPrefix")
        if state is not None and state not in StateValue.__members__:
            raise not_in_enum(state, "stateValue", ("INSUFFICIENT_DATA", "ALARM", "OK"))
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
