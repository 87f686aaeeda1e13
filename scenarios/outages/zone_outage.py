"""S04: an Availability Zone overheats and goes dark, as use1-az4 did on 7 May 2026: twelve minutes with the real times as captions.

The order of events and their times are the real ones; how hot it was, how many racks stood in a hall and in what batches they went is not
known, so those values are invented, and each mark and phase that has one says so. sandbox/faults/zones/thermal.py makes the zone go.
"""

from datetime import datetime, timedelta
from math import ceil

from sandbox.report.model import Advice
from scenarios.kit.definition.criteria import at_least, at_most
from scenarios.kit.definition.knobs import Knob
from scenarios.kit.definition.scenario import Control, Phase, Scenario
from scenarios.kit.evidence.run import Evidence
from scenarios.kit.running.run import Run
from scenarios.kit.stack.names import GROUP

THERMAL = "zone-thermal"
STORY = 720.0  # seconds of the story: 36 hours
HEAT, DARK, RETURN, RESIDUAL = 60.0, 180.0, 360.0, 540.0  # when each phase of the story ends or begins
BEATS = (
    (0.0, "T+0 (16:20 PDT): chillers fail in one hall of use1-az4"),
    (60.0, "T+0h28 (19:48 ET): nearly all Coinbase trading has stopped"),
    (110.0, "T+1h05 (17:25 PDT): AWS's first public post: impacted hardware has lost power; provisioning takes longer"),
    (180.0, "T+2h09 (21:29 ET): instances of a placement group are terminated; 3 of 5 nodes of a cluster are gone"),
    (270.0, "T+3h46 (20:06 PDT): AWS advises to restore from EBS snapshots or to launch in unaffected zones"),
    (360.0, "T+5h51 (22:11 PDT): additional cooling is on line; the first racks recover"),
    (540.0, "T+21h30 (13:50 PDT, 8 May): cooling is normal; most instances are back, a small number is not"),
    (630.0, "T+35h50 (9 May): a second outage of one customer: changes of a security group are accepted and not applied"),
)
"""(second of the story, what happened in the real event)."""


def heat(run: Run) -> None:
    """The fault has the whole course of the zone in it: what follows waits and tells."""
    settings, zone = run.settings, run.fullest_zone()
    run.inject(
        THERMAL,
        zone,
        summary=f"{zone} loses its cooling",
        mode=settings.text("power_off"),
        ramp=_duration(run, HEAT),
        cpu_percent=settings.number("hot_cpu"),
        shutdown=_duration(run, DARK - HEAT),
        batches=settings.whole("batches"),
        return_after=_duration(run, RETURN),
        return_over=_duration(run, RESIDUAL - RETURN),
        return_batches=settings.whole("return_batches"),
        residual_percent=settings.number("residual"),
        seed=run.chosen.seed,
    )
    run.notes.append(f"The zone is {zone} ({run.stack.zone_ids[zone]}), the one with the most instances. In 2026 it was use1-az4.")
    _tell(run, 0.0, HEAT)


def power_off(run: Run) -> None:
    """Everybody launches elsewhere, so launches in the other zones take longer."""
    others = [name for name in run.stack.zones if name != _zone(run)]
    if others and run.settings.number("slow_launches"):
        seconds = run.settings.number("slow_launches")
        told = f"Everybody launches elsewhere: launches in {', '.join(others)} take {seconds:g} s longer"
        run.inject("slow-launches", *others, lasting=_seconds(run, RETURN - HEAT), summary=told, seconds=seconds)
    _tell(run, HEAT, DARK)


def dark(run: Run) -> None:
    _tell(run, DARK, RETURN)


def returns(run: Run) -> None:
    _tell(run, RETURN, RESIDUAL)


def residual(run: Run) -> None:
    _tell(run, RESIDUAL, STORY)


def _tell(run: Run, start: float, end: float) -> None:
    """Waits from one second of the story to another, with a caption at each beat on the way."""
    began = run.faults[0].since
    for at, text in BEATS:
        if start <= at < end:
            run.wait_until(began + timedelta(seconds=_seconds(run, at)))
            run.caption(text)
    run.wait_until(began + timedelta(seconds=_seconds(run, end)))


def _seconds(run: Run, of_story: float) -> float:
    """Sandbox seconds of that many seconds of the story."""
    return of_story * run.settings.number("story") * 60 / STORY


def _duration(run: Run, of_story: float) -> str:
    return f"{_seconds(run, of_story):g}s"


def _zone(run: Run | Evidence) -> str:
    return run.faults[0].targets[0]


# ---- what is measured --------------------------------------------------------------------------------------------------------------------


def _dead_by(run: Evidence) -> datetime:
    """When the last host of the zone had lost its power."""
    return run.faults[0].since + timedelta(seconds=DARK * run.settings.number("story") * 60 / STORY)


def _share(run: Evidence) -> float:
    """Share of the instances that were in the zone when it began to fail."""
    return run.serving_before(_zone(run)) / run.profile.size


def loss_ratio(run: Evidence) -> float | None:
    return run.loss_ratio(_share(run)) if _share(run) else None


def shortfall(run: Evidence) -> float:
    """After the checks had the time to find the last host."""
    return run.shortfall(_dead_by(run) + timedelta(seconds=run.profile.detection[1]))


