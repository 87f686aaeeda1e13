"""The nouns of ELBv2's target health: states and their table, AWS's reasons and descriptions, and the observed state that decide() gets.

Frozen values only. A `Target` is stored on moto's target group object (state/snapshot.py), so it survives a restart; the counts of passed
and failed health checks are memory and start again at zero. decide/routing.py makes the proxy's configuration.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from sandbox.core.events import Event
from sandbox.core.metrics import Dimensions
from sandbox.core.persisted import persisted
from sandbox.drivers.probe.base import ProbeResult
from sandbox.drivers.proxy import base as proxy

HEALTH_CHANGE = "Target Health State Change"
REGISTRATION_TIME = timedelta(seconds=2)  # TG-15 "a few seconds": from registration to the first check
TRAFFIC_PORT = "traffic-port"
ALL_ZONES = proxy.ALL_ZONES
LOWEST_CODE, HIGHEST_CODE = 200, 499  # TG-1
_MATCHER = re.compile(r"\d{3}(-\d{3})?(,\d{3}(-\d{3})?)*")


@persisted("elbv2.TargetState")
class TargetState(Enum):
    """TG-10, those of an Application Load Balancer."""

    INITIAL = "initial"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    UNUSED = "unused"  # also: not registered
    DRAINING = "draining"
    UNAVAILABLE = "unavailable"


class TargetEvent(Enum):
    """What changes a target's state."""

    REGISTERED = "registered"
    FIRST_CHECK_PASSED = "first check passed"
    CHECKS_PASSED = "healthy threshold of checks passed in a row"
    CHECKS_FAILED = "unhealthy threshold of checks failed in a row"
    CHECK_FAILED_AGAIN = "another check failed"
    CANNOT_BE_USED = "group not in use, instance not running, or zone not enabled"
    CAN_BE_USED = "group in use, instance running and zone enabled"
    CHECKS_DISABLED = "health checks disabled"
    CHECKS_ENABLED = "health checks enabled"
    DEREGISTERED = "deregistered"
    DEREGISTERED_GONE = "deregistered when its instance was gone"
    DRAINED = "deregistration delay over"


TRANSITIONS = {  # TG-12, TG-13, TG-20, TG-21
    (TargetState.UNUSED, TargetEvent.REGISTERED): TargetState.INITIAL,
    (TargetState.DRAINING, TargetEvent.REGISTERED): TargetState.INITIAL,
    (TargetState.INITIAL, TargetEvent.FIRST_CHECK_PASSED): TargetState.HEALTHY,
    (TargetState.INITIAL, TargetEvent.CHECKS_FAILED): TargetState.UNHEALTHY,
    (TargetState.HEALTHY, TargetEvent.CHECKS_FAILED): TargetState.UNHEALTHY,
    (TargetState.UNHEALTHY, TargetEvent.CHECK_FAILED_AGAIN): TargetState.UNHEALTHY,
    (TargetState.UNHEALTHY, TargetEvent.CHECKS_PASSED): TargetState.HEALTHY,
    (TargetState.INITIAL, TargetEvent.CANNOT_BE_USED): TargetState.UNUSED,
    (TargetState.HEALTHY, TargetEvent.CANNOT_BE_USED): TargetState.UNUSED,
    (TargetState.UNHEALTHY, TargetEvent.CANNOT_BE_USED): TargetState.UNUSED,
    (TargetState.UNAVAILABLE, TargetEvent.CANNOT_BE_USED): TargetState.UNUSED,
    (TargetState.UNUSED, TargetEvent.CANNOT_BE_USED): TargetState.UNUSED,  # for another reason
    (TargetState.UNUSED, TargetEvent.CAN_BE_USED): TargetState.INITIAL,
    (TargetState.INITIAL, TargetEvent.CHECKS_DISABLED): TargetState.UNAVAILABLE,
    (TargetState.HEALTHY, TargetEvent.CHECKS_DISABLED): TargetState.UNAVAILABLE,
    (TargetState.UNHEALTHY, TargetEvent.CHECKS_DISABLED): TargetState.UNAVAILABLE,
    (TargetState.UNAVAILABLE, TargetEvent.CHECKS_ENABLED): TargetState.INITIAL,
    (TargetState.INITIAL, TargetEvent.DEREGISTERED): TargetState.DRAINING,
    (TargetState.HEALTHY, TargetEvent.DEREGISTERED): TargetState.DRAINING,
    (TargetState.UNHEALTHY, TargetEvent.DEREGISTERED): TargetState.DRAINING,
    (TargetState.UNAVAILABLE, TargetEvent.DEREGISTERED): TargetState.DRAINING,
    (TargetState.UNUSED, TargetEvent.DEREGISTERED): TargetState.UNUSED,  # it receives no requests: nothing to wait for
    (TargetState.UNUSED, TargetEvent.DEREGISTERED_GONE): TargetState.DRAINING,  # ASG-70: it drains although its instance is gone
    (TargetState.DRAINING, TargetEvent.DRAINED): TargetState.UNUSED,
}


