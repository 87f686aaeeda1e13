"""Ids in Describe operations (EC2-54): an unknown one is refused, also beside a known one; a known one is all that is shown."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from tests.support import rule
from tests.support.services.ec2_calls import READING, Things, served

ALL_OF_THEM = ("DescribeSpotPriceHistory", "DescribeVpcClassicLink", "DescribeVpcClassicLinkDnsSupport")
"""Shown for what is named, not as it: an instance type's prices; every VPC has ClassicLink disabled."""


def listed(things: Things) -> Iterator[tuple[str, str, str]]:
    """→ operation, a parameter that is a list of ids, an id that exists."""
    known = things.ids | {"GroupIds": things.ids["GroupId"], "GroupNames": "g", "LaunchTemplateNames": "ttt", "ZoneNames": "us-east-1a"}
    known |= {"KeyPairIds": things.api.describe_key_pairs()["KeyPairs"][0]["KeyPairId"], "RegionNames": "us-east-1"}
    for operation in served(things.api):
        shape = things.api.meta.service_model.operation_model(operation).input_shape
        if not operation.startswith(READING) or shape is None:
            continue
        for name, member in shape.members.items():
            one = known.get(name) or known.get(re.sub(r"s$", "", name))
            if member.type_name == "list" and member.member.type_name == "string" and one:
                yield operation, name, one


def unlike(one: str) -> str:
    other = re.sub(r"[0-9a-f]{17}$", "0123456789abcdef0", one)
    return other if other != one else "unheard-of"


@rule("EC2-54")
def test_an_unknown_id_beside_a_known_one_is_refused(things: Things) -> None:
    wrong, asked = {}, 0
    for operation, name, known in listed(things):
        unknown = unlike(known)
        call, given = getattr(things.api, xform_name(operation)), things.required(operation)
        try:
            answer: Any = call(**given, **{name: [known, unknown]})
        except ClientError as error:
            answer = error.response["Error"]
            if answer["Code"] == "NotImplemented" or (unknown in answer["Message"] and f"'{known}'" not in answer["Message"]):
                asked += 1
                continue
        if operation not in ALL_OF_THEM:
            wrong[f"{operation} {name}"] = answer
    not_named = wrong.pop("DescribeLaunchTemplates LaunchTemplateNames")
    assert not_named["Message"] == "At least one of the launch templates specified in the request does not exist."
    assert wrong == {}
    assert asked > 30


@rule("EC2-54")
def test_a_known_id_is_all_that_is_shown(things: Things) -> None:
    more = Things(things.api)
    more.api.create_key_pair(KeyName="other")
    more.api.create_launch_template(LaunchTemplateName="other", LaunchTemplateData={"ImageId": things.ids["ImageId"]})
    more.api.allocate_address(Domain="vpc")
    more.api.create_volume(AvailabilityZone="us-east-1a", Size=1)
    more.api.create_internet_gateway()
    wrong = {}
    for operation, name, known in listed(things):
        if operation in ALL_OF_THEM:
            continue
        try:
            answer = getattr(things.api, xform_name(operation))(**things.required(operation), **{name: [known]})
        except ClientError as error:
            if error.response["Error"]["Code"] != "NotImplemented":
                wrong[f"{operation} {name}"] = error.response["Error"]
            continue
        shown = [value for key, value in answer.items() if isinstance(value, list)]
        if [len(value) for value in shown] not in ([1], [0] if operation in NONE_OF_THEM else [1]):
            wrong[f"{operation} {name}"] = shown
    assert wrong == {}


NONE_OF_THEM = (
    "DescribeInstanceStatus",
    "DescribePrefixLists",
    "DescribeTransitGatewayPeeringAttachments",
    "DescribeVolumesModifications",
)
"""Nothing of this kind is there to show of the objects that exist."""


@pytest.mark.parametrize(
    ("operation", "parameters", "error"),
    [
        ("describe_vpcs", {"VpcIds": ["vpc-1"]}, ("InvalidVpcID.NotFound", "The vpc ID 'vpc-1' does not exist")),
        ("describe_subnets", {"SubnetIds": ["subnet-1"]}, ("InvalidSubnetID.NotFound", "The subnet ID 'subnet-1' does not exist")),
        ("describe_volumes", {"VolumeIds": ["vol-1"]}, ("InvalidVolume.NotFound", "The volume 'vol-1' does not exist.")),
        ("describe_snapshots", {"SnapshotIds": ["snap-1"]}, ("InvalidSnapshot.NotFound", "The snapshot 'snap-1' does not exist.")),
        ("describe_security_groups", {"GroupIds": ["sg-1"]}, ("InvalidGroup.NotFound", "The security group 'sg-1' does not exist")),
        ("describe_addresses", {"PublicIps": ["192.0.2.7"]}, ("InvalidAddress.NotFound", "Address '192.0.2.7' not found.")),
        ("describe_key_pairs", {"KeyNames": ["none"]}, ("InvalidKeyPair.NotFound", "The key pair 'none' does not exist")),
        ("describe_nat_gateways", {"NatGatewayIds": ["nat-1"]}, ("NatGatewayNotFound", "The Nat Gateway nat-1 was not found")),
        ("describe_availability_zones", {"ZoneNames": ["x"]}, ("InvalidParameterValue", "Invalid availability zone: [x]")),
    ],
)
def test_the_error_is_AWS_s(things: Things, operation: str, parameters: dict[str, Any], error: tuple[str, str]) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(things.api, operation)(**parameters)
    assert (caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]) == error


@pytest.mark.parametrize("operation", ["start_instances", "stop_instances", "reboot_instances", "terminate_instances"])
def test_no_instances_at_all_are_refused(things: Things, operation: str) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(things.api, operation)(InstanceIds=[])
    assert caught.value.response["Error"] == {"Code": "InvalidParameterCombination", "Message": "No instances specified"}


def test_tags_of_no_resource_are_refused(things: Things) -> None:
    with pytest.raises(ClientError) as caught:
        things.api.create_tags(Resources=[], Tags=[{"Key": "a", "Value": "b"}])
    assert caught.value.response["Error"]["Message"] == "The request must contain the parameter resourceIdSet"
