"""S11: the health check is wrong, so every target is unhealthy while every instance works.

The load balancer fails open, and the group replaces one instance after another. The danger begins when the check is right again: with AWS's
default, the first target that is healthy gets all requests. First the check expects a status that the application never returns, until an
alarm leads an operator to the reason. Then it is right and wrong in turn, as a check is that depends on something slow.
"""

from datetime import timedelta
from typing import Any

from sandbox.report.model import Advice
from scenarios.kit.definition.criteria import at_least, at_most
from scenarios.kit.definition.knobs import Knob
from scenarios.kit.definition.scenario import Control, Phase, Scenario
from scenarios.kit.evidence.run import Evidence
from scenarios.kit.running.run import Run
from scenarios.kit.stack.build import FAIL_OPEN
from scenarios.kit.stack.names import PREFIX, TARGET_GROUP

ALARM = f"{PREFIX}unhealthy-hosts"
WRONG, RIGHT = "204", "200"
LONGEST = 600.0  # seconds until somebody must have found the cause
REASON = "Target.ResponseCodeMismatch"
MINUTE = 60


def wrong(run: Run) -> None:
    """Nobody notices by the requests, which are answered: only an alarm on the targets' health tells."""
    if run.settings.flag("alarm"):
        _create_alarm(run)
        run.wait(2 * MINUTE)
    run.breaks(
        "elbv2", "modify_target_group", "The health check expects a status that no target returns", [TARGET_GROUP], **_expects(run, WRONG)
    )
    noticed = run.settings.flag("alarm") and run.until(f"{ALARM} is in ALARM", lambda: _state(run) == "ALARM", LONGEST)
    if noticed:
        found = run.operator("asks why", "elbv2", "describe_target_health", TargetGroupArn=run.stack.target_group)
        reasons = {target["TargetHealth"].get("Reason", "") for target in found["TargetHealthDescriptions"]}
        run.stage.say(f"The reasons of the targets: {', '.join(sorted(reasons))}.")
        if REASON in reasons:
            run.operator("corrects the health check", "elbv2", "modify_target_group", **_expects(run, RIGHT))
    else:
        run.wait_until(run.faults[0].since + timedelta(seconds=LONGEST))
        run.stage.step("elbv2", "modify_target_group", **_expects(run, RIGHT))
    run.until("the service is whole again", run.settled, LONGEST)


def flaps(run: Run) -> None:
    period = run.settings.number("flap")
    for _ in range(run.settings.whole("flaps")):
        run.stage.step("elbv2", "modify_target_group", **_expects(run, WRONG))
        run.wait(period)
        run.stage.step("elbv2", "modify_target_group", **_expects(run, RIGHT))
        run.wait(period)


def _expects(run: Run, status: str) -> dict[str, Any]:
    return {"TargetGroupArn": run.stack.target_group, "Matcher": {"HttpCode": status}}


def _create_alarm(run: Run) -> None:
    balancer, target_group = run.stack.load_balancer.split(":loadbalancer/")[1], run.stack.target_group.split(":")[-1]
    run.stage.step(
        "cloudwatch",
        "put_metric_alarm",
        AlarmName=ALARM,
        Namespace="AWS/ApplicationELB",
        MetricName="UnHealthyHostCount",
        Dimensions=[{"Name": "LoadBalancer", "Value": balancer}, {"Name": "TargetGroup", "Value": target_group}],
        Statistic="Maximum",
        Period=MINUTE,
        EvaluationPeriods=3,
        DatapointsToAlarm=2,
        Threshold=1.0,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )


def _state(run: Run) -> str:
    return str(run.stage.query("cloudwatch", "describe_alarms", AlarmNames=[ALARM])["MetricAlarms"][0]["StateValue"])


# ---- what is measured --------------------------------------------------------------------------------------------------------------------


def found(run: Evidence) -> float | None:
    """Until an operator read the reason; None: nobody did."""
    return run.detected_by_operator(run.faults[0].since)


def fewest(run: Evidence) -> float:
    """Instances in service at the worst moment."""
    since = run.faults[0].since
    return min(value for at, value in run.fleet.in_service.steps(run.ended_at) if at >= since or value == run.fleet.in_service.at(since))


def advice(run: Evidence) -> tuple[Advice, ...]:
    found = []
    if not run.profile.fail_open:
        modify = f"aws elbv2 modify-target-group-attributes --target-group-arn {run.stack.target_group}"
        found.append(
            Advice(
                change="Let the load balancer fail open while fewer than half of the targets are healthy.",
                because="By default it stops to fail open with the first healthy target, which then gets all requests (TG-35).",
                command=f"{modify} \\\n  --attributes Key={FAIL_OPEN},Value=50",
            )
        )
    if not run.settings.flag("alarm"):
        metric = "--namespace AWS/ApplicationELB --metric-name UnHealthyHostCount"
        found.append(
            Advice(
                change="Put an alarm on UnHealthyHostCount of the target group.",
                because="The load balancer fails open: clients are served, so nothing else tells that every health check fails (TG-35).",
                command=f"aws cloudwatch put-metric-alarm --alarm-name {ALARM} \\\n  {metric} \\\n  --statistic Maximum --threshold 1 ...",
            )
        )
    return tuple(found)


SCENARIO = Scenario(
    id="S11",
    name="health_check_misconfiguration",
    title="The health check is wrong: every target is unhealthy, and every instance works",
    hypothesis="The load balancer fails open, the group does not destroy its fleet, and an alarm leads to the cause in ten minutes.",
    question="Who notices, when clients do not?",
    knobs=(
        Knob(name="alarm", default=True, meaning="an alarm on UnHealthyHostCount exists"),
        Knob(name="flap", default=30.0, unit="s", meaning="for which the check is wrong, and then right, in turn", low=1, high=600),
        Knob(name="flaps", default=4, meaning="times that it is wrong in the second phase", high=100),
    ),
    phases=(
        Phase(name="wrong", title="The health check expects a status that no target returns", play=wrong),
        Phase(name="flaps", title="The health check is wrong and right in turn", play=flaps),
    ),
    criteria=(
        at_least("availability", "Availability", lambda run: run.availability, 99.0, "%"),
        at_least("fleet", "Instances in service at the worst moment", fewest, lambda run: run.profile.size - 1.0, "instances"),
        at_most("cause-found", "Time until an operator reads the reason", found, LONGEST, "s"),
    ),
    control=Control(
        summary="With AWS's default, the first target that is healthy again gets all requests, and breaks down.",
        fails="availability",
        knobs={"fail_open": "0"},
    ),
    recovery_timeout=300.0,
    advice=advice,
    notes=("Not modelled: a check that depends on a slow database, and an application that needs longer than the grace period to start.",),
)
