"""Observed states for tests of the page: instances in zones behind a load balancer, with an alarm."""

from dataclasses import replace
from datetime import UTC, datetime

from sandbox.control.observed.model import (
    Activity,
    Alarm,
    Group,
    Instance,
    Listener,
    LoadBalancer,
    Observed,
    Rule,
    Target,
    TargetGroup,
)
from sandbox.dashboard.shown.look import Look
from sandbox.dashboard.shown.timeline import Timeline

NOON = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)
ZONES = (("us-east-1a", "use1-az1"), ("us-east-1b", "use1-az2"), ("us-east-1c", "use1-az3"))
HOSTILE = "<script>alert(1)</script>\"'&"


def instance(number: int, **changes: object) -> Instance:
    plain = Instance(
        instance_id=f"i-{number:017x}",
        name="web",
        zone=ZONES[number % 3][0],
        state="running",
        state_since=NOON,
        instance_type="t3.micro",
        private_ip_address=f"172.31.{number // 250}.{number % 250 + 4}",
        system_status="ok",
        instance_status="ok",
        application_status="not-applicable",
        group="web",
        lifecycle_state="InService",
        health_status="Healthy",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def target(of: Instance, state: str = "healthy", reason: str | None = None, description: str | None = None) -> Target:
    return Target(id=of.instance_id, port=80, zone=of.zone, state=state, since=NOON, reason=reason, description=description)


def service(*instances: Instance, targets: tuple[Target, ...] | None = None) -> Observed:
    """A group behind a load balancer."""
    shown = tuple(target(each) for each in instances) if targets is None else targets
    rule = Rule(priority="default", conditions="", action="forward to web", target_groups=("web",))
    return Observed(
        zones=ZONES,
        instances=instances,
        load_balancers=(
            LoadBalancer(
                arn="arn:lb/app/web/1",
                name="web",
                key="app/web/1",
                dns_name="web-1.elb",
                state="active",
                zones=tuple(name for name, _ in ZONES),
                shifted_zones=(),
                listeners=(Listener(arn="arn:listener", protocol="HTTP", port=80, rules=(rule,)),),
            ),
        ),
        target_groups=(TargetGroup(arn="arn:tg", name="web", protocol="HTTP", port=80, health_check_path="/health", targets=shown),),
        groups=(
            Group(
                name="web",
                min_size=3,
                desired_capacity=len(instances),
                max_size=6,
                lifecycle_states=tuple(each.lifecycle_state or "" for each in instances),
                health_check_type="ELB",
                suspended=(),
                activities=(
                    Activity(id="a1", status="Successful", description="Launching", cause="At ...", start=NOON, end=NOON, message=None),
                ),
            ),
        ),
        alarms=(
            Alarm(
                name="high",
                state="OK",
                reason="Threshold not crossed",
                since=NOON,
                measures="Average of CPUUtilization, 1 × 60 s",
                comparison="GreaterThanThreshold",
                threshold=80.0,
            ),
        ),
    )


def look(observed: Observed) -> Look:
    """All that the page reads, of a sandbox in which nothing else is."""
    return Look(
        now=NOON,
        speed=1.0,
        name="test",
        runtime="simulated",
        region="us-east-1",
        health=(),
        observed=observed,
        urls={},
        faults=(),
        mails=(),
        points={},
        per_second={},
        cpu={},
        timeline=Timeline(first=None, last=None),
        runs=(),
    )
