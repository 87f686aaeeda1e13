"""Tags and filters of a target, against the output of a Describe operation (FIS-2)."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sandbox.services.fis.model import Filter


def has_tags(wanted: Mapping[str, str], tags: Mapping[str, str]) -> bool:
    """All must match; an empty value matches only an empty value."""
    return all(tags.get(key) == value for key, value in wanted.items())


def matches(filters: Iterable[Filter], described: Mapping[str, Any]) -> bool:
    """All filters must match; of a filter's values, one."""
    return all(any(_text(found) in each.values for found in values_at(described, each.path)) for each in filters)


def values_at(described: Any, path: str) -> Iterator[Any]:
    """The values at "NetworkInterfaces.Groups.GroupId"; of a list, those of its members."""
    name, _, rest = path.partition(".")
    if isinstance(described, (list, tuple)):
        for member in described:
            yield from values_at(member, path)
    elif isinstance(described, Mapping) and name in described:
        found = described[name]
        if rest:
            yield from values_at(found, rest)
        else:
            yield from found if isinstance(found, (list, tuple)) else (found,)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
