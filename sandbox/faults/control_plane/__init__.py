"""Kinds of faults on the control plane: API calls that fail, are throttled or late, and changes that are accepted and not applied."""

from sandbox.faults.control_plane import api_errors, latency, stale
from sandbox.faults.kind import Kind

KINDS: tuple[Kind, ...] = (api_errors.API_ERROR, api_errors.API_THROTTLE, latency.KIND, api_errors.DESCRIBE, stale.KIND)
