"""RunInstances up to the moment where moto makes the objects: what the request asked, what its template adds, which subnet, how many.

api/assembly.py calls these in order; api/validation/launches.py has checked the request before.
"""

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.exceptions import InvalidParameterCombination

from sandbox.aws.active_faults import LaunchAttempt
from sandbox.aws.backends import free_count
from sandbox.aws.context import calling_role, context
from sandbox.services.ec2 import errors
from sandbox.services.ec2.api import launch_options
from sandbox.services.ec2.state import addresses
from sandbox.services.ec2.state.launch_spec import decoded
from sandbox.services.ec2.state.tokens import Token

USER_DATA_LIMIT = 16384  # UD-1, bytes before base64
GROUP_TAG = "aws:autoscaling:groupName"  # ASG-20


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchRequest:
    """What the request says and moto's run_instances has no argument for."""

    minimum: int
    maximum: int
    parameters: Mapping[str, Any] = field(default_factory=dict)  # of the request, as botocore's model has them
    token: Token | None = None
    dry_run: bool = False


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


def check_user_data(user_data: Any, code: str = "InvalidParameterValue") -> None:
    """UD-1."""
    if len(decoded(user_data) or b"") > USER_DATA_LIMIT:
        raise errors.user_data_too_long(code)


def asked_for(request: LaunchRequest, template: Mapping[str, Any]) -> dict[str, Any]:
    """All parameters of the launch: the template's, and over them the request's (EC2-55)."""
    return {**template, **request.parameters}


def fill_in(arguments: dict[str, Any], asked: Mapping[str, Any]) -> None:
    """Adds to moto's arguments what they lack of the launch template, and what moto ignores."""
    defaults = {
        "instance_initiated_shutdown_behavior": asked.get("InstanceInitiatedShutdownBehavior"),
        "ebs_optimized": asked.get("EbsOptimized"),
        "disable_api_stop": asked.get("DisableApiStop"),
        "hibernation_options": asked.get("HibernationOptions"),
        "instance_market_options": (asked.get("InstanceMarketOptions") or {}).get("MarketType"),
        "placement": (asked.get("Placement") or {}).get("AvailabilityZone"),
        "placement_hostid": (asked.get("Placement") or {}).get("HostId"),
        "nics": copy.deepcopy(asked.get("NetworkInterfaces")),
    }
    for name, value in defaults.items():
        if value and not arguments.get(name):
            arguments[name] = value
    for nic in arguments.get("nics") or ():
        nic.setdefault("DeviceIndex", 0)
    arguments["disable_api_termination"] = bool(asked.get("DisableApiTermination"))
    monitored = (asked.get("Monitoring") or {}).get("Enabled")
    arguments["monitoring_state"] = "enabled" if monitored else arguments.get("monitoring_state", "disabled")
    if arguments.get("is_instance_type_default") and asked.get("InstanceType"):
        arguments["instance_type"] = asked["InstanceType"]
        arguments["is_instance_type_default"] = False


def fill_in_devices(arguments: dict[str, Any], image: Any, asked: Mapping[str, Any]) -> None:
    """The launch's devices with the image's root. moto makes volumes without Iops and Throughput, so they are passed beside."""
    made = launch_options.devices(image, asked.get("BlockDeviceMappings") or arguments.get("block_device_mappings") or ())
    arguments["block_device_mappings"] = made
    arguments["iops"] = {mapping["DeviceName"]: mapping["Ebs"].get("Iops") for mapping in made}
    arguments["throughput"] = {mapping["DeviceName"]: mapping["Ebs"].get("Throughput") for mapping in made}


def no_capacity(zone: str, instance_type: str, tags: Mapping[str, str]) -> str | None:
    """The text of the capacity fault that runs for a launch (EC2-15), or None. `tags` of the instance: they name its group (ASG-20)."""
    attempt = LaunchAttempt(zone=zone, instance_type=instance_type, group=tags.get(GROUP_TAG), role=calling_role())
    return context().faults.no_capacity(attempt)


def choose_subnet(backend: Any, arguments: Mapping[str, Any]) -> Any:
    """The subnet that the launch goes to; InsufficientInstanceCapacity when its zone has none.

    None: there is no default subnet, and moto raises the error."""
    instance_type = arguments.get("instance_type", "m1.small")
    tags = (arguments.get("tags") or {}).get("instance") or {}
    refusals = []
    for subnet in _candidates(backend, arguments):
        refusal = no_capacity(subnet.availability_zone, instance_type, tags)
        if refusal is None:
            return subnet
        refusals.append(refusal)
    if refusals:
        raise errors.no_capacity(refusals[0])
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
    for other in addresses.occupied(subnet.vpc_id, subnet.cidr_block):
        raise addresses.conflict(subnet.ec2_backend.account_id, subnet.cidr_block, other)
    if arguments.get("private_ip") and request.minimum > 1:
        raise InvalidParameterCombination("A private IP address can be specified for one instance only")
    if arguments.get("private_ip"):
        addresses.check(subnet, arguments["private_ip"])
        return 1
    attached = any(n.get("NetworkInterfaceId") for n in arguments.get("nics") or ())
    count = 1 if attached else min(request.maximum, free_count(subnet))
    if count < request.minimum:
        raise errors.no_free_address(subnet.id)
    return count
