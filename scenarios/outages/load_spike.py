"""S10: demand doubles and stays up for a while. Does target tracking add the capacity in time, and not too much of it?"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil
from typing import Any

from sandbox.report.model import Advice
from sandbox.traffic.measures.levels import first_held
from sandbox.traffic.measures.recovery import HOLD
from sandbox.traffic.patterns import Pattern
from scenarios.kit.definition.criteria import at_most, holds
from scenarios.kit.definition.knobs import Knob
from scenarios.kit.definition.scenario import Control, Phase, Scenario
from scenarios.kit.evidence.run import Evidence
from scenarios.kit.running.run import Run
from scenarios.kit.stack.names import GROUP
from scenarios.kit.stack.view import group

TARGET = 70.0  # percent of an instance's capacity, unless the profile has a policy of its own
RISE = 300.0  # seconds in which a ramp rises
TO_ALARM = 240.0  # three full one-minute periods (SCL-12), and up to one until the alarm is evaluated (CW-31)
BOOT = 30.0  # seconds that an instance may take until its application answers
SCALE_IN = 2400.0  # the longest wait: fifteen minutes below (SCL-12), and steps in between
EASY = 99.0  # percent of requests within the objective: p99 is


# ---- what happens ------------------------------------------------------------------------------------------------------------------------


def policy(run: Run) -> None:
    """Before the spike, so that its alarms exist; as `aws autoscaling put-scaling-policy` makes it."""
    run.stage.step(
        "autoscaling",
        "put_scaling_policy",
        AutoScalingGroupName=GROUP,
        PolicyName=f"{GROUP}-cpu",
        PolicyType="TargetTrackingScaling",
        TargetTrackingConfiguration=_tracked(run),
    )


def _tracked(run: Run) -> dict[str, Any]:
    target = run.profile.target_cpu or TARGET
    if run.settings.text("metric") == "CPU":
        return {"PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}, "TargetValue": target}
    label = f"{run.stack.load_balancer.split(':loadbalancer/')[1]}/{run.stack.target_group.split(':')[-1]}"
    metric = {"PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": label}
    per_minute = run.stack.capacity * 60 / run.stage.client.speed  # a minute of AWS's has fewer real seconds at a higher speed
    return {"PredefinedMetricSpecification": metric, "TargetValue": round(per_minute * target / 100, 3)}


def spike(run: Run) -> None:
    settings = run.settings
    growth, sustain = settings.number("growth"), settings.number("sustain") * 60
    rising = RISE if settings.text("shape") == "ramp" else 0.0
    run.announce(f"{growth:g} times as many requests{f' within {RISE:g} s' if rising else ''}, for {sustain:g} s", GROUP)
    if settings.number("blocked"):
        seconds = settings.number("blocked") * 60
        run.inject("no-capacity", *run.stack.zones, lasting=seconds, summary=f"No zone has capacity to launch for {seconds:g} s")
    run.change_load(
        run.stack.offered * growth, pattern=_spike(1 / growth, rising / run.stage.client.speed, sustain / run.stage.client.speed)
    )
    run.wait(rising + sustain)


def _spike(low: float, rising: float, sustain: float) -> Pattern:
    """From the share `low` to 1, and back at once."""
    return Pattern(name="spike", points=((0.0, low), (rising, 1.0), (rising + sustain, 1.0), (rising + sustain, low)))


def fall(run: Run) -> None:
    """Demand is as before; the group scales in to its minimum."""
    run.until(
        "the group is back at its minimum size",
        lambda: group(run.stage)["DesiredCapacity"] == run.profile.size,
        SCALE_IN,
        timedelta(seconds=15),
    )
    run.wait(HOLD.total_seconds())


# ---- what is measured --------------------------------------------------------------------------------------------------------------------


def _rose(run: Evidence) -> datetime:
    """When demand had risen."""
    rising = RISE if run.settings.text("shape") == "ramp" else 0.0
    return run.faults[0].since + timedelta(seconds=rising)


def _fell(run: Evidence) -> datetime:
    return _rose(run) + timedelta(minutes=run.settings.number("sustain"))


def _needed(run: Evidence) -> int:
    """Instances that carry the peak at the target."""
    target = (run.profile.target_cpu or TARGET) / 100
    return ceil(run.stack.offered * run.settings.number("growth") / run.stack.capacity / target - 1e-9)


def scaled_out(run: Evidence) -> float | None:
    """Seconds from the rise until enough targets were healthy to carry the peak without a queue."""
    enough = ceil(run.stack.offered * run.settings.number("growth") / run.stack.capacity - 1e-9)
    healthy, more = run.fleet.healthy, max(enough, run.profile.size + 1)
    found = first_held((healthy,), lambda at: healthy.at(at) >= more, run.faults[0].since, _fell(run), HOLD)
    return (found - run.faults[0].since).total_seconds() if found else None


def _in_time(run: Evidence) -> float:
    rising = (_rose(run) - run.faults[0].since).total_seconds()
    return rising + TO_ALARM + BOOT + max(0, run.profile.warmup) + run.profile.healthy * run.profile.interval


def easy_again(run: Evidence) -> float | None:
    """Seconds from the rise until p99 was within the objective again, and for a minute; 0: it always was."""
    return run.mitigated(run.faults[0].since, EASY)


def _sizes(run: Evidence, start: datetime, end: datetime) -> Sequence[float]:
    """The desired capacity at the start, and each change until the end."""
    wanted = run.fleet.desired
    return (wanted.at(start), *(wanted.at(at) for at in wanted.changes(start, end)))


def overshoot(run: Evidence) -> float:
    """How much more than needed was desired at most, in percent."""
    return 100.0 * (max(_sizes(run, run.faults[0].since, run.ended_at)) / _needed(run) - 1)


def steady(run: Evidence) -> tuple[bool, str]:
    """Whether the group only grew while demand was up, and only shrank after it."""
    up, down = _sizes(run, run.faults[0].since, _fell(run)), _sizes(run, _fell(run) + timedelta(seconds=TO_ALARM), run.ended_at)
    turned = sum(later < earlier for earlier, later in pairwise(up)) + sum(later > earlier for earlier, later in pairwise(down))
    return not turned, " → ".join(f"{size:g}" for size in dict.fromkeys((*up, *down[1:]))) if not turned else f"{turned} changes back"


def smaller(run: Evidence) -> tuple[bool, str]:
    size = run.fleet.desired.at(run.ended_at)
    return size == run.profile.size, f"{size:g} instances"


def advice(run: Evidence) -> tuple[Advice, ...]:
    return tuple(_advice(run))


def _advice(run: Evidence) -> Iterator[Advice]:
    growth, load = run.settings.number("growth"), run.profile.load
    if load * growth > 100:
        size = ceil(run.stack.offered * growth / run.stack.capacity)
        yield Advice(
            change=f"Run at least {size} instances, so that the peak meets capacity that is there.",
            because=f"At the peak, {load * growth:.0f} % of the capacity was asked for, and requests waited until new instances answered.",
            command=f"aws autoscaling update-auto-scaling-group --auto-scaling-group-name {GROUP} --min-size {size}",
        )
    if not run.profile.detailed:
        yield Advice(
            change="Use detailed monitoring, which has a value each minute.",
            because="With a value every five minutes, an alarm needs fifteen minutes to see what it could see in three (EC2-40, SCL-12).",
            command="aws ec2 create-launch-template-version --launch-template-name NAME --source-version 1 \\\n"
            '  --launch-template-data \'{"Monitoring": {"Enabled": true}}\'',
        )


SCENARIO = Scenario(
    id="S10",
    name="load_spike",
    title="Demand doubles",
    hypothesis="Target tracking adds the capacity within minutes, not much more than is needed, and takes it away again when demand falls.",
    question="Is there enough capacity for the minutes until the new instances answer?",
    default_profile="static-stable",
    knobs=(
        Knob(name="growth", default=2.0, unit="×", meaning="demand at the peak; 5, with sustain=3: a flash crowd", low=1.1, high=10),
        Knob(name="shape", default="step", meaning=f"step: at once; ramp: within {RISE:g} s", choices=("step", "ramp")),
        Knob(name="sustain", default=15.0, unit="min", meaning="that demand stays at the peak", low=1, high=240),
        Knob(name="metric", default="CPU", meaning="that the policy tracks", choices=("CPU", "RequestCountPerTarget")),
        Knob(
            name="blocked", default=0.0, unit="min", meaning="that no zone has capacity to launch, from the beginning of the rise", high=240
        ),
    ),
    phases=(
        Phase(name="policy", title="A target tracking policy", play=policy),
        Phase(name="spike", title="Demand rises", play=spike),
        Phase(name="fall", title="Demand falls", play=fall),
    ),
    criteria=(
        at_most("scaled-out", "Time until enough targets are healthy for the peak", scaled_out, _in_time, "s"),
        at_most("easy-again", "Time until p99 is within the objective again", easy_again, _in_time, "s"),
        at_most("overshoot", "Desired beyond what the peak needs at the target", overshoot, 25.0, "%"),
        holds("steady", "The group only grows at the peak, and only shrinks after it", steady),
        holds("smaller", "The group is back at its minimum", smaller),
    ),
    control=Control(
        summary="No zone has capacity to launch while demand rises, as on 20 October 2025: the policy asks, and nothing comes.",
        fails="scaled-out",
        knobs={"blocked": "15"},
    ),
    recovery_timeout=600.0,
    advice=advice,
)
