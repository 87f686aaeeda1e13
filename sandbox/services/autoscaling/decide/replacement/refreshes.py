"""What an instance refresh does next: its status, checkpoints, alarms, timeouts, bake time, rollback (ASG-100 to ASG-104). Pure.

`step` is called when no unhealthy instance is to be replaced. A refresh changes by one action, which carries its whole new value.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sandbox.core.events import Event
from sandbox.core.text import at
from sandbox.services.autoscaling.actions import UpdateRefresh
from sandbox.services.autoscaling.decide import events
from sandbox.services.autoscaling.decide.capacity import Plan
from sandbox.services.autoscaling.decide.replacement import progress as texts
from sandbox.services.autoscaling.decide.replacement.batches import batch, next_checkpoint
from sandbox.services.autoscaling.decide.replacement.progress import Progress, progress, waits_for
from sandbox.services.autoscaling.model import Delays, Group
from sandbox.services.autoscaling.refresh_model import LONGEST, PATIENCE, ObservedRefresh, Refresh, RefreshMove, RefreshStatus, Rollback

EXCUSED = timedelta(minutes=1)  # how often the time of a wait that does not count is added
ALARM, UNKNOWN = "ALARM", "INSUFFICIENT_DATA"
ALARMED = "The instance refresh failed because the CloudWatch alarm {} is in the ALARM state."  # (U)
NO_DATA = "Waiting for the CloudWatch alarm {} to have sufficient data."  # (U)
TIMED_OUT = "The instance refresh made no progress for 1 hour. {}"  # (U)
TOO_LONG = "The instance refresh took longer than 14 days."  # (U)
NOTHING = "No instances needed to be replaced."  # (U)


def step(group: Group, now: datetime, delays: Delays) -> Plan:
    if group.refresh is None:
        return Plan()
    refresh = group.refresh.refresh
    match refresh.status:
        case RefreshStatus.PENDING:
            begun = refresh.moved(RefreshMove.BEGIN, progress_at=now)
            return _updated(group, begun, events.REFRESH_STARTED, "starts")
        case RefreshStatus.IN_PROGRESS:
            return _in_progress(group, group.refresh, now, delays)
        case RefreshStatus.BAKING:
            return _baking(group, group.refresh, now)
        case RefreshStatus.ROLLBACK_IN_PROGRESS:
            return _rolling_back(group, refresh, now, delays)
        case RefreshStatus.CANCELLING:
            return _cancelling(group, refresh, now)
    return Plan()


# ---- in progress -------------------------------------------------------------------------------------------------------------------------


def _in_progress(group: Group, observed: ObservedRefresh, now: datetime, delays: Delays) -> Plan:
    refresh, here = observed.refresh, progress(group, observed.refresh, now)
    if alarm := _alarm(observed):
        return _failed(group, refresh, ALARMED.format(alarm), now, observed.causes.get(alarm))
    if reason := _too_long(group, refresh, here, now):
        return _failed(group, refresh, reason, now, group.cause)
    if refresh.paused_until is not None:
        return _paused(group, refresh, here, now)
    if here.is_complete:
        return _finished(group, refresh, here, now)
    if here.done >= here.goal(target := next_checkpoint(refresh)) and here.done > 0 and target < 100:
        return _checkpoint(group, refresh, here, now)
    if silent := next((name for name, state in observed.alarms.items() if state == UNKNOWN), None):
        return _noted(group, refresh, here, NO_DATA.format(silent), now)
    return _replacing(group, refresh, here, now, delays)


def _replacing(group: Group, refresh: Refresh, here: Progress, now: datetime, delays: Delays) -> Plan:
    actions = tuple(batch(group, refresh, here, now, delays))
    noted = _noted(group, refresh, here, None if actions else waits_for(group, refresh, now), now)
    return Plan(actions=(*actions, *noted.actions), look_at=noted.look_at)


def _noted(group: Group, refresh: Refresh, here: Progress, reason: str | None, now: datetime) -> Plan:
    """The refresh with what is observed, if it differs."""
    done = max(refresh.done, here.done)
    changes: dict[str, Any] = {"done": done, "reason": reason, **shown(refresh, here)}
    if done > refresh.done or (_excused(group) and now >= refresh.progress_at + EXCUSED):
        changes["progress_at"] = now
    updated = replace(refresh, **changes)
    return Plan(look_at=_deadline(refresh)) if updated == refresh else Plan(actions=(UpdateRefresh(refresh=updated, because=group.cause),))


def _excused(group: Group) -> bool:
    """A member waits for lifecycle hooks, which is the user's own time, or a zonal shift is active (ASG-112)."""
    return bool(group.shifted_zones) or any(m.lifecycle.is_waiting for m in group.members)


