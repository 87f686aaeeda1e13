"""Checks of how it behaves now: health, responses, alarms, faults in force, zonal shifts."""

from collections import Counter

from sandbox.learn.checks.model import Check, Finding, Parameters, any_of, named, number
from sandbox.learn.checks.observed import Observed


def targets_healthy(seen: Observed, given: Parameters) -> Finding:
    states = Counter(each["TargetHealth"]["State"] for each in seen.targets)
    healthy = states["healthy"]
    said = ", ".join(f"{count} {state}" for state, count in states.most_common()) or "none"
    enough = healthy >= number(given, "at-least") and (not given.get("all", False) or healthy == states.total())
    return Finding(met=enough, observed=f"targets: {said}")


def target_unhealthy(seen: Observed, given: Parameters) -> Finding:
    found = [each for each in seen.targets if each["TargetHealth"]["State"] != "healthy"]
    if given.get("all", False) and len(found) < len(seen.targets):
        return Finding(met=False, observed=f"{len(seen.targets) - len(found)} of {len(seen.targets)} targets are healthy")
    return any_of(
        found,
        lambda each: f"{each['Target']['Id']} is {each['TargetHealth']['State']} ({each['TargetHealth'].get('Reason', 'no reason')})",
        "target that is not healthy",
        lambda each: (
            each["TargetHealth"].get("Reason") == given.get("reason", each["TargetHealth"].get("Reason"))
            and each["TargetHealth"]["State"] == given.get("state", each["TargetHealth"]["State"])
        ),
    )


def answers(seen: Observed, given: Parameters) -> Finding:
    path, wanted = str(given.get("path", "/")).lstrip("/"), number(given, "status", 200)
    for url in seen.urls:
        status = seen.status(url + path)
        if status == wanted:
            return Finding(met=True, observed=f"{url}{path} answers {status}")
    return Finding(met=False, observed=f"no load balancer answers {wanted}" if seen.urls else "no load balancer has an address")


def alarm(seen: Observed, given: Parameters) -> Finding:
    return any_of(
        [each for each in seen.alarms if named(given, each, "AlarmName")],
        lambda each: f"{each['AlarmName']} on {each.get('MetricName', 'a query')} is in {each['StateValue']}",
        "alarm",
        lambda each: (
            each["StateValue"] == given.get("state", each["StateValue"])
            and each.get("MetricName") == given.get("metric", each.get("MetricName"))
        ),
    )


def no_fault(seen: Observed, given: Parameters) -> Finding:
    return Finding(met=not seen.faults, observed=f"{len(seen.faults)} faults are in force")


def zonal_shift(seen: Observed, given: Parameters) -> Finding:
    return any_of(
        seen.zonal_shifts,
        lambda each: f"a zonal shift away from {each['awayFrom']} is {each['status']}",
        "zonal shift",
        lambda each: each["status"] == given.get("status", "ACTIVE"),
    )


def no_zonal_shift(seen: Observed, given: Parameters) -> Finding:
    active = [each for each in seen.zonal_shifts if each["status"] == "ACTIVE"]
    return Finding(met=not active, observed=f"{len(active)} zonal shifts are active")


BEHAVIOUR = (
    Check(
        name="targets-healthy",
        asks="That many targets are healthy; with all: true, no other target exists.",
        look=targets_healthy,
        parameters={"at-least": int, "all": bool},
    ),
    Check(
        name="target-unhealthy",
        asks="A target is not healthy, for that reason and in that state; with all: true, none is healthy.",
        look=target_unhealthy,
        parameters={"reason": str, "state": str, "all": bool},
    ),
    Check(
        name="answers",
        asks="A request to a load balancer gets that status.",
        look=answers,
        parameters={"path": str, "status": int},
    ),
    Check(
        name="alarm",
        asks="An alarm on that metric is in that state.",
        look=alarm,
        parameters={"name": str, "metric": str, "state": str},
    ),
    Check(name="no-fault", asks="No fault is in force.", look=no_fault),
    Check(name="zonal-shift", asks="There is a zonal shift with that status (ACTIVE).", look=zonal_shift, parameters={"status": str}),
    Check(name="no-zonal-shift", asks="No zonal shift is active.", look=no_zonal_shift),
)
