"""Pages of the operations that have MaxResults and NextToken: one mechanism for all of them, in place of moto's few.

moto is asked for everything; what it answers with is cut here before it is written as XML. Without MaxResults there is one page with
everything, as on AWS.
"""

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.utils import get_service_model

from sandbox.aws.http.calls import READ_ONLY
from sandbox.services.ec2 import errors

Keep = Callable[[Iterable[Any]], list[Any]]
EVERYTHING = 10**9
MOTO_S_LIMITS = {
    "DescribeIamInstanceProfileAssociations": "MaxItems",
    "DescribeInstances": "MaxResults",
    "DescribeLaunchTemplateVersions": "MaxResults",
    "DescribeLaunchTemplates": "MaxResults",
}
"""Operations that moto cuts by itself when it is given no number, and the parameter that it reads the number from."""

SIZES = {
    "DescribeHosts": (5, 500),
    "DescribeInstanceStatus": (5, 1000),
    "DescribeInstances": (5, 1000),
    "DescribeLaunchTemplateVersions": (1, 200),
    "DescribeReservedInstancesOfferings": (1, 100),
    "DescribeSnapshots": (5, 1000),
    "DescribeTags": (5, 1000),
    "DescribeVolumes": (5, 1000),
}
"""MaxResults where botocore's model has the range in its text only (EC2-50)."""

NOT_WITH_IDS = {
    "DescribeHosts": ("HostIds", "hostIdSet"),
    "DescribeInstanceCreditSpecifications": ("InstanceIds", "instancesSet"),
    "DescribeInstanceStatus": ("InstanceIds", "instancesSet"),
    "DescribeInstances": ("InstanceIds", "instancesSet"),
    "DescribeNetworkInterfaces": ("NetworkInterfaceIds", "networkInterfaceIdSet"),
    "DescribeVolumes": ("VolumeIds", "volumesSet"),
}
"""Ids that exclude MaxResults (EC2-50), and what AWS calls them in its error."""


WITHIN = {"DescribeApplicationStatus": ("ApplicationStatuses", "Instances")}
"""Operations whose list is in a structure of the answer: the structure, and the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a request asks for. `lists`: the members of the answer that are cut."""

    operation: str
    lists: tuple[str, ...]
    start: int = 0
    size: int | None = None  # None: all that follow


def take_page(operation: str, parameters: MutableMapping[str, Any]) -> Page | None:
    """Takes MaxResults and NextToken out of the parameters. None: the operation has no pages. Raises ApiError for what is no page."""
    lists = lists_of(operation)
    if not lists or not _has_pages(operation):
        return None
    size, token = parameters.get("MaxResults"), parameters.get("NextToken")
    if size is not None:
        _check_size(operation, int(size))
        _check_ids(operation, parameters)
    page = Page(operation=operation, lists=lists, start=_start(operation, token) if token else 0, size=None if size is None else int(size))
    parameters.pop("MaxResults", None)
    parameters.pop("NextToken", None)
    if operation in MOTO_S_LIMITS:
        parameters[MOTO_S_LIMITS[operation]] = EVERYTHING
    return page


def cut(page: Page, answer: Mapping[str, Any], keep: Keep = list) -> dict[str, Any]:
    """The answer with this page of its lists, and NextToken when there is more. `keep`: what of a list is counted. InvalidNextToken for a
    page after the end."""
    if page.operation in WITHIN:
        outer, _ = WITHIN[page.operation]
        paged = _cut(page, answer[outer], keep)
        return {**answer, "NextToken": paged.pop("NextToken"), outer: paged}
    return _cut(page, answer, keep)


def _cut(page: Page, answer: Mapping[str, Any], keep: Keep) -> dict[str, Any]:
    whole = {key: keep(value or ()) for key, value in answer.items() if plain(key) in map(plain, page.lists)}
    longest = max(map(len, whole.values()), default=0)
    if page.start and page.start >= longest:
        raise errors.wrong_token()
    end = longest if page.size is None else page.start + page.size
    cut_lists = {name: items[page.start : end] for name, items in whole.items()}
    return {**answer, **cut_lists, "NextToken": _token(page.operation, end) if end < longest else None}


def plain(name: str) -> str:
    """moto writes some members of an answer with a small letter, or with underscores."""
    return name.replace("_", "").lower()


@cache
def lists_of(operation: str) -> tuple[str, ...]:
    """The lists of the operation's answer, which MaxResults limits."""
    if operation in WITHIN:
        return WITHIN[operation][1:]
    answered = get_service_model("ec2").operation_model(operation).output_shape
    return tuple(name for name, shape in answered.members.items() if shape.type_name == "list") if answered is not None else ()


@cache
def _has_pages(operation: str) -> bool:
    model = get_service_model("ec2").operation_model(operation)
    given, answered = (shape.members if shape is not None else {} for shape in (model.input_shape, model.output_shape))
    return operation.startswith(READ_ONLY) and "NextToken" in given and "NextToken" in answered


def _check_size(operation: str, size: int) -> None:
    members = get_service_model("ec2").operation_model(operation).input_shape.members
    modelled = members["MaxResults"].metadata if "MaxResults" in members else {}
    least, most = SIZES.get(operation, (modelled.get("min", 1), modelled.get("max", EVERYTHING)))
    if not least <= size <= most:
        raise errors.wrong_page_size(size, least, most)


def _check_ids(operation: str, parameters: Mapping[str, Any]) -> None:
    ids, name = NOT_WITH_IDS.get(operation, ("", ""))
    if ids and parameters.get(ids):
        raise errors.no_pages_of_ids(name)


# ---- tokens ---------------------------------------------------------------------------------------------------------------------------


def _token(operation: str, start: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([operation, start]).encode()).decode()


def _start(operation: str, token: str) -> int:
    try:
        named, start = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise errors.wrong_token() from None
    if named != operation or not isinstance(start, int) or start < 1:
        raise errors.wrong_token()
    return start
