"""The labels of GetMetricData's results (CW-10, CW-11): generated ones, and the dynamic values (`${MAX}`) of given ones. Pure.

A generated label names the metric, and of the rest only what differs between the results: dimension values, statistic, period. Called on
all results of a request together, by api/responses.py and api/widgets.py.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo

from sandbox.services.cloudwatch.data.metric_math import TimeSeries
from sandbox.services.cloudwatch.data.metric_queries import Query

Results = list[tuple[Query, TimeSeries]]

_DYNAMIC = re.compile(r"\$\{\s*([A-Z_]+)\s*(?:\(\s*'([^']*)'\s*\))?\s*\}")
_POINTS = {"AVG", "FIRST", "FIRST_LAST_RANGE", "LAST", "MAX", "MIN", "MIN_MAX_RANGE", "SUM"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Whose request it is: what `PROP` and the times in a label refer to."""

    now: datetime
    account: str = ""
    region: str = ""
    timezone: tzinfo = UTC  # LabelOptions


def labelled(results: Iterable[tuple[Query, TimeSeries]], reader: Reader) -> Results:
    """The results with the labels that the response has."""
    found = list(results)
    generated = _generated([series for _, series in found])
    return [
        (query, replace(series, label=_label(query, series, default or query.id, reader)))
        for (query, series), default in zip(found, generated, strict=True)
    ]


def _label(query: Query, series: TimeSeries, default: str, reader: Reader) -> str:
    if not query.label:
        return default
    text = _DYNAMIC.sub(lambda match: _dynamic(match, series, default, reader), query.label)
    one_of_many = series.id != query.id  # of a SEARCH or an array
    return f"{text} {default}" if one_of_many and text == query.label else text


# ---- generated labels ------------------------------------------------------------------------------------------------------------------


def _generated(all_series: Sequence[TimeSeries]) -> Iterator[str]:
    """For each series; empty for one that is of no single metric."""
    known = [(series, series.metric) for series in all_series if series.metric is not None]
    names = {metric.name for _, metric in known}
    dimensions = _differing([dict(metric.dimensions) for _, metric in known])
    stats, periods = {series.stat for series, _ in known}, {series.period for series, _ in known}
    for series in all_series:
        if series.metric is None:
            yield ""
            continue
        values = [value for name, value in series.metric.dimensions if name in dimensions]
        parts = [*values, series.metric.name] if len(names) > 1 or not values else values
        parts += [series.stat] if len(stats) > 1 else []
        parts += [str(series.period)] if len(periods) > 1 else []
        yield " ".join(parts)


def _differing(dimensions: Sequence[dict[str, str]]) -> set[str]:
    """Names of the dimensions that not all have with the same value."""
    every = {name for one in dimensions for name in one}
    return {name for name in every if len({one.get(name) for one in dimensions}) > 1}


# ---- dynamic values --------------------------------------------------------------------------------------------------------------------


def _dynamic(match: re.Match[str], series: TimeSeries, default: str, reader: Reader) -> str:
    """The text for one `${...}`; the text itself where it is not a dynamic value that AWS lists."""
    name, argument = match.groups()
    if name == "LABEL":
        return default
    if name == "PROP":
        return _property(argument or "", series, reader)
    if name == "DATAPOINT_COUNT":
        return str(len(series.points))
    if name in _POINTS:
        return _value(name, list(series.points.values()))
    time = _time(name, series, reader)
    return match[0] if time is None else time


def _property(name: str, series: TimeSeries, reader: Reader) -> str:
    metric = series.metric
    if name.startswith("Dim.") and metric is not None:
        return dict(metric.dimensions).get(name.removeprefix("Dim."), "")
    known = {"AccountId": reader.account, "AccountLabel": reader.account, "Period": str(series.period), "Region": reader.region}
    if metric is not None:
        known |= {"MetricName": metric.name, "Namespace": metric.namespace, "Stat": series.stat}
    return known.get(name, "")


def _value(name: str, values: Sequence[float]) -> str:
    """`--` without datapoints."""
    if not values:
        return "--"
    pairs = {"FIRST_LAST_RANGE": (values[0], values[-1]), "MIN_MAX_RANGE": (min(values), max(values))}
    if name in pairs:
        return " - ".join(map(_number, pairs[name]))
    single = {"AVG": sum(values) / len(values), "FIRST": values[0], "LAST": values[-1], "MAX": max(values), "MIN": min(values)}
    return _number(single.get(name, sum(values)))


def _number(value: float) -> str:
    """At most three decimals."""
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _time(name: str, series: TimeSeries, reader: Reader) -> str | None:
    """`FIRST_TIME`, `MAX_TIME_RELATIVE`, `MIN_MAX_TIME_RANGE` and their like; None: there is no such dynamic value."""
    match = re.fullmatch(r"(FIRST|LAST|MIN|MAX)_TIME(_RELATIVE)?|(FIRST_LAST|MIN_MAX)_TIME_RANGE", name)
    if match is None:
        return None
    if not series.points:
        return "--"
    values = series.points
    at = {"FIRST": min(values), "LAST": max(values), "MIN": min(values, key=values.__getitem__), "MAX": max(values, key=values.__getitem__)}
    if match[3]:
        return " - ".join(_moment(at[end], reader) for end in match[3].split("_"))
    return _ago(at[match[1]], reader) if match[2] else _moment(at[match[1]], reader)


def _moment(at: int, reader: Reader) -> str:
    return datetime.fromtimestamp(at, reader.timezone).strftime("%Y-%m-%d %H:%M:%S")


def _ago(at: int, reader: Reader) -> str:
    """`1d 2h 5m`, to the minute."""
    minutes = abs(reader.now - datetime.fromtimestamp(at, UTC)) // timedelta(minutes=1)
    parts = {"d": minutes // 1440, "h": minutes // 60 % 24, "m": minutes % 60}
    return " ".join(f"{count}{unit}" for unit, count in parts.items() if count) or "0m"
