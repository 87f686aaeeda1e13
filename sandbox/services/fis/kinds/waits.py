"""aws:fis:wait and aws:cloudwatch:assert-alarm-state (FIS-31, FIS-32)."""

from sandbox.services.fis.decide.observed import Done, Going, Look
from sandbox.services.fis.kinds.alarms import states
from sandbox.services.fis.kinds.base import Reach, Refusal, lasting, undone
from sandbox.services.fis.model import CONFIGURATION_FAILURE, Run
from sandbox.services.fis.parameter_model import duration, listed


class Wait:
    def begin(self, reach: Reach, run: Run, targets: tuple[str, ...]) -> Run:
        return lasting(run, reach, duration(run.action.parameters["duration"]))

    def look(self, reach: Reach, run: Run) -> Look:
        return Done() if run.undone else Going()

    def undo(self, reach: Reach, run: Run) -> Run:
        return undone(run)


class AssertAlarmState:
    """It looks once, when it begins."""

    def begin(self, reach: Reach, run: Run, targets: tuple[str, ...]) -> Run:
        wanted = listed(run.action.parameters["alarmStates"])
        for arn, state in states(reach.call, listed(run.action.parameters["alarmArns"])).items():
            if state is None:
                raise Refusal(f"The alarm {arn} does not exist.", CONFIGURATION_FAILURE)
            if state not in wanted:
                raise Refusal(f"The alarm {arn} is in the state {state}, not in {' or '.join(wanted)}.", CONFIGURATION_FAILURE)
        return run

    def look(self, reach: Reach, run: Run) -> Look:
        return Done()

    def undo(self, reach: Reach, run: Run) -> Run:
        return undone(run)
