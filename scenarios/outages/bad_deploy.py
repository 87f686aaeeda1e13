"""S09: a bad version is deployed by an instance refresh. How many instances get it, who notices, and how is it undone?

The version has one of three defects: its application does not start; it answers a fifth of the requests with 500, and health checks with
200; or it is fine for five minutes and then slow. Only the first is found by health checks. With AWS's defaults nothing watches a refresh,
so it replaces everything. Here the first instance is a canary: the refresh pauses after it, for longer than the slow leak takes, and alarms
on what clients see roll it back.
"""

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sandbox.report.model import Advice
from scenarios.kit.definition.criteria import at_least, at_most, holds
from scenarios.kit.definition.knobs import Knob
from scenarios.kit.definition.scenario import Control, Phase, Scenario
from scenarios.kit.evidence.journal import of_kind
from scenarios.kit.evidence.run import Evidence
from scenarios.kit.running.announced import Injected
from scenarios.kit.running.run import Run
from scenarios.kit.stack import view
from scenarios.kit.stack.names import GROUP, PREFIX, TEMPLATE

ERRORS, CRASH, LEAK = "errors", "crash", "leak"
ALARMS: Mapping[str, Mapping[str, Any]] = {  # name → what it watches, besides the load balancer and the target group
    f"{PREFIX}errors": {"MetricName": "HTTPCode_Target_5XX_Count", "Statistic": "Sum"},  # its threshold depends on the load
    f"{PREFIX}slow": {"MetricName": "TargetResponseTime", "ExtendedStatistic": "p90", "Threshold": 0.5},
    f"{PREFIX}unhealthy-hosts": {"MetricName": "UnHealthyHostCount", "Statistic": "Maximum", "Threshold": 1.0},
}
NO_APPLICATION = "The user data of version 2 is no script: nothing starts the application.\n"
ENDED = ("Successful", "Failed", "Cancelled", "RollbackSuccessful", "RollbackFailed")
ROLLBACK_ENDED = "EC2 Auto Scaling Instance Refresh Rollback Succeeded"
ERRORS_ACCEPTED = 0.005  # of the requests
MINUTE = 60
LEAKS_AFTER = 5 * MINUTE  # seconds in service
SLOWER = 1000  # milliseconds, of a response of an instance that leaks
OBSERVED = 15 * MINUTE  # seconds, at least
LONGEST = 75 * MINUTE  # seconds: without progress a refresh fails after an hour (ASG-103)
EVERY = 5.0  # seconds between two looks


def deploy(run: Run) -> None:
    if run.settings.flag("alarm"):
        _create_alarms(run)
    _create_version(run)
    text = "Version 2 is deployed by an instance refresh"
    answer = run.breaks("autoscaling", "start_instance_refresh", text, [GROUP], AutoScalingGroupName=GROUP, **_refresh(run))
    seen: dict[str, datetime] = {}
    while run.now() < run.faults[0].since + timedelta(seconds=LONGEST):
        _break_new(run, seen)
        if _status(run, answer["InstanceRefreshId"]) in ENDED:
            break
        run.wait(EVERY)
    run.wait_until(run.faults[0].since + timedelta(seconds=OBSERVED))


def _refresh(run: Run) -> dict[str, Any]:
    chosen = run.settings
    preferences: dict[str, Any] = {
        "MinHealthyPercentage": chosen.whole("min_healthy"),
        "InstanceWarmup": chosen.whole("refresh_warmup"),
        "AutoRollback": chosen.flag("auto_rollback") and chosen.flag("numbered"),
    }
    if chosen.whole("max_healthy"):
        preferences["MaxHealthyPercentage"] = chosen.whole("max_healthy")
    if chosen.whole("checkpoint"):
        checkpoints = [chosen.whole("checkpoint"), 100]
        preferences |= {"CheckpointPercentages": checkpoints, "CheckpointDelay": chosen.whole("checkpoint_delay")}
    if chosen.whole("bake"):
        preferences["BakeTime"] = chosen.whole("bake")
    if chosen.flag("alarm"):
        preferences["AlarmSpecification"] = {"Alarms": sorted(ALARMS)}
    template = {"LaunchTemplateName": TEMPLATE, "Version": "2"}
    desired = {"DesiredConfiguration": {"LaunchTemplate": template}} if chosen.flag("numbered") else {}
    return {"Preferences": preferences, **desired}


