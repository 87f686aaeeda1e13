"""A rolling update of an Auto Scaling group: which instances go next, and what is waited for (CFN-71 to CFN-73). Pure.

BEGIN      processes are suspended; the group grows where it must keep more instances in service than it could otherwise
LAUNCH     until those that left are out of service and the new ones in service
SETTLE     until the new ones signalled, or PauseTime has passed
TERMINATE  the next batch leaves; the group replaces as many as it needs
END        sizes and processes are as before
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sandbox.core.control import Action
from sandbox.services.cloudformation.actions import Put, Roll
from sandbox.services.cloudformation.model import Resource
from sandbox.services.cloudformation.policy_model import Phase, RollingUpdate
from sandbox.services.cloudformation.resources.members import GroupCall, GroupSeen, Resume, SetSize, Suspend, Terminate

SUCCESS = "SUCCESS"
LONGEST_LAUNCH = timedelta(hours=1)
TOO_LONG = "Exceeded attempts to wait"
TOO_MANY = "MinInstancesInService must be less than the autoscaling group's MaxSize"
TIMED_OUT = "Failed to receive {} resource signal(s) for the current batch.  Each resource signal timeout is counted as a FAILURE."


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`told`: AWS's texts, one event each. `failure`: why the update fails; `done`: it is complete."""

    update: RollingUpdate
    calls: tuple[GroupCall, ...] = ()
    told: tuple[str, ...] = ()
    failure: str | None = None
    done: bool = False


def progress(resource: Resource, group: GroupSeen | None, now: datetime) -> list[Action]:
    """Of a group whose update was accepted. When the rolling update is done, the group is looked at like any other resource."""
    if resource.rolling is None or group is None:
        return []
    step = next_step(resource.rolling, group, resource.signals, now)
    if step is None:
        return []
    record = replace(resource, rolling=step.update)
    if step.done:
        record = replace(resource, rolling=None, signals_wanted=None, began=now)
    taken = Roll(resource=record, calls=step.calls, told=step.told)
    if step.failure is None:
        return [taken]
    failed = replace(record, status=resource.status.ended(False), reason=step.failure, updated=now)
    return [taken, Put(resource=failed)]


def next_step(update: RollingUpdate, group: GroupSeen, signals: Mapping[str, str], now: datetime) -> Step | None:
    """`signals`: UniqueId → status, of all that came since the update began. None: nothing to do but wait."""
    match update.phase:
        case Phase.BEGIN:
            return _begin(update, group, now)
        case Phase.LAUNCH:
            return _launch(update, group, now)
        case Phase.SETTLE:
            return _settle(update, signals, now)
        case Phase.TERMINATE:
            return _terminate(update, group, now)
    return _end(update, group)


def _begin(update: RollingUpdate, group: GroupSeen, now: datetime) -> Step:
    policy = update.policy
    obsolete = tuple(member.id for member in group.members if member.obsolete and not member.leaving)
    if not obsolete:
        return Step(update=replace(update, phase=Phase.END, size=group.desired, minimum=group.minimum))
    if policy.in_service >= group.maximum:
        return Step(update=update, failure=TOO_MANY)
    suspend = tuple(process for process in policy.suspend if process not in group.suspended)
    begun = replace(
        update,
        obsolete=obsolete,
        size=group.desired,
        minimum=group.minimum,
        suspended=tuple(dict.fromkeys((*update.suspended, *suspend))),
    )
    calls: list[GroupCall] = [Suspend(processes=suspend)] if suspend else []
    told = [_initiated(begun)]
    larger = min(group.maximum, policy.in_service + policy.batch)
    if larger <= group.desired:
        return Step(update=replace(begun, phase=Phase.TERMINATE), calls=tuple(calls), told=tuple(told))
    calls.append(SetSize(minimum=larger, desired=larger))
    told.append(f"Temporarily setting autoscaling group MinSize and DesiredCapacity to {larger}.")
    launching = replace(begun, phase=Phase.LAUNCH, arriving=larger - group.desired, until=now + LONGEST_LAUNCH)
    return Step(update=launching, calls=tuple(calls), told=tuple(told))


def _initiated(update: RollingUpdate) -> str:
    policy = update.policy
    text = f"Rolling update initiated. Terminating {len(update.obsolete)} obsolete instance(s) in batches of {policy.batch}"
    if policy.in_service:
        text += f", while keeping at least {policy.in_service} instance(s) in service"
    if policy.signals:
        return (
            f"{text}. Waiting on resource signals with a timeout of {policy.pause_text} "
            "when new instances are added to the autoscaling group."
        )
    if policy.pause:
        return f"{text}. Pausing for {policy.pause_text} when new instances are added to the autoscaling group."
    return f"{text}."


