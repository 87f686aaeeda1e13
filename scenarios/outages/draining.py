"""S13: instances leave under load: by a scale-in, by an instance refresh, and by a crash. Which requests are cut?

Besides the short requests, about forty take twenty seconds each: a download, a report. A deregistration delay longer than these lets all of
them end; a shorter one cuts them. A lifecycle hook comes after the draining: its time is for the instance, not for its connections.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sandbox.report.model import Advice
from sandbox.traffic.measures.requests import losses
from scenarios.kit.definition.criteria import at_most, holds
from scenarios.kit.definition.knobs import Knob, Settings
from scenarios.kit.definition.scenario import Control, Phase, Scenario
from scenarios.kit.evidence.journal import LEFT, TARGET, of_kind
from scenarios.kit.evidence.run import Evidence
from scenarios.kit.running.run import Run
from scenarios.kit.stack.names import GROUP, PREFIX, TARGET_GROUP, TEMPLATE

LONG = "long requests"
HOOK = f"{PREFIX}hook"
HOOKED = "EC2 Instance-terminate Lifecycle Action"
LEAVING = 2  # instances, at the scale-in and at the refresh
MINUTE = 60
AFTER_KILL = 180.0  # seconds
ENDED = ("Successful", "Failed")
PATIENCE = 900.0  # seconds


def _in_flight(settings: Settings, *, virtual: bool) -> float:
    """Long requests at the same time. Live, the application has eight threads: with more, its health check would wait behind them."""
    return settings.number("in_flight") * (1.0 if virtual else settings.number("live_scale"))


def scale_in(run: Run) -> None:
    seconds = run.settings.number("long_seconds") / run.stage.client.speed  # real ones: clients and instances do not get faster
    rate = _in_flight(run.settings, virtual=run.stage.client.virtual) / seconds
    run.add_load(LONG, rate, f"sleep?seconds={seconds:.5g}", timeout=timedelta(seconds=3 * run.settings.number("long_seconds")))
    if run.settings.whole("hook"):
        _put_hook(run)
    run.wait(2 * run.settings.number("long_seconds"))
    size = run.profile.size - LEAVING
    run.stage.step("autoscaling", "update_auto_scaling_group", AutoScalingGroupName=GROUP, MinSize=size)
    _set_desired(run, f"The group is scaled in by {LEAVING} instances", size)
    run.until("both have left", lambda: _members(run) == size, PATIENCE)
    run.wait(MINUTE)


def refresh(run: Run) -> None:
    run.stage.step("autoscaling", "set_desired_capacity", AutoScalingGroupName=GROUP, DesiredCapacity=run.profile.size)
    run.until("the service is whole again", run.settled, PATIENCE)
    percent = -(-100 * (run.profile.size - LEAVING) // run.profile.size) - 1
    data = {"Monitoring": {"Enabled": True}}
    run.stage.step("ec2", "create_launch_template_version", LaunchTemplateName=TEMPLATE, SourceVersion="1", LaunchTemplateData=data)
    started = run.breaks(
        "autoscaling",
        "start_instance_refresh",
        f"An instance refresh replaces {LEAVING} instances",
        [GROUP],
        AutoScalingGroupName=GROUP,
        DesiredConfiguration={"LaunchTemplate": {"LaunchTemplateName": TEMPLATE, "Version": "2"}},
        Preferences={"MinHealthyPercentage": percent, "InstanceWarmup": 30, "CheckpointPercentages": [100 - percent - 1]},
    )
    run.until("the refresh has ended", lambda: _status(run, started["InstanceRefreshId"]) in ENDED, PATIENCE)
    run.until("the old instances have left", run.settled, PATIENCE)
    run.wait(MINUTE)


def kill(run: Run) -> None:
    """For comparison: nothing is drained, and what is in flight there is lost."""
    run.inject("instance-crash", run.chance.choice(run.instances()))
    run.wait(AFTER_KILL)


def _put_hook(run: Run) -> None:
    run.stage.step(
        "autoscaling",
        "put_lifecycle_hook",
        AutoScalingGroupName=GROUP,
        LifecycleHookName=HOOK,
        LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING",
        HeartbeatTimeout=run.settings.whole("hook"),
        DefaultResult="CONTINUE",
    )


def _set_desired(run: Run, text: str, size: int) -> None:
    run.breaks("autoscaling", "set_desired_capacity", text, [GROUP], AutoScalingGroupName=GROUP, DesiredCapacity=size)


def _members(run: Run) -> int:
    found = run.stage.query("autoscaling", "describe_auto_scaling_groups", AutoScalingGroupNames=[GROUP])["AutoScalingGroups"]
    return len(found[0]["Instances"])


def _status(run: Run, refresh_id: str) -> str:
    asked = {"AutoScalingGroupName": GROUP, "InstanceRefreshIds": [refresh_id]}
    return str(run.stage.query("autoscaling", "describe_instance_refreshes", **asked)["InstanceRefreshes"][0]["Status"])


# ---- what is measured --------------------------------------------------------------------------------------------------------------------


def _killed_at(run: Evidence) -> datetime:
    fault = run.fault("instance-crash")
    return fault.since if fault else run.ended_at


def long_cut(run: Evidence) -> float | None:
    """Long requests that failed while instances drained, without those that the crash could reach."""
    records = run.beside.get(LONG)
    if records is None:
        return None
    before = _killed_at(run) - timedelta(seconds=run.settings.number("long_seconds"))
    return sum(losses(records.between(run.faults[0].since - timedelta(seconds=run.settings.number("long_seconds")), before), 1e9).values())


def short_lost(run: Evidence) -> float:
    return run.lost_between(run.faults[0].since, _killed_at(run))


def most_short(run: Evidence) -> float:
    return 0.001 * len(run.records.between(run.faults[0].since, _killed_at(run)))


def _drained(run: Evidence) -> Iterator[tuple[str, datetime, datetime]]:
    """Instance, begin and end of its draining, for each that drained before the crash."""
    began: dict[str, datetime] = {}
    for event in of_kind(run.events, TARGET):
        instance, state = str(event.detail["target"]["id"]), event.detail["state"]
        if event.detail["target-group"] != TARGET_GROUP or event.at >= _killed_at(run):
            continue
        if state == "draining":
            began[instance] = event.at
        elif instance in began:
            yield instance, began.pop(instance), event.at


def longest_drain(run: Evidence) -> float | None:
    return max(((end - began).total_seconds() for _, began, end in _drained(run)), default=None)


def order(run: Evidence) -> tuple[bool, str]:
    """Draining, then the hook, then the end (ASG-80)."""
    wrong, count = 0, 0
    hook = timedelta(seconds=run.settings.whole("hook"))
    for instance, _, drained in _drained(run):
        left = next((event.at for event in of_kind(run.events, LEFT) if event.about(instance)), None)
        hooked = next((event.at for event in of_kind(run.events, HOOKED) if event.about(instance)), None)
        count += 1
        waited = hooked is not None and left is not None and drained <= hooked and hooked + hook <= left
        wrong += left is None or left < drained or not (waited or not hook)
    return count >= 2 * LEAVING and not wrong, f"{count - wrong} of {count} instances"


def loss_ratio(run: Evidence) -> float | None:
    """Short requests that the crash lost, against the closed form."""
    expected = run.expected_loss(1 / run.profile.size, answers=True)
    fault = run.fault("instance-crash")
    return run.lost_between(fault.since, run.ended_at) / expected if fault and expected else None


def crash_cut(run: Evidence) -> float | None:
    """Long requests that were open on the instance that crashed."""
    records, since = run.beside.get(LONG), _killed_at(run)
    if records is None:
        return None
    return sum(losses(records.between(since - timedelta(seconds=run.settings.number("long_seconds")), since), 1e9).values())


def _open_there(run: Evidence) -> float:
    """Of the long requests, an instance has its share; by chance up to half of it more."""
    return 1.5 * _in_flight(run.settings, virtual=run.virtual) / run.profile.size


def advice(run: Evidence) -> tuple[Advice, ...]:
    longest = run.settings.number("long_seconds")
    if run.profile.deregistration_delay > longest:
        return ()
    modify = f"aws elbv2 modify-target-group-attributes --target-group-arn {run.stack.target_group} \\\n"
    return (
        Advice(
            change=f"Set a deregistration delay above the longest request, which takes {longest:g} s.",
            because="When the delay is over, the load balancer closes what is still open to a target that leaves (TG-20). A lifecycle hook "
            "does not help: it begins after the draining (ASG-80).",
            command=f"{modify}  --attributes Key=deregistration_delay.timeout_seconds,Value={int(longest * 1.5)}",
        ),
    )


SCENARIO = Scenario(
    id="S13",
    name="draining",
    title="Instances leave under load: scale-in, instance refresh, crash",
    hypothesis="Instances that are taken out of service finish what they have begun; only a crash cuts requests.",
    question="Is the deregistration delay longer than the longest request?",
    knobs=(
        Knob(name="long_seconds", default=20.0, unit="s", meaning="time that a long request takes", low=1, high=300),
        Knob(name="in_flight", default=40, unit="requests", meaning="long requests that are open at the same time", low=1, high=500),
        Knob(name="hook", default=60, unit="s", meaning="time that a terminate lifecycle hook waits; 0: no hook", high=7200),
    ),
    phases=(
        Phase(name="scale-in", title="Two instances leave by a scale-in", play=scale_in),
        Phase(name="refresh", title="Two instances are replaced by an instance refresh", play=refresh),
        Phase(name="crash", title="One instance crashes", play=kill),
    ),
    criteria=(
        at_most("long-cut", "Long requests cut while instances were drained", long_cut, 0, "requests"),
        at_most("short-lost", "Short requests lost meanwhile", short_lost, most_short, "requests"),
        at_most(
            "drain-time",
            "Longest time that a target drained",
            longest_drain,
            lambda run: run.profile.deregistration_delay + float(run.profile.interval),
            "s",
        ),
        holds("order", "Each instance drained, waited for its hook, and ended", order),
        at_most("crash-cut", "Long requests that the crash cut", crash_cut, _open_there, "requests"),
        at_most("loss-ratio", "Short requests that the crash lost, against the closed form", loss_ratio, 1.5, "×"),
    ),
    control=Control(
        summary="With a deregistration delay of 0, the load balancer closes the connections of targets that leave at once.",
        fails="long-cut",
        knobs={"deregistration_delay": "0"},
    ),
    recovery_timeout=600.0,
    advice=advice,
    notes=("Not modelled: sticky sessions, and what SIGTERM does: an instance is terminated when its connections are closed already.",),
)
