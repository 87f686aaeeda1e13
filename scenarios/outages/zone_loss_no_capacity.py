"""S06: a zone is lost, and the zones that are left have no capacity for new instances: what runs already must carry the load."""

from datetime import datetime, timedelta
from math import ceil

from sandbox.report.model import Advice
from scenarios.kit.definition.criteria import at_least, at_most, holds
from scenarios.kit.definition.knobs import Knob
from scenarios.kit.definition.scenario import Control, Phase, Scenario
from scenarios.kit.evidence.run import Evidence
from scenarios.kit.running.run import Run
from scenarios.kit.stack.names import GROUP

POWER = "zone-power-off"
DNS_FOLLOWED = 90.0  # seconds until a node that is cut off has left DNS (TG-36), and the TTL of its address is over (ALB-5)
NO_CAPACITY = "InsufficientInstanceCapacity"


def lose(run: Run) -> None:
    """The zone goes first; a moment later everybody asks the others for capacity, and gets none."""
    zone = run.fullest_zone()
    if run.settings.text("distribution") != "balanced-best-effort":
        run.operator(
            "lets the group keep to its zones",
            "autoscaling",
            "update_auto_scaling_group",
            AutoScalingGroupName=GROUP,
            AvailabilityZoneDistribution={"CapacityDistributionStrategy": run.settings.text("distribution")},
        )
    others = [name for name in run.stack.zones if name != zone]
    run.inject(POWER, zone, summary=f"{zone} loses its power at once", mode=run.settings.text("power_off"))
    if others:
        run.inject("no-capacity", *others, summary=f"There is no capacity left in {', '.join(others)}")
    run.wait(run.settings.number("none"))


def trickle(run: Run) -> None:
    """Now and then a launch succeeds."""
    _capacity(run, run.settings.number("ice_rate"))
    run.wait(run.settings.number("trickle"))


def full(run: Run) -> None:
    _capacity(run, 0.0)
    run.wait(run.settings.number("full"))


def _capacity(run: Run, share: float) -> None:
    """From now on, that share of the launches in the zones that are left fails."""
    dark = run.faults[0].targets[0]
    others = [name for name in run.stack.zones if name != dark]
    before = next((fault for fault in run.faults if fault.kind == "no-capacity" and fault.until is None), None)
    if before is not None:
        run.heal(before.id)
    if share and others:
        told = f"{share:g} % of the launches in {', '.join(others)} find no capacity"
        run.inject("no-capacity", *others, summary=told, percent=share)


# ---- what is measured --------------------------------------------------------------------------------------------------------------------


def _detected(run: Evidence) -> datetime | None:
    """When the health checks have found the last target of the zone."""
    return run.fault_at + timedelta(seconds=run.profile.detection[1]) if run.fault_at else None


def shortfall(run: Evidence) -> float | None:
    since = _detected(run)
    return run.shortfall(since) if since else None


def launches_needed(run: Evidence) -> float:
    """How many instances the survivors lack to carry the load."""
    left = run.profile.size - run.serving_before(run.faults[0].targets[0])
    return float(max(0, ceil(run.stack.offered / run.stack.capacity - 1e-9) - left))


def without_capacity(run: Evidence) -> float | None:
    """From the moment when the checks have found the last target, and the last client knows that the zone's node is gone from DNS, until
    launches may succeed again."""
    phase = run.phase("lose")
    if run.fault_at is None or phase is None:
        return None
    found = max(run.profile.detection[1], DNS_FOLLOWED) + run.settings.number("client_timeout")
    return run.availability_between(run.fault_at + timedelta(seconds=found), phase.ended)


def refused(run: Evidence) -> tuple[bool, str]:
    """Otherwise nothing was short, and the run says nothing."""
    count = run.launch_failures.get(NO_CAPACITY, 0)
    return count > 0, f"{count} launches failed with {NO_CAPACITY}"


def whole_again(run: Evidence) -> float | None:
    """Seconds from the moment when there was capacity again until as many targets as desired were healthy."""
    phase, recovered = run.phase("full"), run.capacity_recovered
    if phase is None or recovered is None or run.fault_at is None:
        return None
    return max(0.0, (run.fault_at + timedelta(seconds=recovered) - phase.began).total_seconds())


def advice(run: Evidence) -> tuple[Advice, ...]:
    if not launches_needed(run):
        return ()
    zones = max(3, run.profile.zones)
    enough = zones * ceil(run.stack.offered / run.stack.capacity / (zones - 1) - 1e-9)
    update = f"aws autoscaling update-auto-scaling-group --auto-scaling-group-name {GROUP} \\\n"
    return (
        Advice(
            change=f"Run {enough} instances over {zones} zones before anything fails.",
            because="When a zone is lost, everybody asks the others for capacity. What is not there then cannot be launched.",
            command=f"{update}  --min-size {enough} --desired-capacity {enough} --vpc-zone-identifier SUBNET,SUBNET,SUBNET",
        ),
    )


SCENARIO = Scenario(
    id="S06",
    name="zone_loss_no_capacity",
    title="A zone is lost, and the others have no capacity to launch in",
    hypothesis="When a zone is lost and nothing can be launched elsewhere, what runs already carries the load.",
    question="Does your recovery need a launch?",
    default_profile="static-stable",
    knobs=(
        Knob(
            name="power_off",
            default="impaired",
            meaning="impaired: the host is dark and EC2 says running; stopped: as FIS does it",
            choices=("impaired", "stopped"),
        ),
        Knob(name="none", default=240.0, unit="s", meaning="for which no launch succeeds", low=120, high=7200),
        Knob(name="trickle", default=120.0, unit="s", meaning="for which some launches succeed", low=0, high=7200),
        Knob(name="ice_rate", default=75.0, unit="%", meaning="of the launches fail meanwhile", high=100),
        Knob(name="full", default=120.0, unit="s", meaning="observed with capacity again", low=0, high=7200),
        Knob(
            name="distribution",
            default="balanced-best-effort",
            meaning="of the group over zones; balanced-only keeps trying the lost zone",
            choices=("balanced-best-effort", "balanced-only"),
        ),
    ),
    phases=(
        Phase(name="lose", title="The zone is lost, and no launch succeeds", play=lose),
        Phase(name="trickle", title="Some launches succeed", play=trickle),
        Phase(name="full", title="There is capacity again", play=full),
    ),
    criteria=(
        at_most("shortfall", "Requests beyond the survivors' capacity, after detection", shortfall, 0.0, "requests"),
        at_most("launches", "Launches that were needed to carry the load", launches_needed, 0.0),
        at_least("without", "Availability while no launch succeeds, after detection", without_capacity, 99.9, "%"),
        holds("refused", "Launches failed for lack of capacity", refused),
        at_most("whole", "Time from capacity until the group is whole", whole_again, 300.0, "s"),
    ),
    control=Control(
        summary="The tutorial's layout needs launches to survive: the one instance of its smaller zone is asked for 210 %.",
        profile="tutorial",
        fails="shortfall",
    ),
    recovery_timeout=120.0,  # the zone stays dark, so the group's zones are not balanced again
    advice=advice,
)