def _launch(update: RollingUpdate, group: GroupSeen, now: datetime) -> Step | None:
    policy = update.policy
    if any(member.in_service and member.id in update.going for member in group.members):
        return _patience(update, now)
    if group.in_service < -(-group.desired * policy.active_percent // 100):
        return _patience(update, now)
    terminated = update.terminated + len(update.going)
    told = []
    if update.going:
        progress = round(100 * terminated / len(update.obsolete))
        told.append(f"Successfully terminated instance(s) [{','.join(update.going)}] (Progress {progress}%).")
    settled = replace(update, phase=Phase.TERMINATE, going=(), arriving=0, terminated=terminated, until=None)
    if not update.arriving or not (policy.signals or policy.pause):
        return Step(update=settled, told=tuple(told))
    added = "New instance(s) added to autoscaling group"
    if policy.signals:
        told.append(f"{added} - Waiting on {update.arriving} resource signal(s) with a timeout of {policy.pause_text}.")
    else:
        told.append(f"{added} - Pausing for {policy.pause_text}.")
    settling = replace(settled, phase=Phase.SETTLE, expected=update.expected + update.arriving, until=now + policy.pause)
    return Step(update=settling, told=tuple(told))


def _patience(update: RollingUpdate, now: datetime) -> Step | None:
    return Step(update=update, failure=TOO_LONG) if update.until is not None and now >= update.until else None


def _settle(update: RollingUpdate, signals: Mapping[str, str], now: datetime) -> Step | None:
    over = update.until is not None and now >= update.until
    going_on = replace(update, phase=Phase.TERMINATE, until=None)
    if not update.policy.signals:
        return Step(update=going_on) if over else None
    succeeded = sum(status == SUCCESS for status in signals.values())
    failed = len(signals) - succeeded
    missing = max(update.expected - update.missed - len(signals), 0)
    missed = update.missed + (missing if over else 0)
    told = (TIMED_OUT.format(missing),) if over and missing else ()
    if failed + missed > _failures_allowed(update):
        received = f"{succeeded} SUCCESS" if missed else f"{failed} FAILURE"
        unsatisfied = f"Unable to satisfy {update.policy.successful_percent}% MinSuccessfulInstancesPercent requirement"
        return Step(update=update, told=told, failure=f"Received {received} signal(s) out of {len(update.obsolete)}.  {unsatisfied}")
    if missing and not over:
        return None
    return Step(update=replace(going_on, missed=missed), told=told)


def _failures_allowed(update: RollingUpdate) -> int:
    total = len(update.obsolete)
    return total - -(-total * update.policy.successful_percent // 100)


def _terminate(update: RollingUpdate, group: GroupSeen, now: datetime) -> Step:
    old = [member for member in group.members if member.id in update.obsolete and not member.leaving]
    if not old:
        return Step(update=replace(update, phase=Phase.END))
    new = sum(member.id not in update.obsolete and not member.leaving for member in group.members)
    spare = max(group.in_service - update.policy.in_service, 1)
    batch = tuple(member.id for member in old[: min(update.policy.batch, spare)])
    arriving = max(min(len(batch), update.size - new), 0)
    calls: list[GroupCall] = []
    if arriving:
        calls.append(Terminate(ids=batch[:arriving], replaced=True))
    if arriving < len(batch):
        calls += [SetSize(minimum=update.minimum), Terminate(ids=batch[arriving:], replaced=False)]
    told = f"Terminating instance(s) [{','.join(batch)}]; replacing with {arriving} new instance(s)."
    leaving = replace(update, phase=Phase.LAUNCH, going=batch, arriving=arriving, until=now + LONGEST_LAUNCH)
    return Step(update=leaving, calls=tuple(calls), told=(told,))


def _end(update: RollingUpdate, group: GroupSeen) -> Step:
    calls: list[GroupCall] = []
    too_large = group.desired > update.size and update.terminated < len(update.obsolete)  # some left by themselves
    if group.minimum != update.minimum or too_large:
        calls.append(SetSize(minimum=update.minimum, desired=update.size if too_large else None))
    if update.suspended:
        calls.append(Resume(processes=update.suspended))
    return Step(update=replace(update, suspended=()), calls=tuple(calls), done=True)
