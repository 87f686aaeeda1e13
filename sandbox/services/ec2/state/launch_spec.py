"""The machine of a pending instance: what the runtime needs to make it."""

import base64
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.models.instance_types import INSTANCE_TYPES

from sandbox.aws.context import context
from sandbox.drivers.runtime.base import LaunchSpec


def decoded(user_data: Any) -> bytes | None:
    """moto's Base64EncodedString (or base64 text) as bytes. None: there is none."""
    return base64.b64decode(str(user_data)) if user_data else None


def vcpus(instance_type: str) -> int:
    """1 for a type that moto does not know: it is refused for that."""
    return int(INSTANCE_TYPES.get(instance_type, {}).get("VCpuInfo", {}).get("DefaultVCpus", 1))


def launch_spec(instance: Any) -> LaunchSpec:
    """The machine of a pending instance. Limits: vCPUs × cores_per_vcpu, and the type's memory up to memory_mib (settings)."""
    subnet = instance.ec2_backend.get_subnet(instance.subnet_id)
    size = INSTANCE_TYPES.get(instance.instance_type, {})
    settings = context().settings
    memory = size.get("MemoryInfo", {}).get("SizeInMiB", settings.memory_mib)
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
        cpu_limit=vcpus(instance.instance_type) * settings.cores_per_vcpu,
        memory_mib=min(memory, settings.memory_mib),
        labels=dict(instance.ec2_backend.tags.get(instance.id, {})),
    )
