"""aws:ec2:send-spot-instance-interruptions (FIS-23): the fault `spot-interruption`, which the EC2 loop carries out (IMDS-12)."""

from dataclasses import replace

from sandbox.core.errors import Retry, UserError
from sandbox.core.ports import FaultRequest
from sandbox.services.fis.decide.observed import Broken, Done, Going, Look
from sandbox.services.fis.kinds.base import Reach, Refusal, lasting, names, undone
from sandbox.services.fis.kinds.instances import SOON, states_of
from sandbox.services.fis.model import CONFIGURATION_FAILURE, INVALID_TARGET, Run
from sandbox.services.fis.parameter_model import duration

NOT_YET = ("pending", "running")


class InterruptSpotInstances:
    """The action lasts until the interruption. If the experiment stops before, the fault is cleared and no instance is interrupted (U)."""

    def begin(self, reach: Reach, run: Run, targets: tuple[str, ...]) -> Run:
        length = duration(run.action.parameters["durationBeforeInterruption"])
        assert length is not None  # validated
        request = FaultRequest(
            kind="spot-interruption",
            targets=names(targets),
            parameters={"notice": f"{int(length.total_seconds())}s"},
            summary=f"action {run.name} of experiment {reach.experiment_id} ({run.action.action_id})",
            cause=run.event,
            token=f"{reach.experiment_id}/{run.name}",
        )
        try:
            fault_id = reach.faults.inject(request)
        except UserError as error:
            raise Refusal(error.message, CONFIGURATION_FAILURE) from error
        return lasting(replace(run, instances=names(targets), faults=(fault_id,)), reach, length)

    def look(self, reach: Reach, run: Run) -> Look:
        if not run.undone:
            gone = not _over(reach, run) and not _active(reach, run)
            return Broken(reason=f"{run.faults[0]} was cleared before the interruption.", code=INVALID_TARGET) if gone else Going()
        if _over(reach, run) and (left := _not_interrupted(reach, run)):
            return Broken(reason=f"The instances {left} were not interrupted.", code=INVALID_TARGET)
        return Done()

    def undo(self, reach: Reach, run: Run) -> Run:
        """The fault ends. At its time it must have interrupted the instances first."""
        if _over(reach, run) and _active(reach, run) and _not_interrupted(reach, run):
            raise Retry("the Spot Instances are about to be interrupted", SOON)
        for fault_id in run.faults:
            reach.faults.clear(fault_id)
        return undone(run)


def _over(reach: Reach, run: Run) -> bool:
    return run.until is not None and reach.now >= run.until


def _active(reach: Reach, run: Run) -> bool:
    return all(reach.faults.is_active(each) for each in run.faults)


def _not_interrupted(reach: Reach, run: Run) -> str:
    return ", ".join(each for each, state in states_of(reach, run).items() if state in NOT_YET)
