"""What an instance's container may do: the body of the create call."""

from dataclasses import replace

from sandbox.drivers.runtime.docker.socket_filter import CAPABILITIES as ALLOWED
from sandbox.drivers.runtime.docker.values import CAPABILITIES, EngineMachine, container_config
from tests.support import rule
from tests.support.drivers.runtimes import launch_spec

MACHINE = EngineMachine(cpus=2, memory=1 << 30)


def test_a_container_has_bounds_and_nothing_of_the_host() -> None:
    host = container_config("sandbox", launch_spec(), "sandbox/machine:latest", MACHINE)["HostConfig"]
    assert (host["Memory"], host["MemorySwap"], host["PidsLimit"]) == (256 << 20, 256 << 20, 512)
    assert (host["CapDrop"], host["CapAdd"]) == (["ALL"], CAPABILITIES)
    assert not {"Binds", "Mounts", "Devices", "Privileged", "PidMode", "IpcMode", "UsernsMode"} & host.keys()
    assert set(CAPABILITIES) == ALLOWED  # the filter refuses any other
    assert not {"NET_ADMIN", "NET_RAW", "SYS_ADMIN", "SYS_PTRACE", "MKNOD", "SETFCAP"} & ALLOWED


def test_only_an_own_image_can_do_without_new_privileges_because_the_machine_image_has_sudo() -> None:
    own = replace(launch_spec(), image="my/service:1")
    found = [container_config("sandbox", spec, "image", MACHINE)["HostConfig"]["SecurityOpt"] for spec in (launch_spec(), own)]
    assert found == [[], ["no-new-privileges"]]


@rule("DNS-3")
def test_an_instance_asks_the_resolver_of_its_vpc_and_searches_its_domain() -> None:
    spec = replace(launch_spec(), dns_server="172.31.0.2", private_dns_name="ip-172-31-0-5.eu-west-1.compute.internal")
    host = container_config("sandbox", spec, "image", MACHINE)["HostConfig"]
    assert (host["Dns"], host["DnsSearch"]) == (["172.31.0.2"], ["eu-west-1.compute.internal"])
    assert "Dns" not in container_config("sandbox", launch_spec(), "image", MACHINE)["HostConfig"]
