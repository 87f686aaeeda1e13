"""Is the threshold crossed? M out of N datapoints, with missing ones treated as in AWS's tables (CW-25 to CW-29). Pure.

The evaluation range holds the N newest periods and `SURPLUS` older ones, so that a late datapoint is not missing at once.
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sandbox.services.cloudwatch.data import percentiles
from sandbox.services.cloudwatch.model import Datapoint, Finding, MetricAlarm

SURPLUS = 2  # CW-25: 5 points for N=3; AWS does not document the surplus for other N

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    finding: Finding | None  # None: the state stays as it is
    considered: tuple[Datapoint, ...] = ()  # points with a value, oldest first
    crossing: tuple[Datapoint, ...] = ()  # those of them that support the finding
    filled: int = 0  # missing points that were counted as breaching, or as not breaching
    treated: str = ""  # "Breaching" or "NonBreaching"


def breaches(alarm: MetricAlarm, value: float) -> bool:
    return _COMPARE[alarm.comparison_operator](value, alarm.threshold)


def evaluate(alarm: MetricAlarm, points: Sequence[Datapoint]) -> Evaluation:
    """`points`: the evaluation range, oldest first."""
    real = tuple(point for point in points if point.value is not None)
    needed = alarm.evaluation_periods
    considered = real[-needed:]
    if any(_too_few_samples(alarm, point) for point in considered):
        return Evaluation(finding=None, considered=considered)
    if len(real) >= needed:  # CW-25: TreatMissingData is not used
        return _verdict(alarm, considered)
    match alarm.treat_missing_data:
        case "breaching" | "notBreaching" as treatment:
            return _verdict(alarm, considered, needed - len(real), treatment)
        case "ignore":
            return _ignoring(alarm, considered)
    return _missing(alarm, considered, points)


def _verdict(alarm: MetricAlarm, considered: tuple[Datapoint, ...], filled: int = 0, treatment: str = "") -> Evaluation:
    """CW-26: ALARM when M of the considered points breach, else OK."""
    crossed = tuple(point for point in considered if _breaches(alarm, point))
    count = len(crossed) + (filled if treatment == "breaching" else 0)
    breached = count >= alarm.least_breaching
    return Evaluation(
        finding=Finding.BREACHING if breached else Finding.WITHIN,
        considered=considered,
        crossing=crossed if breached else tuple(point for point in considered if point not in crossed),
        filled=filled,
        treated={"breaching": "Breaching", "notBreaching": "NonBreaching"}.get(treatment, ""),
    )


def _ignoring(alarm: MetricAlarm, considered: tuple[Datapoint, ...]) -> Evaluation:
    """CW-27, CW-28, CW-29: too few breaching points keep the state; one point that does not breach means OK."""
    verdict = _verdict(alarm, considered)
    if verdict.finding is Finding.WITHIN and not verdict.crossing:
        return Evaluation(finding=None, considered=considered)
    return verdict


def _missing(alarm: MetricAlarm, considered: tuple[Datapoint, ...], points: Sequence[Datapoint]) -> Evaluation:
    if not considered:
        return Evaluation(finding=Finding.NO_DATA)
    verdict = _verdict(alarm, considered)
    if verdict.finding is Finding.BREACHING or verdict.crossing:
        return verdict
    # only breaching points, fewer than M: ALARM when the oldest of them is M periods old (CW-26, last rows of CW-27, CW-28)
    age = len(points) - points.index(considered[0])
    return Evaluation(finding=Finding.BREACHING if age >= alarm.least_breaching else None, considered=considered, crossing=considered)


def _breaches(alarm: MetricAlarm, point: Datapoint) -> bool:
    assert point.value is not None
    return breaches(alarm, point.value)


def _too_few_samples(alarm: MetricAlarm, point: Datapoint) -> bool:
    """CW-17: EvaluateLowSampleCountPercentile=ignore keeps the state while a percentile has too few samples: below 10 / (1 - p)."""
    if alarm.evaluate_low_sample_count_percentile != "ignore" or not alarm.extended or point.sample_count is None:
        return False
    parsed = percentiles.parse(alarm.statistic)
    if parsed is None or parsed.kind != "p" or parsed.high is None:
        return False
    tail = min(parsed.high, 100 - parsed.high) / 100
    return tail > 0 and point.sample_count < 10 / tail