def shown(refresh: Refresh, here: Progress) -> dict[str, Any]:
    """PercentageComplete and InstancesToUpdate; in a rollback the first goes back to 0 and the second stays."""
    if refresh.rollback:
        return {"percent": min(refresh.rollback.percent, 100 - here.percent), "to_update": refresh.rollback.to_update}
    return {"percent": here.percent, "to_update": len(here.outdated)}


def _alarm(observed: ObservedRefresh) -> str | None:
    """The name of the first one in the ALARM state."""
    return next((name for name, state in observed.alarms.items() if state == ALARM), None)


def _too_long(group: Group, refresh: Refresh, here: Progress, now: datetime) -> str | None:
    """ASG-103: 14 days in all, or an hour in which no further instance was updated."""
    if now >= refresh.start + LONGEST:
        return TOO_LONG
    if refresh.paused_until is not None or here.is_complete or now < _deadline(refresh):
        return None
    if _excused(group):
        return None
    return TIMED_OUT.format(waits_for(group, refresh, now) or "").strip()


def _deadline(refresh: Refresh) -> datetime:
    """An instance that warms up gets its time on top (U)."""
    return refresh.progress_at + PATIENCE + refresh.preferences.warmup


# ---- checkpoints -------------------------------------------------------------------------------------------------------------------------


def _checkpoint(group: Group, refresh: Refresh, here: Progress, now: datetime) -> Plan:
    """The highest one that is reached: others are skipped. After the last one, nothing more is replaced."""
    checkpoints = refresh.preferences.checkpoints
    reached = max(each for each in checkpoints if here.done >= here.goal(each))
    kept = replace(refresh, checkpoint=reached, done=max(refresh.done, here.done), progress_at=now, **shown(refresh, here))
    if reached == checkpoints[-1]:
        return _finished(group, kept, here, now)
    until = now + refresh.preferences.checkpoint_delay
    paused = replace(kept, paused_until=until, reason=texts.CHECKPOINT.format(at(until), here.percent))
    delay = int(refresh.preferences.checkpoint_delay.total_seconds())
    detail = {"CheckpointPercentage": str(reached), "CheckpointDelay": str(delay)}
    return _updated(group, paused, events.REFRESH_CHECKPOINT, f"reaches its checkpoint of {reached} %", detail)


def _paused(group: Group, refresh: Refresh, here: Progress, now: datetime) -> Plan:
    assert refresh.paused_until is not None
    if now < refresh.paused_until:
        return Plan(look_at=refresh.paused_until)
    resumed = replace(refresh, paused_until=None, progress_at=now, reason=None)
    return Plan(actions=(UpdateRefresh(refresh=resumed, because=group.cause),))


# ---- the end -----------------------------------------------------------------------------------------------------------------------------


def _finished(group: Group, refresh: Refresh, here: Progress, now: datetime) -> Plan:
    kept = replace(refresh, done=here.done, **shown(refresh, here))
    if refresh.preferences.bake_time:
        baking = kept.moved(RefreshMove.BAKE, baking_until=now + refresh.preferences.bake_time, reason=texts.BAKING)
        return _updated(group, baking, events.REFRESH_BAKING, "begins its bake time")
    reason = NOTHING if not refresh.outdated else None
    return _updated(group, kept.moved(RefreshMove.SUCCEED, end=now, reason=reason), events.REFRESH_SUCCEEDED, "succeeded")


