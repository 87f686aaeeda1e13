"""What the runtime and Docker say to each other of a container and a network: the body of the call that creates a container, and what is
read from Docker's answers. Pure.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Network
from typing import Any

from sandbox.drivers.runtime import launch_spec_json
from sandbox.drivers.runtime.base import LaunchSpec
from sandbox.drivers.runtime.cidr import ipv4
from sandbox.drivers.runtime.docker import labels, own_images, private_vlan
from sandbox.drivers.runtime.docker.own_images import ImageConfig
from sandbox.drivers.runtime.user_data.effect import hostname

NEVER = "0001-01-01T00:00:00Z"  # Docker's StartedAt of a container that was never started
CAPABILITIES = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETUID", "SETGID", "NET_BIND_SERVICE", "KILL", "AUDIT_WRITE"]  # needed by deploy.sh
PIDS = 512
API = "169.254.169.250"  # where instances reach the AWS API of this sandbox (NET-4)
NO_NEW_PRIVILEGES = ["no-new-privileges"]
LOG = {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "2"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineMachine:
    """The machine of the Docker engine. A container's limits are at most what it has."""

    cpus: int = 1
    memory: int = sys.maxsize  # bytes
    api: tuple[int, int] = (1, 41)  # version of the engine's API

    def nano_cpus(self, spec: LaunchSpec) -> int:
        return int(min(spec.cpu_limit, self.cpus) * 1e9)  # Docker refuses more

    def memory_of(self, spec: LaunchSpec) -> int:
        """Bytes."""
        return min(spec.memory_mib << 20, self.memory)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerInfo:
    """The part of Docker's `inspect` of an instance's container that the runtime uses."""

    container_id: str
    status: str  # created | running | paused | restarting | removing | exited | dead
    started: str  # Docker's StartedAt: differs after each start; NEVER before the first
    exit_code: int = 0
    oom_killed: bool = False
    error: str = ""
    attached: bool = True  # to its network
    spec: LaunchSpec | None = None  # from the label; None: cannot be read
    nano_cpus: int = 0  # the limit of its cores now; 0: none
    memory: int = 0  # bytes, the limit of its memory now; 0: none
    machine: EngineMachine = EngineMachine()

    @property
    def started_at(self) -> datetime:
        """`started` as real time."""
        return parse_timestamp(self.started)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    id: str
    name: str
    labels: Mapping[str, str]
    cidrs: tuple[IPv4Network, ...]

    @property
    def interface(self) -> str:
        """The bridge on the host."""
        return f"br-{self.id[:12]}"


def parse_timestamp(text: str) -> datetime:
    """Docker's timestamps have nine decimals; Python reads six."""
    head, _, rest = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{head}.{rest[:6]:0<6}").replace(tzinfo=UTC)


def container_config(name: str, spec: LaunchSpec, image: str, machine: EngineMachine, runs: ImageConfig | None = None) -> dict[str, Any]:
    """The body of the create call. instance-init removes these variables from the environment before anything else runs. `runs`: of an own
    image."""
    network = labels.network_name(name, spec.subnet_id)
    memory = machine.memory_of(spec)
    own_address = {"MacAddress": spec.mac_address} if spec.mac_address else {}
    user_data = "" if spec.user_data is None else launch_spec_json.encoded(spec.user_data)
    return {
        "Image": image,
        "Hostname": hostname(spec.user_data) or spec.private_dns_name.split(".")[0],  # UD-9, DNS-3: a container may not change it
        "Env": [
            f"INSTANCE_ID={spec.instance_id}",
            f"AVAILABILITY_ZONE={spec.availability_zone}",
            f"AWS_REGION={spec.region}",
            f"USER_DATA={user_data}",
            *([f"AWS_ENDPOINT_URL=http://{API}:4566"] if spec.mac_address else []),  # behind the VPC router (NET-4); SDKs read it
            *own_images.environment(spec),
        ],
        **own_images.what_runs(spec, runs),
        "Labels": labels.of_instance(name, spec),
        "HostConfig": {
            "NetworkMode": network,
            "Init": True,
            "CapDrop": ["ALL"],
            "CapAdd": CAPABILITIES,
            "NanoCpus": machine.nano_cpus(spec),
            "Memory": memory,
            "MemorySwap": memory,  # equal to Memory: no swap
            "PidsLimit": PIDS,
            "LogConfig": LOG,
            "SecurityOpt": NO_NEW_PRIVILEGES if spec.image else [],  # the machine image's user `ubuntu` has sudo, as on EC2
            "Sysctls": private_vlan.sysctls(spec, machine.api),
            **_dns(spec),
        },
        **own_address,  # the Docker API from 1.44 on reads that of the network
        "NetworkingConfig": {"EndpointsConfig": {network: private_vlan.endpoint(spec, machine.api)}},
    }


def _dns(spec: LaunchSpec) -> dict[str, Any]:
    """/etc/resolv.conf has Docker's own resolver, which asks this server from within the container: so the server sees the instance."""
    if spec.dns_server is None:
        return {}
    return {"Dns": [spec.dns_server], "DnsSearch": [spec.private_dns_name.partition(".")[2]]}


def container_info(found: Mapping[str, Any], machine: EngineMachine) -> ContainerInfo:
    state = found["State"]
    try:
        spec = launch_spec_json.from_json(found["Config"]["Labels"].get(labels.SPEC, ""))
    except ValueError:
        spec = None
    return ContainerInfo(
        container_id=found["Id"],
        status=state["Status"],
        started=state["StartedAt"],
        exit_code=state["ExitCode"],
        oom_killed=state["OOMKilled"],
        error=state["Error"],
        attached=any(n.get("IPAddress") for n in found["NetworkSettings"]["Networks"].values()),
        spec=spec,
        nano_cpus=int(found["HostConfig"].get("NanoCpus") or 0),
        memory=int(found["HostConfig"].get("Memory") or 0),
        machine=machine,
    )


def network(found: Mapping[str, Any]) -> Network:
    pools = (found.get("IPAM") or {}).get("Config") or []
    return Network(
        id=found["Id"],
        name=found["Name"],
        labels=found.get("Labels") or {},
        cidrs=tuple(ipv4(pool["Subnet"] for pool in pools if pool.get("Subnet"))),
    )
