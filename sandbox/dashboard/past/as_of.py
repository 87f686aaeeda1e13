"""The page's `Look` as of an event of the journal."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sandbox.control.observed.model import Observed
from sandbox.core.events import Event
from sandbox.dashboard.past import alarms, balancing, compute, faults, groups
from sandbox.dashboard.past.told import Told, told
from sandbox.dashboard.shown.look import Look, Mail
from sandbox.dashboard.shown.runs import runs

MEASURED = "requests per second, CPU and the sandbox's own health: they are measured and not kept"
REASONS = "why a target is initial: no event tells whether its registration is in progress or its health checks have begun"
FADED = (
    "Standby and the waits of lifecycle hooks: an instance is shown as InService from its launch until its group takes it out of service"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What is shown of a moment. Its plots are to be read from CloudWatch, which keeps its own past."""

    at: Event
    look: Look
    unknown: tuple[str, ...]
    earlier: str | None  # ids of the events before and after it
    later: str | None


def as_of(event_id: str, events: Sequence[Event], present: Look, mails: Sequence[Mail]) -> Past | None:
    """`events`: the journal. `mails`: all. None: the journal does not have the event."""
    known = told(events, event_id)
    if known is None:
        return None
    observed, unknown = _observed(known, present.observed)
    look = replace(
        present,
        now=known.moment,
        health=(),
        observed=observed,
        urls={},
        faults=faults.faults(known),
        mails=tuple(each for each in mails if each.at and datetime.fromisoformat(each.at) <= known.moment),
        points={},
        per_second={},
        cpu={},
        runs=runs(known.before),
        load=None,
    )
    return Past(at=known.at, look=look, unknown=(*unknown, *_always(known)), **_beside(known))


def _observed(known: Told, now: Observed) -> tuple[Observed, tuple[str, ...]]:
    instances, unknown_instances = compute.instances(known, now.instances)
    found_groups, unknown_groups = groups.groups(known, now.groups, instances)
    balancers, unknown_balancers = balancing.load_balancers(known, now.load_balancers)
    targets, unknown_targets = balancing.target_groups(known, now.target_groups, instances)
    found_alarms, unknown_alarms = alarms.alarms(known, now.alarms)
    was = Observed(
        zones=now.zones,
        instances=instances,
        load_balancers=balancers,
        target_groups=targets,
        groups=found_groups,
        alarms=found_alarms,
    )
    return was, (*unknown_instances, *unknown_groups, *unknown_balancers, *unknown_targets, *unknown_alarms)


def _always(known: Told) -> tuple[str, ...]:
    began = f"what happened before {known.before[0].at:%H:%M:%S}: the journal begins there"
    return (began, MEASURED, REASONS, FADED)


def _beside(known: Told) -> dict[str, str | None]:
    return {
        "earlier": known.before[-2].id if len(known.before) > 1 else None,
        "later": known.after[0].id if known.after else None,
    }
