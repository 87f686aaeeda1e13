"""What an alarm is: its configuration, its state and the table of its transitions. Values only.

`decide/alarms.py` decides on these. `api/validation/` makes them from requests; `state/records.py` keeps them on moto's alarm objects.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from sandbox.core.persisted import persisted
from sandbox.services.cloudwatch.data.metric_queries import Query
from sandbox.services.cloudwatch.data.series import MetricId


@persisted("cloudwatch.StateValue")
class StateValue(Enum):
    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class Finding(Enum):
    """What an evaluation finds, or SetAlarmState sets."""

    BREACHING = "threshold crossed"
    WITHIN = "threshold not crossed"
    NO_DATA = "no datapoints"


TRANSITIONS: Mapping[tuple[StateValue, Finding], StateValue] = {  # CW-15, CW-26
    (StateValue.INSUFFICIENT_DATA, Finding.BREACHING): StateValue.ALARM,
    (StateValue.INSUFFICIENT_DATA, Finding.WITHIN): StateValue.OK,
    (StateValue.INSUFFICIENT_DATA, Finding.NO_DATA): StateValue.INSUFFICIENT_DATA,
    (StateValue.OK, Finding.BREACHING): StateValue.ALARM,
    (StateValue.OK, Finding.WITHIN): StateValue.OK,
    (StateValue.OK, Finding.NO_DATA): StateValue.INSUFFICIENT_DATA,
    (StateValue.ALARM, Finding.BREACHING): StateValue.ALARM,
    (StateValue.ALARM, Finding.WITHIN): StateValue.OK,
    (StateValue.ALARM, Finding.NO_DATA): StateValue.INSUFFICIENT_DATA,
}

COMPARISONS = {  # CW-40: the words of state reasons
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "GreaterThanThreshold": "greater than",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}
MISSING_DATA = ("breaching", "notBreaching", "ignore", "missing")

INITIAL_REASON = "Unchecked: Initial alarm creation"
SHORT_PERIODS = (10, 20, 30)
DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmBase:
    name: str
    arn: str
    updated_at: datetime  # of the configuration
    description: str | None = None
    actions_enabled: bool = True
    ok_actions: tuple[str, ...] = ()
    alarm_actions: tuple[str, ...] = ()
    insufficient_data_actions: tuple[str, ...] = ()

    def actions_for(self, state: StateValue) -> tuple[str, ...]:
        """ARNs to run on the change to `state`; none when actions are disabled (CW-45)."""
        if not self.actions_enabled:
            return ()
        match state:
            case StateValue.OK:
                return self.ok_actions
            case StateValue.ALARM:
                return self.alarm_actions
        return self.insufficient_data_actions


@persisted("cloudwatch.MetricAlarm")
@dataclass(frozen=True, slots=True, kw_only=True)
class MetricAlarm(AlarmBase):
    comparison_operator: str
    threshold: float
    evaluation_periods: int  # N
    datapoints_to_alarm: int | None = None  # M; None: as N
    treat_missing_data: str | None = None  # None: missing
    evaluate_low_sample_count_percentile: str | None = None  # None: evaluate
    period: int  # seconds
    metric: MetricId | None = None  # None: metric math
    statistic: str = ""  # "Average", or an extended one
    extended: bool = False  # the statistic was given as ExtendedStatistic
    unit: str | None = None
    queries: tuple[Query, ...] = ()  # metric math

    @property
    def least_breaching(self) -> int:
        return self.datapoints_to_alarm or self.evaluation_periods

    @property
    def span(self) -> int:
        """Seconds that the evaluation periods cover."""
        return self.period * self.evaluation_periods

    @property
    def instance_id(self) -> str | None:
        return dict(self.metric.dimensions).get("InstanceId") if self.metric else None


@persisted("cloudwatch.CompositeAlarm")
@dataclass(frozen=True, slots=True, kw_only=True)
class CompositeAlarm(AlarmBase):
    rule: str
    suppressor: str | None = None  # name of an alarm; while it is in ALARM no action runs (CW-61)
    suppressor_wait: timedelta = timedelta(0)
    suppressor_extension: timedelta = timedelta(0)


Alarm = MetricAlarm | CompositeAlarm


@persisted("cloudwatch.AlarmState")
@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmState:
    value: StateValue
    reason: str
    reason_data: str = "{}"  # JSON
    updated_at: datetime
    transitioned_at: datetime  # last change of value (CW-42)


@persisted("cloudwatch.StateChange")
@dataclass(frozen=True, slots=True, kw_only=True)
class StateChange:
    old: AlarmState
    new: AlarmState


@persisted("cloudwatch.ShowSuppression")
@dataclass(frozen=True, slots=True, kw_only=True)
class ActionsSuppression:
    """What DescribeAlarms returns of a composite alarm whose actions are suppressed (CW-61)."""

    by: str | None = None  # "Alarm", "WaitPeriod" or "ExtensionPeriod"; None: they are not suppressed
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Datapoint:
    at: datetime  # start of its period
    value: float | None = None  # None: missing
    sample_count: float | None = None
