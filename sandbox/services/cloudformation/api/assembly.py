"""CloudFormation in the API: importing this module declares the service (its responses) and its saved state (its backends)."""

from sandbox.services.cloudformation.api import responses
from sandbox.services.cloudformation.state import store

__all__ = ["responses", "store"]
