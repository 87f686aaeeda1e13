"""What the controller reads: the shifts of an account and Region, and of its resources what the decisions need now. Reads only."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from sandbox.aws import backends
from sandbox.aws.context import context
from sandbox.core.control import Scope
from sandbox.services.arc.decide import practice
from sandbox.services.arc.model import Capacity, Observed, ObservedResource, Resource, ShiftType, ZonalShift
from sandbox.services.arc.state import applied, conditions, resources
from sandbox.services.arc.state.store import ArcBackend, arc_backends


def scopes() -> Iterator[Scope]:
    return (scope for scope, _ in backends.walk(arc_backends))


def backend_of(scope: Scope) -> ArcBackend | None:
    found: ArcBackend | None = backends.find(arc_backends, scope)
    return found


def read(backend: ArcBackend, scope: Scope, now: datetime) -> Observed:
    ids = resources.zone_ids(scope.region)
    concerned = dict.fromkeys((*backend.settings, *(shift.resource_arn for shift in backend.active.values())))
    return Observed(
        resources=tuple(_resource(backend, each, now) for each in resources.of(concerned) if each.opted_in),
        gone=frozenset(arn for arn in backend.settings if resources.find(arn) is None),
        shifts=tuple(backend.active.values()),
        autoshifts=tuple(each for each in backend.autoshifts if each.is_active or each.held),
        impaired=_impaired(ids),
        zone_names={zone_id: name for name, zone_id in ids.items()},
    )


def _impaired(ids: Mapping[str, str]) -> Mapping[str, datetime]:
    """The faults name a zone by its name or its id."""
    by_zone = context().faults.impaired_zones()
    return {ids.get(zone, zone): since for zone, since in by_zone.items() if zone in ids or zone in ids.values()}


def _resource(backend: ArcBackend, resource: Resource, now: datetime) -> ObservedResource:
    settings, candidates = backend.settings_of(resource.arn), applied.active(backend, resource)
    run = next((each.shift for each in candidates if each.type is ShiftType.PRACTICE_RUN), None)
    due = practice.due(settings)
    judged = settings.practice is not None and (run is not None or (due is not None and now >= due))
    seen = ObservedResource(resource=resource, settings=settings, busy=bool(candidates))
    return ObservedResource(
        resource=resource,
        settings=settings,
        busy=bool(candidates),
        capacity=_capacity(backend, seen, run),
        alarms=conditions.alarms(resource, settings.practice) if judged and settings.practice is not None else None,
    )


def _capacity(backend: ArcBackend, seen: ObservedResource, run: ZonalShift | None) -> Capacity | None:
    """Only while a check is due: reading it asks other services."""
    checked = run is not None and not run.moves_traffic
    shifted = seen.resource.kind.is_load_balancer and any(seen.shifted_by(each) for each in backend.autoshifts)
    return conditions.capacity(seen.resource) if checked or shifted else None
