"""The capacity checks before a practice run, and before the autoshift of a load balancer ends. Pure (ARC-8)."""

from sandbox.services.arc.model import Capacity

VARIANCE = 0.1
"""The part of the largest zone's healthy hosts by which another zone may have fewer; one host fewer always passes (numbers (U))."""


def shortfall(capacity: Capacity) -> str | None:
    """What is missing, as one sentence; None: the check passes."""
    return _of_group(capacity) if capacity.desired is not None else _of_load_balancer(capacity)


def _of_group(capacity: Capacity) -> str | None:
    healthy = sum(capacity.healthy.values())
    if capacity.desired is None or healthy >= capacity.desired:
        return None
    return f"{healthy} instances are healthy, and the desired capacity is {capacity.desired}."


def _of_load_balancer(capacity: Capacity) -> str | None:
    counts = capacity.healthy
    if not counts or not any(counts.values()):
        return "No target is healthy."
    most = max(counts.values())
    if most - min(counts.values()) <= max(1, most * VARIANCE):
        return None
    listed = ", ".join(f"{zone}: {count}" for zone, count in sorted(counts.items()))
    return f"The healthy targets are not balanced across the Availability Zones ({listed})."