def launches_needed(run: Evidence) -> float:
    """How many instances the survivors lack to carry the load."""
    left = run.profile.size - run.serving_before(_zone(run))
    return float(max(0, ceil(run.stack.offered / run.stack.capacity - 1e-9) - left))


def mitigated(run: Evidence) -> float | None:
    return run.mitigated(_dead_by(run))


def on_return(run: Evidence) -> float | None:
    """While racks come back, and after it."""
    phase = run.phase("returns")
    return run.availability_between(phase.began, run.ended_at) if phase else None


def advice(run: Evidence) -> tuple[Advice, ...]:
    lacking, size = launches_needed(run), run.profile.size
    zones = max(3, run.profile.zones)
    enough = zones * ceil(run.stack.offered / run.stack.capacity / (zones - 1) - 1e-9)
    update = f"aws autoscaling update-auto-scaling-group --auto-scaling-group-name {GROUP} \\\n"
    found = []
    if lacking:
        found.append(
            Advice(
                change=f"Run {max(enough, size)} instances over {zones} zones.",
                because=f"Without the zone, the others were asked for {run.profile.survivors_carry:.0f} % of what they can serve.",
                command=f"{update}  --min-size {enough} --desired-capacity {enough} --vpc-zone-identifier SUBNET,SUBNET,SUBNET",
            )
        )
    if not run.profile.attached:
        attach = f"aws autoscaling attach-load-balancer-target-groups --auto-scaling-group-name {GROUP} \\\n"
        found.append(
            Advice(
                change="Attach the group to the target group.",
                because="What the group launched in the other zone never received a request (TUT-34).",
                command=f"{attach}  --target-group-arns {run.stack.target_group}",
            )
        )
    if run.profile.interval > 10:
        modify = "aws elbv2 modify-target-group \\\n"
        found.append(
            Advice(
                change="Check targets every 10 seconds.",
                because=f"Until health checks find a dark host, it gets its share of the requests: up to {run.profile.detection[1]:.0f} s.",
                command=f"{modify}  --target-group-arn {run.stack.target_group} --health-check-interval-seconds 10",
            )
        )
    return tuple(found)


SCENARIO = Scenario(
    id="S04",
    name="zone_outage",
    title="An Availability Zone overheats and loses power (7 May 2026)",
    hypothesis="When one zone goes dark, clients lose no more than the time to detect it explains, and nothing has to be launched.",
    question="Did you act before the status page did?",
    default_profile="static-stable",
    knobs=(
        Knob(name="story", default=12.0, unit="min", meaning="in which the 36 hours are told", low=3, high=2880),
        Knob(
            name="power_off",
            default="impaired",
            meaning="impaired: the host is dark and EC2 says running; stopped: as FIS does it",
            choices=("impaired", "stopped"),
        ),
        Knob(name="hot_cpu", default=70.0, unit="%", meaning="of its CPU that a hot host has left (invented)", low=1, high=100),
        Knob(name="batches", default=4, meaning="in which racks switch off (invented)", low=1, high=100),
        Knob(name="return_batches", default=4, meaning="in which racks return (invented)", low=1, high=100),
        Knob(name="residual", default=1.0, unit="%", meaning="of the hosts never return", high=100),
        Knob(name="slow_launches", default=30.0, unit="s", meaning="that launches in the other zones take longer meanwhile", high=3600),
    ),
    phases=(
        Phase(
            name="heat",
            title="The hall gets warmer; the first host switches off",
            play=heat,
            caption="T+0 to T+0h28: chillers have failed. Temperatures and the share of CPU are invented.",
            invented=True,
        ),
        Phase(
            name="power-off",
            title="Racks switch off in batches",
            play=power_off,
            caption="T+0h28 to T+2h09: hosts shut down to protect the hardware. The batches are invented.",
            invented=True,
        ),
        Phase(name="dark", title="The zone is dark", play=dark, caption="T+2h09 to T+5h51"),
        Phase(
            name="returns",
            title="Racks return in batches",
            play=returns,
            caption="T+5h51 to T+21h30: additional cooling. The batches are invented.",
            invented=True,
        ),
        Phase(name="residual", title="What does not return", play=residual, caption="T+21h30 to T+35h50"),
    ),
    criteria=(
        at_most("loss-ratio", "Requests lost, against the closed form", loss_ratio, 1.5, "×"),
        at_most("shortfall", "Requests beyond the survivors' capacity, after detection", shortfall, 0.0, "requests"),
        at_most("launches", "Launches that were needed to carry the load", launches_needed, 0.0),
        at_most("mitigated", "Time from the last dark host until the objective was met", mitigated, 120.0, "s"),
        at_least("return", "Availability while racks return, and after it", on_return, 99.9, "%"),
    ),
    control=Control(
        summary="The tutorial's layout: the survivor of its larger zone is asked for 210 %.", profile="tutorial", fails="shortfall"
    ),
    recovery_timeout=240.0,
    advice=advice,
    notes=(
        "The order and the times of the captions are those of 7 to 9 May 2026, told in minutes. How hot it was, how many hosts a batch had "
        "and how much CPU hot hosts lost is not known: those values are invented.",
        "Not modelled: EBS volumes, placement groups and quorums, managed queues. The stale security group of T+35h50 is told only.",
    ),
)
