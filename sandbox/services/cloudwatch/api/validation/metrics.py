"""Converts the parameters of metric requests, as botocore parses them, to values; refuses what AWS refuses (CW-2, CW-3, CW-6, CW-7). Pure.

Called by api/responses.py; those of alarms: api/validation/alarms.py.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

from sandbox.core.control import Scope
from sandbox.core.metrics import Dimensions, MetricDatum, Sample, of_value, of_values
from sandbox.services.cloudwatch.data.metric_queries import Query
from sandbox.services.cloudwatch.data.series import MetricId
from sandbox.services.cloudwatch.data.statistics import parse_statistic
from sandbox.services.cloudwatch.errors import exclusive, invalid_combination, invalid_value, missing, not_in_enum, validation

Parameters = Mapping[str, Any]

_SIZES = tuple(f"{scale}{kind}" for kind in ("bytes", "bits") for scale in ("", "Kilo", "Mega", "Giga", "Tera"))
_AMOUNTS = tuple(size[0].upper() + size[1:] for size in _SIZES)
UNITS = (  # CW-3
    "Seconds",
    "Microseconds",
    "Milliseconds",
    *_AMOUNTS,
    "Percent",
    "Count",
    *(f"{amount}/Second" for amount in _AMOUNTS),
    "Count/Second",
    "None",
)
MAX_METRICS, MAX_DIMENSIONS, MAX_VALUES = 1000, 30, 150
MAX_ABSOLUTE_VALUE = 2.0**360
MAX_AGE, MAX_FUTURE = timedelta(days=14), timedelta(hours=2)
_NAMESPACE = re.compile(r"[^:][\x20-\x7e]*")
_PRINTABLE = re.compile(r"[\x20-\x7e]*")


def epoch(moment: datetime) -> float:
    """Seconds since 1970. moto's datetimes are naive and in UTC."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def dimensions(given: Sequence[Parameters] | None) -> Dimensions:
    return tuple(sorted((one["Name"], one["Value"]) for one in given or ()))


def metric_id(metric: Parameters) -> MetricId:
    return MetricId(metric.get("Namespace") or "", metric.get("MetricName") or "", dimensions(metric.get("Dimensions")))


def check_unit(unit: str | None, parameter: str) -> None:
    if unit is not None and unit not in UNITS:
        raise not_in_enum(unit, parameter, UNITS)


# ---- PutMetricData -----------------------------------------------------------------------------------------------------------------------


def put_metric_data(scope: Scope, namespace: str, data: Sequence[Parameters], now: datetime) -> list[MetricDatum]:
    """All data, or the error of the first invalid datum: then nothing is stored."""
    if not namespace:
        raise missing("Namespace")
    if namespace.startswith("AWS/"):
        raise invalid_value("The value AWS/ for parameter Namespace is invalid.")
    if len(namespace) > 255 or not _NAMESPACE.fullmatch(namespace):
        raise invalid_value(f"The value {namespace} for parameter Namespace is invalid.")
    if not data:
        raise missing("MetricData")
    if len(data) > MAX_METRICS:
        raise validation(f"The collection MetricData must not have a size greater than {MAX_METRICS}.")
    return [_datum(scope, namespace, one, f"MetricData.member.{number}", now) for number, one in enumerate(data, 1)]


def _datum(scope: Scope, namespace: str, given: Parameters, where: str, now: datetime) -> MetricDatum:
    name = given.get("MetricName")
    if not name:
        raise missing(f"{where}.MetricName")
    if len(given.get("Dimensions") or ()) > MAX_DIMENSIONS:
        raise validation(f"The collection {where}.Dimensions must not have a size greater than {MAX_DIMENSIONS}.")
    _check_dimensions(given.get("Dimensions") or (), f"{where}.Dimensions")
    check_unit(given.get("Unit"), f"{where}.Unit")
    resolution = int(given.get("StorageResolution") or 60)
    if resolution not in (1, 60):
        raise invalid_value(f"The value {resolution} for parameter {where}.StorageResolution must be 1 or 60.")
    return MetricDatum(
        scope=scope,
        namespace=namespace,
        name=name,
        dimensions=dimensions(given.get("Dimensions")),
        unit=given.get("Unit") or "None",
        at=_timestamp(given, where, now),
        sample=_sample(given, where),
        resolution=resolution,
    )


def _check_dimensions(given: Sequence[Parameters], where: str) -> None:
    """By the API reference of Dimension: printable ASCII, not blank; each name once and without a leading colon."""
    for number, one in enumerate(given, 1):
        for member, longest in (("Name", 255), ("Value", 1024)):
            text, parameter = one.get(member) or "", f"{where}.member.{number}.{member}"
            if not text.strip() or len(text) > longest or not _PRINTABLE.fullmatch(text) or (member == "Name" and text.startswith(":")):
                raise invalid_value(f"The value {text} for parameter {parameter} is invalid.")
    names = [one["Name"] for one in given]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise invalid_value(f"The dimension {twice} is given more than once in {where}.")  # (U)


def _timestamp(given: Parameters, where: str, now: datetime) -> datetime:
    at = epoch(given["Timestamp"]) if given.get("Timestamp") else now.timestamp()
    if at < (now - MAX_AGE).timestamp():
        raise invalid_value(f"The parameter {where}.Timestamp must specify a time no more than two weeks in the past.")
    if at > (now + MAX_FUTURE).timestamp():
        raise invalid_value(f"The parameter {where}.Timestamp must specify a time no more than two hours in the future.")
    return datetime.fromtimestamp(at, UTC)


