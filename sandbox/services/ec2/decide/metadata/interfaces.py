"""network/interfaces/macs/ (IMDS-10), and the names that follow from addresses (DNS-1, DNS-2)."""

from collections.abc import Iterable, Iterator

from sandbox.services.ec2.metadata_model import Entries, InstanceFacts, InterfaceFacts

FIRST_REGION = "us-east-1"  # its names have no Region


def private_name(address: str, region: str) -> str:
    """DNS-1: ip-10-24-34-5.ec2.internal."""
    domain = "ec2.internal" if region == FIRST_REGION else f"{region}.compute.internal"
    return f"ip-{address.replace('.', '-')}.{domain}"


def public_name(address: str, region: str) -> str:
    """DNS-2: ec2-203-0-113-25.compute-1.amazonaws.com."""
    domain = "compute-1" if region == FIRST_REGION else f"{region}.compute"
    return f"ec2-{address.replace('.', '-')}.{domain}.amazonaws.com"


def entries(facts: InstanceFacts) -> Entries:
    return dict(_all(facts.interfaces, facts))


def _all(interfaces: Iterable[InterfaceFacts], facts: InstanceFacts) -> Iterator[tuple[str, str]]:
    for each in interfaces:
        for name, text in {**_own(each, facts), **_public(each, facts)}.items():
            yield f"meta-data/network/interfaces/macs/{each.mac}/{name}", text


def _own(interface: InterfaceFacts, facts: InstanceFacts) -> Entries:
    return {
        "device-number": str(interface.device_number),
        "interface-id": interface.interface_id,
        "local-hostname": private_name(interface.private_ip_addresses[0], facts.region),
        "local-ipv4s": "\n".join(interface.private_ip_addresses),
        "mac": interface.mac,
        "owner-id": facts.account,
        "security-group-ids": "\n".join(interface.group_ids),
        "security-groups": "\n".join(interface.group_names),
        "subnet-id": interface.subnet_id,
        "subnet-ipv4-cidr-block": interface.subnet_cidr,
        "vpc-id": interface.vpc_id,
        "vpc-ipv4-cidr-block": interface.vpc_cidrs[0],
        "vpc-ipv4-cidr-blocks": "\n".join(interface.vpc_cidrs),
    }


def _public(interface: InterfaceFacts, facts: InstanceFacts) -> Entries:
    if interface.public_ip is None:
        return {}
    return {
        f"ipv4-associations/{interface.public_ip}": interface.private_ip_addresses[0],
        "public-hostname": public_name(interface.public_ip, facts.region),
        "public-ipv4s": interface.public_ip,
    }
