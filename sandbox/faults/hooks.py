"""Implements ActiveFaults (core/ports.py) for the services, from the registry's active faults.

If several faults apply to one call, zone or instance, the oldest one's error is returned; when it ends, the next one's.
"""

from sandbox.core.errors import ApiError
from sandbox.faults.effects import ApiErrors, HostUnreachable, NoCapacity
from sandbox.faults.registry import FaultRegistry


class FaultHooks:
    def __init__(self, registry: FaultRegistry) -> None:
        self._registry = registry

    def api_error(self, service: str, operation: str) -> ApiError | None:
        found = self._registry.effects(ApiErrors)
        return next((effect.error for effect in found if effect.concerns(service, operation)), None)

    def no_capacity(self, zone: str, instance_type: str) -> str | None:
        found = self._registry.effects(NoCapacity)
        return next((effect.text for effect in found if effect.concerns(zone, instance_type)), None)

    def host_unreachable(self, instance_id: str) -> bool:
        return any(instance_id in effect.targets for effect in self._registry.effects(HostUnreachable))
