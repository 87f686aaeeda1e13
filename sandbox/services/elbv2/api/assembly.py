"""ELBv2's backend class, put together from the API modules, in moto's place."""

from sandbox.aws.seams import swap_backend
from sandbox.core.persisted import persisted
from sandbox.services.elbv2.api import responses
from sandbox.services.elbv2.api.listeners import Listeners

__all__ = ["SandboxELBv2", "responses"]  # responses: imported so that its seam is declared


@persisted("elbv2.Backend")
@swap_backend("elbv2")
class SandboxELBv2(Listeners):
    """ELBv2 with health that is checked: api/target_groups.py, api/load_balancers.py and api/listeners.py."""
