"""ARC zonal shift in the API: importing this module declares the service (its responses) and its saved state (its backends)."""

from sandbox.services.arc.api import responses
from sandbox.services.arc.state import store

__all__ = ["responses", "store"]
