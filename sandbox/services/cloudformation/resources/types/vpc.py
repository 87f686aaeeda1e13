"""Networks: VPC, Subnet, InternetGateway, VPCGatewayAttachment."""

from typing import Any

from sandbox.services.cloudformation.resources import tags
from sandbox.services.cloudformation.resources.base import Call, Gone, InProgress, Ready, Status, Wanted
from sandbox.services.cloudformation.resources.kind import Kind, first, one, ready_or_gone, table
from sandbox.services.cloudformation.resources.parameters import Properties, changed, pick, true


def ec2_filter(name: str, *values: str) -> dict[str, Any]:
    return {"Name": name, "Values": list(values)}


class Vpc(Kind):
    type_name, service, tagging = "AWS::EC2::VPC", "ec2", tags.EC2
    properties = table("CidrBlock InstanceTenancy", "EnableDnsHostnames EnableDnsSupport Tags")
    attributes = frozenset({"VpcId", "CidrBlock", "CidrBlockAssociations", "DefaultNetworkAcl", "DefaultSecurityGroup", "Ipv6CidrBlocks"})

    def make(self, call: Call, wanted: Wanted) -> str:
        given = pick(wanted.properties, "CidrBlock", "InstanceTenancy")
        answer = self.send(call, wanted, "create_vpc", given, TagSpecifications=tags.specification("vpc", wanted))
        return str(answer["Vpc"]["VpcId"])

    def complete(self, call: Call, physical_id: str, wanted: Wanted) -> None:
        for name in ("EnableDnsSupport", "EnableDnsHostnames"):  # host names need support
            if name in wanted.properties:
                call("ec2", "modify_vpc_attribute", VpcId=physical_id, **{name: {"Value": true(wanted.properties[name])}})

    def change(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> None:
        for name, default in (("EnableDnsSupport", True), ("EnableDnsHostnames", False)):
            if name in changed(old.properties, new.properties):
                value = true(new.properties.get(name, default))
                call("ec2", "modify_vpc_attribute", VpcId=physical_id, **{name: {"Value": value}})

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        call("ec2", "delete_vpc", VpcId=physical_id)

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        vpc = one(call("ec2", "describe_vpcs", VpcIds=[physical_id])["Vpcs"])
        if vpc["State"] != "available":
            return InProgress()
        mine = ec2_filter("vpc-id", physical_id)
        acls = call("ec2", "describe_network_acls", Filters=[mine, ec2_filter("default", "true")])["NetworkAcls"]
        groups = call("ec2", "describe_security_groups", Filters=[mine, ec2_filter("group-name", "default")])["SecurityGroups"]
        return Ready(
            {
                "VpcId": physical_id,
                "CidrBlock": vpc["CidrBlock"],
                "CidrBlockAssociations": [each["AssociationId"] for each in vpc.get("CidrBlockAssociationSet", [])],
                "Ipv6CidrBlocks": [each["Ipv6CidrBlock"] for each in vpc.get("Ipv6CidrBlockAssociationSet", [])],
                "DefaultNetworkAcl": acls[0]["NetworkAclId"] if acls else "",
                "DefaultSecurityGroup": groups[0]["GroupId"] if groups else "",
            }
        )


class Subnet(Kind):
    type_name, service, tagging = "AWS::EC2::Subnet", "ec2", tags.EC2
    properties = table("VpcId CidrBlock AvailabilityZone AvailabilityZoneId", "MapPublicIpOnLaunch Tags")
    required = frozenset({"VpcId"})
    attributes = frozenset({"SubnetId", "VpcId", "CidrBlock", "AvailabilityZone", "AvailabilityZoneId", "NetworkAclAssociationId"})

    def make(self, call: Call, wanted: Wanted) -> str:
        given = pick(wanted.properties, "VpcId", "CidrBlock", "AvailabilityZone", "AvailabilityZoneId")
        answer = self.send(call, wanted, "create_subnet", given, TagSpecifications=tags.specification("subnet", wanted))
        return str(answer["Subnet"]["SubnetId"])

    def complete(self, call: Call, physical_id: str, wanted: Wanted) -> None:
        if "MapPublicIpOnLaunch" in wanted.properties:
            self._map_public_ip(call, physical_id, wanted.properties)

    def change(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> None:
        if "MapPublicIpOnLaunch" in changed(old.properties, new.properties):
            self._map_public_ip(call, physical_id, new.properties)

    def _map_public_ip(self, call: Call, physical_id: str, properties: Properties) -> None:
        value = true(properties.get("MapPublicIpOnLaunch", False))
        call("ec2", "modify_subnet_attribute", SubnetId=physical_id, MapPublicIpOnLaunch={"Value": value})

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        call("ec2", "delete_subnet", SubnetId=physical_id)

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        subnet = one(call("ec2", "describe_subnets", SubnetIds=[physical_id])["Subnets"])
        if subnet["State"] != "available":
            return InProgress()
        filters = [ec2_filter("association.subnet-id", physical_id)]
        acls = call("ec2", "describe_network_acls", Filters=filters)["NetworkAcls"]
        held = [each["NetworkAclAssociationId"] for acl in acls for each in acl["Associations"] if each["SubnetId"] == physical_id]
        shown = pick(subnet, "SubnetId", "VpcId", "CidrBlock", "AvailabilityZone", "AvailabilityZoneId")
        return Ready(shown | {"NetworkAclAssociationId": held[0] if held else ""})


class InternetGateway(Kind):
    type_name, service, tagging = "AWS::EC2::InternetGateway", "ec2", tags.EC2
    properties = table(unchanged="Tags")
    attributes = frozenset({"InternetGatewayId"})

    def make(self, call: Call, wanted: Wanted) -> str:
        specification = tags.specification("internet-gateway", wanted)
        answer = self.send(call, wanted, "create_internet_gateway", {}, TagSpecifications=specification)
        return str(answer["InternetGateway"]["InternetGatewayId"])

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        call("ec2", "delete_internet_gateway", InternetGatewayId=physical_id)

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        found = call("ec2", "describe_internet_gateways", InternetGatewayIds=[physical_id])["InternetGateways"]
        return ready_or_gone(first(found), "InternetGatewayId")


class VpcGatewayAttachment(Kind):
    """Its physical id is the kind of gateway and the VPC: IGW|vpc-0123."""

    type_name, service = "AWS::EC2::VPCGatewayAttachment", "ec2"
    properties = table("VpcId", "InternetGatewayId")
    required = frozenset({"VpcId", "InternetGatewayId"})
    attributes = frozenset({"AttachmentType"})

    def make(self, call: Call, wanted: Wanted) -> str:
        given = pick(wanted.properties, "VpcId", "InternetGatewayId")
        self.send(call, wanted, "attach_internet_gateway", given)
        return f"IGW|{given['VpcId']}"

    def change(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> None:
        if "InternetGatewayId" in changed(old.properties, new.properties):
            if _attached(call, old.properties["InternetGatewayId"], old.properties["VpcId"]):
                self.remove(call, physical_id, old)
            self.make(call, new)

    def delete(self, call: Call, physical_id: str, old: Wanted) -> Gone | None:
        if not _attached(call, old.properties["InternetGatewayId"], old.properties["VpcId"]):
            return Gone()
        return super().delete(call, physical_id, old)

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        self.send(call, old, "detach_internet_gateway", pick(old.properties, "VpcId", "InternetGatewayId"))

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        attached = _attached(call, wanted.properties["InternetGatewayId"], wanted.properties["VpcId"])
        return Ready({"AttachmentType": "IGW"}) if attached else Gone()


def _attached(call: Call, gateway_id: str, vpc_id: str) -> bool:
    filters = [ec2_filter("internet-gateway-id", gateway_id), ec2_filter("attachment.vpc-id", vpc_id)]
    return bool(call("ec2", "describe_internet_gateways", Filters=filters)["InternetGateways"])


TYPES = (Vpc(), Subnet(), InternetGateway(), VpcGatewayAttachment())
