"""Evaluates metric math: an expression tree (data/expressions.py) over the time series that its names stand for.

A value is a number, a string, one series or a list of series. Operators work on the timestamps that both sides have; a division by zero
has no point. Functions are in data/math_functions.py. Called by data/metric_queries.py with one `Sources` per request.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from sandbox.core.errors import ApiError
from sandbox.services.cloudwatch.data.expressions import Array, Binary, Call, Name, Node, Number, Text, Unary
from sandbox.services.cloudwatch.data.series import MetricId
from sandbox.services.cloudwatch.errors import validation


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSeries:
    points: Mapping[int, float]  # period start (seconds since 1970) -> value, ascending
    label: str
    period: int  # seconds
    id: str = ""
    metric: MetricId | None = None  # None: the result of an expression
    stat: str = ""
    units: tuple[str, ...] = ()  # all in which the metric has data; the points are of the first


Value = float | str | TimeSeries | list[TimeSeries]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The periods of a request: FILL and TIME_SERIES return a point for each."""

    start: int
    end: int
    period: int

    def starts(self) -> range:
        return range(self.start, self.end, self.period)


class Sources(Protocol):
    """Resolves an expression's names and searches."""

    grid: Grid

    def value_of(self, name: str) -> Value | None:
        """The result of the query with that id; None: there is none."""
        ...

    def metrics(self, containing: str) -> list[TimeSeries]:
        """METRICS('text'): results of all metric queries whose id contains the text."""
        ...

    def search(self, expression: str, statistic: str, period: int) -> list[TimeSeries]: ...


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The evaluation of one expression."""

    sources: Sources
    functions: "Mapping[str, Callable[[Evaluation, tuple[Value, ...]], Value]]"
    text: str
    keywords: frozenset[str] = field(default_factory=lambda: frozenset({"REPEAT", "LINEAR"}))

    def error(self, problem: str) -> ApiError:
        return validation(f"Error in expression '{self.text}' [{problem}]")

    def evaluate(self, node: Node) -> Value:
        """Raises ValidationError when the expression cannot be evaluated."""
        match node:
            case Number() | Text():
                return node.value
            case Name():
                return self._named(node.value)
            case Array():
                return [series for item in node.items for series in self._all_series(self.evaluate(item))]
            case Unary():
                value = self.evaluate(node.operand)
                return value if node.operator == "+" else self.each(value, operator.neg)
            case Binary():
                return self._binary(node.operator, self.evaluate(node.left), self.evaluate(node.right))
            case Call():
                return self._call(node)

    def _named(self, name: str) -> Value:
        value = self.sources.value_of(name)
        if value is not None:
            return value
        if name.upper() in self.keywords:
            return name.upper()
        raise self.error(f"Unknown identifier '{name}'")

    def _all_series(self, value: Value) -> list[TimeSeries]:
        if isinstance(value, TimeSeries):
            return [value]
        if isinstance(value, list):
            return value
        raise self.error("An array contains time series only")

    def _call(self, node: Call) -> Value:
        function = self.functions.get(node.function)
        if function is None:
            raise self.error(f"Unknown function '{node.function}'")
        return function(self, tuple(self.evaluate(argument) for argument in node.arguments))

    def each(self, value: Value, work: Callable[[float], float | None]) -> Value:
        """Applies `work` to a number, to each point of a series, to each series of a list."""
        if isinstance(value, float):
            result = work(value)
            if result is None:
                raise self.error("The result is not a number")
            return result
        if isinstance(value, TimeSeries):
            done = ((at, work(point)) for at, point in value.points.items())
            return replace(value, points={at: result for at, result in done if result is not None})
        if isinstance(value, list):
            return [one for series in value if isinstance(one := self.each(series, work), TimeSeries)]
        raise self.error("Unsupported operand type: a string")

    def _binary(self, symbol: str, left: Value, right: Value) -> Value:
        work = OPERATORS[symbol]
        if isinstance(left, list) and isinstance(right, list):
            raise self.error(f"Unsupported operand type(s) for {symbol}: '[Array[TimeSeries], Array[TimeSeries]]'")
        if isinstance(left, TimeSeries) and isinstance(right, TimeSeries):
            return _pointwise(work, left, right)
        if isinstance(left, list) and isinstance(right, TimeSeries):
            return [_pointwise(work, one, right) for one in left]
        if isinstance(left, TimeSeries) and isinstance(right, list):
            return [_pointwise(work, left, one) for one in right]
        if isinstance(right, float):
            return self.each(left, lambda point: work(point, right))
        if isinstance(left, float):
            return self.each(right, lambda point: work(left, point))
        raise self.error(f"Unsupported operand type(s) for {symbol}: a string")


def _pointwise(work: "Callable[[float, float], float | None]", left: TimeSeries, right: TimeSeries) -> TimeSeries:
    pairs = ((at, work(point, right.points[at])) for at, point in left.points.items() if at in right.points)
    return replace(left, points={at: result for at, result in pairs if result is not None})


def _divided(left: float, right: float) -> float | None:
    return left / right if right else None


def _power(left: float, right: float) -> float | None:
    try:
        result = left**right
    except (OverflowError, ZeroDivisionError):
        return None
    return None if isinstance(result, complex) else result


OPERATORS: dict[str, Callable[[float, float], float | None]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divided,
    "^": _power,
    "==": lambda a, b: float(a == b),
    "!=": lambda a, b: float(a != b),
    "<": lambda a, b: float(a < b),
    ">": lambda a, b: float(a > b),
    "<=": lambda a, b: float(a <= b),
    ">=": lambda a, b: float(a >= b),
    "&&": lambda a, b: float(bool(a) and bool(b)),
    "||": lambda a, b: float(bool(a) or bool(b)),
}
