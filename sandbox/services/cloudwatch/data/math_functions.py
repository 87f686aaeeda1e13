"""The functions of metric math: AVG, SUM, IF, FILL, RATE, METRICS, SEARCH … by name, for metric_math.Evaluation.

Each takes the evaluation and its evaluated arguments. AVG, MAX, MIN, SUM, STDDEV of one series return a number; of several, a series (at
each timestamp, over the series that have a point there): see "Using metric math" in the CloudWatch user guide.
"""

import itertools
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sandbox.services.cloudwatch.data.metric_math import Evaluation, TimeSeries, Value

Arguments = tuple[Value, ...]
Function = Callable[[Evaluation, Arguments], Value]


def _series(evaluation: Evaluation, value: Value) -> TimeSeries:
    if isinstance(value, list) and len(value) == 1:
        return value[0]
    if not isinstance(value, TimeSeries):
        raise evaluation.error("A time series is expected")
    return value


def _count(evaluation: Evaluation, arguments: Arguments, least: int, most: int | None = None) -> None:
    if not least <= len(arguments) <= (most or least):
        raise evaluation.error(f"Wrong number of arguments: {len(arguments)}")


def _aggregate(combine: Callable[[Sequence[float]], float]) -> Function:
    def function(evaluation: Evaluation, arguments: Arguments) -> Value:
        _count(evaluation, arguments, 1, 500)
        if len(arguments) == 1 and isinstance(arguments[0], TimeSeries):
            points = list(arguments[0].points.values())
            return combine(points) if points else replace(arguments[0], points={})
        return _across(evaluation, arguments, combine)

    return function


def _across(evaluation: Evaluation, arguments: Arguments, combine: Callable[[Sequence[float]], float]) -> Value:
    """At each timestamp, over all series of the arguments; a number counts at each timestamp."""
    several: list[TimeSeries] = []
    numbers: list[float] = []
    for argument in arguments:
        if isinstance(argument, float):
            numbers.append(argument)
        else:
            several += argument if isinstance(argument, list) else [_series(evaluation, argument)]
    if not several:
        return combine(numbers) if numbers else _empty(evaluation)
    columns: dict[int, list[float]] = {}
    for one in several:
        for at, point in one.points.items():
            columns.setdefault(at, list(numbers)).append(point)
    return replace(several[0], points={at: combine(columns[at]) for at in sorted(columns)}, label="", id="")


def _empty(evaluation: Evaluation) -> TimeSeries:
    return TimeSeries(points={}, label="", period=evaluation.sources.grid.period)


def _on_points(work: Callable[[float], float | None]) -> Function:
    def function(evaluation: Evaluation, arguments: Arguments) -> Value:
        _count(evaluation, arguments, 1)
        return evaluation.each(arguments[0], work)

    return function


def _if(evaluation: Evaluation, arguments: Arguments) -> Value:
    """IF(condition, true [, false]). With a series as condition the result is a series; without `false`, of the points where it is true."""
    _count(evaluation, arguments, 2, 3)
    condition, chosen = arguments[0], arguments[1]
    other = arguments[2] if len(arguments) == 3 else None
    if isinstance(condition, float):
        return chosen if condition else _empty(evaluation) if other is None else other
    condition = _series(evaluation, condition)
    points = {at: _choice(evaluation, chosen if point else other, at) for at, point in condition.points.items()}
    return replace(condition, points={at: point for at, point in points.items() if point is not None}, label="", id="")


def _choice(evaluation: Evaluation, value: Value | None, at: int) -> float | None:
    return value if value is None or isinstance(value, float) else _series(evaluation, value).points.get(at)


def _fill(evaluation: Evaluation, arguments: Arguments) -> Value:
    """FILL(series, number | another series | REPEAT | LINEAR): a point for every period of the request."""
    _count(evaluation, arguments, 2)
    if isinstance(arguments[0], list):
        return [_filled(evaluation, one, arguments[1]) for one in arguments[0]]
    return _filled(evaluation, _series(evaluation, arguments[0]), arguments[1])


def _filled(evaluation: Evaluation, series: TimeSeries, filler: Value) -> TimeSeries:
    grid = evaluation.sources.grid
    timestamps = sorted(set(range(grid.start, grid.end, series.period)) | set(series.points))
    points = dict(series.points)
    if filler == "LINEAR":
        points |= _between(points, timestamps)
    last: float | None = None
    for at in timestamps:
        if at not in points:
            value = last if filler == "REPEAT" else None if filler == "LINEAR" else _choice(evaluation, filler, at)
            if value is not None:
                points[at] = value
        last = points.get(at, last)
    return replace(series, points=dict(sorted(points.items())))


def _between(points: Mapping[int, float], timestamps: Sequence[int]) -> dict[int, float]:
    """Linear between neighbouring points; nothing before the first and after the last."""
    known = sorted(points)
    found: dict[int, float] = {}
    for left, right in itertools.pairwise(known):
        for at in timestamps:
            if left < at < right:
                found[at] = points[left] + (points[right] - points[left]) * (at - left) / (right - left)
    return found


