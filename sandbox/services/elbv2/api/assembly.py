"""ELBv2's backend class, assembled from the API modules. It replaces moto's."""

from sandbox.aws.seams import swap_backend
from sandbox.core.persisted import persisted
from sandbox.services.elbv2.api import responses
from sandbox.services.elbv2.api.tags import Tags

__all__ = ["SandboxELBv2", "responses"]  # responses: imported so that its seam is declared


@persisted("elbv2.Backend")
@swap_backend("elbv2")
class SandboxELBv2(Tags):
    """ELBv2 with real health checks: api/target_groups.py, api/load_balancers.py, api/listeners.py and api/tags.py."""
