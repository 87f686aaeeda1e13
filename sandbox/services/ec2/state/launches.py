"""RunInstances up to the moment where moto makes the objects: what the request asked, what its template adds, which subnet, how many.

backend.run_instances calls these in order. `launch_spec` is the other end: what the runtime needs to make the instance's machine.
"""

import base64
import copy
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.exceptions import InvalidParameterCombination
from moto.ec2.models import ec2_backends
from moto.ec2.models.instance_types import INSTANCE_TYPES

from sandbox.aws.context import context
from sandbox.drivers.runtime.base import LaunchSpec
from sandbox.services.ec2 import errors
from sandbox.services.ec2.decide import quotas
from sandbox.services.ec2.decide.quotas import Held, Limits
from sandbox.services.ec2.model import InstanceState
from sandbox.services.ec2.state import addresses

COUNTED = (InstanceState.PENDING, InstanceState.RUNNING)  # against quotas: a stopped instance uses no vCPU
USER_DATA_LIMIT = 16384  # UD-1, bytes before base64


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchRequest:
    """What moto's run_instances is not told."""

    minimum: int
    maximum: int
    disable_api_termination: bool | None = None  # None: the template decides
    monitoring: bool | None = None
    token: str | None = None
    fingerprint: str = ""  # all parameters but the token


_REQUEST: ContextVar[LaunchRequest | None] = ContextVar("launch request", default=None)


@contextmanager
def launching(request: LaunchRequest) -> Iterator[None]:
    """While it is open, run_instances works for this request."""
    token = _REQUEST.set(request)
    try:
        yield
    finally:
        _REQUEST.reset(token)


def current(count: int) -> LaunchRequest:
    """The API request that is being carried out, or, for a launch from inside moto (a stack, a fleet), `count` and nothing else."""
    return _REQUEST.get() or LaunchRequest(minimum=count, maximum=count)


# ---- user data ----------------------------------------------------------------------------------------------------------------------


def decoded(user_data: Any) -> bytes | None:
    """moto's Base64EncodedString (or base64 text) as bytes. None: there is none."""
    return base64.b64decode(str(user_data)) if user_data else None


def check_user_data(user_data: Any, code: str = "InvalidParameterValue") -> None:
    """UD-1."""
    if len(decoded(user_data) or b"") > USER_DATA_LIMIT:
        raise errors.user_data_too_long(code)


# ---- the template -------------------------------------------------------------------------------------------------------------------


def fill_in(arguments: dict[str, Any], request: LaunchRequest, template: Mapping[str, Any]) -> None:
    """Adds to moto's arguments what the launch template says and moto leaves out. What the request says wins."""
    placement = template.get("Placement") or {}
    defaults = {
        "metadata_options": template.get("MetadataOptions"),
        "instance_initiated_shutdown_behavior": template.get("InstanceInitiatedShutdownBehavior"),
        "ebs_optimized": template.get("EbsOptimized"),
        "disable_api_stop": template.get("DisableApiStop"),
        "placement": placement.get("AvailabilityZone"),
        "nics": copy.deepcopy(template.get("NetworkInterfaces")),
    }
    for name, value in defaults.items():
        if value and not arguments.get(name):
            arguments[name] = value
    for nic in arguments.get("nics") or ():
        nic.setdefault("DeviceIndex", 0)
    protection = request.disable_api_termination
    arguments["disable_api_termination"] = bool(template.get("DisableApiTermination") if protection is None else protection)
    monitoring = (template.get("Monitoring") or {}).get("Enabled") if request.monitoring is None else request.monitoring
    arguments["monitoring_state"] = "enabled" if monitoring else arguments.get("monitoring_state", "disabled")
    mappings = arguments.get("block_device_mappings") or template.get("BlockDeviceMappings") or ()
    arguments["iops"] = {mapping.get("DeviceName"): (mapping.get("Ebs") or {}).get("Iops") for mapping in mappings}
    if arguments.get("is_instance_type_default") and template.get("InstanceType"):
        arguments["instance_type"] = template["InstanceType"]
        arguments["is_instance_type_default"] = False


