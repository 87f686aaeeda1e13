"""The measured numbers of a report, with what each means. Pure."""

import math
from collections.abc import Iterator

from sandbox.report.model import Measure
from scenarios.kit.definition.criteria import shown
from scenarios.kit.evidence.run import Evidence

Row = tuple[str, float | None, str, str]
"""Name, number (None: not measured, or it did not happen), unit, meaning."""


def measures(evidence: Evidence) -> tuple[Measure, ...]:
    rows = (*_requests(evidence), *_failure(evidence), *_group(evidence), *_classes(evidence))
    return tuple(_measure(*row) for row in rows)


def _measure(name: str, number: float | None, unit: str, meaning: str) -> Measure:
    """An infinite value (nothing was needed, or there was no capacity at all) is shown and is no number."""
    finite = number is not None and math.isfinite(number)
    return Measure(name=name, value=shown(number, unit).replace("inf", "∞"), meaning=meaning, number=number if finite else None)


def _requests(evidence: Evidence) -> Iterator[Row]:
    yield "Requests", float(len(evidence.records)), "", "sent by the clients, at their planned times whatever the responses were"
    yield "Lost", float(evidence.lost), "", "requests that failed or were slower than the objective"
    yield "Availability", evidence.availability, "%", "good requests of all requests of the run"
    if evidence.amplification != 1:
        yield "Attempts that succeeded", evidence.attempt_success, "%", "good attempts of all attempts, retries included"
        yield "Amplification", evidence.amplification, "×", "attempts for each request"
    yield "Error budget used", evidence.budget_used, "%", f"of the losses that {evidence.scenario.slo_percent:g} % allows in 30 days"


def _failure(evidence: Evidence) -> Iterator[Row]:
    since = evidence.fault_at
    if since is None:
        return
    yield (
        "Burn rate",
        evidence.burn_rate(since, evidence.ended_at),
        "×",
        "how much faster than allowed the budget was used since the failure",
    )
    first_target = evidence.detected_by_balancer(None, since)
    yield "TTD (load balancer)", first_target, "s", "from the first failure to the first target that is no longer healthy"
    yield "TTD (alarm)", evidence.detected_by_alarm(since), "s", "to the first alarm in ALARM"
    yield "TTD (operator)", evidence.detected_by_operator(since), "s", "to the first action of an operator"
    yield "TTM", evidence.mitigated(since), "s", "until the objective was met again for a minute"
    yield "TTR (capacity)", evidence.capacity_recovered, "s", "until as many targets as desired were healthy for a minute"
    yield "TTR (full)", evidence.fully_recovered, "s", "until the zones were balanced, too, and nothing was launched or terminated"
    yield "Capacity shortfall", evidence.shortfall(since), "requests", "asked for beyond the capacity of the healthy targets"
    yield "Lowest headroom", evidence.headroom(since), "%", "of the healthy capacity that was free; negative: more was asked for"


def _group(evidence: Evidence) -> Iterator[Row]:
    if evidence.fault_at is None:
        return
    yield "Launches", float(len(evidence.launched)), "", "that came into service after the first failure"
    yield "Thrash", evidence.thrash, "×", "launches for each one that was needed"
    yield (
        "Terminated without a fault",
        float(len(evidence.needless_kills())),
        "",
        "instances that the group terminated and no fault had hit",
    )
    yield "Failed launches", float(evidence.launches_failed), "", "activities of the group that ended Failed"
    for code, count in evidence.launch_failures.items():
        yield f"Failed launches: {code}", float(count), "", "with this error of EC2"


def _classes(evidence: Evidence) -> Iterator[Row]:
    for what, count in evidence.losses.items():
        yield f"Lost: {what}", float(count), "", "requests of this class"
    for zone, count in evidence.losses_by_zone.items():
        if zone is not None:
            yield f"Lost: {zone}", float(count), "", "requests that an instance of this zone answered, and not well"
