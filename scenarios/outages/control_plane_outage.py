"""S07: the APIs fail while the instances serve, as in October 2025: then an instance dies, and there is nobody who could replace it.

After the APIs are back, launches fail for want of capacity, then because calls are limited, and then they succeed without a network. What
serves goes on serving all the time: a data plane that needs no control plane is called statically stable.
"""

from datetime import datetime, timedelta

from sandbox.client import SandboxApiError
from sandbox.report.model import Advice
from sandbox.traffic.measures import churn, recovery
from scenarios.kit.definition.criteria import at_least, at_most
from scenarios.kit.definition.knobs import Knob
from scenarios.kit.definition.scenario import Control, Phase, Scenario
from scenarios.kit.evidence.run import Evidence
from scenarios.kit.running.run import Run
from scenarios.kit.stack.names import GROUP

SERVICES = ("ec2", "autoscaling", "elbv2")
LAUNCH = "RunInstances"
SUSPENDED = ["ReplaceUnhealthy", "AZRebalance"]
KILLED_AFTER = 60.0  # seconds of the outage
CRASH, NO_NETWORK = "instance-crash", "launches-without-network"


def apis_fail(run: Run) -> None:
    """The victim is chosen before: nobody can list instances during the outage."""
    victim = run.chance.choice(run.instances())
    outage = run.inject("api-error", *SERVICES, summary="EC2, Auto Scaling and Elastic Load Balancing answer every call with an error")
    run.wait(KILLED_AFTER)
    run.inject(CRASH, victim)
    run.wait(run.settings.number("outage") * 60 - KILLED_AFTER)
    run.heal(outage)


def no_capacity(run: Run) -> None:
    fault = run.inject("no-capacity", *run.stack.zones)
    run.wait(run.settings.number("hindered"))
    run.heal(fault)


def throttled(run: Run) -> None:
    fault = run.inject("api-error", "ec2", operation=LAUNCH, code="RequestLimitExceeded", summary=f"EC2 limits calls: {LAUNCH} fails")
    if run.settings.flag("suspend"):
        run.operator("suspends replacements", "autoscaling", "suspend_processes", AutoScalingGroupName=GROUP, ScalingProcesses=SUSPENDED)
    run.wait(run.settings.number("hindered"))
    _network_fails_first(run)
    run.heal(fault)


def _network_fails_first(run: Run) -> None:
    """The next fault begins before this one ends, or a launch could slip in between."""
    try:
        run.inject(NO_NETWORK, *run.stack.zones)
    except SandboxApiError as refused:
        run.notes.append(f"Launches without a network were left out: {refused.message}")


def no_network(run: Run) -> None:
    run.wait(run.settings.number("hindered") * 2)
    for fault in [each for each in run.faults if each.kind == NO_NETWORK]:
        run.heal(fault.id)
    if run.settings.flag("suspend"):
        run.operator("resumes replacements", "autoscaling", "resume_processes", AutoScalingGroupName=GROUP, ScalingProcesses=SUSPENDED)


# ---- what is measured --------------------------------------------------------------------------------------------------------------------


def _killed_at(run: Evidence) -> datetime | None:
    crash = run.fault(CRASH)
    return crash.since if crash else None


def _found_at(run: Evidence) -> datetime | None:
    """When the health checks must have found that the instance is gone."""
    killed = _killed_at(run)
    return killed + timedelta(seconds=run.profile.detection[1]) if killed else None


def untouched(run: Evidence) -> float | None:
    killed = _killed_at(run)
    return run.availability_between(run.faults[0].since, killed) if killed else None


def loss_ratio(run: Evidence) -> float | None:
    killed, found = _killed_at(run), _found_at(run)
    expected = run.expected_loss(1 / run.profile.size)
    return run.lost_between(killed, found) / expected if killed and found and expected else None


def served(run: Evidence) -> float | None:
    """From there until the end: everything that hinders launches, and the backlog."""
    found = _found_at(run)
    return run.availability_between(found, run.ended_at) if found else None


def needless(run: Evidence) -> float:
    """Instances that the group terminated, besides the one that died and those that were launched without a network."""
    crash = run.fault(CRASH)
    broken = {*(crash.targets if crash else ()), *_launched_without_network(run)}
    return float(len(churn.needless_kills(run.events, GROUP, broken)))


def _launched_without_network(run: Evidence) -> set[str]:
    fault = run.fault(NO_NETWORK)
    if fault is None:
        return set()
    earlier = {name for event in run.events if event.at < fault.since for name in event.resources}
    return set(run.zone_of) - earlier


def fewest(run: Evidence) -> float | None:
    killed = _killed_at(run)
    return min((value for at, value in run.fleet.healthy.steps(run.ended_at) if killed and at >= killed), default=None)


def backlog(run: Evidence) -> float | None:
    """Seconds from the end of the last fault until the fleet was whole."""
    played = run.phase("no-network")
    if played is None:
        return None
    whole = recovery.time_to_capacity(run.fleet.healthy, run.fleet.desired, played.ended, run.ended_at)
    return None if whole is None else whole.total_seconds()


def advice(run: Evidence) -> tuple[Advice, ...]:
    left = run.profile.size - 1
    if run.stack.offered <= left * run.stack.capacity:
        return ()
    update = f"aws autoscaling update-auto-scaling-group --auto-scaling-group-name {GROUP} \\\n"
    enough = int(-(-run.stack.offered // run.stack.capacity)) + 1
    return (
        Advice(
            change=f"Run {enough} instances all the time.",
            because="While no instance can be launched, the others must carry the load of one that dies.",
            command=f"{update}  --min-size {enough} --desired-capacity {enough}",
        ),
    )


SCENARIO = Scenario(
    id="S07",
    name="control_plane_outage",
    title="The control plane is down, and the data plane is up",
    hypothesis="Instances and load balancer go on serving without their APIs, and nothing that works is taken away meanwhile.",
    question="What do you need the control plane for while it is down?",
    knobs=(
        Knob(name="outage", default=5.0, unit="min", meaning="for which the APIs fail", low=2, high=1440),
        Knob(name="hindered", default=120.0, unit="s", meaning="for which launches then fail for each further reason", low=30, high=86_400),
        Knob(name="suspend", default=True, meaning="an operator suspends ReplaceUnhealthy and AZRebalance before launches have no network"),
    ),
    phases=(
        Phase(name="apis-fail", title="Every call of the APIs fails; after a minute an instance dies", play=apis_fail),
        Phase(name="no-capacity", title="The APIs are back; no zone has capacity", play=no_capacity),
        Phase(name="throttled", title="EC2 limits calls, and no launch gets through", play=throttled),
        Phase(name="no-network", title="Launches succeed without a network", play=no_network),
    ),
    criteria=(
        at_least("untouched", "Availability until an instance dies", untouched, 99.9, "%"),
        at_most("loss-ratio", "Requests lost to that instance, against the closed form", loss_ratio, 1.5, "×"),
        at_least("served", "Availability from then on", served, 99.9, "%"),
        at_most("needless", "Instances terminated although they worked", needless, 0.0, "instances"),
        at_least("fleet", "Healthy targets at the worst moment", fewest, lambda run: run.profile.size - 1.0, "targets"),
        at_most("backlog", "Time from the end of it all until the fleet is whole", backlog, 300.0, "s"),
    ),
    control=Control(
        summary="The tutorial's layout has no capacity to spare: without the one that died, the others are overloaded.",
        profile="tutorial",
        fails="served",
    ),
    recovery_timeout=420.0,
    advice=advice,
    notes=("Not modelled: DNS names that do not resolve, and a console and a status page that are down.",),
)
