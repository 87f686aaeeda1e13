"""Every resource type that a template can use."""

from sandbox.services.cloudformation.resources.base import ResourceType
from sandbox.services.cloudformation.resources.types import (
    alarms,
    groups,
    iam,
    instances,
    launches,
    load_balancers,
    queues,
    routes,
    scaling,
    security_groups,
    stacks,
    stores,
    topics,
    volumes,
    vpc,
)
from sandbox.services.cloudformation.resources.types.resilience import experiments, zonal_shifts

_FAMILIES: tuple[tuple[ResourceType, ...], ...] = (
    *(vpc.TYPES, routes.TYPES, security_groups.TYPES, instances.TYPES, volumes.TYPES, launches.TYPES, groups.TYPES, scaling.TYPES),
    *(
        load_balancers.TYPES,
        alarms.TYPES,
        topics.TYPES,
        queues.TYPES,
        iam.TYPES,
        stores.TYPES,
        stacks.TYPES,
        zonal_shifts.TYPES,
        experiments.TYPES,
    ),
)
TYPES: dict[str, ResourceType] = {each.type_name: each for family in _FAMILIES for each in family}


def find(type_name: str) -> ResourceType | None:
    """The type of that name; None: a stack cannot contain it."""
    return TYPES.get(type_name)
