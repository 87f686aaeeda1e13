"""What is told of an instance's user data: one event for each boot in which it was over (UD-8). AWS has no such event. Pure;
decide/instances.py calls it for `running`.
"""

from sandbox.core.control import Decision
from sandbox.drivers.runtime.base import UserDataState
from sandbox.services.ec2.actions import RecordUserData
from sandbox.services.ec2.model import Observed, event_of

TOLD = {
    UserDataState.FINISHED: ("Instance User Data Finished", "the user data of {} has run"),
    UserDataState.FAILED: ("Instance User Data Failed", "the user data of {} has run, and something failed: {}"),
    UserDataState.NOT_RUN: ("Instance User Data Not Run", "the user data of {} was not run: {}"),
}


def tell_user_data(observed: Observed) -> Decision[None]:
    """The instance stays what it is (UD-8)."""
    result = observed.container.user_data if observed.container else None
    if result is None or result.finished == observed.user_data_told:
        return Decision(memory=None)
    title, sentence = TOLD[result.state]
    event = event_of(observed, title, sentence.format(observed.instance_id, result.reason), reason=result.reason)
    return Decision(memory=None, actions=(RecordUserData(finished=result.finished),), events=(event,))