@persisted("elbv2.Health")
@dataclass(frozen=True, slots=True)
class Health:
    """What DescribeTargetHealth returns: `TargetHealth{State,Reason,Description}`. Healthy has neither reason nor description."""

    state: TargetState
    reason: str | None = None
    description: str | None = None


# TG-11, word for word. Four of AWS's rows cannot occur here: the two of Elb.InternalError (an error of our checker is reported as ours),
# Target.IpUnusable (our load balancers have no address in the VPC), and "terminated or stopped state" (we always know which).
REGISTERING = Health(TargetState.INITIAL, "Elb.RegistrationInProgress", "Target registration is in progress")
CHECKING = Health(TargetState.INITIAL, "Elb.InitialHealthChecking", "Initial health checks in progress")
HEALTHY = Health(TargetState.HEALTHY)
TIMED_OUT = Health(TargetState.UNHEALTHY, "Target.Timeout", "Request timed out")
FAILED = Health(TargetState.UNHEALTHY, "Target.FailedHealthChecks", "Health checks failed")
NOT_REGISTERED = Health(TargetState.UNUSED, "Target.NotRegistered", "Target is not registered to the target group")
NOT_IN_USE = Health(TargetState.UNUSED, "Target.NotInUse", "Target group is not configured to receive traffic from the load balancer")
ZONE_NOT_ENABLED = Health(
    TargetState.UNUSED, "Target.NotInUse", "Target is in an Availability Zone that is not enabled for the load balancer"
)
STOPPED = Health(TargetState.UNUSED, "Target.InvalidState", "Target is in the stopped state")
TERMINATED = Health(TargetState.UNUSED, "Target.InvalidState", "Target is in the terminated state")
INVALID = Health(TargetState.UNUSED, "Target.InvalidState", "Target is in an invalid state")
DRAINING = Health(TargetState.DRAINING, "Target.DeregistrationInProgress", "Target deregistration is in progress")
CHECKS_DISABLED = Health(TargetState.UNAVAILABLE, "Target.HealthCheckDisabled", "Health checks are disabled")


def mismatch(status_code: int) -> Health:
    return Health(TargetState.UNHEALTHY, "Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{status_code}]")


@persisted("elbv2.TargetKey")
@dataclass(frozen=True, slots=True, order=True)
class TargetKey:
    """An instance may be registered on several ports: each is a target of its own (TG-4)."""

    id: str  # "i-…" or an address
    port: int

    def __str__(self) -> str:
        return f"{self.id}:{self.port}"


@persisted("elbv2.Target")
@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A registration, stored on moto's target group object."""

    key: TargetKey
    registered_at: datetime
    zone: str | None = None  # as given at registration; None: the zone of the instance, or of the subnet of the address
    health: Health = REGISTERING
    since: datetime  # when `health.state` began
    draining_until: datetime | None = None  # None: it is not draining

    def drained(self, now: datetime) -> bool:
        """Its delay is over: only its connections are still to be closed."""
        return self.draining_until is not None and self.draining_until <= now


class TargetGroupUse(Enum):
    """Whether a load balancer routes requests to the target group (TG-13)."""

    NONE = "no listener or rule forwards to it"
    PROVISIONING = "its load balancer is being provisioned"
    ACTIVE = "in use"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedTarget:
    target: Target
    zone: str | None  # None: unknown, because the instance is gone
    address: str | None  # None: the instance is gone
    check_port: int
    endpoint: tuple[str, int] | None  # where the checker connects; None without an address
    exclusive_endpoint: tuple[str, int] | None = None  # host and port of its requests; None: it is gone, or another group uses it as well
    instance_state: str | None = None  # None: the target is an address
    result: ProbeResult | None = None  # of the newest health check
    cause: str | None = None  # id of the newest event about the target
    checked_from: str | None = None  # private address of the load balancer's node that checks it (ALB-61)
    refusal: str | None = None  # why security groups or network ACLs do not admit its health checks; None: they do


