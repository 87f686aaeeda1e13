"""RunInstances: everything that the launch names is looked at before moto makes the first object of it.

The request and its launch template are one by then. Counts, subnet and quotas are state/launches.py's.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.exceptions import ServiceException
from moto.ec2.utils import filter_iam_instance_profiles

from sandbox.core.errors import ApiError
from sandbox.services.ec2 import errors
from sandbox.services.ec2.api.validation import interfaces as network_interfaces
from sandbox.services.ec2.api.validation.group_limits import check_interface
from sandbox.services.ec2.api.validation.kinds import NETWORK_INTERFACE, SECURITY_GROUP, SUBNET
from sandbox.services.ec2.api.validation.metadata_options import check_options, check_tag_keys
from sandbox.services.ec2.api.validation.references import check_ids
from sandbox.services.ec2.api.validation.volumes import check_mappings
from sandbox.services.ec2.model import ShutdownBehavior
from sandbox.services.ec2.state import addresses

VERSIONS = ("$latest", "$default")
CREDITS = ("standard", "unlimited")


def check_version(version: Any) -> None:
    """Of a launch template: a number from 1, $Latest or $Default."""
    text = str(version)
    if text.lower() not in VERSIONS and not (text.isdecimal() and int(text) > 0):
        raise ApiError("InvalidLaunchTemplateVersion", f"Invalid launch template version: {text}")


def check_profile(backend: Any, profile: Mapping[str, str] | None) -> None:
    """IamInstanceProfile of a request or of its template."""
    name, arn = (profile or {}).get("Name"), (profile or {}).get("Arn")
    if not name and not arn:
        return
    try:
        found = filter_iam_instance_profiles(backend.account_id, backend.partition, arn, name)
    except ServiceException:
        found = None
    if found is None:
        which, value, what = ("name", name, "name") if name else ("arn", arn, "ARN")
        text = f"Value ({value}) for parameter iamInstanceProfile.{which} is invalid. Invalid IAM Instance Profile {what}"
        raise ApiError("InvalidParameterValue", text)


def complete_spot_fleet(backend: Any, parameters: Mapping[str, Any]) -> None:
    """RequestSpotFleet."""
    config = parameters["SpotFleetRequestConfig"]
    for name in ("IamFleetRole", "TargetCapacity"):
        if config.get(name) is None:
            raise errors.parameter_missing(f"SpotFleetRequestConfig.{name}")
    if not config.get("LaunchSpecifications") and not config.get("LaunchTemplateConfigs"):
        raise errors.parameter_missing("SpotFleetRequestConfig.LaunchSpecifications")
    config.setdefault("AllocationStrategy", "lowestPrice")


def check_launch(backend: Any, arguments: Mapping[str, Any], asked: Mapping[str, Any], image: Any) -> None:
    """`arguments` of moto's run_instances, after the template filled them in; `asked`: the request's parameters over the template's."""
    check_ids(backend, SECURITY_GROUP, [one for one in _group_ids(arguments, asked) if isinstance(one, str)])
    for groups in _groups_of_interfaces(arguments, asked):
        check_interface(groups)
    check_profile(backend, asked.get("IamInstanceProfile"))
    _check_interfaces(backend, arguments.get("nics") or ())
    check_mappings(backend, asked.get("BlockDeviceMappings") or (), image.root_device_name)
    behavior = arguments.get("instance_initiated_shutdown_behavior")
    if behavior and behavior not in {known.value for known in ShutdownBehavior}:
        raise errors.wrong_value(behavior, "InstanceInitiatedShutdownBehavior")
    if ((asked.get("InstanceMarketOptions") or {}).get("SpotOptions") or {}).get("InstanceInterruptionBehavior") == "hibernate":
        raise NotImplementedError("hibernation of Spot Instances")
    options = asked.get("MetadataOptions") or {}
    check_options(options)
    if options.get("InstanceMetadataTags") == "enabled":
        check_tag_keys((arguments.get("tags") or {}).get("instance") or ())
    credits = (asked.get("CreditSpecification") or {}).get("CpuCredits")
    if credits and credits not in CREDITS:
        raise errors.wrong_value(credits, "CpuCredits")


def _group_ids(arguments: Mapping[str, Any], asked: Mapping[str, Any]) -> Iterable[Any]:
    return [group for groups in _groups_of_interfaces(arguments, asked) for group in groups]


def _groups_of_interfaces(arguments: Mapping[str, Any], asked: Mapping[str, Any]) -> list[Sequence[Any]]:
    of_interfaces = [nic.get("Groups") or () for nic in arguments.get("nics") or ()]
    return [arguments.get("security_group_ids") or asked.get("SecurityGroupIds") or (), *of_interfaces]


def _check_interfaces(backend: Any, interfaces: Sequence[Mapping[str, Any]]) -> None:
    indices = [int(one.get("DeviceIndex", 0)) for one in interfaces]
    if interfaces and 0 not in indices:
        raise ApiError("InvalidParameterValue", "When specifying network interfaces, you must include a device at index 0.")
    if len(set(indices)) < len(indices):
        raise ApiError("InvalidParameterValue", "Each network interface requires a unique device index.")
    for one in interfaces:
        if subnet_id := one.get("SubnetId"):
            check_ids(backend, SUBNET, (subnet_id,))
            _check_addresses(backend.get_subnet(subnet_id), one)
        if interface_id := one.get("NetworkInterfaceId"):
            check_ids(backend, NETWORK_INTERFACE, (interface_id,))
            if backend.enis[interface_id].instance is not None:
                raise network_interfaces.in_use(interface_id)


def _check_addresses(subnet: Any, interface: Mapping[str, Any]) -> None:
    listed = [one.get("PrivateIpAddress") for one in interface.get("PrivateIpAddresses") or ()]
    for address in {interface.get("PrivateIpAddress"), *listed} - {None}:
        addresses.check(subnet, address)
