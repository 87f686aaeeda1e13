"""The observed state of one account and Region, as values. Names are those of the AWS API in snake case; nothing is derived here."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    instance_id: str
    name: str  # its tag Name; "" without one
    zone: str
    state: str  # "running"
    state_since: datetime
    instance_type: str
    private_ip_address: str | None
    system_status: str  # of the status checks: "ok" | "impaired" | "initializing" | "not-applicable"
    instance_status: str
    application_status: str  # "not-applicable": no application status check applies to it, or it is suppressed
    group: str | None = None  # the Auto Scaling group that it belongs to
    lifecycle_state: str | None = None  # None: it is in no group
    health_status: str | None = None  # "Healthy" | "Unhealthy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    id: str
    port: int
    zone: str | None
    state: str  # "healthy"
    since: datetime
    reason: str | None  # "Target.Timeout"
    description: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetGroup:
    arn: str
    name: str
    protocol: str
    port: int
    health_check_path: str
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    priority: str  # "10" | "default"
    conditions: str  # "path-pattern is /api/*"; "" of the default rule
    action: str  # "forward to web", "redirect to #{protocol}://…"
    target_groups: tuple[str, ...]  # names of those that it forwards to


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    arn: str
    protocol: str
    port: int
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBalancer:
    arn: str
    name: str
    key: str  # "app/<name>/<id>", as in the access log
    dns_name: str
    state: str
    zones: tuple[str, ...]
    shifted_zones: tuple[str, ...]  # those that ARC moves its traffic away from
    listeners: tuple[Listener, ...] | None  # None: not known, which is said only of an earlier moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    id: str
    status: str  # "Successful"
    description: str
    cause: str
    start: datetime
    end: datetime | None
    message: str | None  # StatusMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """An Auto Scaling group."""

    name: str
    min_size: int | None  # None: not known, which is said only of an earlier moment
    desired_capacity: int | None
    max_size: int | None
    lifecycle_states: tuple[str, ...]  # of its instances
    health_check_type: str
    suspended: tuple[str, ...]
    activities: tuple[Activity, ...]  # the newest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    name: str
    state: str  # "ALARM"
    reason: str
    since: datetime
    measures: str  # "Average of CPUUtilization over 60 s", or the rule of a composite alarm
    comparison: str  # "GreaterThanThreshold"; "" of a composite alarm
    threshold: float | None  # None: a composite alarm, which has no metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    at: datetime
    value: float | None  # None: no data in the period


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    zones: tuple[tuple[str, str], ...]  # (name, zone id) of the Region
    instances: tuple[Instance, ...]
    load_balancers: tuple[LoadBalancer, ...]
    target_groups: tuple[TargetGroup, ...]
    groups: tuple[Group, ...]
    alarms: tuple[Alarm, ...]
