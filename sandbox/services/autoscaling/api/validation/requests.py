"""What holds for the requests of all operations of Auto Scaling: tags and filters (ASG-122, ASG-123). Pure.

`completed` runs before anything changes, for every operation; what belongs to one kind of resource is in the modules beside this one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.services.autoscaling import errors

TAGGED = "auto-scaling-group"  # the only type of resource that has tags
MOST_TAGS = 50
TAG_FILTERS = ("tag-key", "tag-value", "tag:")  # of groups; "tag:" is followed by a key
FILTERS = {"DescribeTags": ("auto-scaling-group", "key", "value", "propagate-at-launch"), "DescribeAutoScalingGroups": TAG_FILTERS}


def completed(operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters with completed tags. Raises ValidationError for tags and filters that AWS refuses."""
    asked = dict(given)
    if "Tags" in asked:
        asked["Tags"] = [_tag(each, asked.get("AutoScalingGroupName")) for each in asked["Tags"]]
        _unique(asked["Tags"])
    for each in asked.get("Filters") or ():
        _filter(operation, each)
    return asked


def _tag(tag: Mapping[str, Any], group: str | None) -> dict[str, Any]:
    """Completed. `group`: to which it belongs when it names no resource."""
    if tag.get("ResourceType") not in (None, "", TAGGED):
        raise errors.invalid(f"Invalid tag resource type: {tag['ResourceType']}. Valid types are: {TAGGED}.")  # (U)
    resource = tag.get("ResourceId") or group
    if not resource:
        raise errors.invalid("A ResourceId must be specified for each tag.")  # (U)
    if group and resource != group:
        raise errors.invalid(f"The ResourceId {resource} of a tag must be the name of the group: {group}.")  # (U)
    shown = {"ResourceId": resource, "ResourceType": TAGGED, "Key": tag["Key"], "Value": tag.get("Value") or ""}
    return shown | {"PropagateAtLaunch": bool(tag.get("PropagateAtLaunch"))}


def _unique(tags: Sequence[Mapping[str, Any]]) -> None:
    named = [(tag["ResourceId"], tag["Key"]) for tag in tags]
    if twice := next((key for resource, key in named if named.count((resource, key)) > 1), None):
        raise errors.invalid(f"Duplicate tag key: {twice}. Each key may be given once for a group.")  # (U)


def count_of_tags(count: int, group: str) -> None:
    if count > MOST_TAGS:
        raise errors.limit_exceeded("tags", MOST_TAGS, f"Auto Scaling group {group}")


def _filter(operation: str, given: Mapping[str, Any]) -> None:
    allowed, name = FILTERS.get(operation), given.get("Name") or ""
    if allowed is None:
        return  # DescribeScalingActivities checks its own
    if name not in allowed and not (name.startswith("tag:") and len(name) > len("tag:") and "tag:" in allowed):
        shown = ", ".join(f"{each}<key>" if each.endswith(":") else each for each in allowed)
        raise errors.invalid(f"Invalid filter name: {name}. Valid filters are: {shown}.")  # (U)
    if not given.get("Values"):
        raise errors.invalid(f"The filter {name} must have at least one value.")  # (U)
