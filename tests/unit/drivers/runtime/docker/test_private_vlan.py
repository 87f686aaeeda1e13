"""What the Docker API is told so that an instance believes only the VPC router."""

from dataclasses import replace

from sandbox.drivers.runtime.docker import private_vlan
from tests.support.drivers.runtimes import launch_spec

SPEC = replace(launch_spec(), mac_address="02:00:00:00:00:0a")
OLD, NEW = (1, 41), (1, 46)
LOCKTIME = "net.ipv4.neigh.eth0.locktime"


def test_without_a_hardware_address_there_is_no_router_and_nothing_is_set() -> None:
    assert private_vlan.sysctls(launch_spec(), OLD) == {}
    assert set(private_vlan.endpoint(launch_spec(), NEW)) == {"IPAMConfig"}


def test_the_interface_has_its_address_and_does_not_answer_arp() -> None:
    assert private_vlan.endpoint(SPEC, OLD)["MacAddress"] == SPEC.mac_address
    assert private_vlan.sysctls(SPEC, OLD)["net.ipv4.conf.all.arp_ignore"] == "8"


def test_an_entry_stays_the_routers_by_a_sysctl_where_each_version_of_the_docker_api_takes_it() -> None:
    assert LOCKTIME in private_vlan.sysctls(SPEC, OLD) and LOCKTIME not in private_vlan.sysctls(SPEC, NEW)
    assert "DriverOpts" not in private_vlan.endpoint(SPEC, OLD)
    [(name, value)] = private_vlan.endpoint(SPEC, NEW)["DriverOpts"].items()
    assert (name, value.partition("=")[0]) == ("com.docker.network.endpoint.sysctls", "net.ipv4.neigh.IFNAME.locktime")
