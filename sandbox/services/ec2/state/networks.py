"""What decide/networks.py looks at: instances with their names and the way out of their subnet, and the VPCs. Reads only."""

from collections.abc import Iterator
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.models import ec2_backends

from sandbox.aws.backends import walk
from sandbox.aws.context import context
from sandbox.services.ec2.decide.networks import ConnectedInstance, ConnectedVpc, ObservedNetworks, WayOut
from sandbox.services.ec2.state import snapshot
from sandbox.services.ec2.state.interfaces import public_name

ANYWHERE = "0.0.0.0/0"


def observe() -> ObservedNetworks:
    return ObservedNetworks(instances=tuple(_instances()), vpcs=tuple(_vpcs()), internet=context().settings.internet == "yes")


def _instances() -> Iterator[ConnectedInstance]:
    ways: dict[str, WayOut] = {}
    for _, instance in snapshot.known():
        if not instance.private_ip or not instance.subnet_id:
            continue
        ec2, subnet_id = instance.ec2_backend, instance.subnet_id
        if subnet_id not in ways:
            ways[subnet_id] = way_out(ec2, ec2.get_subnet(subnet_id))
        yield ConnectedInstance(
            private_name=instance.private_dns_name,
            private_address=instance.private_ip,
            public_name=public_name(instance.public_ip, instance.region_name) if instance.public_ip else None,
            way_out=ways[subnet_id],
        )


def _vpcs() -> Iterator[ConnectedVpc]:
    for _, ec2 in walk(ec2_backends):
        for vpc in ec2.vpcs.values():
            yield ConnectedVpc(cidr=vpc.cidr_block, dns_support=is_on(vpc.enable_dns_support))


def is_on(value: object) -> bool:
    """An attribute of a VPC, which moto keeps as a boolean or as text."""
    return str(value).lower() == "true"


def way_out(ec2: Any, subnet: Any) -> WayOut:
    """By the route for 0.0.0.0/0. A default VPC has an internet gateway on AWS, which moto does not make."""
    route = _default_route(route_table(ec2, subnet))
    if route is None:
        return WayOut.INTERNET_GATEWAY if ec2.vpcs[subnet.vpc_id].is_default else WayOut.NONE
    if route.gateway is not None and str(route.gateway.id).startswith("igw-"):
        return WayOut.INTERNET_GATEWAY
    if route.nat_gateway is None or route.nat_gateway.state != "available":
        return WayOut.NONE
    beyond = _default_route(route_table(ec2, ec2.get_subnet(route.nat_gateway.subnet_id)))
    public = beyond is not None and beyond.gateway is not None
    return WayOut.NAT_GATEWAY if public or ec2.vpcs[subnet.vpc_id].is_default else WayOut.NONE


def route_table(ec2: Any, subnet: Any) -> Any:
    """The subnet's own, else the main one of its VPC."""
    tables = [table for table in ec2.route_tables.values() if table.vpc_id == subnet.vpc_id]
    own = next((table for table in tables if subnet.id in table._associations.values()), None)
    return own or next((table for table in tables if table.main_association_id), None)


def _default_route(table: Any) -> Any | None:
    routes = table.routes if table is not None else ()
    return next((each for each in routes if each.destination_cidr_block == ANYWHERE and not each.local), None)
