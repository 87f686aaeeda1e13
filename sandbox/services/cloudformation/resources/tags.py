"""Tags of a stack's resources: the stack's, CloudFormation's own, and those of the resource's property Tags, which win."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.services.cloudformation.resources.base import Call, Wanted
from sandbox.services.cloudformation.resources.parameters import text

TagList = list[dict[str, str]]


def merged(wanted: Wanted) -> dict[str, str]:
    """All tags of a resource. A template gives Tags as a list of Key and Value, or as a map."""
    return dict(wanted.tags) | as_map(wanted.properties.get("Tags"))


def as_map(tags: Any) -> dict[str, str]:
    if isinstance(tags, Mapping):
        return {text(key): text(value) for key, value in tags.items()}
    return {text(tag["Key"]): text(tag.get("Value", "")) for tag in tags or ()}


def as_list(tags: Mapping[str, str]) -> TagList:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def specification(resource_type: str, wanted: Wanted) -> list[dict[str, Any]]:
    """EC2's parameter TagSpecifications; empty without tags, for a specification must have some."""
    tags = as_list(merged(wanted))
    return [{"ResourceType": resource_type, "Tags": tags}] if tags else []


@dataclass(frozen=True)
class Tagging:
    """How a service changes the tags of something. `add` and `remove` make parameters: of (id, tags) and of (id, keys)."""

    service: str
    add: str
    remove: str
    with_tags: Callable[[str, Mapping[str, str]], dict[str, Any]]
    with_keys: Callable[[str, list[str]], dict[str, Any]]

    def change(self, call: Call, resource: str, old: Mapping[str, str], new: Mapping[str, str]) -> None:
        """Only what differs. What was set by other means stays."""
        if gone := sorted(old.keys() - new.keys()):
            call(self.service, self.remove, **self.with_keys(resource, gone))
        if added := {key: value for key, value in new.items() if old.get(key) != value}:
            call(self.service, self.add, **self.with_tags(resource, added))


def _by_arn(name: str, service: str) -> Tagging:
    return Tagging(
        service,
        "tag_resource",
        "untag_resource",
        lambda arn, tags: {name: arn, "Tags": as_list(tags)},
        lambda arn, keys: {name: arn, "TagKeys": keys},
    )


def iam(noun: str, name: str) -> Tagging:
    """IAM has operations for each noun: TagRole(RoleName), …"""
    return Tagging(
        "iam",
        f"tag_{noun}",
        f"untag_{noun}",
        lambda it, tags: {name: it, "Tags": as_list(tags)},
        lambda it, keys: {name: it, "TagKeys": keys},
    )


EC2 = Tagging(
    "ec2",
    "create_tags",
    "delete_tags",
    lambda it, tags: {"Resources": [it], "Tags": as_list(tags)},
    lambda it, keys: {"Resources": [it], "Tags": [{"Key": key} for key in keys]},
)
ELBV2 = Tagging(
    "elbv2",
    "add_tags",
    "remove_tags",
    lambda arn, tags: {"ResourceArns": [arn], "Tags": as_list(tags)},
    lambda arn, keys: {"ResourceArns": [arn], "TagKeys": keys},
)
CLOUDWATCH = _by_arn("ResourceARN", "cloudwatch")
SNS = _by_arn("ResourceArn", "sns")
SQS = Tagging(
    "sqs",
    "tag_queue",
    "untag_queue",
    lambda url, tags: {"QueueUrl": url, "Tags": dict(tags)},
    lambda url, keys: {"QueueUrl": url, "TagKeys": keys},
)
FIS = Tagging(
    "fis",
    "tag_resource",
    "untag_resource",
    lambda arn, tags: {"resourceArn": arn, "tags": dict(tags)},
    lambda arn, keys: {"resourceArn": arn, "tagKeys": keys},
)
SSM = Tagging(
    "ssm",
    "add_tags_to_resource",
    "remove_tags_from_resource",
    lambda name, tags: {"ResourceType": "Parameter", "ResourceId": name, "Tags": as_list(tags)},
    lambda name, keys: {"ResourceType": "Parameter", "ResourceId": name, "TagKeys": keys},
)
