"""The machine of a pending instance: what the runtime needs to make it."""

import base64
import sys
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.models.instance_types import INSTANCE_TYPES

from sandbox.aws.context import context
from sandbox.drivers.runtime.base import LaunchSpec
from sandbox.services.ec2.decide.networks import server
from sandbox.services.ec2.state.images.contents import command_of, port_of


def decoded(user_data: Any) -> bytes | None:
    """moto's Base64EncodedString (or base64 text) as bytes. None: there is none."""
    return base64.b64decode(str(user_data)) if user_data else None


def vcpus(instance_type: str) -> int:
    """1 for a type that moto does not know: it is refused for that."""
    return int(INSTANCE_TYPES.get(instance_type, {}).get("VCpuInfo", {}).get("DefaultVCpus", 1))


def cores(instance_type: str) -> float:
    """The CPU limit of an instance."""
    return vcpus(instance_type) * context().settings.cores_per_vcpu


def memory_mib(instance_type: str) -> int:
    """The memory limit of an instance: memory_scale of the type's, at least memory_mib, at most what all instances may have together."""
    settings = context().settings
    scaled = int(INSTANCE_TYPES.get(instance_type, {}).get("MemoryInfo", {}).get("SizeInMiB", 0) * settings.memory_scale)
    return min(max(scaled, settings.memory_mib), settings.machine_memory_mib or sys.maxsize)


def launch_spec(instance: Any) -> LaunchSpec:
    """The machine of a pending instance. Limits: vCPUs × cores_per_vcpu, and `memory_mib`."""
    subnet = instance.ec2_backend.get_subnet(instance.subnet_id)
    content = instance.sandbox.content
    return LaunchSpec(
        instance_id=instance.id,
        image_id=instance.image_id,
        instance_type=instance.instance_type,
        account=instance.owner_id,
        region=instance.region_name,
        availability_zone=instance.availability_zone,
        vpc_id=subnet.vpc_id,
        subnet_id=subnet.id,
        subnet_cidr=subnet.cidr_block,
        private_ip_address=instance.private_ip,
        private_dns_name=instance.private_dns_name,
        user_data=decoded(instance.user_data),
        cpu_limit=cores(instance.instance_type),
        memory_mib=memory_mib(instance.instance_type),
        dns_server=server(subnet.ec2_backend.vpcs[subnet.vpc_id].cidr_block) if context().settings.topology == "compose" else None,
        labels=dict(instance.ec2_backend.tags.get(instance.id, {})),
        image=content.image,
        command=command_of(content),
        own_application=content.own_application,
        port=port_of(instance.ec2_backend, instance.image_id),
        mac_address=instance.nics[0].mac_address if 0 in instance.nics else None,
    )
