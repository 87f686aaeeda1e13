"""S03: a gray failure. One instance gets slow, another loses a part of its requests, then a whole zone is slow; every health check passes.

Nothing is replaced, because nothing is unhealthy. What the load balancer measures of each target shows the difference: an operator replaces
the one instance, and shifts traffic away from the zone. Evacuating a zone because of one bad host would cost a third of the capacity.
"""

from datetime import datetime, timedelta

import numpy as np

from sandbox.report.model import Advice, MarkKind
from scenarios.kit.definition.criteria import at_most, holds
from scenarios.kit.definition.knobs import Knob
from scenarios.kit.definition.scenario import Control, Phase, Scenario
from scenarios.kit.evidence.run import Evidence
from scenarios.kit.running.announced import Injected
from scenarios.kit.running.differential import watch
from scenarios.kit.running.run import Run
from scenarios.kit.stack.names import GROUP

RAMP = (50.0, 200.0)  # milliseconds before the full latency, for STEP seconds each
STEP = 20.0
LONGEST = 300.0  # seconds until the cause must have been named
SETTLED = 90.0  # seconds after the mitigation
LAST = timedelta(seconds=60)  # of a phase: what is left after the mitigation
SHIFT = "zonal_shift.config.enabled"


def slow(run: Run) -> None:
    """One instance, more from step to step."""
    victim = _victim(run)
    for milliseconds in (*RAMP, run.settings.number("slow_ms")):
        fault = run.inject("latency", victim, milliseconds=milliseconds)
        if milliseconds in RAMP:
            run.wait(STEP)
            run.heal(fault)
    _replace(run, _named(run), fault)


def loses(run: Run) -> None:
    fault = run.inject("error-rate", _victim(run), percent=run.settings.number("loss"), status=503)
    _replace(run, _named(run), fault)


def slow_zone(run: Run) -> None:
    zone = run.fullest_zone()
    run.stage.step(
        "elbv2", "modify_load_balancer_attributes", LoadBalancerArn=run.stack.load_balancer, Attributes=[{"Key": SHIFT, "Value": "true"}]
    )
    fault = run.inject("latency", zone, milliseconds=run.settings.number("zone_ms"))
    named = _named(run)
    shift = None
    if named in run.stack.zones:
        shift = run.operator(
            f"shifts traffic away from {named}",
            "arc-zonal-shift",
            "start_zonal_shift",
            resourceIdentifier=run.stack.load_balancer,
            awayFrom=run.stack.zone_ids[str(named)],
            expiresIn="1h",
            comment="its targets are slow",
        )["zonalShiftId"]
    elif named is not None:
        _replace(run, named, fault)
    run.wait(SETTLED + LAST.total_seconds())
    run.heal(fault)
    if shift:
        run.operator("ends the shift", "arc-zonal-shift", "cancel_zonal_shift", zonalShiftId=shift)


def _victim(run: Run) -> str:
    return run.chance.choice(run.instances())


def _named(run: Run) -> str | None:
    """What the measurements name. Without anybody who looks at them, only time passes."""
    if run.settings.flag("watch"):
        return watch(run, LONGEST)
    run.wait(LONGEST)
    return None


def _replace(run: Run, named: str | None, fault: str) -> None:
    """An operator terminates the instance that was named, and the group launches another."""
    if named is not None and named.startswith("i-"):
        run.operator(
            f"replaces {named}",
            "autoscaling",
            "terminate_instance_in_auto_scaling_group",
            InstanceId=named,
            ShouldDecrementDesiredCapacity=False,
        )
        run.until("the service is whole again", run.settled, LONGEST)
    run.wait(LAST.total_seconds())
    run.heal(fault)


# ---- what is measured --------------------------------------------------------------------------------------------------------------------


def _faults(run: Evidence) -> dict[str, Injected]:
    """Phase → its last fault, whose effect is the largest."""
    return {phase.name: fault for phase in run.phases for fault in run.faults if phase.began <= fault.since < phase.ended}


def _alarm(run: Evidence, phase: str, fault: Injected) -> tuple[str, float] | None:
    """What was named in the phase, and how many seconds after the fault."""
    played = run.phase(phase)
    marks = [m for m in run.marks if m.kind is MarkKind.ALARM and played and fault.since <= m.at < played.ended]
    return (marks[0].text, (marks[0].at - fault.since).total_seconds()) if marks else None


def named_right(run: Evidence) -> tuple[bool, str]:
    """Each cause by its name: the two instances as instances, the zone as a zone."""
    found = [_named_in(run, phase, fault) for phase, fault in _faults(run).items()]
    return all(right for right, _ in found) and len(found) == 3, "; ".join(text for _, text in found)


