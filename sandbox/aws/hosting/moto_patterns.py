"""Replaces moto's matching of callers' patterns, because moto builds regular expressions from them.

Some of these backtrack exponentially (`*a*a*a*ab` as a security group filter), and some treat a name prefix as a regular expression
(`(a+)+b` as a queue name prefix). A call that does not return holds the sandbox's lock, so this covers all services of moto, not only those
that the sandbox implements. tests/seams finds places that a new version of moto adds.
"""

import copy
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from importlib import import_module
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, format_timestamp, get_prefix

from sandbox.aws.function_seams import swap_function, wrap_function
from sandbox.core.wildcards import ASTERISK_ONLY, EC2_FILTER, EVENT_PATTERN, POLICY, RULE_CONDITION, matches

BACKTRACKS = "moto turns a caller's wildcard into a regular expression that backtracks"
PREFIX = "moto treats a name prefix as a regular expression"

# ---- EC2 -----------------------------------------------------------------------------------------------------------------------------

TAG_FILTERS = {"key": "key", "resource-id": "resource_id", "resource-type": "resource_type", "value": "value"}


def _any_matches(patterns: Iterable[Any], values: Iterable[Any]) -> bool:
    found = [_text(value) for value in values if value is not None]
    return any(matches(str(pattern), text, EC2_FILTER) for pattern in patterns for text in found)


def _text(value: Any) -> str:
    """In the form of filter values."""
    if isinstance(value, datetime):
        return str(format_timestamp(value))
    return str(value).lower() if isinstance(value, bool) else str(value)


@swap_function("moto.core.utils", "aws_api_matches", why=f"{BACKTRACKS}: filters of DescribeSecurityGroups")
def aws_api_matches(pattern: str, string: Any) -> bool:
    return _any_matches([pattern], [string])


@swap_function("moto.ec2.utils", "is_filter_matching", why="filter values are matched as AWS documents: escapes, and no [a-z]")
def is_filter_matching(obj: Any, _filter: str, filter_value: Any) -> bool:
    """Both the filter and the object's attribute have one value or a list of values. One match is enough."""
    value = obj.get_filter_value(_filter)
    return filter_value is not None and _any_matches(_each(filter_value), _each(value))


def _each(value: Any) -> list[Any]:
    single = isinstance(value, str | bytes) or not isinstance(value, Iterable)
    return [value] if single else list(value)


@swap_function("moto.ec2.utils", "tag_filter_matches", why="filter values are matched as AWS documents: escapes, and no [a-z]")
def tag_filter_matches(obj: Any, filter_name: str, filter_values: list[str]) -> bool:
    tags = [(tag["key"], tag["value"]) for tag in obj.get_tags()]
    if filter_name == "tag-key":
        return _any_matches(filter_values, [key for key, _ in tags])
    wanted = None if filter_name == "tag-value" else filter_name.removeprefix("tag:")
    return _any_matches(filter_values, [value for key, value in tags if wanted in (None, key)])


@swap_function("moto.ec2.models.tags", "TagBackend.describe_tags", why="filter values are matched as AWS documents: escapes, and no [a-z]")
def describe_tags(self: Any, filters: Any = None) -> list[dict[str, str]]:
    wanted = {TAG_FILTERS[name]: values for name, values in (filters or {}).items() if name in TAG_FILTERS}
    rows = [row for resource in tuple(self.tags) for row in tags_of(self, resource)]
    return [row for row in rows if all(_any_matches(values, [row[member]]) for member, values in wanted.items())]


def tags_of(backend: Any, resource: str) -> list[dict[str, str]]:
    tags = backend.tags.get(resource, {})
    kind = EC2_PREFIX_TO_RESOURCE.get(get_prefix(resource), "") if tags else ""
    return [{"resource_id": resource, "key": key, "value": value, "resource_type": kind} for key, value in tags.items()]


# ---- services that the sandbox leaves to moto ------------------------------------------------------------------------------------------


@swap_function("moto.sqs.models", "SQSBackend.list_queues", why=PREFIX)
def list_queues(self: Any, queue_name_prefix: str | None) -> list[Any]:
    return [queue for name, queue in self.queues.items() if name.startswith(queue_name_prefix or "")]


