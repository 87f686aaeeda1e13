"""How the group recovers from the loss of one instance: the milestones, each with the time at which the scenario first observed it."""

from dataclasses import dataclass, field
from datetime import datetime

from scenarios.kit.fleet import Resources, activities, group, in_service, settled, targets
from scenarios.kit.stage import Stage


@dataclass(kw_only=True)
class Recovery:
    """Times are sandbox time."""

    victim: str  # the instance that fails
    failed_at: datetime
    observed: dict[str, datetime] = field(default_factory=dict)  # milestone → when it was first observed
    replacement: str = ""  # instance id; empty: none yet
    incomplete: str = "the group has not detected the failure"  # what is still missing; empty after the recovery

    @property
    def detected(self) -> str:
        return f"the group detects that {self.victim} is gone"

    @property
    def recovered(self) -> str:
        return f"{self.replacement} is healthy"

    def after(self, milestone: str) -> str:
        """The sandbox time from the failure to the milestone, such as `+4.0 s`; "never" when it was not observed."""
        if milestone not in self.observed:
            return "never"
        return f"+{(self.observed[milestone] - self.failed_at).total_seconds():.1f} s sandbox"

    def note(self, stage: Stage, milestone: str, reached: bool) -> None:
        if reached and milestone not in self.observed:
            self.observed[milestone] = stage.client.now()
            stage.log(milestone, self.observed[milestone])


def recovered(stage: Stage, resources: Resources, recovery: Recovery) -> bool:
    """Records milestones. Returns True when the victim has left the group, and three instances are in service and healthy again."""
    states = targets(stage, resources)
    serving = in_service(stage)
    members = {i["InstanceId"]: i["LifecycleState"] for i in group(stage)["Instances"]}
    descriptions = [a["Description"] for a in activities(stage, recovery.failed_at)]
    launched = sorted(i for i in members if any(d.endswith(f"Launching a new EC2 instance: {i}") for d in descriptions))
    victim, new = recovery.victim, recovery.replacement or next(iter(launched), "")
    recovery.replacement = new
    recovery.note(stage, recovery.detected, any(f"Terminating EC2 instance: {victim}" in d for d in descriptions))
    recovery.note(stage, f"{victim} receives no new requests", states.get(victim) in (None, "draining", "unused", "unhealthy"))
    if new:
        recovery.note(stage, f"the replacement {new} is launching", True)
        recovery.note(stage, f"{new} is registered with the target group", new in states)
        recovery.note(stage, f"{new} is in service", new in serving)
        recovery.note(stage, recovery.recovered, states.get(new) == "healthy")
    recovery.incomplete = f"{victim} is still in the group" if victim in members else f"in service: {serving}, targets: {states}"
    if victim not in members and settled(stage, resources):
        recovery.incomplete = ""
    return not recovery.incomplete