def _named_in(run: Evidence, phase: str, fault: Injected) -> tuple[bool, str]:
    alarm = _alarm(run, phase, fault)
    if alarm is None:
        return False, f"{phase}: nothing was named"
    target = fault.targets[0]
    what = "instance" if target.startswith("i-") else "zone"
    right = alarm[0].endswith(f"{what} {target}")
    return right, f"{phase}: {what}" if right else f"{phase}: {alarm[0]}, and it was the {what} {target}"


def found_after(run: Evidence) -> float | None:
    """The longest time until a cause was named; None: one never was."""
    times = [alarm[1] if (alarm := _alarm(run, phase, fault)) else None for phase, fault in _faults(run).items()]
    known = [time for time in times if time is not None]
    return max(known) if len(known) == len(times) == 3 else None


def green(run: Evidence) -> tuple[bool, str]:
    """Health checks did not see what was named."""
    noticed = []
    for phase, fault in _faults(run).items():
        alarm = _alarm(run, phase, fault)
        hit = [i for i, zone in run.zone_of.items() if fault.targets[0] in (i, zone)]
        seen = run.detected_by_balancer(hit, fault.since)
        if seen is not None and seen + 1 < (alarm[1] if alarm else LONGEST):  # at the alarm, the operator takes it out
            noticed.append(phase)
    return not noticed, f"health checks noticed: {', '.join(noticed) or 'nothing'}"


def p99_after(run: Evidence) -> float | None:
    """Milliseconds: the worst p99 of the last minute of a phase, when it was mitigated."""
    windows = [run.records.between(_end(run, phase) - LAST, _end(run, phase)) for phase in _faults(run)]
    values = [1000 * float(np.percentile(window.intents["latency"], 99)) for window in windows if len(window)]
    return max(values) if len(values) == 3 else None


def _end(run: Evidence, phase: str) -> datetime:
    played = run.phase(phase)
    assert played is not None
    return played.ended


def advice(run: Evidence) -> tuple[Advice, ...]:
    found = []
    if not run.settings.flag("watch"):
        found.append(
            Advice(
                change="Compare the targets with each other, from the load balancer's access log.",
                because="Every health check passed, so neither the load balancer nor the group could notice (TG-12, ASG-44).",
                command="sandbox top    # on AWS: access logs of the load balancer in S3, and a contributor rule by target",
            )
        )
    if not run.profile.attached:
        attach = f"aws autoscaling attach-load-balancer-target-groups --auto-scaling-group-name {GROUP} \\\n"
        found.append(
            Advice(
                change="Attach the group to the target group.",
                because="The replacement of a bad instance never received a request (TUT-34).",
                command=f"{attach}  --target-group-arns {run.stack.target_group}",
            )
        )
    return tuple(found)


SCENARIO = Scenario(
    id="S03",
    name="gray_failure",
    title="A gray failure: an instance, then a zone, is slow, and every health check passes",
    hypothesis="Comparing targets names the cause in five minutes, the instance or the zone, and what is then done heals the service.",
    question="Is it one host or the zone?",
    default_profile="static-stable",
    knobs=(
        Knob(name="slow_ms", default=800.0, unit="ms", meaning="latency of the one instance at the end", low=50, high=60_000),
        Knob(name="loss", default=5.0, unit="%", meaning="requests to another instance that fail", low=0.1, high=100),
        Knob(name="zone_ms", default=300.0, unit="ms", meaning="latency of the zone", low=50, high=60_000),
        Knob(name="watch", default=True, meaning="somebody compares what the load balancer measures of each target"),
    ),
    phases=(
        Phase(name="slow", title="One instance is slower and slower", play=slow),
        Phase(name="loses", title="Another instance fails a part of its requests", play=loses),
        Phase(name="zone", title="All instances of a zone are slow", play=slow_zone),
    ),
    criteria=(
        holds("named", "The causes were named: two instances and a zone", named_right),
        at_most("found", "Longest time until a cause was named", found_after, LONGEST, "s"),
        holds("green", "No health check noticed", green),
        at_most("p99", "Latency (p99) in the minute after each mitigation", p99_after, 500.0, "ms"),
    ),
    control=Control(
        summary="Nobody compares the targets, and every health check passes: nothing is ever found.", fails="found", knobs={"watch": "no"}
    ),
    recovery_timeout=240.0,
    advice=advice,
    notes=("Latency and errors are put on targets in the load balancer's proxy; their own health checks do not see them.",),
)
