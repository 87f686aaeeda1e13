"""FIS in the API: importing this module declares the service (its responses) and its saved state (its backends)."""

from sandbox.services.fis.api import responses
from sandbox.services.fis.state import store

__all__ = ["responses", "store"]
