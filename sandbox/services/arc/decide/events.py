"""The events of shifts, for the journal: EventBridge's detail-types where ARC has one, short titles elsewhere. Pure.

They name the resource by its ARN and its name, so that `sandbox explain` and the controllers of load balancers and groups find them.
"""

from sandbox.core.events import Event
from sandbox.core.text import at
from sandbox.services.arc.model import Autoshift, Observed, PracticeOutcome, Resource, ShiftStatus, ShiftType, ZonalShift

SOURCE = "aws.arc-zonal-shift"
STARTED = {
    ShiftType.ZONAL_SHIFT: "Manual Shift Started",
    ShiftType.FIS_EXPERIMENT: "FIS Experiment Autoshift In Progress",
    ShiftType.PRACTICE_RUN: "Practice Run Started",
}
UPDATED = "Manual Shift Updated"
ENDED = {
    (ShiftType.ZONAL_SHIFT, ShiftStatus.EXPIRED): "Manual Shift Expired",
    (ShiftType.ZONAL_SHIFT, ShiftStatus.CANCELED): "Manual Shift Canceled",
    (ShiftType.FIS_EXPERIMENT, ShiftStatus.EXPIRED): "FIS Experiment Autoshift Completed",
    (ShiftType.FIS_EXPERIMENT, ShiftStatus.CANCELED): "FIS Experiment Autoshift Canceled",
}
PRACTICE_ENDED = {
    PracticeOutcome.SUCCEEDED: "Practice Run Succeeded",
    PracticeOutcome.FAILED: "Practice Run Failed",
    PracticeOutcome.INTERRUPTED: "Practice Run Interrupted",
    PracticeOutcome.CAPACITY_CHECK_FAILED: "Practice Run Failed",
}
WHAT = {
    ShiftType.ZONAL_SHIFT: "zonal shift",
    ShiftType.FIS_EXPERIMENT: "zonal shift by an FIS experiment",
    ShiftType.PRACTICE_RUN: "practice run",
}
AUTOSHIFT_STARTED, AUTOSHIFT_ENDED = "Autoshift In Progress", "Autoshift Completed"


def name_in(arn: str) -> str:
    """The name of the load balancer or group in its ARN."""
    last = arn.rsplit(":", 1)[-1]
    return last.split("/")[2] if last.startswith("loadbalancer/") else last.rsplit("/", 1)[-1]


def started(shift: ZonalShift, resource: Resource) -> Event:
    zone = resource.zones[shift.away_from]
    what = "is to leave" if not shift.moves_traffic else "leaves"
    summary = f"{WHAT[shift.type]} {shift.id}: {resource.name} {what} {zone} ({shift.away_from})"
    return _event(STARTED[shift.type], summary, shift, None)


def traffic_shifted(shift: ZonalShift, zone: str) -> Event:
    summary = f"practice run {shift.id}: the capacity check passed, and {name_in(shift.resource_arn)} leaves {zone} ({shift.away_from})"
    return _event(STARTED[shift.type], summary, shift, shift.cause)


def updated(shift: ZonalShift) -> Event:
    return _event(UPDATED, f"zonal shift {shift.id} of {name_in(shift.resource_arn)} ends at {at(shift.expiry)}", shift, shift.cause)


def ended(shift: ZonalShift, why: str) -> Event:
    """`shift`: as it is after its end."""
    title = PRACTICE_ENDED[shift.outcome] if shift.outcome else ENDED[shift.type, shift.status]
    verdict = f" with the outcome {shift.outcome.value}" if shift.outcome else ""
    summary = f"{WHAT[shift.type]} {shift.id} of {name_in(shift.resource_arn)} ended{verdict}: {why}"
    return _event(title, summary, shift, shift.cause)


def autoshift_started(observed: Observed, zone_id: str) -> Event:
    zone = observed.zone_names.get(zone_id, zone_id)
    arns = tuple(each.resource.arn for each in observed.resources if each.settings.autoshift and zone_id in each.resource.zones)
    names = ", ".join(name_in(arn) for arn in arns) or "no resource"
    summary = f"AWS starts an autoshift away from {zone} ({zone_id}), which is impaired: {names} with zonal autoshift enabled"
    return _of_zone(AUTOSHIFT_STARTED, summary, zone_id, (zone, *arns), None)


def autoshift_ended(observed: Observed, autoshift: Autoshift) -> Event:
    """`autoshift`: as it is after its end."""
    zone = observed.zone_names.get(autoshift.away_from, autoshift.away_from)
    arns = tuple(each.resource.arn for each in observed.resources if each.settings.autoshift)
    held = ", ".join(sorted(name_in(arn) for arn in autoshift.held))
    stays = f"; {held} stays shifted until its zones have balanced capacity" if held else ""
    summary = f"AWS ends the autoshift away from {zone} ({autoshift.away_from}): the zone has recovered{stays}"
    return _of_zone(AUTOSHIFT_ENDED, summary, autoshift.away_from, (zone, *arns), autoshift.cause)


def autoshift_released(observed: Observed, autoshift: Autoshift, arns: frozenset[str]) -> Event:
    zone = observed.zone_names.get(autoshift.away_from, autoshift.away_from)
    names = ", ".join(sorted(name_in(arn) for arn in arns))
    summary = f"{names} returns to {zone} ({autoshift.away_from}) after the autoshift: the capacity of its zones is balanced"
    return _of_zone(AUTOSHIFT_ENDED, summary, autoshift.away_from, (zone, *sorted(arns)), autoshift.cause)


def _event(title: str, summary: str, shift: ZonalShift, cause: str | None) -> Event:
    return Event(
        source=SOURCE,
        detail_type=title,
        summary=summary,
        resources=(shift.resource_arn, name_in(shift.resource_arn), shift.id),
        detail={"zonalShiftId": shift.id, "awayFrom": shift.away_from, "status": shift.status.value, "comment": shift.comment},
        cause=cause,
    )


def _of_zone(title: str, summary: str, zone_id: str, resources: tuple[str, ...], cause: str | None) -> Event:
    names = tuple(name_in(each) for each in resources if each.startswith("arn:"))
    return Event(
        source=SOURCE,
        detail_type=title,
        summary=summary,
        resources=(zone_id, *resources, *names),
        detail={"awayFrom": zone_id},
        cause=cause,
    )
