"""S12: a zone degrades, and its traffic is shifted to the others, by an operator or by AWS's autoshift; later it comes back."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sandbox.report.model import Advice
from sandbox.traffic.measures.requests import by_zone
from scenarios.kit.definition.criteria import at_least, at_most, holds
from scenarios.kit.definition.knobs import Knob
from scenarios.kit.definition.scenario import Control, Phase, Scenario
from scenarios.kit.evidence.run import Evidence
from scenarios.kit.running.announced import Played
from scenarios.kit.running.run import Run
from scenarios.kit.stack import view
from scenarios.kit.stack.names import GROUP, PREFIX

ARC = "arc-zonal-shift"
ALARM = f"{PREFIX}practice"
OPERATOR, AUTOSHIFT = "operator", "autoshift"
CROSS_ZONE = "load_balancing.cross_zone.enabled"
LEAVES = 300.0  # seconds after the start of a shift in which the traffic must have left
RECOVERY = 300.0  # seconds before the end of a shift in which the zone is well again
LONGEST_AUTOSHIFT = 900.0  # seconds that one may take to start, or to end after the zone is well

# ---- what happens ------------------------------------------------------------------------------------------------------------------------


def degrade(run: Run) -> None:
    """Health checks stay green while an operator is to act; an autoshift needs a fault of a whole zone, which AWS sees."""
    _opt_in(run)
    zone, settings = run.fullest_zone(), run.settings
    if settings.text("by") == AUTOSHIFT:
        run.inject("zone-blackhole", zone, summary=f"{zone} loses its network")
        run.until("AWS has started an autoshift", lambda: _autoshifts(run), LONGEST_AUTOSHIFT)
        return
    percent = settings.number("errors")
    run.inject("error-rate", zone, summary=f"{percent:g} % of the requests to {zone} fail", percent=percent)
    run.wait(settings.number("reaction"))


def shift(run: Run) -> None:
    if run.settings.text("by") == OPERATOR:
        _shift_away(run)
    lasts = run.settings.number("shifted") * 60
    run.wait(lasts - RECOVERY)
    run.heal(run.faults[0].id)
    run.wait(RECOVERY)


def come_back(run: Run) -> None:
    run.until("no shift is active", lambda: not _shifts(run) and not _autoshifts(run), LONGEST_AUTOSHIFT)
    run.wait(180)


def _opt_in(run: Run) -> None:
    """What the owner of the service has done long before."""
    stage, settings = run.stage, run.settings
    if not settings.flag("cross_zone"):
        off = [{"Key": CROSS_ZONE, "Value": "false"}]
        stage.step("elbv2", "modify_target_group_attributes", TargetGroupArn=run.stack.target_group, Attributes=off)
    allowed = [{"Key": "zonal_shift.config.enabled", "Value": "true"}]
    stage.step("elbv2", "modify_load_balancer_attributes", LoadBalancerArn=run.stack.load_balancer, Attributes=allowed)
    skip: dict[str, Any] = {} if settings.flag("cross_zone") else {"SkipZonalShiftValidation": True}
    policy = {"ZonalShiftEnabled": True, "ImpairedZoneHealthCheckBehavior": settings.text("unhealthy_members")}
    stage.step(
        "autoscaling",
        "update_auto_scaling_group",
        AutoScalingGroupName=GROUP,
        AvailabilityZoneImpairmentPolicy=policy,
        **skip,
    )
    if settings.text("by") == AUTOSHIFT:
        _enable_autoshift(run)


def _enable_autoshift(run: Run) -> None:
    """It needs practice runs, and those an outcome alarm: clients' errors, as the load balancer counts them."""
    stage, balancer = run.stage, run.stack.load_balancer.split("loadbalancer/")[1]
    stage.step(
        "cloudwatch",
        "put_metric_alarm",
        AlarmName=ALARM,
        Namespace="AWS/ApplicationELB",
        MetricName="HTTPCode_Target_5XX_Count",
        Dimensions=[{"Name": "LoadBalancer", "Value": balancer}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )
    alarm = stage.query("cloudwatch", "describe_alarms", AlarmNames=[ALARM])["MetricAlarms"][0]["AlarmArn"]
    outcome = [{"type": "CLOUDWATCH", "alarmIdentifier": alarm}]
    for arn in _resources(run):
        stage.step(ARC, "create_practice_run_configuration", resourceIdentifier=arn, outcomeAlarms=outcome)
        stage.step(ARC, "update_zonal_autoshift_configuration", resourceIdentifier=arn, zonalAutoshiftStatus="ENABLED")


def _shift_away(run: Run) -> None:
    away, other = _zones_to_leave(run)
    given = {"awayFrom": run.stack.zone_ids[away], "expiresIn": f"{run.settings.whole('shifted')}m", "comment": "errors in one zone"}
    for arn in _resources(run):
        what = "load balancer" if arn == run.stack.load_balancer else "group"
        run.operator(f"shifts the {what} away from {away}", ARC, "start_zonal_shift", resourceIdentifier=arn, **given)
    run.stage.say("A second zone cannot be left at the same time.")
    second = given | {"awayFrom": run.stack.zone_ids[other], "comment": "and another one"}
    run.stage.attempt(ARC, "start_zonal_shift", None, resourceIdentifier=run.stack.load_balancer, **second)


def _zones_to_leave(run: Run) -> tuple[str, str]:
    """The zone that the operator leaves, and one that stays."""
    broken = run.faults[0].targets[0]
    healthy = [zone for zone in run.stack.zones if zone != broken]
    return (broken, healthy[0]) if run.settings.text("away") == "right" else (healthy[0], broken)


def _resources(run: Run) -> tuple[str, str]:
    """The group first: what it launches then goes elsewhere before the traffic does."""
    return str(view.group(run.stage)["AutoScalingGroupARN"]), run.stack.load_balancer


def _shifts(run: Run) -> list[Any]:
    return list(run.stage.query(ARC, "list_zonal_shifts", status="ACTIVE")["items"])


def _autoshifts(run: Run) -> list[Any]:
    return list(run.stage.query(ARC, "list_autoshifts", status="ACTIVE")["items"])


# ---- what is measured --------------------------------------------------------------------------------------------------------------------


def traffic_share(run: Evidence) -> float | None:
    """Percent of the requests that went to the zone, or nobody knows where, from five minutes after the start of the shift to its end."""
    phase, zone = run.phase("shifted"), run.faults[0].targets[0]
    window = run.records.between(_left(phase), phase.ended) if phase else None
    if window is None or not len(window):
        return None
    counts: Mapping[str | None, int] = by_zone(window, run.zone_of)
    return 100.0 * (counts.get(zone, 0) + counts.get(None, 0)) / len(window)


def during(run: Evidence) -> float | None:
    phase = run.phase("shifted")
    return run.availability_between(_left(phase), phase.ended) if phase else None


def utilization(run: Evidence) -> float | None:
    """Percent of the capacity of the other zones' healthy targets that was asked for at the start of the shift."""
    phase, zone = run.phase("shifted"), run.faults[0].targets[0]
    others = sum(levels.at(phase.began) for name, levels in run.fleet.by_zone.items() if name != zone) if phase else 0
    return 100.0 * run.stack.offered / (others * run.stack.capacity) if others else None


def second_zone(run: Evidence) -> tuple[bool, str]:
    """ARC-5."""
    if run.settings.text("by") == AUTOSHIFT:
        return True, "not tried: AWS shifted"
    refused = [event for event in run.events if event.detail.get("eventName") == "StartZonalShift" and event.detail.get("errorCode")]
    return len(refused) == 1, refused[0].detail["errorCode"] if refused else "it was not refused"


def launched_there(run: Evidence) -> float:
    """ASG-112."""
    phase, zone = run.phase("shifted"), run.faults[0].targets[0]
    starts = f" launches 1 instance in {zone}"
    return float(sum(starts in event.summary for event in run.events if phase and phase.began <= event.at < phase.ended))


def on_return(run: Evidence) -> float | None:
    phase = run.phase("return")
    return run.availability_between(phase.began, run.ended_at) if phase else None


def _left(phase: Played) -> datetime:
    return phase.began + timedelta(seconds=LEAVES)


def advice(run: Evidence) -> tuple[Advice, ...]:
    if run.settings.text("away") == "right" or run.settings.text("by") == AUTOSHIFT:
        return ()
    return (
        Advice(
            change="Leave the zone in which the errors are.",
            because="Zones have a name in each account and an id that is the same for all; ARC takes the id, status pages name it (AZ-2).",
            command="aws ec2 describe-availability-zones --query 'AvailabilityZones[].[ZoneName,ZoneId]'",
        ),
    )


SCENARIO = Scenario(
    id="S12",
    name="zonal_shift_evacuation",
    title="A zone degrades, and its traffic is shifted away",
    hypothesis="A zonal shift takes the traffic out of a bad zone within five minutes, the others carry it, and its return is not noticed.",
    question="Is there enough capacity to leave a zone, before you need to?",
    knobs=(
        Knob(
            name="by",
            default=OPERATOR,
            meaning="who shifts: autoshift breaks the zone's network, which AWS sees",
            choices=(OPERATOR, AUTOSHIFT),
        ),
        Knob(name="away", default="right", meaning="the zone that the operator leaves", choices=("right", "wrong")),
        Knob(
            name="errors", default=30.0, unit="%", meaning="of the requests to the zone that fail, while its health checks pass", high=100
        ),
        Knob(name="reaction", default=300.0, unit="s", meaning="until the operator acts", high=3600),
        Knob(name="shifted", default=25, unit="min", meaning="after which the shift expires", low=11, high=600),
        Knob(
            name="unhealthy_members",
            default="IgnoreUnhealthy",
            meaning="what the group does with unhealthy instances of the zone",
            choices=("IgnoreUnhealthy", "ReplaceUnhealthy"),
        ),
        Knob(name="cross_zone", default=True, meaning="nodes send requests to targets in all zones"),
    ),
    checks_capacity=True,
    phases=(
        Phase(name="degrades", title="A zone degrades", play=degrade),
        Phase(name="shifted", title="The traffic is shifted away, and the zone recovers", play=shift),
        Phase(name="return", title="The traffic comes back", play=come_back),
    ),
    criteria=(
        at_most("traffic", "Requests that still go to the zone, five minutes after the start of the shift", traffic_share, 1.0, "%"),
        at_least("errors", "Availability from then to the end of the shift", during, 99.9, "%"),
        at_most("utilization", "Asked of the other zones' instances", utilization, 95.0, "%"),
        at_most("launches", "Launches in the zone during the shift", launched_there, 0.0),
        holds("one-zone", "A second zone cannot be left at the same time", second_zone, "ConflictException"),
        at_least("return", "Availability when the traffic comes back", on_return, 99.9, "%"),
    ),
    control=Control(summary="The operator leaves a zone that is well: the errors stay.", fails="errors", knobs={"away": "wrong"}),
    recovery_timeout=600.0,
    advice=advice,
    notes=(
        "The errors are answered in the load balancer's proxy, so health checks stay green, as in a gray failure.",
        "With too little capacity for the loss of a zone, nothing is shifted: CAPACITY_CHECK_FAILED.",
    ),
)
