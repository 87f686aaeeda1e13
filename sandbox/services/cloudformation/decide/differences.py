"""What a template changes of a resource that exists, and what that requires. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.services.cloudformation.decide.template.functions import scalar
from sandbox.services.cloudformation.model import Resource
from sandbox.services.cloudformation.resources.base import Requires, ResourceType
from sandbox.services.cloudformation.template_model import Json

ORDER = (Requires.NO_INTERRUPTION, Requires.SOME_INTERRUPTION, Requires.REPLACEMENT)
TAGS = "Tags"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """`changed`: the properties whose values differ; `tags`: the tags that the stack gives its resources."""

    changed: tuple[str, ...] = ()
    tags: bool = False

    def __bool__(self) -> bool:
        return bool(self.changed) or self.tags


def between(kind: ResourceType, old: Resource, new: Mapping[str, Json], tags: Mapping[str, str]) -> Difference:
    """`tags` count only where the type has tags."""
    names = [*new, *(name for name in old.properties if name not in new)]
    changed = tuple(name for name in names if not same(old.properties.get(name), new.get(name)))
    return Difference(changed=changed, tags=takes_tags(kind) and dict(old.tags) != dict(tags))


def takes_tags(kind: ResourceType) -> bool:
    return any(name in kind.properties for name in (TAGS, "TagSpecifications", "HostedZoneTags"))


def same(old: Json, new: Json) -> bool:
    """Whether the two values mean the same: CloudFormation does not tell "80" from 80."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return old.keys() == new.keys() and all(same(old[name], new[name]) for name in old)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(same(a, b) for a, b in zip(old, new, strict=True))
    if isinstance(old, (Mapping, list)) or isinstance(new, (Mapping, list)) or old is None or new is None:
        return old is None and new is None
    return scalar(old) == scalar(new)


def requires(kind: ResourceType, difference: Difference) -> Requires:
    """The most that any changed property requires."""
    needs = [kind.properties[name] for name in difference.changed if name in kind.properties]
    return max(needs, key=ORDER.index, default=Requires.NO_INTERRUPTION)
