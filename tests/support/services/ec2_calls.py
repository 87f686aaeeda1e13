"""Every EC2 operation that is served, called as the model of the API allows: with its required parameters, naming things that exist.

For tests that ask what is left after such a call: whether the Describe operations still answer, and whether the state can be saved.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError, ParamValidationError
from moto.core.utils import camelcase_to_underscores
from moto.ec2.responses import EC2Response

AMI = "ami-0c047a86012500412"
READING = ("Describe", "Get", "List", "Search", "Export")
TAKING = (
    *("Cancel", "Delete", "Deregister", "Detach", "Disable", "Disassociate", "Reject"),
    *("Release", "Reset", "Revoke", "Stop", "Terminate", "Unassign"),
)
"""Beginnings of the names of operations that take something away: called last."""
LARGE = re.compile(r"Describe(InstanceType|InstanceTypeOffering|ReservedInstancesOffering|Image|SpotPrice)s?(History)?s?$")
"""What they answer with is moto's own data: much, and the same after any call."""

ALIASES = (
    (r"(Source|Accepter|^)VpcId", "VpcId"),
    (r"GroupIds?$", "GroupId"),
    (r"^TransitGateway(\w+)Ids?$", None),
    (r"Cidr", "Cidr"),
    (r"Resources?$|ResourceIds?$", "VpcId"),
    (r"SourceRegion", "Region"),
)


def is_served(operation: str) -> bool:
    return hasattr(EC2Response, camelcase_to_underscores(operation))


def served(api: Any) -> list[str]:
    return [name for name in api.meta.service_model.operation_names if is_served(name)]


def called(api: Any, operation: str, parameters: dict[str, Any]) -> int:
    """→ HTTP status; 0: botocore refuses the parameters."""
    try:
        getattr(api, xform_name(operation))(**parameters)
    except ClientError as error:
        return int(error.response["ResponseMetadata"]["HTTPStatusCode"])
    except ParamValidationError:
        return 0
    return 200


