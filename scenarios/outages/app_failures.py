"""S02: three ways for an application to fail while its machine runs: it dies, it hangs, and it says that it is healthy while it is not."""

from datetime import datetime

from sandbox.report.model import Advice, MarkKind
from scenarios.kit.definition.criteria import at_most
from scenarios.kit.definition.scenario import Control, Phase, Scenario
from scenarios.kit.evidence.run import Evidence
from scenarios.kit.running.announced import Injected
from scenarios.kit.running.canary import watch
from scenarios.kit.running.run import Run
from scenarios.kit.stack.names import GROUP

OBSERVED = 180.0  # seconds after each failure
DIES, HANGS, LIES = "process-kill", "instance-hang", "error-rate"


def die(run: Run) -> None:
    run.inject(DIES, _victim(run))
    run.wait(OBSERVED)


def hang(run: Run) -> None:
    run.inject(HANGS, _victim(run))
    run.wait(OBSERVED)


def lie(run: Run) -> None:
    """The load balancer's checks stay green, so only clients can notice. Then an operator replaces the instance."""
    victim = _victim(run)
    run.inject(LIES, victim, percent=100, status=500)
    if watch(run, OBSERVED):
        run.operator(
            f"replaces {victim}, which the access log names",
            "autoscaling",
            "terminate_instance_in_auto_scaling_group",
            InstanceId=victim,
            ShouldDecrementDesiredCapacity=False,
        )
    run.wait(60)


def _victim(run: Run) -> str:
    """An instance that no fault of this run concerns yet."""
    broken = {target for fault in run.faults for target in fault.targets}
    return run.chance.choice([instance for instance in run.instances() if instance not in broken])


def detected(kind: str, run: Evidence) -> float | None:
    fault = run.fault(kind)
    return run.detected_by_balancer(fault.targets, fault.since) if fault else None


def _longest_refused(run: Evidence) -> float:
    return float(run.profile.interval * run.profile.unhealthy)


def _longest_hang(run: Evidence) -> float:
    return run.profile.detection[1]


def replaced(run: Evidence) -> float | None:
    """The longer of the two: the instance whose application died, and the one that hangs."""
    times = [run.replaced(fault.targets[0], fault.since) for fault in _found_by_checks(run)]
    known = [time for time in times if time is not None]
    return max(known) if len(known) == len(times) else None


def canary(run: Evidence) -> float | None:
    fault = run.fault(LIES)
    alarm = next((mark.at for mark in run.marks if mark.kind is MarkKind.ALARM), None)
    return (alarm - fault.since).total_seconds() if fault and alarm else None


def loss_ratio(run: Evidence) -> float | None:
    """Of the first two failures, which health checks find."""
    third = run.fault(LIES)
    end: datetime = third.since if third else run.ended_at
    faults = _found_by_checks(run)
    share = 1 / run.profile.size
    expected = sum(run.expected_loss(share, answers=fault.kind == DIES) for fault in faults)
    lost = run.lost_between(faults[0].since, end) if faults else 0
    return lost / expected if expected else None


def _found_by_checks(run: Evidence) -> list[Injected]:
    return [fault for fault in run.faults if fault.kind in (DIES, HANGS)]


def advice(run: Evidence) -> tuple[Advice, ...]:
    if run.profile.health_check_type == "ELB":
        return ()
    command = f"aws autoscaling update-auto-scaling-group --auto-scaling-group-name {GROUP} \\\n"
    return (
        Advice(
            change="Let the group use the load balancer's health checks.",
            because="With EC2 health checks, a group replaces an instance only when its machine fails, and these machines run (ASG-40).",
            command=f"{command}  --health-check-type ELB --health-check-grace-period 60",
        ),
    )


SCENARIO = Scenario(
    id="S02",
    name="app_failures",
    title="An application dies, hangs, and lies about its health",
    hypothesis="Health checks find an application that dies or hangs and the group replaces it; clients find the one that lies.",
    question="How long does each stay in service, and who notices?",
    phases=(
        Phase(name="dies", title="The application of one instance dies; its machine runs", play=die),
        Phase(name="hangs", title="Another instance accepts connections and never answers", play=hang),
        Phase(name="lies", title="A third says 200 to health checks and 500 to clients", play=lie),
    ),
    criteria=(
        at_most("crash-found", "Time until a dead application gets no requests", lambda run: detected(DIES, run), _longest_refused, "s"),
        at_most("hang-found", "Time until a hanging one gets no requests", lambda run: detected(HANGS, run), _longest_hang, "s"),
        at_most("replaced", "Time until each of the two is replaced", replaced, OBSERVED, "s"),
        at_most("loss-ratio", "Requests lost to these two, against the closed form", loss_ratio, 1.5, "×"),
        at_most("lie-found", "Time until the client canary finds the one that lies", canary, OBSERVED, "s"),
    ),
    control=Control(
        summary="With EC2 health checks, the group replaces nothing: the machines run.",
        fails="replaced",
        knobs={"health_check_type": "EC2"},
    ),
    recovery_timeout=240.0,
    advice=advice,
    notes=("The instance that lies answers errors in the load balancer's proxy; its own health checks stay green.",),
)
