"""CloudWatch's state: moto's backend, with our metric store, alarms and their history.

Requests come through api/responses.py.
"""

import json
from dataclasses import replace
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.cloudwatch.models import Alarm as MotoAlarm
from moto.cloudwatch.models import CloudWatchBackend
from moto.cloudwatch.utils import make_arn_for_alarm

from sandbox.aws.context import by_aws, context
from sandbox.aws.seams import adds, replaces, swap_backend
from sandbox.core.control import Scope
from sandbox.core.errors import ApiError
from sandbox.core.persisted import persisted
from sandbox.services.cloudwatch.api import descriptions
from sandbox.services.cloudwatch.api.validation import composite as composite_validation
from sandbox.services.cloudwatch.api.validation import metrics as metric_validation
from sandbox.services.cloudwatch.api.validation import tags as tag_validation
from sandbox.services.cloudwatch.api.validation.tags import Tags
from sandbox.services.cloudwatch.data.store import MetricStore
from sandbox.services.cloudwatch.decide import notifications
from sandbox.services.cloudwatch.errors import not_in_enum, validation
from sandbox.services.cloudwatch.model import (
    INITIAL_REASON,
    Alarm,
    AlarmState,
    CompositeAlarm,
    StateChange,
    StateValue,
)
from sandbox.services.cloudwatch.state import history, writes
from sandbox.services.cloudwatch.state.history import History
from sandbox.services.cloudwatch.state.records import AlarmRecord, record_of, records_of

MAX_ALARMS = 5000


@persisted("cloudwatch.Backend")
@swap_backend("cloudwatch")
class SandboxCloudWatch(CloudWatchBackend):
    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.sandbox_metrics = MetricStore()
        self.sandbox_history = History()

    # ---- metrics ------------------------------------------------------------------------------------------------------------------------

    @replaces(why="CW-2: validation; stored by metric, rolled up and bounded (moto has one list that only grows)")
    def put_metric_data(self, namespace: str, metric_data: list[dict[str, Any]]) -> None:
        now = context().clock.now()
        scope = Scope(self.account_id, self.region_name)
        for datum in metric_validation.put_metric_data(scope, namespace, metric_data, now):
            self.sandbox_metrics.put(datum)
        self.sandbox_metrics.trim(int(now.timestamp()))

    # ---- alarms -------------------------------------------------------------------------------------------------------------------------

    @adds(why="ARNs of alarms")
    def arn_of(self, name: str) -> str:
        arn: str = make_arn_for_alarm(self.region_name, self.account_id, name)
        return arn

    @adds(why="CW-15, CW-18: a new alarm is INSUFFICIENT_DATA, an updated one keeps its state (moto: OK)")
    def put_alarm(self, configuration: Alarm, tags: list[dict[str, str]] | None) -> None:
        if isinstance(configuration, CompositeAlarm):
            composite_validation.check_rule(records_of(self), configuration)
        checked_tags = tag_validation.checked(tags or [], by_aws=by_aws())
        record = record_of(self, configuration.name)
        if record is None:
            record = self._create(configuration, checked_tags)
        elif type(record.configuration) is not type(configuration):
            raise validation(f"Alarm {configuration.name} exists already and is of another type.")
        else:
            record.configuration = configuration
            self._record_configuration(record, "updated")

    def _create(self, configuration: Alarm, tags: Tags) -> AlarmRecord:
        if len(self.alarms) >= MAX_ALARMS:
            raise ApiError("LimitExceeded", f"The quota of {MAX_ALARMS} alarms for the account in the Region has been reached.")
        now = configuration.updated_at
        state = AlarmState(value=StateValue.INSUFFICIENT_DATA, reason=INITIAL_REASON, updated_at=now, transitioned_at=now)
        record = AlarmRecord(configuration, state)
        self.alarms[configuration.name] = _moto_alarm(self, record)
        if tags:
            self.tagger.tag_resource(configuration.arn, tags)
        self._record_configuration(record, "created")
        return record

    def _record_configuration(self, record: AlarmRecord, verb: str) -> None:
        alarm = record.configuration
        shape = descriptions.alarm(alarm, record.state, record.suppression)
        self.sandbox_history.add(history.configured(alarm, context().clock.now(), verb, shape))

    @replaces(why="CW-60: a child of a composite alarm is not deleted; CW-52: the history records it")
    def delete_alarms(self, alarm_names: list[str]) -> None:
        composite_validation.check_deletion(records_of(self), alarm_names)
        for name in alarm_names:
            if record := record_of(self, name):
                self._record_configuration(record, "deleted")
                self.tagger.delete_all_tags_for_resource(record.configuration.arn)
                del self.alarms[name]

    @replaces(why="our alarms replace moto's")
    def enable_alarm_actions(self, alarm_names: list[str]) -> None:
        self._set_actions(alarm_names, enabled=True)

    @replaces(why="our alarms replace moto's")
    def disable_alarm_actions(self, alarm_names: list[str]) -> None:
        self._set_actions(alarm_names, enabled=False)

    def _set_actions(self, names: list[str], enabled: bool) -> None:
        for name in names:
            record = record_of(self, name)
            if record and record.configuration.actions_enabled != enabled:
                record.configuration = replace(record.configuration, actions_enabled=enabled)
                self._record_configuration(record, "updated")

    @replaces(why="CW-21: the actions of the set state run, and the history records it")
    def set_alarm_state(self, alarm_name: str, reason: str, reason_data: str | None, state_value: str) -> None:
        if state_value not in StateValue.__members__:
            raise not_in_enum(state_value, "stateValue", ("INSUFFICIENT_DATA", "ALARM", "OK"))
        _check_json(reason_data)
        record = record_of(self, alarm_name)
        if record is None:
            raise ApiError("ResourceNotFound", "")  # without a text on AWS, too
        now, value = context().clock.now(), StateValue(state_value)
        transitioned = now if value is not record.state.value else record.state.transitioned_at
        new = AlarmState(value=value, reason=reason, reason_data=reason_data or "{}", updated_at=now, transitioned_at=transitioned)
        change = StateChange(old=record.state, new=new)
        writes.update_state(self, record, change)
        if change.new.value is not change.old.value:
            record.set_states = (*record.set_states, change)
            context().journal.record(notifications.state_change_event(record.configuration, change))


def _check_json(reason_data: str | None) -> None:
    try:
        json.loads(reason_data or "{}")
    except ValueError:
        raise ApiError("InvalidFormat", "Unknown") from None


def _moto_alarm(backend: SandboxCloudWatch, record: AlarmRecord) -> Any:
    """moto's object, which its tagging and describing of tags look at. Only its name, ARN and rule are read."""
    alarm = record.configuration
    found = MotoAlarm(
        account_id=backend.account_id,
        region_name=backend.region_name,
        name=alarm.name,
        namespace="",
        metric_name="",
        metric_data_queries=None,
        comparison_operator="",
        evaluation_periods=0,
        datapoints_to_alarm=None,
        period=0,
        threshold=0.0,
        statistic="",
        extended_statistic=None,
        description="",
        dimensions=[],
        alarm_actions=[],
        ok_actions=None,
        insufficient_data_actions=None,
        unit=None,
        actions_enabled=True,
        treat_missing_data=None,
        evaluate_low_sample_count_percentile=None,
        threshold_metric_id=None,
        rule=alarm.rule if isinstance(alarm, CompositeAlarm) else None,
    )
    found.state_value = record.state.value.value
    found.sandbox = record
    return found
