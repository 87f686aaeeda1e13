"""S05: the network of a zone fails while its instances run: first nothing gets through, then only outwards, then it comes and goes."""

from datetime import timedelta

from sandbox.traffic.measures import closed_form, requests
from scenarios.kit.definition.criteria import at_least, at_most
from scenarios.kit.definition.knobs import Knob
from scenarios.kit.definition.scenario import Control, Phase, Scenario
from scenarios.kit.evidence.run import Evidence
from scenarios.kit.running.run import Run

SETTLE = 60.0  # seconds between two failures, and the time after a failure in which no pool of connections may hang
NODE_DETECTION = 30.0  # seconds until a node of the load balancer that is cut off leaves DNS (TG-36)
TTL = 60.0  # seconds that clients keep the answer of DNS (ALB-5)


def blackhole(run: Run) -> None:
    _fail(run, "zone-blackhole", "drops every packet, and refuses none", run.settings.number("blackhole"))


def asymmetric(run: Run) -> None:
    told = "still reaches the others, but nothing reaches it"
    _fail(run, "zone-partition", told, run.settings.number("asymmetric"), direction="inbound")


def flap(run: Run) -> None:
    down, up = run.settings.number("down"), run.settings.number("up")
    told = f"is cut off for {down:g} s and back for {up:g} s, again and again"
    _fail(run, "zone-flap", told, run.settings.number("flap"), down=f"{down:g}s", up=f"{up:g}s")


def _fail(run: Run, kind: str, told: str, seconds: float, **parameters: str) -> None:
    """For that long, then healed; the next failure begins when the service has had a minute."""
    zone = run.faults[0].targets[0] if run.faults else run.fullest_zone()
    fault = run.inject(kind, zone, lasting=None, summary=f"The network of {zone} {told}", **parameters)
    run.wait(seconds)
    run.heal(fault)
    run.wait(SETTLE)


# ---- what is measured --------------------------------------------------------------------------------------------------------------------


def loss_ratio(run: Evidence) -> float | None:
    """Of the blackhole alone. Lost are new connections to the zone's node until clients no longer know its address, and at the other nodes
    what goes to the zone's targets until the checks find them."""
    fault = run.fault("zone-blackhole")
    if fault is None:
        return None
    node = 1 / run.profile.zones
    to_targets = (1 - node) * run.expected_loss(run.serving_before(fault.targets[0]) / run.profile.size)
    expected = closed_form.expected_loss(run.stack.offered, node, NODE_DETECTION + TTL / 2, run.speed) + to_targets
    return closed_form.loss_ratio(run.lost_between(fault.since, fault.until or run.ended_at), expected)


def errors_lasted(run: Evidence) -> float | None:
    """Seconds from the beginning of the blackhole to its last request that was lost; 0: none was."""
    fault = run.fault("zone-blackhole")
    if fault is None:
        return None
    found = run.records.between(fault.since, fault.until or run.ended_at)
    lost = found.intents["offset"][~requests.good(found, run.slo)]
    return (found.at(float(lost[-1])) - fault.since).total_seconds() if len(lost) else 0.0


def after_each(run: Evidence) -> float | None:
    """The worst of the seconds after a failure has ended, from the end of a client's longest wait to the next failure."""
    waited = timedelta(seconds=run.settings.number("client_timeout"))
    ends = [fault.until for fault in run.faults if fault.until is not None]
    found = [run.availability_between(end + waited, end + timedelta(seconds=SETTLE)) for end in ends]
    measured = [value for value in found if value is not None]
    return min(measured) if len(measured) == len(run.faults) else None


def longest_errors(run: Evidence) -> float:
    """Until the last client has asked DNS again, or the checks have found the last target."""
    return max(NODE_DETECTION + TTL, run.profile.detection[1]) + 1


def needless(run: Evidence) -> float:
    return float(len(run.needless_kills()))


SCENARIO = Scenario(
    id="S05",
    name="zone_partition",
    title="The network of a zone fails: dropped, one way only, coming and going",
    hypothesis="A zone that is cut off costs no more than the time to detect it, and the service is whole a minute after it is back.",
    question="Does a hung connection outlive the failure?",
    default_profile="static-stable",
    knobs=(
        Knob(name="blackhole", default=180.0, unit="s", meaning="for which every packet is dropped", low=30, high=3600),
        Knob(
            name="asymmetric", default=120.0, unit="s", meaning="for which the zone reaches others and nobody reaches it", low=30, high=3600
        ),
        Knob(name="flap", default=120.0, unit="s", meaning="for which the zone comes and goes", low=30, high=3600),
        Knob(name="down", default=10.0, unit="s", meaning="of a flap: cut off", low=1, high=600),
        Knob(name="up", default=20.0, unit="s", meaning="of a flap: back", low=1, high=600),
    ),
    phases=(
        Phase(name="blackhole", title="No packet enters or leaves the zone", play=blackhole),
        Phase(name="asymmetric", title="Packets leave the zone, none enters it", play=asymmetric),
        Phase(name="flap", title="The zone comes and goes", play=flap),
    ),
    criteria=(
        at_most("loss-ratio", "Requests lost to the blackhole, against the closed form", loss_ratio, 1.5, "×"),
        at_most("errors", "Time from the blackhole to its last lost request", errors_lasted, longest_errors, "s"),
        at_least("after", "Availability in the minute after each failure", after_each, 99.9, "%"),
        at_most("needless", "Instances of other zones that the group terminated", needless, 0.0),
    ),
    control=Control(
        summary="With the tutorial's health checks, a dark target gets its share of the requests for up to 65 s, and no instance is spare.",
        profile="tutorial",
        fails="loss-ratio",
    ),
    recovery_timeout=600.0,
    notes=("Traffic inside one subnet is never cut: it does not pass the router.",),
)