def _create_version(run: Run) -> None:
    """`numbered` no: the group itself uses $Latest, as many do; then a refresh has nothing to go back to (ASG-104)."""
    data = {"UserData": _encoded(NO_APPLICATION)} if run.settings.text("defect") == CRASH else {"InstanceType": "t3.micro"}
    if not run.settings.flag("numbered"):
        latest = {"LaunchTemplateName": TEMPLATE, "Version": "$Latest"}
        run.stage.step("autoscaling", "update_auto_scaling_group", AutoScalingGroupName=GROUP, LaunchTemplate=latest)
    run.stage.step("ec2", "create_launch_template_version", LaunchTemplateName=TEMPLATE, SourceVersion="1", LaunchTemplateData=data)


def _encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


def _create_alarms(run: Run) -> None:
    errors: Mapping[str, Any] = {f"{PREFIX}errors": {"Threshold": max(1.0, round(_requests_a_minute(run) * ERRORS_ACCEPTED))}}
    balancer, target_group = run.stack.load_balancer.split(":loadbalancer/")[1], run.stack.target_group.split(":")[-1]
    for name, watched in ALARMS.items():
        run.stage.step(
            "cloudwatch",
            "put_metric_alarm",
            AlarmName=name,
            Namespace="AWS/ApplicationELB",
            Dimensions=[{"Name": "LoadBalancer", "Value": balancer}, {"Name": "TargetGroup", "Value": target_group}],
            Period=MINUTE,
            EvaluationPeriods=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="notBreaching",
            **watched,
            **errors.get(name, {}),
        )
    run.until("the alarms are OK", lambda: _states(run) == {"OK"}, 5 * MINUTE)


def _requests_a_minute(run: Run) -> int:
    """Of sandbox time, as clients send now."""
    before = len(run.records())
    run.wait(MINUTE)
    return len(run.records()) - before


def _states(run: Run) -> set[str]:
    return {alarm["StateValue"] for alarm in run.stage.query("cloudwatch", "describe_alarms", AlarmNames=sorted(ALARMS))["MetricAlarms"]}


def _status(run: Run, refresh: str) -> str:
    asked = {"AutoScalingGroupName": GROUP, "InstanceRefreshIds": [refresh]}
    return str(run.stage.query("autoscaling", "describe_instance_refreshes", **asked)["InstanceRefreshes"][0]["Status"])


def _break_new(run: Run, seen: dict[str, datetime]) -> None:
    """Gives each instance of version 2 its defect when it comes into service, and ends it when the instance leaves."""
    version = {"$Latest", "2"}
    serving = {
        each["InstanceId"]
        for each in view.group(run.stage)["Instances"]
        if each["LifecycleState"] == "InService" and each.get("LaunchTemplate", {}).get("Version") in version
    }
    broken = {fault.targets[0]: fault for fault in run.faults[1:]}
    for instance in sorted(serving):
        since = seen.setdefault(instance, run.now())
        if instance not in broken and (run.settings.text("defect") != LEAK or run.now() >= since + timedelta(seconds=LEAKS_AFTER)):
            _break(run, instance)
    for instance, fault in broken.items():
        if instance not in serving and fault.until is None:
            run.heal(fault.id)


def _break(run: Run, instance: str) -> None:
    match run.settings.text("defect"):
        case "errors":
            run.inject("error-rate", instance, percent=run.settings.whole("error_percent"))
        case "leak":
            run.inject("latency", instance, milliseconds=SLOWER)
        case _:
            text = f"The application of {instance} does not start"
            since = run.stage.fault(text, instance)
            run.faults.append(Injected(id=run.stage.faults[-1], kind="announced", targets=(instance,), summary=text, since=since))


# ---- what is measured --------------------------------------------------------------------------------------------------------------------


def _bad(run: Evidence) -> list[Injected]:
    """One for each instance that had the defect, while it was in service."""
    return list(run.faults[1:])


def most_bad(run: Evidence) -> float:
    """Instances with the defect in service at the same time."""
    moments = [fault.since for fault in _bad(run)]
    return max((sum(f.since <= at and (f.until is None or at < f.until) for f in _bad(run)) for at in moments), default=0)


def found(run: Evidence) -> float | None:
    """From the first defect to the first alarm of the refresh."""
    bad = _bad(run)
    return run.detected_by_alarm(bad[0].since, sorted(ALARMS)) if bad else None


def rolled_back(run: Evidence) -> float | None:
    """From the first defect until the group was back at version 1. None: it never was."""
    bad = _bad(run)
    ended = next((event.at for event in of_kind(run.events, ROLLBACK_ENDED)), None)
    return (ended - bad[0].since).total_seconds() if ended and bad else None


