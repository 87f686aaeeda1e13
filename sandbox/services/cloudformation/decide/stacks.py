"""The next steps of a stack in progress. Pure: the status says which operation runs.

CREATE, UPDATE, UPDATE_ROLLBACK   decide/convergence.py: the resources become what the template wants
ROLLBACK, DELETE, CLEANUP         decide/removals.py: resources are deleted
"""

from datetime import datetime

from sandbox.core.control import Decision
from sandbox.services.cloudformation.decide import convergence, removals
from sandbox.services.cloudformation.decide.observed import Observed


def decide(observed: Observed, now: datetime) -> Decision[None]:
    status = observed.stack.status
    if status.is_cleaning_up or status.is_removing:
        return removals.decide(observed, now)
    return convergence.decide(observed, now)