def _steps(work: Callable[[float, float, int], float]) -> Function:
    """Calls `work` for each point and the one before it: (value, previous value, seconds between)."""

    def on_one(series: TimeSeries) -> TimeSeries:
        pairs = list(series.points.items())
        points = {at: work(value, before, at - then) for (then, before), (at, value) in itertools.pairwise(pairs)}
        return replace(series, points=points)

    def function(evaluation: Evaluation, arguments: Arguments) -> Value:
        _count(evaluation, arguments, 1)
        if isinstance(arguments[0], list):
            return [on_one(one) for one in arguments[0]]
        return on_one(_series(evaluation, arguments[0]))

    return function


def _running_sum(evaluation: Evaluation, arguments: Arguments) -> Value:
    _count(evaluation, arguments, 1)
    series, total, points = _series(evaluation, arguments[0]), 0.0, {}
    for at, value in series.points.items():
        total += value
        points[at] = total
    return replace(series, points=points)


def _metrics(evaluation: Evaluation, arguments: Arguments) -> Value:
    _count(evaluation, arguments, 0, 1)
    containing = arguments[0] if arguments else ""
    if not isinstance(containing, str):
        raise evaluation.error("METRICS takes a string")
    return evaluation.sources.metrics(containing)


def _search(evaluation: Evaluation, arguments: Arguments) -> Value:
    """SEARCH('{Namespace,Dimension} MetricName="x"', 'Average' [, period])."""
    _count(evaluation, arguments, 2, 3)
    period = arguments[2] if len(arguments) == 3 else float(evaluation.sources.grid.period)
    expression, statistic = arguments[0], arguments[1]
    if not isinstance(expression, str) or not isinstance(statistic, str) or not isinstance(period, float):
        raise evaluation.error("SEARCH takes a string, a statistic and a period")
    return evaluation.sources.search(expression, statistic, int(period))


def _of_series(work: Callable[[Evaluation, TimeSeries], float]) -> Function:
    def function(evaluation: Evaluation, arguments: Arguments) -> Value:
        _count(evaluation, arguments, 1)
        return work(evaluation, _series(evaluation, arguments[0]))

    return function


def _end_of(evaluation: Evaluation, arguments: Arguments, last: bool) -> Value:
    _count(evaluation, arguments, 1)
    if not isinstance(arguments[0], list) or not arguments[0]:
        raise evaluation.error("An array of time series is expected")
    return arguments[0][-1 if last else 0]


def _time_series(evaluation: Evaluation, arguments: Arguments) -> Value:
    _count(evaluation, arguments, 1)
    if not isinstance(arguments[0], float):
        raise evaluation.error("TIME_SERIES takes a number")
    grid = evaluation.sources.grid
    return TimeSeries(points=dict.fromkeys(grid.starts(), arguments[0]), label="", period=grid.period)


def _metric_count(evaluation: Evaluation, arguments: Arguments) -> Value:
    _count(evaluation, arguments, 1)
    return float(len(arguments[0])) if isinstance(arguments[0], list) else 1.0


def _remove_empty(evaluation: Evaluation, arguments: Arguments) -> Value:
    _count(evaluation, arguments, 1)
    if not isinstance(arguments[0], list):
        raise evaluation.error("An array of time series is expected")
    return [one for one in arguments[0] if one.points]


FUNCTIONS: dict[str, Function] = {
    "ABS": _on_points(abs),
    "AVG": _aggregate(statistics.fmean),
    "CEIL": _on_points(lambda value: float(math.ceil(value))),
    "DATAPOINT_COUNT": _of_series(lambda _, series: float(len(series.points))),
    "DIFF": _steps(lambda value, before, _: value - before),
    "DIFF_TIME": _steps(lambda _value, _before, seconds: float(seconds)),
    "FILL": _fill,
    "FIRST": lambda evaluation, arguments: _end_of(evaluation, arguments, last=False),
    "FLOOR": _on_points(lambda value: float(math.floor(value))),
    "IF": _if,
    "LAST": lambda evaluation, arguments: _end_of(evaluation, arguments, last=True),
    "LOG": _on_points(lambda value: math.log(value) if value > 0 else None),
    "LOG10": _on_points(lambda value: math.log10(value) if value > 0 else None),
    "MAX": _aggregate(max),
    "METRICS": _metrics,
    "METRIC_COUNT": _metric_count,
    "MIN": _aggregate(min),
    "PERIOD": _of_series(lambda _, series: float(series.period)),
    "RATE": _steps(lambda value, before, seconds: (value - before) / seconds),
    "REMOVE_EMPTY": _remove_empty,
    "RUNNING_SUM": _running_sum,
    "SEARCH": _search,
    "STDDEV": _aggregate(statistics.pstdev),
    "SUM": _aggregate(math.fsum),
    "TIME_SERIES": _time_series,
}
