"""Tags: TagSpecifications of a request that makes something, whichever operation that is, and the tags of what is no longer there.

moto reads TagSpecifications in half of the operations that have them, and keeps the tags of what was deleted.
"""

from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.models import EC2Backend

from sandbox.aws.function_seams import wrap_function
from sandbox.aws.seams import replaces
from sandbox.core.wildcards import EC2_FILTER, matches
from sandbox.services.ec2.api.paging import plain
from sandbox.services.ec2.api.validation.filters import OF_TAGS, PARAMETERS
from sandbox.services.ec2.application.model import ApplicationStatusCheck
from sandbox.services.ec2.state.ids import ids_of, resource_type

BY_THEMSELVES = ("RunInstances",)
"""Operations that also use the tags of a template: launch_options.py."""

OURS = ("application-status-check",)
"""Kinds that moto does not have."""


class Tags(EC2Backend):
    """The part of our backend that has tags."""

    sandbox_application_checks: Mapping[str, ApplicationStatusCheck]

    @replaces(why="EC2-58: resource types in AWS's words; moto's are its own")
    def describe_tags(self, filters: Any = None) -> list[dict[str, str]]:
        wanted = dict(filters or {})
        kinds = wanted.pop("resource-type", None)
        rows = [
            {**row, "resource_type": resource_type(row["resource_id"]) or row["resource_type"]} for row in super().describe_tags(wanted)
        ]
        return [row for row in rows if kinds is None or any(matches(kind, row["resource_type"], EC2_FILTER) for kind in kinds)]

    @replaces(why="EC2-58: moto knows the ids of its own kinds")
    def do_resources_exist(self, resource_ids: list[str]) -> bool:
        return super().do_resources_exist([each for each in resource_ids if each not in self.sandbox_application_checks])


@wrap_function("moto.ec2.models", "validate_resource_ids", why="EC2-58: moto knows the ids of its own kinds")
def validate_resource_ids(moto_s: Callable[[list[str]], bool], resource_ids: list[str]) -> bool:
    """At the head of CreateTags and DeleteTags. That a resource exists was checked before (validation/tags.py)."""
    others = [one for one in resource_ids if resource_type(one) not in OURS]
    return moto_s(others) if others or not resource_ids else True


IDS = {
    "DescribeApplicationStatusChecks": "ApplicationStatusCheckId",
    "DescribeCarrierGateways": "CarrierGatewayId",
    "DescribeCustomerGateways": "CustomerGatewayId",
    "DescribeEgressOnlyInternetGateways": "EgressOnlyInternetGatewayId",
    "DescribeFleets": "FleetId",
    "DescribeFlowLogs": "FlowLogId",
    "DescribeKeyPairs": "KeyPairId",
    "DescribeManagedPrefixLists": "PrefixListId",
    "DescribeNatGateways": "NatGatewayId",
    "DescribeTrafficMirrorFilters": "TrafficMirrorFilterId",
    "DescribeTrafficMirrorSessions": "TrafficMirrorSessionId",
    "DescribeTrafficMirrorTargets": "TrafficMirrorTargetId",
    "DescribeTransitGatewayAttachments": "TransitGatewayAttachmentId",
    "DescribeTransitGatewayPeeringAttachments": "TransitGatewayAttachmentId",
    "DescribeTransitGatewayRouteTables": "TransitGatewayRouteTableId",
    "DescribeTransitGatewayVpcAttachments": "TransitGatewayAttachmentId",
    "DescribeTransitGateways": "TransitGatewayId",
    "DescribeVpcPeeringConnections": "VpcPeeringConnectionId",
}
"""Operations in which moto ignores filters on tags, or takes their values literally → the id in what they answer with."""


@dataclass(frozen=True, slots=True)
class TagFilters:
    """Filters on tags that are applied to moto's answer."""

    id_name: str
    wanted: Mapping[str, Sequence[str]]

    def keep(self, backend: Any, items: Iterable[Any]) -> list[Any]:
        return [item for item in items if self._matches(backend.tags.get(_id_of(item, self.id_name), {}))]

    def _matches(self, tags: Mapping[str, str]) -> bool:
        return all(_any(values, _compared(tags, name)) for name, values in self.wanted.items())


def take_filters(operation: str, parameters: MutableMapping[str, Any]) -> TagFilters | None:
    """Takes the filters on tags out of the parameters, where moto would not apply them."""
    if operation not in IDS:
        return None
    wanted: dict[str, Sequence[str]] = {}
    for parameter in PARAMETERS:
        given = parameters.get(parameter) or ()
        of_tags = [one for one in given if one["Name"].startswith("tag:") or one["Name"] in OF_TAGS]
        wanted |= {one["Name"]: one.get("Values") or () for one in of_tags}
        if of_tags:
            parameters[parameter] = [one for one in given if one not in of_tags]
    return TagFilters(IDS[operation], wanted) if wanted else None


def _compared(tags: Mapping[str, str], name: str) -> Iterable[str]:
    if name.startswith("tag:"):
        key = name.removeprefix("tag:")
        return (tags[key],) if key in tags else ()
    return tags if name == "tag-key" else tags.values()


def _any(patterns: Iterable[str], values: Iterable[str]) -> bool:
    found = list(values)
    return any(matches(str(pattern), value, EC2_FILTER) for pattern in patterns for value in found)


def _id_of(item: Any, name: str) -> str:
    """moto answers with its objects, which have `id`, or with dictionaries."""
    if isinstance(item, Mapping):
        return next((str(value) for key, value in item.items() if plain(key) == plain(name)), "")
    return str(item.id)


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
