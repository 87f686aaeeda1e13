"""Profiles: the configurations of the reference service on which a scenario runs. Pure.

The service is always the same: instances that can serve CAPACITY requests per second each, in one Auto Scaling group behind one load
balancer. A profile says how many there are, in how many zones, how they are checked, and how much load they get. Every field is also a knob
of every scenario, so `--knob interval=30` changes it for one run (KNOBS).

The load is a share of the capacity of the whole group, so profiles of different size are compared at the utilization that their owners
would choose. "The survivors carry" below is that share after the largest zone is lost; above 100 % requests wait longer and longer.
"""

from dataclasses import dataclass, field, fields, replace
from typing import Any

from scenarios.kit.definition.knobs import Knob, Settings, Value

CAPACITY = 50.0  # requests per second of one instance, in virtual time; live: times the knob live_scale


def _row(meaning: str, unit: str = "", choices: tuple[str, ...] = (), low: float = 0.0, high: float = 100_000) -> Any:
    return field(metadata={"meaning": meaning, "unit": unit, "choices": choices, "low": low, "high": high})


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The fields are the knobs that all scenarios share. Seconds are sandbox time."""

    name: str
    summary: str
    zones: int = _row("zones with a subnet of the group and of the load balancer", low=1, high=6)
    size: int = _row("desired and minimum size of the group", "instances", low=1, high=1000)
    max_size: int = _row("maximum size of the group", "instances", low=1, high=2000)
    load: float = _row("offered load, in percent of the capacity of the whole group", "%", low=0.1, high=1000)
    attached: bool = _row("the group registers its instances with the target group; no: they were registered by hand, once")
    health_check_type: str = _row("health checks that the group uses", choices=("EC2", "ELB"))
    grace: int = _row("health check grace period of the group", "s")
    warmup: int = _row("default instance warm-up of the group; -1: none", "s", low=-1)
    path: str = _row("path of the load balancer's health check")
    interval: int = _row("time between two health checks of a target", "s", low=5, high=300)
    timeout: int = _row("time after which a health check fails", "s", low=2, high=120)
    unhealthy: int = _row("failed health checks in a row until a target is unhealthy", low=2, high=10)
    healthy: int = _row("passed health checks in a row until an unhealthy target is healthy", low=2, high=10)
    deregistration_delay: int = _row("deregistration delay of the target group", "s", high=3600)
    fail_open: int = _row(
        "share of healthy targets below which requests go to all targets; 0: AWS's default, below one healthy target", "%", high=100
    )
    detailed: bool = _row("detailed monitoring: CPU metrics every minute instead of every five")
    target_cpu: float = _row("target of a target tracking policy on the group's CPU; 0: no policy", "%", high=100)

    @property
    def detection(self) -> tuple[float, float]:
        """The shortest and the longest time in seconds in which health checks find a machine that does not answer (TG-14)."""
        return self.interval * (self.unhealthy - 1) + self.timeout, self.interval * self.unhealthy + self.timeout

    @property
    def largest_zone(self) -> int:
        """Instances in the largest zone: a group is balanced, so zones differ by at most one (ASG-20)."""
        return -(-self.size // self.zones)

    @property
    def survivors_carry(self) -> float:
        """Percent of their capacity that is asked of the other zones' instances when the largest zone is lost; infinite without any."""
        left = self.size - self.largest_zone
        return self.load * self.size / left if left else float("inf")


TUTORIAL = Profile(
    name="tutorial",
    summary="the tutorial's own: 3 instances over 2 zones at its 70 % target, registered by hand, EC2 health checks, AWS's defaults",
    zones=2,
    size=3,
    max_size=10,
    load=70.0,
    attached=False,
    health_check_type="EC2",
    grace=0,
    warmup=-1,
    path="/",
    interval=30,
    timeout=5,
    unhealthy=2,
    healthy=5,
    deregistration_delay=300,
    fail_open=0,
    detailed=False,
    target_cpu=0.0,
)
AWS_DEFAULT = replace(
    TUTORIAL,
    name="aws-default",
    summary="6 instances over 3 zones at 60 %, attached to the target group; everything else as AWS sets it when nothing is given",
    zones=3,
    size=6,
    max_size=12,
    load=60.0,
    attached=True,
)
TUNED = replace(
    AWS_DEFAULT,
    name="tuned",
    summary="6 instances over 3 zones at 60 %, ELB health checks of /health every 10 s, grace 60 s, warm-up 30 s, fails open below 50 %",
    health_check_type="ELB",
    grace=60,
    warmup=30,
    path="/health",
    interval=10,
    timeout=5,
    unhealthy=2,
    healthy=3,
    deregistration_delay=30,
    fail_open=50,
    detailed=True,
)
STATIC_STABLE = replace(
    TUNED,
    name="static-stable",
    summary="as tuned, with 9 instances for the same load: 40 % now, 60 % without a zone, so that losing one needs no launch at all",
    size=9,
    max_size=18,
    load=40.0,
)
PROFILES = {profile.name: profile for profile in (TUTORIAL, AWS_DEFAULT, TUNED, STATIC_STABLE)}

ROWS = tuple(row for row in fields(Profile) if "meaning" in row.metadata)
COMMON = (
    Knob(name="client_timeout", default=5.0, unit="s", meaning="time after which a client gives up", low=0.1, high=300),
    Knob(name="retries", default=0, meaning="further attempts of a client whose request failed", high=10),
    Knob(name="backoff", default=0.1, unit="s", meaning="wait before the first retry; it doubles with each, up to 5 s", high=60),
    Knob(name="jitter", default=True, meaning="waits before retries are random, from 0 to the full wait"),
    Knob(name="retry_budget", default=0.0, unit="%", meaning="retries of all clients together, of their requests; 0: no limit", high=1000),
    Knob(name="keep_alive", default=0.0, unit="s", meaning="time for which a connection is used again; 0: a new one for each request"),
    Knob(name="live_scale", default=0.4, meaning="capacity and load of a live run, as a share of the virtual one", low=0.01, high=10),
)
"""Knobs of every scenario that do not belong to the profile. With a smaller live_scale, a live run has fewer requests, each of which uses
more CPU time: the same utilization, with less work for the load balancer and the clients on a small machine."""


def knobs(profile: Profile) -> tuple[Knob, ...]:
    """The knobs that every scenario has, with the profile's values as their defaults."""
    return (*(_knob(profile, row) for row in ROWS), *COMMON)


def _knob(profile: Profile, row: Any) -> Knob:
    default: Value = getattr(profile, row.name)
    more = row.metadata
    return Knob(
        name=row.name,
        default=default,
        meaning=more["meaning"],
        unit=more["unit"],
        choices=more["choices"],
        low=more["low"],
        high=more["high"],
    )


def changed(profile: Profile, settings: Settings) -> Profile:
    """The profile with the knobs of this run."""
    values: dict[str, Any] = {row.name: settings[row.name] for row in ROWS}
    return replace(profile, **values)
