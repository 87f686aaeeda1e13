"""Routing: RouteTable, Route, SubnetRouteTableAssociation, NatGateway, EIP."""

from typing import Any

from sandbox.core.errors import ApiError
from sandbox.services.cloudformation.resources import tags
from sandbox.services.cloudformation.resources.base import Call, Failed, Gone, InProgress, Ready, Status, Wanted
from sandbox.services.cloudformation.resources.kind import Kind, first, is_missing, one, ready_or_gone, table
from sandbox.services.cloudformation.resources.parameters import changed, pick
from sandbox.services.cloudformation.resources.types.vpc import ec2_filter

DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
TARGETS = (
    "GatewayId NatGatewayId InstanceId NetworkInterfaceId VpcPeeringConnectionId TransitGatewayId EgressOnlyInternetGatewayId "
    "CarrierGatewayId VpcEndpointId"
)


class RouteTable(Kind):
    type_name, service, tagging = "AWS::EC2::RouteTable", "ec2", tags.EC2
    properties = table("VpcId", "Tags")
    required = frozenset({"VpcId"})
    attributes = frozenset({"RouteTableId"})

    def make(self, call: Call, wanted: Wanted) -> str:
        specification = tags.specification("route-table", wanted)
        answer = self.send(call, wanted, "create_route_table", pick(wanted.properties, "VpcId"), TagSpecifications=specification)
        return str(answer["RouteTable"]["RouteTableId"])

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        call("ec2", "delete_route_table", RouteTableId=physical_id)

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        found = call("ec2", "describe_route_tables", RouteTableIds=[physical_id])["RouteTables"]
        return ready_or_gone(first(found), "RouteTableId")


class Route(Kind):
    """Its physical id is the table and the destination: rtb-0123|0.0.0.0/0."""

    type_name, service = "AWS::EC2::Route", "ec2"
    properties = table("RouteTableId " + " ".join(DESTINATIONS), TARGETS)
    required = frozenset({"RouteTableId"})
    attributes = frozenset({"CidrBlock"})

    def make(self, call: Call, wanted: Wanted) -> str:
        physical_id = "|".join(str(wanted.properties[name]) for name in ("RouteTableId", *DESTINATIONS) if name in wanted.properties)
        self.send(call, wanted, "create_route", wanted.properties)
        return physical_id

    def change(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> None:
        if changed(old.properties, new.properties):
            self.send(call, new, "replace_route", new.properties)

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        self.send(call, old, "delete_route", pick(old.properties, "RouteTableId", *DESTINATIONS))

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        table_id, _, destination = physical_id.partition("|")
        found = one(call("ec2", "describe_route_tables", RouteTableIds=[table_id])["RouteTables"])
        present = any(route.get(name) == destination for route in found["Routes"] for name in DESTINATIONS)
        return Ready({"CidrBlock": destination}) if present else Gone()


class SubnetRouteTableAssociation(Kind):
    """Its physical id is the association's, and another one after an update of the table."""

    type_name, service = "AWS::EC2::SubnetRouteTableAssociation", "ec2"
    properties = table("SubnetId", "RouteTableId")
    required = frozenset({"SubnetId", "RouteTableId"})
    attributes = frozenset({"Id"})

    def make(self, call: Call, wanted: Wanted) -> str:
        given = pick(wanted.properties, "SubnetId", "RouteTableId")
        return str(self.send(call, wanted, "associate_route_table", given)["AssociationId"])

    def update(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> str | None:
        if not changed(old.properties, new.properties):
            return None
        given = pick(new.properties, "RouteTableId")
        answer = self.send(call, new, "replace_route_table_association", given, AssociationId=physical_id)
        return str(answer["NewAssociationId"])

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        call("ec2", "disassociate_route_table", AssociationId=physical_id)

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        filters = [ec2_filter("association.route-table-association-id", physical_id)]
        found = call("ec2", "describe_route_tables", Filters=filters)["RouteTables"]
        return Ready({"Id": physical_id}) if found else Gone()


class NatGateway(Kind):
    type_name, service, tagging = "AWS::EC2::NatGateway", "ec2", tags.EC2
    properties = table("SubnetId AllocationId ConnectivityType", "Tags")
    required = frozenset({"SubnetId"})
    attributes = frozenset({"NatGatewayId", "EniId"})

    def make(self, call: Call, wanted: Wanted) -> str:
        given = pick(wanted.properties, "SubnetId", "AllocationId", "ConnectivityType")
        specification = tags.specification("natgateway", wanted)
        answer = self.send(call, wanted, "create_nat_gateway", given, TagSpecifications=specification, ClientToken=wanted.client_token)
        return str(answer["NatGateway"]["NatGatewayId"])

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        call("ec2", "delete_nat_gateway", NatGatewayId=physical_id)

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        found = first(call("ec2", "describe_nat_gateways", NatGatewayIds=[physical_id])["NatGateways"])
        if found is None or found["State"] == "deleted":
            return Gone()
        if found["State"] == "failed":
            return Failed(found.get("FailureMessage", "The NAT gateway could not be created."))
        if found["State"] != "available":
            return InProgress()
        addresses = found.get("NatGatewayAddresses") or [{}]
        return Ready({"NatGatewayId": physical_id, "EniId": addresses[0].get("NetworkInterfaceId", "")})


class Eip(Kind):
    """Ref is the address; its allocation is the attribute AllocationId."""

    type_name, service, tagging = "AWS::EC2::EIP", "ec2", tags.EC2
    properties = table("Address", "Domain InstanceId Tags")
    attributes = frozenset({"AllocationId", "PublicIp"})

    def make(self, call: Call, wanted: Wanted) -> str:
        given = {"Domain": "vpc"} | pick(wanted.properties, "Address", "Domain")
        answer = self.send(call, wanted, "allocate_address", given, TagSpecifications=tags.specification("elastic-ip", wanted))
        return str(answer["PublicIp"])

    def complete(self, call: Call, physical_id: str, wanted: Wanted) -> None:
        if instance_id := wanted.properties.get("InstanceId"):
            call("ec2", "associate_address", InstanceId=instance_id, AllocationId=self.tagged(physical_id, call))

    def change(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> None:
        if "InstanceId" in changed(old.properties, new.properties):
            _disassociate(call, physical_id)
            self.complete(call, physical_id, new)

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        _disassociate(call, physical_id)
        call("ec2", "release_address", AllocationId=self.tagged(physical_id, call))

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        return ready_or_gone(_address(call, physical_id), "AllocationId", "PublicIp")

    def tagged(self, physical_id: str, call: Call) -> str:
        found = _address(call, physical_id)
        if found is None:
            raise ApiError("InvalidAddress.NotFound", f"Address '{physical_id}' not found.")
        return str(found["AllocationId"])


def _address(call: Call, public_ip: str) -> dict[str, Any] | None:
    return first(call("ec2", "describe_addresses", Filters=[ec2_filter("public-ip", public_ip)])["Addresses"])


def _disassociate(call: Call, public_ip: str) -> None:
    association = (_address(call, public_ip) or {}).get("AssociationId")
    if not association:
        return
    try:
        call("ec2", "disassociate_address", AssociationId=association)
    except ApiError as error:
        if not is_missing(error):
            raise


TYPES = (RouteTable(), Route(), SubnetRouteTableAssociation(), NatGateway(), Eip())
