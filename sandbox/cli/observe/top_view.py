"""Makes the tables of `sandbox top` from a snapshot. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from sandbox.cli.common import grid
from sandbox.cli.observe.snapshot import GROUP_COLUMNS, Snapshot, counts, group_row, headline, limits, members

GONE = ("terminated",)  # instance states that are not shown
MAX_REASON = 100  # characters of an alarm's reason
INSTANCE_COLUMNS = ("id", "zone", "state", "lifecycle", "health", "target", "cores", "memory", "CPU %", "requests/s", "p99 ms", "group")
TARGET_GROUP_COLUMNS = ("name", "healthy", "unhealthy", "others", "requests/s", "5xx/s", "p50 ms", "p99 ms")


def tables(snapshot: Snapshot) -> Iterator[Table | Text]:
    yield Text(headline(snapshot), style="bold")
    yield grid("Auto Scaling groups", GROUP_COLUMNS, map(group_row, snapshot["groups"]))
    yield grid("instances", INSTANCE_COLUMNS, _instances(snapshot))
    yield grid("target groups", TARGET_GROUP_COLUMNS, [_target_group(g, snapshot["rates"]) for g in snapshot["target_groups"]])
    yield grid("alarms", ("name", "state", "reason"), [_alarm(a) for a in _by_urgency(snapshot["alarms"])])


def _instances(snapshot: Snapshot) -> list[tuple[str, ...]]:
    in_group = members(snapshot)
    targets = {t["Target"]["Id"]: t["TargetHealth"]["State"] for g in snapshot["target_groups"] for t in g["Targets"]}
    rows: list[tuple[str, ...]] = []
    for instance in sorted(snapshot["instances"], key=lambda i: (i["Placement"]["AvailabilityZone"], i["InstanceId"])):
        instance_id = instance["InstanceId"]
        if instance["State"]["Name"] in GONE:
            continue
        member, group = in_group.get(instance_id, ({}, ""))
        rows.append(
            (
                instance_id,
                instance["Placement"]["AvailabilityZone"],
                instance["State"]["Name"],
                member.get("LifecycleState", ""),
                member.get("HealthStatus", ""),
                targets.get(instance_id, ""),
                *limits(snapshot["machines"].get(instance_id, {})),
                *_busy(instance, snapshot["rates"]),
                group,
            )
        )
    return rows


def _busy(instance: Mapping[str, Any], rates: Mapping[str, Any]) -> tuple[str, str, str]:
    """CPU, requests per second, p99. Empty: no measurement."""
    cpu = rates["cpu"].get(instance["InstanceId"])
    address = instance.get("PrivateIpAddress") or "none"
    mine = [r for r in rates["targets"] if r["target"] and r["target"].rpartition(":")[0] == address]
    slowest = [r["p99_ms"] for r in mine if r["p99_ms"] is not None]
    return number(cpu), number(sum(r["requests_per_second"] for r in mine) if mine else None), number(max(slowest, default=None))


def _target_group(group: Mapping[str, Any], rates: Mapping[str, Any]) -> tuple[str, ...]:
    states = Counter(t["TargetHealth"]["State"] for t in group["Targets"])
    healthy, unhealthy = states.pop("healthy", 0), states.pop("unhealthy", 0)
    mine = [r for r in rates["target_groups"] if r["target_group"] == group["TargetGroupArn"]]
    slow = [max((r[name] for r in mine if r[name] is not None), default=None) for name in ("p50_ms", "p99_ms")]
    busy = [sum(r[name] for r in mine) if mine else None for name in ("requests_per_second", "errors_per_second")]
    return (group["TargetGroupName"], str(healthy), str(unhealthy), counts(states), *map(number, (*busy, *slow)))


def _alarm(alarm: Mapping[str, Any]) -> tuple[str, str, str]:
    reason = alarm.get("StateReason", "")
    return alarm["AlarmName"], alarm["StateValue"], reason if len(reason) <= MAX_REASON else reason[: MAX_REASON - 1] + "…"


def _by_urgency(alarms: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    order = ("ALARM", "INSUFFICIENT_DATA", "OK")
    return sorted(alarms, key=lambda alarm: (order.index(alarm["StateValue"]), alarm["AlarmName"]))


def number(value: float | None) -> str:
    """One decimal below 100, none above; empty for None."""
    if value is None:
        return ""
    return f"{value:.1f}" if abs(value) < 100 else f"{value:.0f}"
