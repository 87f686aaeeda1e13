"""Differential observability: which target, or which zone, is worse than the others, by what the load balancer measured of each. It sees
what health checks do not. An operator's dashboard of the access log by target does the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from sandbox.report.model import MarkKind
from scenarios.kit.running.run import Run
from scenarios.kit.stack.names import GROUP, LOAD_BALANCER

SLOWER = 20.0  # milliseconds above the median of all targets
FAILING = 1.0  # percent of the responses
EVERY = 20.0  # seconds between two looks
SMOOTHED = 3  # looks over which errors are averaged
LOOKS, AGREEING = 5, 3  # three of the last five looks must name the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One target in the last seconds."""

    instance_id: str
    zone: str
    median_ms: float | None  # None: no response
    errors: float  # percent of its responses


def suspect(measured: Sequence[Measured]) -> str | None:
    """The id of the one bad instance, or the name of the zone if its instances are bad and no others are. None: nothing stands out, or
    what is bad is neither one instance nor one zone."""
    known = [each.median_ms for each in measured if each.median_ms is not None]
    usual = median(known) if known else 0.0
    bad = [each for each in measured if each.errors > FAILING or (each.median_ms or 0.0) > usual + SLOWER]
    if len(bad) == 1:
        return bad[0].instance_id
    zones = {each.zone for each in bad}
    if len(zones) != 1:
        return None
    (zone,) = zones
    return zone if len(bad) == sum(each.zone == zone for each in measured) else None


def watch(run: Run, seconds: float) -> str | None:
    """Looks at the load balancer's measurements until three of five looks name the same instance or zone; at most `seconds`. Then an ALARM
    mark says what it is. Returns it; None: nothing was found."""
    seen: list[str | None] = []
    looks: list[list[Measured]] = []
    for _ in range(int(seconds // EVERY)):
        run.wait(EVERY)
        looks = [*looks, _measured(run)][-SMOOTHED:]
        seen = [*seen, suspect(smoothed(looks))][-LOOKS:]
        found = seen[-1]
        if found is not None and seen.count(found) >= AGREEING:
            what = "instance" if found.startswith("i-") else "zone"
            run.mark(MarkKind.ALARM, f"The load balancer's measurements name the {what} {found}", None if what == "instance" else found)
            return found
    return None


def smoothed(looks: Sequence[Sequence[Measured]]) -> list[Measured]:
    """The newest look, with the mean share of errors of all of them: where requests are few, a look may have none of the errors."""
    found = []
    for each in looks[-1]:
        errors = [other.errors for look in looks for other in look if other.instance_id == each.instance_id]
        found.append(replace(each, errors=sum(errors) / len(errors)))
    return found


def _measured(run: Run) -> list[Measured]:
    """Of the targets that got requests."""
    filters = [{"Name": "tag:aws:autoscaling:groupName", "Values": [GROUP]}]
    found = run.stage.query("ec2", "describe_instances", Filters=filters)["Reservations"]
    by_address = {i["PrivateIpAddress"]: i for r in found for i in r["Instances"] if "PrivateIpAddress" in i}
    rates = [rate for rate in run.stage.client.get("rates")["targets"] if f"/{LOAD_BALANCER}/" in rate["load_balancer"] and rate["target"]]
    pairs = ((rate, by_address.get(rate["target"].rpartition(":")[0])) for rate in rates if rate["requests_per_second"])
    return [_of(rate, instance) for rate, instance in pairs if instance]


def _of(rate: dict[str, Any], instance: dict[str, Any]) -> Measured:
    return Measured(
        instance_id=instance["InstanceId"],
        zone=instance["Placement"]["AvailabilityZone"],
        median_ms=rate["p50_ms"],
        errors=100.0 * rate["errors_per_second"] / rate["requests_per_second"],
    )