def left(run: Evidence) -> tuple[bool, str]:
    count = sum(fault.until is None for fault in _bad(run))
    return count == 0, f"{count} instances with the defect are in service at the end"


def advice(run: Evidence) -> tuple[Advice, ...]:
    start = f"aws autoscaling start-instance-refresh --auto-scaling-group-name {GROUP} \\\n"
    template = f"LaunchTemplateName={TEMPLATE},Version=2"
    preferences = (
        '{"CheckpointPercentages": [10, 100], "CheckpointDelay": 420,\n    "AutoRollback": true, "AlarmSpecification": {"Alarms": [...]}}'
    )
    found = []
    if not (run.settings.flag("alarm") and run.settings.flag("auto_rollback")):
        found.append(
            Advice(
                change="Let alarms on what clients see roll a refresh back, and let the first instance be a canary.",
                because="By default nothing watches a refresh: an instance that passes its health checks is good enough (ASG-101).",
                command=f"{start}  --desired-configuration 'LaunchTemplate={{{template}}}' \\\n  --preferences '{preferences}'",
            )
        )
    if not run.settings.flag("numbered"):
        update = f"aws autoscaling update-auto-scaling-group --auto-scaling-group-name {GROUP} \\\n"
        found.append(
            Advice(
                change="Let the group use a numbered version of its launch template.",
                because="With $Latest there is no earlier configuration to go back to, so a refresh cannot be rolled back (ASG-104).",
                command=f"{update}  --launch-template LaunchTemplateName={TEMPLATE},Version=1",
            )
        )
    return tuple(found)


SCENARIO = Scenario(
    id="S09",
    name="bad_deploy",
    title="A bad version is deployed by an instance refresh",
    hypothesis="A canary and alarms on what clients see stop a bad version at one instance, and the refresh rolls itself back.",
    question="How many instances get the bad version before somebody notices?",
    knobs=(
        Knob(name="defect", default=ERRORS, choices=(ERRORS, CRASH, LEAK), meaning="what is wrong with version 2"),
        Knob(name="error_percent", default=20, unit="%", meaning="requests that version 2 answers with 500 (errors)", low=1, high=100),
        Knob(name="min_healthy", default=90, unit="%", meaning="minimum healthy percentage of the refresh", high=100),
        Knob(name="max_healthy", default=0, unit="%", meaning="maximum healthy percentage of the refresh; 0: not given", high=200),
        Knob(name="refresh_warmup", default=30, unit="s", meaning="instance warmup of the refresh", high=3600),
        Knob(name="checkpoint", default=10, unit="%", meaning="first checkpoint of the refresh, rounded up to instances; 0: none", high=99),
        Knob(name="checkpoint_delay", default=420, unit="s", meaning="pause at the checkpoint", high=172800),
        Knob(name="bake", default=420, unit="s", meaning="bake time of the refresh; 0: none", high=172800),
        Knob(name="alarm", default=True, meaning="alarms on errors, latency and unhealthy hosts watch the refresh"),
        Knob(name="auto_rollback", default=True, meaning="the refresh rolls itself back"),
        Knob(name="numbered", default=True, meaning="the group uses a numbered version of its template; no: $Latest"),
    ),
    phases=(Phase(name="deploy", title="Version 2 is deployed", play=deploy),),
    criteria=(
        at_most("bad-share", "Instances with the defect in service at the same time", most_bad, 1, "instances"),
        at_most("found", "Time until an alarm of the refresh tells", found, 3 * MINUTE, "s"),
        at_most("rolled-back", "Time from the defect until the group is back at version 1", rolled_back, 5 * MINUTE, "s"),
        at_least("availability", "Availability", lambda run: run.availability, 98.0, "%"),
        holds("left", "No instance with the defect is left", left),
    ),
    control=Control(
        summary="With AWS's defaults (no alarm, no rollback, no checkpoint) every instance gets the bad version.",
        fails="bad-share",
        knobs={"alarm": "no", "auto_rollback": "no", "checkpoint": "0", "bake": "0"},
    ),
    recovery_timeout=600.0,
    advice=advice,
    notes=(
        "The defects of version 2 are faults of the sandbox on each instance that comes from it: errors and latency are made in the load "
        "balancer's proxy, so health checks pass. An application that does not start has user data that is no script.",
    ),
)