# ---- where, and how many ------------------------------------------------------------------------------------------------------------


def no_capacity(zone: str, instance_type: str) -> str | None:
    """The text of the capacity fault that runs for the zone and type (EC2-15), or None."""
    return context().faults.no_capacity(zone, instance_type)


def choose_subnet(backend: Any, arguments: Mapping[str, Any]) -> Any:
    """The subnet that the launch goes to. InsufficientInstanceCapacity when its zone has none. None: no default subnet (moto says so)."""
    instance_type = arguments.get("instance_type", "m1.small")
    candidates = _candidates(backend, arguments)
    refusals = [no_capacity(subnet.availability_zone, instance_type) for subnet in candidates]
    for subnet, refusal in zip(candidates, refusals, strict=True):
        if refusal is None:
            return subnet
    if candidates:
        raise errors.no_capacity(next(r for r in refusals if r))
    return None


def _candidates(backend: Any, arguments: Mapping[str, Any]) -> list[Any]:
    first: Mapping[str, Any] = next((n for n in arguments.get("nics") or () if int(n.get("DeviceIndex", 0)) == 0), {})
    if first.get("NetworkInterfaceId"):
        return [backend.get_network_interface(first["NetworkInterfaceId"]).subnet]
    if named := arguments.get("subnet_id") or first.get("SubnetId"):
        return [backend.get_subnet(named)]
    defaults = backend.get_default_subnets()
    if zone := arguments.get("placement"):
        return [defaults[zone]] if zone in defaults else []
    return [defaults[zone] for zone in sorted(defaults)]  # no zone asked for: the first that has capacity


def how_many(request: LaunchRequest, subnet: Any, arguments: Mapping[str, Any]) -> int:
    """As many as there is room for, up to MaxCount; an error when that is less than MinCount."""
    if arguments.get("private_ip") and request.minimum > 1:
        raise InvalidParameterCombination("A private IP address can be specified for one instance only")
    if arguments.get("private_ip"):
        addresses.check(subnet, arguments["private_ip"])
        return 1
    attached = any(n.get("NetworkInterfaceId") for n in arguments.get("nics") or ())
    count = 1 if attached else min(request.maximum, addresses.free_count(subnet))
    if count < request.minimum:
        raise errors.no_free_address(subnet.id)
    return count


# ---- vCPU quotas (EC2-15) -----------------------------------------------------------------------------------------------------------


def held(backend: Any) -> list[Held]:
    """The pending and running instances of all accounts and Regions; `here` are those of `backend`'s."""
    every = ((one, instance) for regions in ec2_backends.values() for one in regions.values() for instance in one.all_instances())
    return [
        Held(instance_type=instance.instance_type, vcpus=vcpus(instance.instance_type), here=one is backend)
        for one, instance in every
        if instance.lifecycle_state in COUNTED
    ]


def fitting(instance_type: str, minimum: int, maximum: int, present: Iterable[Held]) -> int:
    """How many of `maximum` instances the quotas leave room for; VcpuLimitExceeded when that is less than `minimum`."""
    settings = context().settings
    room = quotas.room(instance_type, present, Limits(quota=settings.vcpu_limit, machine=settings.machine_vcpus))
    if room is None:
        return maximum
    count = min(maximum, room.vcpus // vcpus(instance_type))
    if count < minimum:
        raise errors.vcpu_limit_exceeded(room.limit)
    return count


def check_quotas_of_start(backend: Any, stopped: Iterable[Any]) -> None:
    """VcpuLimitExceeded when not all of them can run."""
    present = held(backend)
    for instance in stopped:
        fitting(instance.instance_type, 1, 1, present)
        present.append(Held(instance_type=instance.instance_type, vcpus=vcpus(instance.instance_type), here=True))


def vcpus(instance_type: str) -> int:
    """1 for a type that moto does not know: it is refused for that."""
    return int(INSTANCE_TYPES.get(instance_type, {}).get("VCpuInfo", {}).get("DefaultVCpus", 1))


# ---- what the runtime needs ---------------------------------------------------------------------------------------------------------


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