class Matcher:
    """The HTTP codes of a healthy target (TG-1): `200`, `200,202`, `200-299`, or values and ranges in one list.

    Raises ValueError for any other form, and for codes outside 200-499."""

    __slots__ = ("_ranges", "text")

    def __init__(self, text: str) -> None:
        if not _MATCHER.fullmatch(text):
            raise ValueError(f"'{text}' is not a list of codes such as 200 or 200,202 or 200-299")
        parts = [part.split("-") for part in text.split(",")]
        self._ranges = [(int(part[0]), int(part[-1])) for part in parts]
        if any(not LOWEST_CODE <= low <= high <= HIGHEST_CODE for low, high in self._ranges):
            raise ValueError(f"'{text}' must be within {LOWEST_CODE}-{HIGHEST_CODE}")
        self.text = text

    def match(self, status_code: int | None) -> bool:
        return status_code is not None and any(low <= status_code <= high for low, high in self._ranges)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Matcher) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Matcher({self.text!r})"


DEFAULT_MATCHER = Matcher("200")


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheckSettings:
    """The health check settings of a target group. The defaults are AWS's (TG-1), and are written down only here."""

    enabled: bool = True
    interval: timedelta = timedelta(seconds=30)
    timeout: timedelta = timedelta(seconds=5)
    healthy_threshold: int = 5
    unhealthy_threshold: int = 2
    path: str = "/"
    matcher: Matcher = DEFAULT_MATCHER


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedTargetGroup:
    arn: str
    name: str
    load_balancers: tuple[str, ...] = ()  # names
    checks: HealthCheckSettings = HealthCheckSettings()
    use: TargetGroupUse = TargetGroupUse.ACTIVE
    enabled_zones: frozenset[str] = frozenset()
    targets: tuple[ObservedTarget, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckHistory:
    """The health checks of one target since this process started."""

    registered_at: datetime  # of the registration that the checks belong to
    number: int = 0  # of the last check
    started_at: datetime | None = None  # of the last check; None: none was started yet
    outstanding: bool = False  # the last check has no result yet
    passed: int = 0  # in a row
    failed: int = 0  # in a row


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    checks: Mapping[TargetKey, CheckHistory] = field(default_factory=dict)


HostCounts = frozenset[tuple[str, Dimensions, float]]
"""Metric name, dimensions and value."""


@persisted("elbv2.Hosts")
@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedHostCounts:
    """The host counts of a target group that were published for a minute. Stored, so that a restart publishes none of them twice."""

    minute: datetime | None = None
    counts: HostCounts = frozenset()


def probe_key(group_arn: str, target: TargetKey) -> str:
    return f"{group_arn}|{target.id}|{target.port}"


def of_target_group(key: str) -> bool:
    """Whether the key of a probe is of a target group's health check. Others use the prober, too."""
    return key.startswith("arn:")


def target_group_of(key: str) -> tuple[str, str, str]:
    """Account, Region and name of the target group that the key of a probe belongs to."""
    arn = key.split("|", 1)[0].split(":")
    return arn[4], arn[3], arn[5].split("/")[1]


def target_resource(group_name: str, target: TargetKey) -> str:
    """One target of one target group, as a resource of events: "web/i-0a1:80"."""
    return f"{group_name}/{target}"


def health_event(group: tuple[str, str], load_balancers: tuple[str, ...], target: Target, health: Health, why: str) -> Event:
    """`group`: ARN and name. `why` is the end of the summary: "2 health checks failed in a row"."""
    arn, name = group
    return Event(
        source="aws.elasticloadbalancing",
        detail_type=HEALTH_CHANGE,
        summary=f"{target.key} in {name} is {health.state.value}: {why}",
        resources=(target.key.id, name, arn, target_resource(name, target.key), *load_balancers),
        detail={
            "target-group": name,
            "target": {"id": target.key.id, "port": target.key.port},
            "previous-state": target.health.state.value,
            "state": health.state.value,
            "reason": health.reason,
            "description": health.description,
        },
    )
