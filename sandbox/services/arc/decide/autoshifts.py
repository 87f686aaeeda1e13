"""Autoshifts: when AWS's telemetry starts and ends one. Pure (ARC-6, ARC-8).

The sandbox's telemetry is the faults in force that break a whole zone (power, network, cooling). AWS does not say how fast its own is: the
numbers below are ours, and the first is that of the FIS scenario "AZ Availability: Power Interruption" (B3).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sandbox.services.arc.actions import ChangeAutoshift, StartAutoshift
from sandbox.services.arc.decide import capacity, events
from sandbox.services.arc.model import Autoshift, Capacity, Observed

DETECTION = timedelta(minutes=5)  # from the fault to the autoshift
RECOVERY = timedelta(minutes=5)  # without the fault, before the autoshift ends (U)

CHECK = timedelta(seconds=15)  # between two looks at the capacity: the health of targets wakes nobody here

Clear = Mapping[str, datetime]
"""Zone id of an active autoshift → since when the zone is not impaired."""


def clear_since(observed: Observed, before: Clear, now: datetime) -> Clear:
    active = [each.away_from for each in observed.autoshifts if each.is_active]
    return {zone: before.get(zone, now) for zone in active if zone not in observed.impaired}


def starting(observed: Observed, now: datetime) -> tuple[StartAutoshift, ...]:
    active = {each.away_from for each in observed.autoshifts if each.is_active}
    due = [zone for zone, since in sorted(observed.impaired.items()) if zone not in active and now >= since + DETECTION]
    return tuple(StartAutoshift(away_from=zone, event=events.autoshift_started(observed, zone)) for zone in due)


def changing(observed: Observed, clear: Clear, now: datetime) -> tuple[ChangeAutoshift, ...]:
    """Those that end, and the load balancers that return to a zone after its autoshift has ended."""
    found = [_next(observed, each, clear, now) for each in observed.autoshifts]
    return tuple(change for change in found if change is not None)


def _next(observed: Observed, autoshift: Autoshift, clear: Clear, now: datetime) -> ChangeAutoshift | None:
    if not autoshift.is_active:
        return _released(observed, autoshift)
    if autoshift.away_from not in clear or now < clear[autoshift.away_from] + RECOVERY:
        return None
    ended = replace(autoshift, end=now, held=_unbalanced(observed, autoshift))
    return ChangeAutoshift(before=autoshift, after=ended, event=events.autoshift_ended(observed, ended))


def _released(observed: Observed, autoshift: Autoshift) -> ChangeAutoshift | None:
    held = _unbalanced(observed, autoshift) & autoshift.held
    if held == autoshift.held:
        return None
    after = replace(autoshift, held=held)
    return ChangeAutoshift(before=autoshift, after=after, event=events.autoshift_released(observed, autoshift, autoshift.held - held))


def _unbalanced(observed: Observed, autoshift: Autoshift) -> frozenset[str]:
    """ARC-8: load balancers to which the traffic does not return yet."""
    shifted = [each for each in observed.resources if each.shifted_by(autoshift) and each.resource.kind.is_load_balancer]
    return frozenset(each.resource.arn for each in shifted if not _may_return(each.capacity))


def _may_return(found: Capacity | None) -> bool:
    """Without any healthy target there is nothing to balance."""
    return found is not None and (not any(found.healthy.values()) or capacity.shortfall(found) is None)


def look_again(observed: Observed, clear: Clear, now: datetime) -> list[datetime]:
    active = {each.away_from for each in observed.autoshifts if each.is_active}
    moments = [since + DETECTION for zone, since in observed.impaired.items() if zone not in active]
    moments += [since + RECOVERY for since in clear.values()]
    if any(each.held for each in observed.autoshifts):
        moments.append(now + CHECK)
    return moments
