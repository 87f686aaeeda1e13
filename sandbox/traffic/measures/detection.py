"""Time to detect (TTD): from a failure until somebody noticed. None: nobody did."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sandbox.traffic.measures.events import ALARM, TARGET, JournalEvent, of_kind


def by_load_balancer(
    events: Iterable[JournalEvent], target_group: str, since: datetime, targets: Sequence[str] | None = None
) -> timedelta | None:
    """Until the first target is no longer healthy, so that it gets no further requests. `targets`: only these instances."""
    return _after(
        since,
        (
            event.at
            for event in of_kind(events, TARGET)
            if event.detail["target-group"] == target_group
            and event.detail["previous-state"] == "healthy"
            and event.detail["state"] != "healthy"
            and (targets is None or event.detail["target"]["id"] in targets)
        ),
    )


def by_alarm(events: Iterable[JournalEvent], since: datetime, alarms: Sequence[str] | None = None) -> timedelta | None:
    """Until the first alarm (of these names; None: any) is in ALARM."""
    entered = (event for event in of_kind(events, ALARM) if event.detail["state"]["value"] == "ALARM")
    return _after(since, (event.at for event in entered if alarms is None or event.detail["alarmName"] in alarms))


def by_operator(actions: Iterable[datetime], since: datetime) -> timedelta | None:
    """Until the first action of an operator."""
    return _after(since, actions)


def _after(since: datetime, moments: Iterable[datetime]) -> timedelta | None:
    found = min((at for at in moments if at >= since), default=None)
    return None if found is None else found - since