@dataclass
class Things:
    """One of each of the more common kinds of object. `ids`: name of a parameter → an id that exists."""

    api: Any
    ids: dict[str, str] = field(default_factory=dict)

    def make(self) -> "Things":
        api, ids = self.api, self.ids
        ids |= {"ImageId": AMI, "AvailabilityZone": "us-east-1a", "InstanceType": "t3.micro", "Region": "us-east-1", "Cidr": "10.1.9.0/24"}
        ids["VpcId"] = vpc = api.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
        ids["SubnetId"] = subnet = api.create_subnet(VpcId=vpc, CidrBlock="10.1.0.0/24")["Subnet"]["SubnetId"]
        ids["GroupId"] = api.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
        launched = api.run_instances(ImageId=AMI, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"]
        ids["InstanceId"] = launched[0]["InstanceId"]
        ids["VolumeId"] = volume = api.create_volume(AvailabilityZone="us-east-1a", Size=8)["VolumeId"]
        ids["SnapshotId"] = api.create_snapshot(VolumeId=volume)["SnapshotId"]
        ids["KeyName"] = api.create_key_pair(KeyName="k")["KeyName"]
        template = api.create_launch_template(LaunchTemplateName="ttt", LaunchTemplateData={"ImageId": AMI})["LaunchTemplate"]
        ids["LaunchTemplateId"] = template["LaunchTemplateId"]
        ids["RouteTableId"] = api.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        ids["NetworkAclId"] = api.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
        ids["NetworkInterfaceId"] = api.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
        ids["AllocationId"] = address = api.allocate_address(Domain="vpc")["AllocationId"]
        ids["NatGatewayId"] = api.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
        self._make_gateways(vpc, subnet)
        return self

    def _make_gateways(self, vpc: str, subnet: str) -> None:
        api, ids = self.api, self.ids
        ids["InternetGatewayId"] = api.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ids["VpnGatewayId"] = vgw = api.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
        made = api.create_customer_gateway(Type="ipsec.1", BgpAsn=65000, PublicIp="192.0.2.1")["CustomerGateway"]
        ids["CustomerGatewayId"] = cgw = made["CustomerGatewayId"]
        made = api.create_vpn_connection(Type="ipsec.1", CustomerGatewayId=cgw, VpnGatewayId=vgw)["VpnConnection"]
        ids["VpnConnectionId"] = made["VpnConnectionId"]
        ids["TransitGatewayId"] = tgw = api.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
        made = api.create_transit_gateway_vpc_attachment(TransitGatewayId=tgw, VpcId=vpc, SubnetIds=[subnet])
        ids["TransitGatewayAttachmentId"] = made["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
        made = api.create_transit_gateway_route_table(TransitGatewayId=tgw)["TransitGatewayRouteTable"]
        ids["TransitGatewayRouteTableId"] = made["TransitGatewayRouteTableId"]
        other = api.describe_vpcs()["Vpcs"][0]["VpcId"]
        made = api.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=other)["VpcPeeringConnection"]
        ids["VpcPeeringConnectionId"] = made["VpcPeeringConnectionId"]
        made = api.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3", VpcEndpointType="Gateway")["VpcEndpoint"]
        ids["VpcEndpointId"] = made["VpcEndpointId"]
        made = api.create_managed_prefix_list(PrefixListName="p", AddressFamily="IPv4", MaxEntries=3)["PrefixList"]
        ids["PrefixListId"] = made["PrefixListId"]
        made = api.create_dhcp_options(DhcpConfigurations=[{"Key": "domain-name", "Values": ["example.com"]}])["DhcpOptions"]
        ids["DhcpOptionsId"] = made["DhcpOptionsId"]

    # ---- parameters ---------------------------------------------------------------------------------------------------------------------

    def required(self, operation: str) -> dict[str, Any]:
        shape = self.api.meta.service_model.operation_model(operation).input_shape
        return {} if shape is None else dict(self._value(shape, operation))

    def _value(self, shape: Any, name: str) -> Any:
        match shape.type_name:
            case "structure":
                return {member: self._value(shape.members[member], member) for member in shape.required_members}
            case "list":
                return [self._value(shape.member, name)]
            case "string":
                return shape.enum[0] if shape.enum else self._id(name)
            case "boolean":
                return True
            case "timestamp":
                return "2026-06-01T00:00:00Z"
            case "blob":
                return b"x"
            case _:
                return 1

    def _id(self, name: str) -> str:
        exact = self.ids.get(name) or self.ids.get(re.sub(r"s$", "", name))
        if exact:
            return exact
        found = (self.ids[key] for pattern, key in ALIASES if key and re.search(pattern, name))
        return next(found, "xxx")  # the shortest name that some operations take


@dataclass
class Readers:
    """The Describe operations that answer."""

    api: Any
    calls: dict[str, dict[str, Any]]

    @staticmethod
    def of(things: Things) -> "Readers":
        names = [name for name in served(things.api) if name.startswith(READING) and not LARGE.match(name)]
        calls = {name: things.required(name) for name in names}
        return Readers(things.api, {name: given for name, given in calls.items() if called(things.api, name, given) == 200})

    def answers(self) -> dict[str, Any]:
        """What each of them answers with now."""
        found = {name: getattr(self.api, xform_name(name))(**given) for name, given in self.calls.items()}
        passing = ("ResponseMetadata", "Timestamp")
        return {name: {key: value for key, value in answer.items() if key not in passing} for name, answer in found.items()}

    def broken(self) -> list[str]:
        """Those that fail now by a fault of the sandbox. What they are asked for may be gone: that is no fault."""
        return [name for name, given in self.calls.items() if called(self.api, name, given) >= 500]


def changing(api: Any) -> Iterator[list[str]]:
    """The served operations that change something: first those that add, then those that take away."""
    names = [name for name in served(api) if not name.startswith(READING)]
    by_kind = itertools.groupby(sorted(names, key=lambda name: (name.startswith(TAKING), name)), lambda name: name.startswith(TAKING))
    for _, kind in by_kind:
        yield list(kind)