@swap_function("moto.events.models", "EventPattern._wildcard_match", why=BACKTRACKS)
def wildcard_match(item: Any, pattern: str) -> bool:
    return isinstance(item, str) and matches(pattern, item, EVENT_PATTERN)


@wrap_function("moto.events.models", "EventsBackend.list_rules", why=PREFIX)
def list_rules(moto_s: Callable[..., Any], self: Any, prefix: str | None = None, event_bus_arn: str | None = None, **page: Any) -> Any:
    return moto_s(self, prefix=prefix and re.escape(prefix), event_bus_arn=event_bus_arn, **page)


@swap_function("moto.iam.access_control", "IAMPolicyStatement._match", why=f"{BACKTRACKS}: bucket policies")
def policy_match(pattern: str, string: str) -> bool | None:
    """None if it does not match: moto compares with None."""
    return matches(pattern, string, POLICY) or None


@swap_function("moto.s3.utils", "cors_matches_origin", why=BACKTRACKS)
def cors_matches_origin(origin_header: str, allowed_origins: list[str]) -> bool:
    return any(matches(allowed, origin_header, ASTERISK_ONLY) for allowed in allowed_origins)


@swap_function("moto.ecr.models", "ECRBackend._match_repository_filter", why=BACKTRACKS)
def match_repository_filter(self: Any, filter: str, repository_name: str) -> bool:
    """A filter without a wildcard matches if the name contains it."""
    return matches(filter if "*" in filter else f"*{filter}*", repository_name, ASTERISK_ONLY)


@wrap_function("moto.ecr.models", "ECRBackend._resolve_image_tag_mutability", why=f"{BACKTRACKS}: exclusion filters")
def resolve_image_tag_mutability(moto_s: Callable[..., Any], self: Any, repository: Any, proposed_image_tag: str) -> Any:
    """moto receives a copy of the repository whose only filter is the tag itself, or none."""
    seen = copy.copy(repository)
    patterns = [each["filter"] for each in repository.image_tag_mutability_exclusion_filters or ()]
    excluded = any(matches(pattern, proposed_image_tag, ASTERISK_ONLY) for pattern in patterns)
    seen.image_tag_mutability_exclusion_filters = [{"filter": re.escape(proposed_image_tag)}] if excluded else []
    return moto_s(self, seen, proposed_image_tag)


@wrap_function("moto.iot.models", "FakeThing._matches_single_query", why=f"{BACKTRACKS}, and treats a group's name as one")
def matches_single_query(moto_s: Callable[..., Any], self: Any, query_string: str) -> bool:
    """moto finds the things of one group by its exact name."""
    field, _, pattern = query_string.partition(":")
    if field == "thingName":
        return matches(pattern, self.thing_name, POLICY)
    if field == "thingTypeName":
        return self.thing_type is not None and matches(pattern, self.thing_type.thing_type_name, POLICY)
    if field == "thingGroupNames":
        backend = import_module("moto.iot.models").iot_backends[self.account_id][self.region_name]
        names = [*(group.thing_group_name for group in backend.thing_groups.values()), self.billing_group_name or ""]
        return any(moto_s(self, f"{field}:{re.escape(name)}") for name in names if matches(pattern, name, POLICY))
    return bool(moto_s(self, query_string))


@swap_function("moto.glue.models", "GlueBackend.get_tables", why=BACKTRACKS)
def get_tables(self: Any, database_name: str, expression: str | None) -> list[Any]:
    """Names that begin as the expression says: `*` and `.*` match anything, `|` separates alternatives."""
    tables = self.get_database(database_name).tables
    wanted = [f"{each.replace('.*', '*')}*" for each in (expression or "*").split("|")]
    return [table for name, table in tables.items() if any(matches(pattern, name, ASTERISK_ONLY) for pattern in wanted)]


@wrap_function("moto.glue.utils", "_Like.eval", why=BACKTRACKS)
def like(moto_s: Callable[..., Any], self: Any, part_keys: list[dict[str, str]], part_input: dict[str, Any]) -> bool:
    """SQL's LIKE: `%` matches any text, `_` one character. moto checks the type of the column."""
    plain = copy.copy(self)
    plain.literal = ""
    moto_s(plain, part_keys, part_input)
    literal = re.sub(r"([*?\\])", r"\\\1", self.literal)
    return matches(literal.replace("%", "*").replace("_", "?"), self.ident.eval(part_keys, part_input), RULE_CONDITION)
