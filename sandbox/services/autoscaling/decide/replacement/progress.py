"""How far an instance refresh is, and for what it waits (ASG-102, ASG-103). Pure."""

from dataclasses import dataclass
from datetime import datetime
from math import ceil

from sandbox.services.autoscaling.decide.replacement.bounds import is_ready
from sandbox.services.autoscaling.lifecycle_model import LifecycleState
from sandbox.services.autoscaling.model import Group, Member, Process
from sandbox.services.autoscaling.refresh_model import ProtectedInstances, Refresh, StandbyInstances

WARMING = "Waiting for instances to warm up before continuing. For example: {} is warming up."
REMAINING = "Waiting for remaining instances to be available. For example: {} "
PROTECTED = REMAINING + "is protected. Remove instance scale-in protection to continue."
STANDBY = REMAINING + "is in Standby. Return the instance to service to continue."  # (U)
UNHEALTHY = REMAINING + "has not passed its health checks."  # (U)
CHECKPOINT = "Waiting until {} after a checkpoint: {}% of the instances are replaced."  # (U)
BAKING = "Waiting for the bake time to end."  # (U)
SUSPENDED = "Waiting for the process {} to be resumed."  # (U)
NEEDED = (Process.INSTANCE_REFRESH, Process.LAUNCH, Process.TERMINATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    size: int  # instances that the refresh counts: the desired capacity, without those that it ignores
    outdated: tuple[Member, ...]  # in service or pending, to be replaced; those that it waits for included
    replaceable: tuple[Member, ...]  # of them: those that may be taken out of service
    standby: tuple[Member, ...]  # outdated ones in Standby, which have to be terminated or come back
    done: int  # updated: ready, and in the place of an outdated one

    @property
    def replaced(self) -> int:
        """Instances that are new or on their way, in the place of outdated ones."""
        return self.size - len(self.outdated)

    @property
    def percent(self) -> int:
        return 100 * self.done // self.size if self.size else 100

    @property
    def is_complete(self) -> bool:
        return not self.outdated and not self.standby and self.done == self.size

    def goal(self, percent: int) -> int:
        """How many instances have to be new at a checkpoint."""
        return ceil(self.size * percent / 100)


def progress(group: Group, refresh: Refresh, now: datetime) -> Progress:
    preferences = refresh.preferences
    old = [m for m in group.members if m.instance_id in refresh.outdated]
    counted = [m for m in old if m.lifecycle.counts_toward_desired_capacity]
    ignored = [m for m in counted if m.protected] if preferences.protected is ProtectedInstances.IGNORE else []
    outdated = tuple(m for m in counted if m not in ignored)
    waits = preferences.protected is ProtectedInstances.WAIT
    standby = () if preferences.standby is StandbyInstances.IGNORE else tuple(m for m in old if m.lifecycle in _STANDBY)
    size = max(group.desired_capacity - len(ignored), len(outdated))
    new = [m for m in group.counted() if m.instance_id not in refresh.outdated]
    ready = sum(is_ready(group, m, preferences.warmup, now) for m in new)
    return Progress(
        size=size,
        outdated=outdated,
        replaceable=tuple(m for m in outdated if not (m.protected and waits)),
        standby=standby,
        done=min(ready, size - len(outdated)),
    )


_STANDBY = frozenset({LifecycleState.STANDBY, LifecycleState.ENTERING_STANDBY})


def waits_for(group: Group, refresh: Refresh, now: datetime) -> str | None:
    """The StatusReason of a refresh in progress; None: it waits for nothing."""
    if stopped := next((process for process in NEEDED if not group.runs(process)), None):
        return SUSPENDED.format(stopped.value)
    warmup = refresh.preferences.warmup
    unready = [m for m in group.counted() if not is_ready(group, m, warmup, now)]
    for member in unready:
        since = member.in_service_since
        if since is None or now < since + warmup:
            return WARMING.format(member.instance_id)
    if unready:
        return UNHEALTHY.format(unready[0].instance_id)
    here = progress(group, refresh, now)
    if here.outdated and not here.replaceable:
        return PROTECTED.format(here.outdated[0].instance_id)
    if not here.outdated and here.standby:
        return STANDBY.format(here.standby[0].instance_id)
    return None