def _sample(given: Parameters, where: str) -> Sample:
    kinds = [kind for kind in ("Value", "Values", "StatisticValues") if given.get(kind) not in (None, [], {})]
    if not kinds:
        raise missing(f"{where}.Value")
    if kinds[0] == "Value" and len(kinds) > 1:
        raise exclusive(f"{where}.Value", f"{where}.{kinds[1]}")
    samples = [_SAMPLES[kind](given, where) for kind in kinds]
    return samples[0] if len(samples) == 1 else _together(*samples)


def _together(values: Sample, of_set: Sample) -> Sample:
    """AWS accepts Values with StatisticValues (CW-2). How it adds them up is not documented: here, as two data (U)."""
    low, high = min(values.minimum, of_set.minimum), max(values.maximum, of_set.maximum)
    return Sample(values.count + of_set.count, values.total + of_set.total, low, high)


def _value(given: Parameters, where: str) -> Sample:
    return of_value(finite(given["Value"], f"{where}.Value"))


def finite(value: Any, parameter: str) -> float:
    """CW-2: no NaN, no infinity, within 2^360."""
    number = float(value)
    if math.isnan(number) or math.isinf(number):
        raise invalid_value(f"The value {_formatted(number)} for parameter {parameter} is invalid.")
    if abs(number) > MAX_ABSOLUTE_VALUE:
        raise invalid_value(f"The value {number!r} for parameter {parameter} is out of range.")
    return number


def _formatted(number: float) -> str:
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def _values(given: Parameters, where: str) -> Sample:
    values, counts = given["Values"], given.get("Counts")
    if counts and len(counts) != len(values):
        raise invalid_value(f"The parameters {where}.Values and {where}.Counts must be of the same size.")
    if len(values) > MAX_VALUES:
        raise validation(f"The collection {where}.Values must not have a size greater than {MAX_VALUES}.")
    entries = []
    for number, (value, count) in enumerate(zip(values, counts or [1.0] * len(values), strict=True), 1):
        times = finite(count, f"{where}.Counts.member.{number}")
        if times <= 0:
            raise invalid_value(f"The value {times} for parameter {where}.Counts.member.{number} is invalid.")
        entries.append((finite(value, f"{where}.Values.member.{number}"), times))
    return of_values(entries)


def _statistic_set(datum: Parameters, of_datum: str) -> Sample:
    given, where = datum["StatisticValues"], f"{of_datum}.StatisticValues"
    for name in ("SampleCount", "Sum", "Minimum", "Maximum"):
        if given.get(name) is None:
            raise missing(f"{where}.{name}")
    count, total, low, high = (finite(given[name], f"{where}.{name}") for name in ("SampleCount", "Sum", "Minimum", "Maximum"))
    if count <= 0 or low > high:
        raise invalid_value(f"The value of parameter {where} is invalid: SampleCount must be above 0 and Minimum not above Maximum.")
    return Sample(count, total, low, high)


_SAMPLES = {"Value": _value, "Values": _values, "StatisticValues": _statistic_set}


# ---- queries -----------------------------------------------------------------------------------------------------------------------------


def queries(given: Sequence[Parameters]) -> tuple[Query, ...]:
    """MetricDataQueries; metric_queries.check checks them."""
    return tuple(_query(one, f"MetricDataQueries.member.{number}") for number, one in enumerate(given, 1))


def _query(given: Parameters, where: str) -> Query:
    if given.get("AccountId"):
        raise validation(f"The parameter {where}.AccountId is not supported by this sandbox.")
    stat = given.get("MetricStat") or {}
    check_unit(stat.get("Unit"), f"{where}.MetricStat.Unit")
    period = stat.get("Period") if stat else given.get("Period")
    returned = given.get("ReturnData")
    return Query(
        id=given.get("Id") or "",
        metric=metric_id(stat["Metric"]) if stat else None,
        stat=stat.get("Stat") or "",
        unit=stat.get("Unit"),
        period=int(period) if period is not None else None,
        expression=given.get("Expression"),
        label=given.get("Label"),
        return_data=True if returned is None else bool(returned),
    )


def dimension_filters(given: Sequence[Parameters] | None) -> Iterator[tuple[str, str | None]]:
    """(name, value) of each DimensionFilter of ListMetrics; value None: any."""
    for one in given or ():
        yield one["Name"], one.get("Value")


def check_statistics(names: Sequence[str]) -> None:
    if not names:
        raise invalid_combination("Must specify either Statistics or ExtendedStatistics")
    for name in names:
        if parse_statistic(name) is None:
            raise invalid_value(f"The value {name} for parameter ExtendedStatistics is not supported.")


def timezone_of(given: str | None) -> tzinfo:
    """LabelOptions' Timezone: `+0130`; UTC when it is not given."""
    if given is None:
        return UTC
    match = re.fullmatch(r"([+-])(\d\d)([0-5]\d)", given)
    if match is None:
        raise invalid_value(f"The value {given} for parameter LabelOptions.Timezone is invalid.")  # (U)
    span = min(timedelta(hours=int(match[2]), minutes=int(match[3])), timedelta(hours=23, minutes=59))
    return timezone(-span if match[1] == "-" else span)


def check_order(start: float, end: float) -> None:
    if start > end:
        raise validation("The parameter EndTime must be greater than StartTime.")
    if start == end:
        raise validation("The parameter StartTime must not equal parameter EndTime.")
