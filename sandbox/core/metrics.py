"""What a publisher of metrics says: a datum, the periods it belongs to, and the function that takes it.

Services measure, CloudWatch keeps; they may not import each other. They meet in `Record`, which CloudWatch's backend implements and
wiring hands to the metrics controllers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sandbox.core.control import Scope

MINUTE = timedelta(minutes=1)

Measured = float | tuple[float, float, float, float] | Mapping[float, float]
"""A value; a statistic set (count, sum, minimum, maximum); or values with their counts, from which percentiles can be had (CW-5)."""

Dimensions = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Datum:
    """One datapoint of one metric: namespace, name and the exact set of dimensions are its identity (CW-1)."""

    scope: Scope
    namespace: str
    name: str
    dimensions: Dimensions = ()
    unit: str
    at: datetime  # start of the period that was measured
    measured: Measured


class Record(Protocol):
    """sandbox.services.cloudwatch.api.assembly.record: adds to what the period holds already."""

    def __call__(  # noqa: PLR0913, PLR0917 - what a datum is made of
        self, scope: Scope, namespace: str, name: str, dimensions: Mapping[str, str], unit: str, at: datetime, measured: Measured
    ) -> None: ...


def send(record: Record, data: Iterable[Datum]) -> None:
    for datum in data:
        record(datum.scope, datum.namespace, datum.name, dict(datum.dimensions), datum.unit, datum.at, datum.measured)


def period_start(moment: datetime, period: timedelta = MINUTE) -> datetime:
    """The start of the wall-clock aligned period that holds `moment`: 12:00, 12:05 … for five minutes."""
    seconds, length = moment.timestamp(), period.total_seconds()
    return datetime.fromtimestamp(seconds - seconds % length, UTC)


def until_next(moment: datetime, period: timedelta = MINUTE) -> timedelta:
    """From `moment` to the start of the next period."""
    return period_start(moment, period) + period - moment
