"""What makes packets between two instances of a subnet pass the VPC router, as in a private VLAN (docs/decisions/001-topology.md). Pure.

An instance tells nobody its hardware address (`arp_ignore`), and believes only the router, which answers for the whole subnet: not an
announcement that nobody asked for (`drop_gratuitous_arp`), nor the sender of a request for another address, which would replace the
router's in its table (`locktime`: how long an entry cannot be replaced).
"""

from typing import Any

from sandbox.drivers.runtime.base import LaunchSpec

SYSCTLS = {"net.ipv4.conf.all.arp_ignore": "8", "net.ipv4.conf.all.drop_gratuitous_arp": "1"}
LOCKTIME = str(10 * 24 * 60 * 60 * 100)  # ten days, in hundredths of a second
OF_INTERFACE = "net.ipv4.neigh.{}.locktime"
ENDPOINT_SYSCTLS = (1, 46)  # the Docker API that sets those of an interface with its network


def sysctls(spec: LaunchSpec, api: tuple[int, int]) -> dict[str, str]:
    """Of the container. None without a router, which has no hardware addresses."""
    if spec.mac_address is None:
        return {}
    return SYSCTLS if api >= ENDPOINT_SYSCTLS else SYSCTLS | {OF_INTERFACE.format("eth0"): LOCKTIME}


def endpoint(spec: LaunchSpec, api: tuple[int, int]) -> dict[str, Any]:
    """Of the container in its network."""
    given: dict[str, Any] = {"IPAMConfig": {"IPv4Address": spec.private_ip_address}}
    if spec.mac_address is not None:
        given["MacAddress"] = spec.mac_address  # the Docker API before 1.44 reads that of the container
        if api >= ENDPOINT_SYSCTLS:
            given["DriverOpts"] = {"com.docker.network.endpoint.sysctls": f"{OF_INTERFACE.format('IFNAME')}={LOCKTIME}"}
    return given
