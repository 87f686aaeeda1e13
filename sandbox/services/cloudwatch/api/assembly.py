"""CloudWatch's state: moto's backend with our metric store, alarms as configurations and states, and their history.

The controller reads pictures here (`observe`, `points`) and writes what only AWS writes (`update_state`, `note_outcome`). Publishers of
other services put their metrics in by `record`. Requests come through api/responses.py.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.cloudwatch.models import Alarm as MotoAlarm
from moto.cloudwatch.models import CloudWatchBackend, cloudwatch_backends
from moto.cloudwatch.utils import make_arn_for_alarm

from sandbox.aws.context import context
from sandbox.aws.seams import adds, replaces, swap_backend
from sandbox.core.control import Scope
from sandbox.core.errors import ApiError
from sandbox.core.persisted import persisted
from sandbox.services.cloudwatch.api import descriptions
from sandbox.services.cloudwatch.api.validation import metrics as metric_validation
from sandbox.services.cloudwatch.data.series import MetricId, Sample, of_value, of_values
from sandbox.services.cloudwatch.data.store import MetricStore
from sandbox.services.cloudwatch.decide import notifications
from sandbox.services.cloudwatch.errors import validation
from sandbox.services.cloudwatch.model import (
    INITIAL_REASON,
    Alarm,
    AlarmState,
    CompositeAlarm,
    StateChange,
    StateValue,
)
from sandbox.services.cloudwatch.state import history, records
from sandbox.services.cloudwatch.state.history import History, Outcome
from sandbox.services.cloudwatch.state.records import AlarmRecord

MOST_ALARMS = 5000
Measured = float | tuple[float, float, float, float] | Mapping[float, float]
"""A value; a statistic set (count, sum, minimum, maximum); or values with their counts."""


@persisted("cloudwatch.Backend")
@swap_backend("cloudwatch")
class SandboxCloudWatch(CloudWatchBackend):
    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.sandbox_metrics = MetricStore()
        self.sandbox_history = History()

    # ---- metrics ------------------------------------------------------------------------------------------------------------------------

    @replaces(why="CW-2: what AWS refuses; kept by metric, rolled up and bounded (moto keeps one endless list)")
    def put_metric_data(self, namespace: str, metric_data: list[dict[str, Any]]) -> None:
        now = context().clock.now()
        for datum in metric_validation.put_metric_data(namespace, metric_data, now):
            self.sandbox_metrics.record(datum.metric, datum.unit, datum.at, datum.sample, datum.resolution)
        self.sandbox_metrics.trim(int(now.timestamp()))

    @adds(why="our own publishers put AWS/… metrics, which PutMetricData refuses")
    def sandbox_record(self, metric: MetricId, unit: str, at: datetime, measured: Measured) -> None:
        """`at`: start of the period that was measured."""
        self.sandbox_metrics.record(metric, unit, int(at.timestamp()), _sample(measured))
        self.sandbox_metrics.trim(int(context().clock.now().timestamp()))

    # ---- alarms -------------------------------------------------------------------------------------------------------------------------

    @adds(why="alarms by name in one look-up; also used by the controller")
    def record_of(self, name: str) -> AlarmRecord | None:
        alarm = self.alarms.get(name)
        return alarm.sandbox if alarm else None

    @adds(why="every alarm, by name, in the order of creation")
    def records(self) -> dict[str, AlarmRecord]:
        return {name: alarm.sandbox for name, alarm in self.alarms.items()}

    @adds(why="ARNs of alarms")
    def arn_of(self, name: str) -> str:
        arn: str = make_arn_for_alarm(self.region_name, self.account_id, name)
        return arn

    @adds(why="CW-15, CW-18: a new alarm is INSUFFICIENT_DATA, an updated one keeps its state (moto: OK)")
    def put_alarm(self, configuration: Alarm, tags: list[dict[str, str]] | None) -> None:
        if isinstance(configuration, CompositeAlarm):
            records.check_rule(self.records(), configuration)
        record = self.record_of(configuration.name)
        if record is None:
            record = self._create(configuration, tags)
        elif type(record.configuration) is not type(configuration):
            raise validation(f"Alarm {configuration.name} exists already and is of another type.")
        else:
            record.configuration = configuration
            self._note_configured(record, "updated")

    def _create(self, configuration: Alarm, tags: list[dict[str, str]] | None) -> AlarmRecord:
        if len(self.alarms) >= MOST_ALARMS:
            raise ApiError("LimitExceeded", f"The quota of {MOST_ALARMS} alarms for the account in the Region has been reached.")
        now = configuration.updated_at
        state = AlarmState(value=StateValue.INSUFFICIENT_DATA, reason=INITIAL_REASON, updated_at=now, transitioned_at=now)
        record = AlarmRecord(configuration, state)
        self.alarms[configuration.name] = _moto_alarm(self, record)
        if tags:
            self.tagger.tag_resource(configuration.arn, tags)
        self._note_configured(record, "created")
        return record

    def _note_configured(self, record: AlarmRecord, verb: str) -> None:
        alarm = record.configuration
        shape = descriptions.alarm(alarm, record.state, record.suppression)
        self.sandbox_history.add(history.configured(alarm, context().clock.now(), verb, shape))

    @replaces(why="CW-60: a child of a composite alarm is not deleted; CW-52: the history tells of it")
    def delete_alarms(self, alarm_names: list[str]) -> None:
        records.check_deletion(self.records(), alarm_names)
        for name in alarm_names:
            if record := self.record_of(name):
                self._note_configured(record, "deleted")
                self.tagger.delete_all_tags_for_resource(record.configuration.arn)
                del self.alarms[name]

    @replaces(why="alarm configurations are ours")
    def enable_alarm_actions(self, alarm_names: list[str]) -> None:
        self._set_actions(alarm_names, enabled=True)

    @replaces(why="alarm configurations are ours")
    def disable_alarm_actions(self, alarm_names: list[str]) -> None:
        self._set_actions(alarm_names, enabled=False)

    def _set_actions(self, names: list[str], enabled: bool) -> None:
        for name in names:
            record = self.record_of(name)
            if record and record.configuration.actions_enabled != enabled:
                record.configuration = replace(record.configuration, actions_enabled=enabled)
                self._note_configured(record, "updated")

    @replaces(why="CW-21: the actions of the set state run, and the history tells of it")
    def set_alarm_state(self, alarm_name: str, reason: str, reason_data: str | None, state_value: str) -> None:
        if state_value not in StateValue.__members__:
            allowed = ", ".join(("INSUFFICIENT_DATA", "ALARM", "OK"))
            raise validation(
                f"1 validation error detected: Value '{state_value}' at 'stateValue' failed to satisfy constraint: "
                f"Member must satisfy enum value set: [{allowed}]"
            )
        _check_json(reason_data)
        record = self.record_of(alarm_name)
        if record is None:
            raise ApiError("ResourceNotFound", "Unknown")
        now, value = context().clock.now(), StateValue(state_value)
        transitioned = now if value is not record.state.value else record.state.transitioned_at
        new = AlarmState(value=value, reason=reason, reason_data=reason_data or "{}", updated_at=now, transitioned_at=transitioned)
        change = StateChange(old=record.state, new=new)
        self.update_state(alarm_name, change)
        if change.new.value is not change.old.value:
            record.set_states = (*record.set_states, change)
            context().journal.record(notifications.state_change_event(record.configuration, change))

    @adds(why="what an evaluation found; only AWS writes it")
    def update_state(self, name: str, change: StateChange) -> None:
        record = self.record_of(name)
        assert record is not None
        record.state = change.new
        self.alarms[name].state_value = change.new.value.value
        if change.new.value is not change.old.value:
            self.sandbox_history.add(history.state_updated(record.configuration, change))

    @adds(why="CW-53: what became of an action")
    def note_outcome(self, name: str, outcome: Outcome, again: bool) -> bool:
        """Into the history; a re-run only when its outcome differs from the last. → whether it was written."""
        record = self.record_of(name)
        assert record is not None
        if again and record.outcomes.get(outcome.arn) == outcome.summary:
            return False
        record.outcomes[outcome.arn] = outcome.summary
        self.sandbox_history.add(history.acted(record.configuration, context().clock.now(), outcome))
        return True


def _check_json(reason_data: str | None) -> None:
    try:
        json.loads(reason_data or "{}")
    except ValueError:
        raise ApiError("InvalidFormat", "Unknown") from None


def _sample(measured: Measured) -> Sample:
    if isinstance(measured, tuple):
        return Sample(*measured)
    if isinstance(measured, Mapping):
        return of_values(list(measured.items()))
    return of_value(float(measured))


def _moto_alarm(backend: SandboxCloudWatch, record: AlarmRecord) -> Any:
    """moto's object, which its tagging and describing of tags look at. What it holds beyond name and ARN is not read."""
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


# ---- for the controller, and (through wiring) for publishers of other services --------------------------------------------------


def record(  # noqa: PLR0913, PLR0917 - what a datum is made of
    scope: Scope, namespace: str, name: str, dimensions: Mapping[str, str], unit: str, at: datetime, measured: Measured
) -> None:
    """Puts what one of our own services measured; wiring gives it to their metrics controllers.

    `at` is the start of the period measured, `unit` one of CW-3, `measured` as in `Measured`."""
    metric = MetricId(namespace, name, tuple(sorted(dimensions.items())))
    backend_of(scope).sandbox_record(metric, unit, at, measured)


def backend_of(scope: Scope) -> SandboxCloudWatch:
    backend: SandboxCloudWatch = cloudwatch_backends[scope.account][scope.region]
    return backend


def alarm_keys() -> Iterator[str]:
    """Keys of all alarms that there are."""
    for account in sorted(cloudwatch_backends):
        regions = cloudwatch_backends[account]
        for region in sorted(regions):
            for name in regions[region].alarms:
                yield Scope(account, region).key(name)
