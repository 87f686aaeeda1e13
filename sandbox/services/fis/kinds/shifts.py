"""aws:arc:start-zonal-autoshift (FIS-30): traffic leaves a zone, for as long as the action lasts."""

from dataclasses import replace

from sandbox.core.errors import ApiError
from sandbox.core.ports import ExperimentShift
from sandbox.services.fis.decide.observed import Broken, Done, Going, Look
from sandbox.services.fis.kinds.base import NothingToDo, Reach, lasting, undone
from sandbox.services.fis.model import INVALID_TARGET, Run
from sandbox.services.fis.parameter_model import duration, listed

TYPES = {"ASG": ":autoScalingGroup:", "ALB": ":loadbalancer/app/", "NLB": ":loadbalancer/net/", "EKS": ":eks:"}
"""managedResourceTypes → what the ARNs of the type contain."""


class StartZonalAutoshift:
    def begin(self, reach: Reach, run: Run, targets: tuple[str, ...]) -> Run:
        given = run.action.parameters
        begun = lasting(run, reach, duration(given["duration"]))
        assert begun.until is not None
        ids: list[str] = []
        for arn in self._chosen(reach, run, targets):
            shift = ExperimentShift(
                resource_arn=arn,
                zone=given["availabilityZoneIdentifier"],
                duration=begun.until - reach.now,
                experiment=reach.experiment_id,
            )
            try:
                ids.append(reach.shifts.start(shift))
            except ApiError:
                for shift_id in ids:
                    reach.shifts.end(shift_id)
                raise
        return replace(begun, shifts=tuple(ids))

    def _chosen(self, reach: Reach, run: Run, targets: tuple[str, ...]) -> list[str]:
        """Those of the wanted types and zonal autoshift status. Raises NothingToDo if none is."""
        given = run.action.parameters
        parts = [TYPES[each] for each in listed(given["managedResourceTypes"])]
        status = given.get("zonalAutoshiftStatus", "ENABLED")
        found = [arn for arn in targets if any(part in arn for part in parts)]
        chosen = [arn for arn in found if status in ("ANY", _autoshift(reach, arn))]
        if not chosen:
            raise NothingToDo("None of the targets has the resource type and the zonal autoshift status that the action asks for.")
        return chosen

    def look(self, reach: Reach, run: Run) -> Look:
        if run.undone:
            return Done()
        ended = [each for each in run.shifts if not reach.shifts.is_active(each)]
        if ended and run.until is not None and reach.now < run.until:  # ARC-5
            return Broken(reason=f"The zonal shift {ended[0]} was canceled before the action's duration was over.", code=INVALID_TARGET)
        return Going()

    def undo(self, reach: Reach, run: Run) -> Run:
        for shift_id in run.shifts:
            reach.shifts.end(shift_id)
        return undone(run)


def _autoshift(reach: Reach, arn: str) -> str:
    return str(reach.call("arc-zonal-shift", "get_managed_resource", resourceIdentifier=arn).get("zonalAutoshiftStatus", "DISABLED"))
