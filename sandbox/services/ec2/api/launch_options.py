"""What a launch asks for and moto drops: devices with the image's root, placement, profile, credits, tags of volumes and interfaces.

`asked` is the request's parameters over those of its launch template: a parameter of the request replaces the template's (EC2-55).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.utils import convert_tag_spec

from sandbox.core.errors import ApiError
from sandbox.services.ec2 import errors
from sandbox.services.ec2.model import DEFAULT_CREDITS

KEPT = {
    "CapacityReservationSpecification": "capacity_reservation_specification",
    "CpuOptions": "cpu_options",
    "EnclaveOptions": "enclave_options",
    "MaintenanceOptions": "maintenance_options",
    "PrivateDnsNameOptions": "private_dns_name_options",
}
"""Parameters that DescribeInstances shows as they were given → the attribute of moto's instance that its serializer reads."""
PLACEMENT = {"Affinity": "affinity", "GroupName": "group_name", "PartitionNumber": "partition_number", "Tenancy": "tenancy"}
TAGGED = ("volume", "network-interface")
ROOT_SIZE = 8  # GiB, of an image that does not say


def devices(image: Any, mappings: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """BlockDeviceMappings as moto's run_instances takes them, the root device first: it is the image's, as the launch changed it."""
    root = dict(image.block_device_mappings[0]) if image.block_device_mappings else {"DeviceName": image.root_device_name, "Ebs": {}}
    given = {mapping.get("DeviceName"): mapping for mapping in mappings}
    of_root = given.pop(root["DeviceName"], {})
    size = {"VolumeSize": root["Ebs"].get("VolumeSize") or ROOT_SIZE, "VolumeType": root["Ebs"].get("VolumeType")}
    ebs = {**size, "DeleteOnTermination": True, **(of_root.get("Ebs") or {})}
    others = [{**mapping, "Ebs": mapping["Ebs"]} for mapping in given.values() if "NoDevice" not in mapping]
    return [{"DeviceName": root["DeviceName"], "Ebs": ebs}, *others]


def apply(instance: Any, asked: Mapping[str, Any], tags: Mapping[str, Mapping[str, str]]) -> None:
    """To an instance that moto has made. `tags` by resource type."""
    backend = instance.ec2_backend
    for name, attribute in KEPT.items():
        if asked.get(name):
            setattr(instance, attribute, asked[name])
    for name, attribute in PLACEMENT.items():
        if value := (asked.get("Placement") or {}).get(name):
            setattr(instance.placement, attribute, value)
    instance.sandbox.cpu_credits = (asked.get("CreditSpecification") or {}).get("CpuCredits") or credits_of(instance.instance_type)
    spot = (asked.get("InstanceMarketOptions") or {}).get("SpotOptions") or {}
    instance.sandbox.interruption_behavior = spot.get("InstanceInterruptionBehavior") or "terminate"
    profile = asked.get("IamInstanceProfile") or {}
    if profile.get("Name") or profile.get("Arn"):
        backend.associate_iam_instance_profile(instance.id, profile.get("Name"), profile.get("Arn"))
    volumes = [device.volume_id for _, device in instance.get_block_device_mapping]
    for kind, ids in (("volume", volumes), ("network-interface", [nic.id for nic in instance.nics.values()])):
        if tags.get(kind):
            backend.create_tags(ids, dict(tags[kind]))


def merged_tags(template: Mapping[str, Any], asked: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Tags by resource type: the template's, and over them those of the request."""
    of_template = convert_tag_spec(template.get("TagSpecifications") or [])
    return {kind: {**of_template.get(kind, {}), **asked.get(kind, {})} for kind in TAGGED}


def credits_of(instance_type: str) -> str:
    """The credit option that a burstable instance has when none is asked for; "" for the others (EC2-56)."""
    return DEFAULT_CREDITS.get(instance_type.partition(".")[0], "")


def credits_now(instance: Any) -> str:
    """The credit option; "" of an instance that is not burstable."""
    return (instance.sandbox.cpu_credits or credits_of(instance.instance_type)) if credits_of(instance.instance_type) else ""


def change_credits(backend: Any, instance_id: str, credits: str) -> ApiError | None:
    """Changes one instance; otherwise the error that ModifyInstanceCreditSpecification lists for it."""
    instance = next((one for one in backend.all_instances() if one.id == instance_id), None)
    if instance is None:
        return ApiError("InvalidInstanceID.NotFound", f"The instance ID '{instance_id}' does not exist")
    if not credits_now(instance):
        return ApiError("InstanceCreditSpecification.NotSupported", f"The instance '{instance_id}' is not a burstable instance.")
    if credits not in ("standard", "unlimited"):
        return errors.wrong_value(credits, "CpuCredits")
    instance.sandbox.cpu_credits = credits
    return None