def _baking(group: Group, observed: ObservedRefresh, now: datetime) -> Plan:
    refresh = observed.refresh
    if alarm := _alarm(observed):
        return _failed(group, refresh, ALARMED.format(alarm), now, observed.causes.get(alarm))
    assert refresh.baking_until is not None
    if now < refresh.baking_until:
        return Plan(look_at=refresh.baking_until)
    succeeded = refresh.moved(RefreshMove.SUCCEED, end=now, reason=None)
    return _updated(group, succeeded, events.REFRESH_SUCCEEDED, "succeeded")


def _failed(group: Group, refresh: Refresh, reason: str, now: datetime, cause: str | None) -> Plan:
    if refresh.preferences.auto_rollback:
        back, told_of, verb = rolled_back(group, refresh, reason, now), events.ROLLBACK_STARTED, "is rolled back"
    else:
        back, told_of, verb = refresh.moved(RefreshMove.FAIL, end=now, reason=reason), events.REFRESH_FAILED, "failed"
    return Plan(actions=(UpdateRefresh(refresh=back, event=told(group.name, back, told_of, f"{verb}: {reason}", cause=cause)),))


def _cancelling(group: Group, refresh: Refresh, now: datetime) -> Plan:
    """The launches and terminations that have begun are waited for, unless the user wanted otherwise."""
    moving = any(m.lifecycle.is_pending or m.lifecycle.is_terminating for m in group.members)
    if refresh.wait and (moving or group.pending_replacements):
        return Plan()
    stopped = refresh.moved(RefreshMove.STOP, end=now, reason=refresh.reason)
    return _updated(group, stopped, events.REFRESH_CANCELLED, "is cancelled")


# ---- rollback ----------------------------------------------------------------------------------------------------------------------------


def rolled_back(group: Group, refresh: Refresh, reason: str, now: datetime) -> Refresh:
    """ASG-104: what the refresh launched is replaced by instances of the group's own configuration."""
    launched = tuple(m.instance_id for m in group.members if _by_refresh(refresh, m.instance_id) and not m.lifecycle.is_leaving)
    rollback = Rollback(reason=reason, start=now, percent=refresh.percent, to_update=refresh.to_update)
    return refresh.moved(
        RefreshMove.ROLL_BACK, rollback=rollback, outdated=launched, done=0, paused_until=None, progress_at=now, reason=reason
    )


def _by_refresh(refresh: Refresh, instance_id: str) -> bool:
    return instance_id not in {*refresh.outdated, *refresh.kept}


def _rolling_back(group: Group, refresh: Refresh, now: datetime, delays: Delays) -> Plan:
    here = progress(group, refresh, now)
    if here.is_complete:
        succeeded = refresh.moved(RefreshMove.SUCCEED, end=now, reason=None, **shown(refresh, here))
        return _updated(group, succeeded, events.ROLLBACK_SUCCEEDED, "has been rolled back")
    if reason := _too_long(group, refresh, here, now):
        return _updated(
            group, refresh.moved(RefreshMove.FAIL, end=now, reason=reason), events.ROLLBACK_FAILED, f"was not rolled back: {reason}"
        )
    return _replacing(group, refresh, here, now, delays)


# ---- actions -----------------------------------------------------------------------------------------------------------------------------


def _updated(group: Group, refresh: Refresh, detail_type: str, verb: str, detail: dict[str, str] | None = None) -> Plan:
    return Plan(actions=(UpdateRefresh(refresh=refresh, event=told(group.name, refresh, detail_type, verb, detail, group.cause)),))


def told(
    group: str, refresh: Refresh, detail_type: str, verb: str, detail: dict[str, str] | None = None, cause: str | None = None
) -> Event:
    """AWS's event (ASG-93)."""
    subject = events.Subject(group=group, cause=cause, other_resources=(refresh.id,))
    return events.event(detail_type, f"the instance refresh of {group} {verb}", subject, {"InstanceRefreshId": refresh.id} | (detail or {}))


def next_moves(group: Group, now: datetime) -> Iterator[datetime]:
    """When an instance of a refresh is warm: the others are timers of `step`."""
    if group.refresh is None or not group.refresh.refresh.status.is_replacing:
        return
    warmup = group.refresh.refresh.preferences.warmup
    for member in group.counted():
        if member.in_service_since and now < member.in_service_since + warmup:
            yield member.in_service_since + warmup
