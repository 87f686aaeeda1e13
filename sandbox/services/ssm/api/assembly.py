"""Systems Manager in the API: importing this module declares what we change in moto's service, and our saved state."""

from sandbox.services.ssm.api import responses
from sandbox.services.ssm.state import sessions, store

__all__ = ["responses", "sessions", "store"]
