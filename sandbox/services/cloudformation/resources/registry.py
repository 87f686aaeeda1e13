"""Every resource type that a template can use."""

from collections.abc import Iterable

from sandbox.services.cloudformation.resources.base import ResourceType

TYPES: dict[str, ResourceType] = {}


def find(type_name: str) -> ResourceType | None:
    """The type of that name; None: a stack cannot contain it."""
    return TYPES.get(type_name)


def _by_name(types: Iterable[ResourceType]) -> dict[str, ResourceType]:
    return {made.type_name: made for made in types}
