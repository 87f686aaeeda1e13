"""Computes the `Container` that controllers see, from Docker's inspection of the container and the verb that was requested last.
`TrackedContainer` is the mutable record that the Docker runtime keeps per instance; everything else is pure.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum

from sandbox.core.clock import Clock
from sandbox.drivers.runtime.base import UNIMPAIRED, Container, ContainerState, Impairment, UserDataResult
from sandbox.drivers.runtime.docker import impairments
from sandbox.drivers.runtime.docker.values import NEVER, ContainerInfo


class Pending(Enum):
    """A verb that was requested and whose effect Docker does not show yet."""

    STARTING = "starting"
    REBOOTING = "rebooting"
    STOPPING = "stopping"
    REMOVING = "removing"


UP = ("running", "paused")
DOWN = ("exited", "dead")


@dataclass
class TrackedContainer:
    orphan: bool = False
    info: ContainerInfo | None = None  # None: Docker has not reported it yet
    pending: Pending | None = None
    pending_since: str = NEVER  # `started` when the verb was requested
    requests: int = 0  # number of verbs requested so far
    failed: str | None = None
    image_missing: bool = False  # it failed because its image does not exist
    boots: int = 0
    started_at: datetime | None = None  # sandbox time
    wanted: Impairment = UNIMPAIRED  # that was requested last
    impairing: int = 0  # requests that are not carried out yet
    impairment_error: str | None = None
    disk_full: int | None = None  # MiB written when it was frozen for that
    oom_kills: list[datetime] = field(default_factory=list)  # real time
    user_data: UserDataResult | None = None  # of the boot that runs now

    def request(self, pending: Pending) -> int:
        """→ the number of this request, for `complete`."""
        self.pending, self.failed = pending, None
        self.pending_since = self.info.started if self.info else NEVER
        self.requests += 1
        return self.requests

    def complete(self, number: int, failed: str | None) -> None:
        """The request was carried out, or Docker refused it permanently (`failed`)."""
        if failed:
            self.failed = failed
        if number == self.requests and self.pending is not Pending.REMOVING:
            self.pending = None

    def update(self, info: ContainerInfo, clock: Clock, real_now: datetime) -> None:
        """Stores a newer inspection: counts a start, and clears the pending verb when its effect is visible."""
        if info.started not in (NEVER, self.info.started if self.info else NEVER):
            self.boots += 1
            self.user_data = None
            self.disk_full = None
            age = max(real_now - info.started_at, timedelta(0))
            self.started_at = clock.now() - age * clock.speed
        self.info = info
        if is_fulfilled(self.pending, info, self.pending_since):
            self.pending = None


def is_fulfilled(pending: Pending | None, info: ContainerInfo, since: str) -> bool:
    """Whether the inspection shows the effect of the verb. A start that failed or ended at once has a new `started` too."""
    match pending:
        case Pending.STARTING | Pending.REBOOTING:
            return info.started not in (since, NEVER) and info.status != "restarting"
        case Pending.STOPPING:
            return info.status in DOWN
        case _:
            return False


def observed(instance_id: str, tracked: TrackedContainer) -> Container:
    info = tracked.info
    seen = Container(
        instance_id=instance_id,
        state=state(tracked),
        started_at=tracked.started_at,
        boots=tracked.boots,
        error=tracked.failed or (info.error if info and info.status == "created" else None) or None,
        image_missing=tracked.image_missing,
        orphan=tracked.orphan,
        impairment=impairments.observed(info) if info and info.status in UP else UNIMPAIRED,
        impairing=tracked.impairing > 0,
        impairment_error=tracked.impairment_error,
        oom_kills=len(tracked.oom_kills),
        user_data=tracked.user_data,
        disk_full=tracked.disk_full,
        cores=info.nano_cpus / 1e9 if info and info.nano_cpus and info.status in UP else None,
        memory_mib=info.memory >> 20 if info and info.memory and info.status in UP else None,
    )
    if info and info.status in DOWN:
        return replace(seen, exit_code=info.exit_code, oom_killed=info.oom_killed)
    return seen


def state(tracked: TrackedContainer) -> ContainerState:
    """A pending verb takes precedence over the inspection: a container that is being removed is not reported as exited."""
    info = tracked.info
    if tracked.pending is Pending.REMOVING:
        return ContainerState.REMOVING
    if tracked.failed or (info and info.status == "created" and info.error):
        return ContainerState.FAILED
    if info is None or tracked.pending in (Pending.STARTING, Pending.REBOOTING):
        return ContainerState.STARTING
    if tracked.pending is Pending.STOPPING:
        return ContainerState.STOPPING
    return _STATES[info.status]


_STATES = {
    "created": ContainerState.STARTING,
    "restarting": ContainerState.STARTING,
    "running": ContainerState.RUNNING,
    "paused": ContainerState.RUNNING,
    "removing": ContainerState.REMOVING,
    "exited": ContainerState.EXITED,
    "dead": ContainerState.EXITED,
}


def reachable(tracked: TrackedContainer) -> bool | None:
    """The instance status check (EC2-30), from what Docker reports: the container runs, is not paused, and is attached to its network. The
    state of its application does not matter. None while it does not run.
    """
    if state(tracked) is not ContainerState.RUNNING or tracked.info is None:
        return None
    return tracked.info.status == "running" and tracked.info.attached
