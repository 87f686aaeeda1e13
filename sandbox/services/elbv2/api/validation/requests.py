"""What holds for the requests of all operations of ELBv2: empty parameters, ARNs, tags, and how much one call may describe. Pure.

`completed` runs before anything changes, for every operation; what belongs to one kind of resource is in the modules beside this one.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.core.control import Scope
from sandbox.services.elbv2 import errors

LARGEST_PAGE = 400
MOST_DESCRIBED = 20  # ALB-13: resources that one call may name
MOST_TAGS = 50  # ALB-15: of one resource

ARNS = {  # member of the API: (what AWS calls it, the form of its ARN after the account)
    "LoadBalancerArn": ("load balancer", r"loadbalancer/(app|net|gwy)/[^/]+/[^/]+"),
    "TargetGroupArn": ("target group", r"targetgroup/[^/]+/[^/]+"),
    "ListenerArn": ("listener", r"listener/(app|net|gwy)/[^/]+/[^/]+/[^/]+"),
    "RuleArn": ("rule", r"listener-rule/(app|net|gwy)/[^/]+/[^/]+/[^/]+/[^/]+"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a describe operation can be asked for: the ways exclude each other (ALB-13)."""

    ways: tuple[str, ...]
    too_many: str  # the error's text: what, and how many
    exclusive: str


DESCRIBED = {
    "DescribeLoadBalancers": Selection(
        ways=("LoadBalancerArns", "Names"),
        too_many="Up to {most} load balancers can be described at a time, but {named} were specified",
        exclusive="Load balancer names and load balancer ARNs cannot be specified at the same time",
    ),
    "DescribeTargetGroups": Selection(
        ways=("TargetGroupArns", "Names", "LoadBalancerArn"),
        too_many="You cannot describe more than '{most}' target groups at a time",
        exclusive="Target group names, target group ARNs, and a load balancer ARN cannot be specified at the same time",
    ),
    "DescribeListeners": Selection(
        ways=("ListenerArns", "LoadBalancerArn"),
        too_many="You cannot describe more than '{most}' listeners at a time",  # (U)
        exclusive="You must specify either listener ARNs or a load balancer ARN",
    ),
    "DescribeRules": Selection(
        ways=("RuleArns", "ListenerArn"),
        too_many="You cannot describe more than '{most}' rules at a time",  # (U)
        exclusive="You must specify either listener rule ARNs or a listener ARN",
    ),
    "DescribeTags": Selection(
        ways=("ResourceArns",),
        too_many="You cannot describe the tags of more than '{most}' resources at a time",  # (U)
        exclusive="",
    ),
}
ONE_IS_NEEDED = ("DescribeListeners", "DescribeRules")


def completed(operation: str, given: Mapping[str, Any], required: Sequence[str], scope: Scope) -> dict[str, Any]:
    """The parameters without the optional ones that are empty (ALB-12). Raises AWS's error for what no operation accepts.

    `required`: the members that the operation's model requires."""
    asked = {name: value for name, value in given.items() if value != "" or name in required}
    if operation in DESCRIBED:
        _selection(operation, asked)
    for name, arn in _arns(asked):
        _arn(name, arn, scope)
    for arn in asked.get("ResourceArns") or ():
        kind_of(arn, scope)
    if "Tags" in asked:
        tags(asked["Tags"])
    if "Attributes" in asked:
        asked["Attributes"] = [_attribute(number, each) for number, each in enumerate(asked["Attributes"], start=1)]
    return asked


def _attribute(number: int, attribute: Mapping[str, str]) -> dict[str, str]:
    if not attribute.get("Key"):
        raise errors.constraint(None, f"attributes.{number}.member.key", "Member must not be null")
    return {"Key": attribute["Key"], "Value": attribute.get("Value") or ""}


def _selection(operation: str, asked: Mapping[str, Any]) -> None:
    selection = DESCRIBED[operation]
    used = [way for way in selection.ways if asked.get(way)]
    if len(used) > 1 or (operation in ONE_IS_NEEDED and not used):
        raise errors.validation(selection.exclusive)
    for way in used:
        if isinstance(asked[way], list) and len(asked[way]) > MOST_DESCRIBED:
            raise errors.validation(selection.too_many.format(most=MOST_DESCRIBED, named=len(asked[way])))


def _arns(value: Any) -> Iterator[tuple[str, str]]:
    """(member, ARN) of each ARN of ELBv2 in the request, at any depth."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            singular = name.removesuffix("s")
            if singular in ARNS:
                yield from ((singular, arn) for arn in (inner if isinstance(inner, list) else [inner]))
            else:
                yield from _arns(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _arns(inner)


def _arn(member: str, arn: str, scope: Scope) -> None:
    """ALB-14: another account's or Region's ARN is no valid one either."""
    what, form = ARNS[member]
    if not _is_arn(arn, form, scope):
        raise errors.validation(f"'{arn}' is not a valid {what} ARN")


def kind_of(arn: str, scope: Scope) -> str:
    """The member of the API that names such a resource, "TargetGroupArn". Raises ValidationError for an ARN of no taggable resource."""
    found = next((member for member, (_, form) in ARNS.items() if _is_arn(arn, form, scope)), None)
    if found is None:
        raise errors.validation(f"'{arn}' must be in ARN format")
    return found


def _is_arn(arn: str, form: str, scope: Scope) -> bool:
    return re.fullmatch(rf"arn:aws[a-z-]*:elasticloadbalancing:{scope.region}:{scope.account}:{form}", arn) is not None


def tags(asked: Sequence[Mapping[str, Any]]) -> None:
    """The tags of a request (ALB-15)."""
    keys = [tag["Key"] for tag in asked]
    if len(set(keys)) < len(keys):
        raise errors.api_error("DuplicateTagKeys", "A tag key was specified more than once")  # (U: the text)
    count_of_tags(len(keys))


def count_of_tags(count: int) -> None:
    if count > MOST_TAGS:
        raise errors.api_error("TooManyTags", f"The maximum number of tags for a resource is {MOST_TAGS}")  # (U: the text)
