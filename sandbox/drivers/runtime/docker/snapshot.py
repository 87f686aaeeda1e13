"""From what Docker says of a container and what was asked for, to the `Container` that controllers see. Pure but for `Machine`, the one
mutable record that the Docker runtime keeps of each instance.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from sandbox.core.clock import Clock
from sandbox.drivers.runtime.base import Container, ContainerState
from sandbox.drivers.runtime.docker.engine import NEVER, Facts


class Doing(Enum):
    """What was asked for and is not yet seen in the facts."""

    STARTING = "starting"
    REBOOTING = "rebooting"
    STOPPING = "stopping"
    REMOVING = "removing"


UP = ("running", "paused")
DOWN = ("exited", "dead")


@dataclass
class Machine:
    orphan: bool = False
    facts: Facts | None = None  # None: Docker has not told of it yet
    doing: Doing | None = None
    doing_since: str = NEVER  # `started` of the facts when it was asked for
    asked: int = 0  # how many verbs so far
    failed: str | None = None
    boots: int = 0
    started_at: datetime | None = None  # sandbox time

    def ask(self, doing: Doing) -> int:
        """→ the number of this request, for `done`."""
        self.doing, self.failed = doing, None
        self.doing_since = self.facts.started if self.facts else NEVER
        self.asked += 1
        return self.asked

    def done(self, number: int, failed: str | None) -> None:
        """The request was carried out and its effect is in the facts, or Docker refused it for good."""
        if failed:
            self.failed = failed
        if number == self.asked and self.doing is not Doing.REMOVING:
            self.doing = None

    def learn(self, facts: Facts, clock: Clock, real_now: datetime) -> None:
        """Takes in newer facts: counts a start, and drops the wish that is now fulfilled."""
        if facts.started not in (NEVER, self.facts.started if self.facts else NEVER):
            self.boots += 1
            age = max(real_now - facts.started_at, timedelta(0))
            self.started_at = clock.now() - age * clock.speed
        self.facts = facts
        if fulfilled(self.doing, facts, self.doing_since):
            self.doing = None


def fulfilled(doing: Doing | None, facts: Facts, since: str) -> bool:
    """Whether the facts show what was asked for. A start that failed or ended at once shows in a new `started` too."""
    match doing:
        case Doing.STARTING | Doing.REBOOTING:
            return facts.started not in (since, NEVER) and facts.status != "restarting"
        case Doing.STOPPING:
            return facts.status in DOWN
        case _:
            return False


def picture(instance_id: str, machine: Machine) -> Container:
    facts = machine.facts
    seen = Container(
        instance_id=instance_id,
        state=state(machine),
        started_at=machine.started_at,
        boots=machine.boots,
        error=machine.failed or (facts.error if facts and facts.status == "created" else None) or None,
        orphan=machine.orphan,
    )
    if facts and facts.status in DOWN:
        return replace(seen, exit_code=facts.exit_code, oom_killed=facts.oom_killed)
    return seen


def state(machine: Machine) -> ContainerState:
    """What was asked for last comes before what is there: a container that is being removed is not reported as exited."""
    facts = machine.facts
    if machine.doing is Doing.REMOVING:
        return ContainerState.REMOVING
    if machine.failed or (facts and facts.status == "created" and facts.error):
        return ContainerState.FAILED
    if facts is None or machine.doing in (Doing.STARTING, Doing.REBOOTING):
        return ContainerState.STARTING
    if machine.doing is Doing.STOPPING:
        return ContainerState.STOPPING
    return _STATES[facts.status]


_STATES = {
    "created": ContainerState.STARTING,
    "restarting": ContainerState.STARTING,
    "running": ContainerState.RUNNING,
    "paused": ContainerState.RUNNING,
    "removing": ContainerState.REMOVING,
    "exited": ContainerState.EXITED,
    "dead": ContainerState.EXITED,
}


def reachable(machine: Machine) -> bool | None:
    """The instance status check (EC2-30) as far as Docker can tell: the machine runs, is not frozen, and its network is attached.

    One whose application hangs or died is reachable; one that is paused or taken off its network is not. None while it does not run.
    """
    if state(machine) is not ContainerState.RUNNING or machine.facts is None:
        return None
    return machine.facts.status == "running" and machine.facts.attached
