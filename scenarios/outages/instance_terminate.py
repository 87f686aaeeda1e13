"""S01, the last step of the tutorial: one instance is terminated. Does its replacement receive traffic?"""

from sandbox.report.model import Advice
from scenarios.kit.definition.criteria import at_most, holds
from scenarios.kit.definition.knobs import Knob
from scenarios.kit.definition.scenario import Control, Phase, Scenario
from scenarios.kit.evidence.run import Evidence
from scenarios.kit.running.run import Run
from scenarios.kit.stack.names import GROUP

BOOT = 30.0  # seconds that an instance may take until its application answers
OBSERVED = 300.0  # seconds from the failure to the end of the phase


def terminate(run: Run) -> None:
    """`graceful`: the API call. Otherwise the machine is killed, and nobody tells AWS."""
    victim = run.chance.choice(run.instances())
    if run.settings.flag("graceful"):
        text = f"Instance {victim} is terminated (TUT-50)"
        run.breaks("ec2", "terminate_instances", text, [victim], InstanceIds=[victim])
    else:
        run.inject("instance-crash", victim)
    run.wait(OBSERVED)


def victim(run: Evidence) -> str:
    return run.faults[0].targets[0]


def served(run: Evidence) -> tuple[bool, str]:
    """Whether each replacement answered requests."""
    if not run.launched:
        return False, "no replacement was launched"
    counts = [(instance, run.answered_by[instance]) for instance in run.launched]
    return all(count for _, count in counts), ", ".join(f"{instance}: {count} responses" for instance, count in counts)


def most_lost(run: Evidence) -> float:
    """A terminated instance leaves the load balancer at once. A killed one loses what reaches it until health checks find it."""
    allowed = 0.001 * len(run.records) if run.settings.flag("graceful") else 1.5 * run.expected_loss(1 / run.profile.size, answers=True)
    return float(round(allowed))


def advice(run: Evidence) -> tuple[Advice, ...]:
    if run.profile.attached:
        return ()
    command = f"aws autoscaling attach-load-balancer-target-groups --auto-scaling-group-name {GROUP} \\\n"
    return (
        Advice(
            change="Attach the group to the target group, instead of registering instances by hand.",
            because="The group replaced the instance, but only a group that knows the target group registers what it launches (TUT-34).",
            command=f"{command}  --target-group-arns {run.stack.target_group}",
        ),
    )


SCENARIO = Scenario(
    id="S01",
    name="instance_terminate",
    title="One instance is terminated",
    hypothesis="The group replaces a terminated instance by itself, the replacement receives traffic, and clients notice nothing.",
    question="Does the replacement receive traffic?",
    knobs=(Knob(name="graceful", default=True, meaning="terminated with the API; no: its machine is killed, and nobody tells AWS"),),
    phases=(Phase(name="terminate", title="One instance is terminated", play=terminate),),
    criteria=(
        at_most("lost", "Requests lost", lambda run: run.lost, most_lost, "requests"),
        at_most(
            "recovered",
            "Time until all targets are healthy again",
            lambda run: run.capacity_recovered,
            lambda run: BOOT + max(0, run.profile.warmup) + 2 * run.profile.interval,
            "s",
        ),
        holds("serves", "The replacement answers requests", served),
    ),
    control=Control(
        summary="The tutorial's group does not know the target group, so its replacement never receives a request.",
        profile="tutorial",
        fails="serves",
    ),
    recovery_timeout=240.0,
    advice=advice,
)
