"""Shifts that experiments of AWS FIS start and end (FIS-30). FIS renews such a shift each minute until the action ends; here it has the
action's duration at once, so that it ends in time even when nothing renews it.
"""

from sandbox.aws.backends import walk
from sandbox.core.ports import ExperimentShift
from sandbox.services.arc import errors
from sandbox.services.arc.decide import starting
from sandbox.services.arc.model import ShiftMove, ShiftType, Start
from sandbox.services.arc.state import resources, writes
from sandbox.services.arc.state.store import ArcBackend, arc_backends

STOPPED = "the experiment ended it"


class StartedByExperiments:
    """Implements `ExperimentShifts` (core/ports.py)."""

    def start(self, shift: ExperimentShift) -> str:
        resource, scope = resources.find(shift.resource_arn), resources.scope_of(shift.resource_arn)
        if resource is None or scope is None:
            raise errors.not_managed(shift.resource_arn)
        starting.check_opt_in(resource)
        asked = Start(
            resource=resource,
            type=ShiftType.FIS_EXPERIMENT,
            away_from=resources.zone_ids(scope.region).get(shift.zone, shift.zone),
            duration=shift.duration,
            comment=f"AWS FIS experiment {shift.experiment}",
            experiment=shift.experiment,
        )
        return writes.start(arc_backends[scope.account][scope.region], asked).id

    def end(self, shift_id: str) -> None:
        for backend in _holding(shift_id):
            writes.end(backend, backend.active[shift_id], ShiftMove.CANCEL, STOPPED)

    def is_active(self, shift_id: str) -> bool:
        return bool(_holding(shift_id))


def _holding(shift_id: str) -> list[ArcBackend]:
    """The backend in which the shift is active, if any."""
    return [backend for _, backend in walk(arc_backends) if shift_id in backend.active]
