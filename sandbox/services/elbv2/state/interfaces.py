"""The network interfaces of load balancers: one in each of its subnets, which gives the node there its private address (ALB-60).

As on AWS they are visible in DescribeNetworkInterfaces, belong to the service, and go with the load balancer. Their addresses are taken
from the upper end of the subnet, those of instances from its lower end.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.aws.backends import highest_free
from sandbox.aws.context import context

OWNER = "amazon-elb"


def description(balancer: Any) -> str:
    """ "ELB app/<name>/<id>": by this users find the interfaces of a load balancer."""
    return "ELB " + str(balancer.arn).split("loadbalancer/", 1)[1]


def addresses(ec2: Any | None, balancer: Any) -> Mapping[str, str]:
    """Subnet id → private address of the node in it."""
    return {each.subnet.id: str(each.private_ip_address) for each in _interfaces(ec2, balancer)}


def settle(ec2: Any, balancer: Any) -> None:
    """Makes the interfaces that the load balancer lacks, removes those in subnets that it has no more, and gives all of them its security
    groups. Idempotent. A subnet without a free address gets none."""
    wanted = {subnet.id: subnet for subnet in balancer.subnets}
    for interface in _interfaces(ec2, balancer):
        if wanted.pop(interface.subnet.id, None) is None:
            _delete(ec2, interface)
        else:
            interface._group_set = _groups(ec2, balancer)
    for subnet in wanted.values():
        _create(ec2, balancer, subnet)
    balancer.sandbox.interfaces = {subnet: each for subnet, each in balancer.sandbox.interfaces.items() if each in ec2.enis}


def remove(ec2: Any, balancer: Any) -> None:
    for interface in _interfaces(ec2, balancer):
        _delete(ec2, interface)


def _interfaces(ec2: Any | None, balancer: Any) -> list[Any]:
    known = balancer.sandbox.interfaces.values()
    return [ec2.enis[each] for each in known if each in ec2.enis] if ec2 else []


def _create(ec2: Any, balancer: Any, subnet: Any) -> None:
    address = highest_free(subnet)
    if address is None:
        return
    made = ec2.create_network_interface(subnet, address, group_ids=list(balancer.security_groups), description=description(balancer))
    made.requester_managed, made.requester_id, made.status = True, OWNER, "in-use"
    made.attachment_id = f"ela-attach-{made.id.removeprefix('eni-')}"
    made.attach_time = context().clock.now()
    balancer.sandbox.interfaces[subnet.id] = made.id


def _delete(ec2: Any, interface: Any) -> None:
    ec2.delete_network_interface(interface.id)
    ec2.tags.pop(interface.id, None)


def _groups(ec2: Any, balancer: Any) -> list[Any]:
    return [ec2.get_security_group_from_id(each) for each in balancer.security_groups]
