"""Filters of Describe operations: a name that AWS does not document for the operation is refused (EC2-63).

moto ignores such a filter in some operations, and answers with everything; in others it fails.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.utils import get_service_model

from sandbox.services.ec2 import errors

PARAMETERS = ("Filters", "Filter")
OF_TAGS = ("tag-key", "tag-value")
WITHOUT_TAGS = (
    "DescribeApplicationStatus",
    "DescribeApplicationStatusCheckAssociations",
    "DescribeAvailabilityZones",
    "DescribeInstanceCreditSpecifications",
    "DescribeInstanceStatus",
    "DescribePrefixLists",
    "DescribeRegions",
)
"""Operations that show nothing that has tags."""
UNDOCUMENTED = {"DescribeVpcs": frozenset({"cidr-block"})}
"""Names that AWS accepts beside the documented ones: Ansible's ec2_vpc_net finds its VPC by `cidr-block`."""
NAME = re.compile(r"<code>([a-zA-Z][\w.-]*)</code>")


def check_filters(operation: str, parameters: Mapping[str, Any]) -> None:
    for name in (one.get("Name") for parameter in PARAMETERS for one in parameters.get(parameter) or ()):
        if not name:
            raise errors.unknown_filter("null")
        known = documented(operation)
        of_tags = name in OF_TAGS or name.startswith("tag:")
        if known and not {name, _hyphenated(name)} & known and not (of_tags and operation not in WITHOUT_TAGS):
            raise errors.unknown_filter(name)


def _hyphenated(name: str) -> str:
    """`isDefault` → `is-default`: AWS accepts both spellings, and Terraform's provider uses the older one."""
    return re.sub(r"(?<=[a-z])([A-Z])", lambda found: f"-{found[1].lower()}", name)


@cache
def documented(operation: str) -> frozenset[str]:
    """Names in the documentation of the operation's filters, in botocore's model, and UNDOCUMENTED ones. Empty: it names none."""
    shape = get_service_model("ec2").operation_model(operation).input_shape
    members = shape.members if shape is not None else {}
    found = frozenset(one for name in PARAMETERS if name in members for one in NAME.findall(members[name].documentation))
    return found | UNDOCUMENTED.get(operation, frozenset())
