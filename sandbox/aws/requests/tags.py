"""Tags that a user gives, checked before anything changes: in each service that keeps them, whatever the operation makes.

An AWS service may set what a user may not: CloudFormation's tags are `aws:cloudformation:…`. CloudWatch's tags are checked by the service.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.core.errors import ApiError

LONGEST_KEY, LONGEST_VALUE = 128, 256
RESERVED = "aws:"
REMOVING = ("RemoveTags", "UntagResource", "UntagQueue")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A service's error for each way in which a tag can be wrong. {} is the key."""

    code: str
    reserved: str
    repeated: tuple[str, str]
    key: str = "The tag key '{}' must have between 1 and 128 characters."  # (U)
    value: str = "The value of the tag '{}' must have at most 256 characters."  # (U)


SERVICES: Mapping[str, Words] = {
    "autoscaling": Words(
        code="ValidationError",
        reserved="aws: prefixed tag key names are not allowed for external use.",
        repeated=("ValidationError", "Duplicate keys are not allowed in a tag list: {}"),  # (U)
    ),
    "ec2": Words(
        code="InvalidParameterValue",
        reserved="Tag keys starting with 'aws:' are reserved for internal use",
        repeated=("InvalidParameterValue", "Duplicate tag key '{}' specified."),
        value="Tag value exceeds the maximum length of 256 characters",
        key="Tag key exceeds the maximum length of 128 characters",
    ),
    "elbv2": Words(
        code="ValidationError",
        reserved="aws: prefixed tag key names are not allowed for external use.",  # (U)
        repeated=("DuplicateTagKeys", "Tag keys must be unique"),  # (U)
    ),
    "sns": Words(
        code="InvalidParameter",
        reserved="Invalid parameter: Tags Reason: the key '{}' must not start with 'aws:', which is reserved",  # (U)
        repeated=("InvalidParameter", "Invalid parameter: Duplicated keys are not allowed."),
    ),
    "sqs": Words(
        code="InvalidParameterValue",
        reserved="Tag keys must not start with 'aws:', which is reserved: {}",  # (U)
        repeated=("InvalidParameterValue", "Tag keys must be unique."),
    ),
}


def check(service: str, operation: str, parameters: Mapping[str, Any]) -> None:
    """Raises ApiError for the first tag that the service does not take from a user."""
    words = SERVICES.get(service)
    if words is None or operation in REMOVING:
        return
    for tags in _lists(parameters):
        _check(words, tags)


def _lists(parameters: Mapping[str, Any]) -> Iterator[Sequence[Mapping[str, Any]]]:
    tags = parameters.get("Tags") or parameters.get("tags") or ()
    yield [{"Key": key, "Value": value} for key, value in tags.items()] if isinstance(tags, Mapping) else tags
    for specification in parameters.get("TagSpecifications") or ():
        yield specification.get("Tags") or ()


def _check(words: Words, tags: Sequence[Mapping[str, Any]]) -> None:
    seen = set()
    for tag in tags:
        key, value = tag.get("Key"), tag.get("Value") or ""
        if key is None:
            continue  # refused by the model, or by the service
        if not 1 <= len(key) <= LONGEST_KEY:
            raise ApiError(words.code, words.key.format(key[:LONGEST_KEY]))
        if len(value) > LONGEST_VALUE:
            raise ApiError(words.code, words.value.format(key))
        if key.lower().startswith(RESERVED):
            raise ApiError(words.code, words.reserved.format(key))
        where = (key, tag.get("ResourceId"))  # Auto Scaling names the group in each tag
        if where in seen:
            raise ApiError(words.repeated[0], words.repeated[1].format(key))
        seen.add(where)
