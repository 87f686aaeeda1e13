"""Tags: TagSpecifications of a request that makes something, whichever operation that is, and the tags of what is no longer there.

moto reads TagSpecifications in half of the operations that have them, and keeps the tags of what was deleted.
"""

from collections.abc import Mapping
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.models import EC2Backend

from sandbox.aws.seams import replaces
from sandbox.core.wildcards import EC2_FILTER, matches
from sandbox.services.ec2.state.ids import ids_of, resource_type

BY_THEMSELVES = ("RunInstances",)
"""Operations that also use the tags of a template: launch_options.py."""


class Tags(EC2Backend):
    """The part of our backend that has tags."""

    @replaces(why="EC2-58: resource types in AWS's words; moto's are its own")
    def describe_tags(self, filters: Any = None) -> list[dict[str, str]]:
        wanted = dict(filters or {})
        kinds = wanted.pop("resource-type", None)
        rows = [
            {**row, "resource_type": resource_type(row["resource_id"]) or row["resource_type"]} for row in super().describe_tags(wanted)
        ]
        return [row for row in rows if kinds is None or any(matches(kind, row["resource_type"], EC2_FILTER) for kind in kinds)]


def tag_new(backend: Any, before: set[str], operation: str, parameters: Mapping[str, Any]) -> None:
    """Tags what the operation has made: what was not there `before`."""
    specifications = parameters.get("TagSpecifications") or parameters.get("TagSpecification")
    if not specifications or operation in BY_THEMSELVES:
        return
    made = ids_of(backend) - before
    for specification in specifications:
        wanted = {tag["Key"]: tag["Value"] for tag in specification.get("Tags") or ()}
        ids = [one for one in made if wanted and resource_type(one) == specification.get("ResourceType")]
        if ids:
            backend.create_tags(ids, wanted)


def forget_deleted(backend: Any, before: set[str]) -> None:
    """Removes the tags of what the operation has deleted: of what was there `before` and is not now."""
    for gone in before - ids_of(backend):
        backend.tags.pop(gone, None)
