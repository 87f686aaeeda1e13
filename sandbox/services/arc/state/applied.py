"""Which shifts of a resource are active and which one applies: what the API shows, and what load balancers and groups follow."""

from collections.abc import Iterator

from sandbox.aws import backends
from sandbox.services.arc.decide import precedence
from sandbox.services.arc.decide.precedence import Candidate
from sandbox.services.arc.model import ObservedResource, Resource, ShiftType
from sandbox.services.arc.state import resources
from sandbox.services.arc.state.store import ArcBackend, arc_backends


class AppliedShifts:
    """Implements `ZonalShifts` (core/ports.py)."""

    def shifted_zones(self, resource_arn: str) -> frozenset[str]:
        scope = resources.scope_of(resource_arn)
        backend = backends.find(arc_backends, scope) if scope else None
        if backend is None or not _may_be_shifted(backend, resource_arn):
            return frozenset()  # nearly always: the resource need not be read
        resource = resources.find(resource_arn)
        if resource is None or not resource.opted_in:
            return frozenset()
        found = precedence.applied(active(backend, resource))
        return frozenset(name for zone_id, name in resource.zones.items() if found is not None and zone_id == found.away_from)


def active(backend: ArcBackend, resource: Resource) -> tuple[Candidate, ...]:
    """The active shifts and autoshifts of a resource."""
    shifts = [
        Candidate(type=shift.type, away_from=shift.away_from, start=shift.start, shift=shift) for shift in backend.active_for(resource.arn)
    ]
    return (*shifts, *_autoshifts(backend, resource))


def _autoshifts(backend: ArcBackend, resource: Resource) -> Iterator[Candidate]:
    seen = ObservedResource(resource=resource, settings=backend.settings_of(resource.arn))
    for autoshift in backend.autoshifts:
        if seen.shifted_by(autoshift):
            yield Candidate(type=ShiftType.ZONAL_AUTOSHIFT, away_from=autoshift.away_from, start=autoshift.start)


def _may_be_shifted(backend: ArcBackend, arn: str) -> bool:
    return bool(backend.active_for(arn)) or (bool(backend.autoshifts) and backend.settings_of(arn).autoshift)
