"""Attributes of instances and images. moto sets any attribute of its object to any text: `id`, too."""

from collections.abc import Mapping, MutableMapping
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.models.instance_types import INSTANCE_TYPES

from sandbox.core.errors import ApiError
from sandbox.services.ec2 import errors
from sandbox.services.ec2.api.validation.group_limits import check_interface

TRUTHS = ("disableApiTermination", "disableApiStop", "sourceDestCheck", "ebsOptimized", "enaSupport")
TEXTS = ("instanceType", "kernel", "ramdisk", "userData", "instanceInitiatedShutdownBehavior", "sriovNetSupport")

ABSENT_OF_IMAGES = ("ramdisk", "tpmSupport", "uefiData", "lastLaunchedTime", "deregistrationProtection")
"""Attributes of an image that moto's images do not have."""


def check_instance_attribute(backend: Any, parameters: Mapping[str, Any]) -> None:
    """ModifyInstanceAttribute, in both of its forms: Attribute and Value, or a parameter for the attribute."""
    attribute, value = parameters.get("Attribute"), parameters.get("Value")
    if attribute is not None and attribute not in TRUTHS + TEXTS:
        raise ApiError("InvalidParameterValue", f"Value ({attribute}) for parameter attribute is invalid. Unknown attribute.")
    if attribute in TRUTHS and value not in ("true", "false"):
        raise errors.wrong_value(str(value), attribute)
    wanted = value if attribute == "instanceType" else (parameters.get("InstanceType") or {}).get("Value")
    if wanted is not None and wanted not in INSTANCE_TYPES:
        raise errors.wrong_value(wanted, "InstanceType")
    check_interface(parameters.get("Groups"))
    _check_devices(backend, parameters)


def _check_devices(backend: Any, parameters: Mapping[str, Any]) -> None:
    mappings = parameters.get("BlockDeviceMappings") or ()
    present = backend.get_instance(parameters["InstanceId"]).block_device_mapping if mappings else ()
    for mapping in mappings:
        if mapping.get("DeviceName") not in present:
            text = f"No device is currently mapped at {mapping.get('DeviceName')}"
            raise ApiError("InvalidInstanceAttributeValue", text)


def check_image(backend: Any, parameters: Mapping[str, Any]) -> None:
    """DescribeImageAttribute."""
    if parameters["ImageId"] not in backend.amis:
        raise ApiError("InvalidAMIID.NotFound", f"The image id '[{parameters['ImageId']}]' does not exist")
    if parameters["Attribute"] in ABSENT_OF_IMAGES:
        raise NotImplementedError(f"the attribute {parameters['Attribute']} of an image")


def check_own_image(backend: Any, parameters: Mapping[str, Any]) -> None:
    """Changes of an image, and its end: only its owner may, and the sandbox's own images are Amazon's and Canonical's."""
    image = backend.amis.get(parameters["ImageId"])
    if image is not None and image.owner_id != backend.account_id:
        raise errors.foreign_image(parameters["ImageId"])


# ---- choices of Describe operations that moto does not look at ---------------------------------------------------------------------------


def complete_key_pairs(backend: Any, parameters: MutableMapping[str, Any]) -> None:
    """DescribeKeyPairs: KeyPairIds, which moto knows by name only."""
    if wanted := parameters.get("KeyPairIds"):
        named = [name for name, pair in backend.key_pairs.items() if pair.id in wanted]
        parameters["KeyNames"] = [*parameters.get("KeyNames", ()), *named]


def complete_snapshots(backend: Any, parameters: MutableMapping[str, Any]) -> None:
    """DescribeSnapshots: OwnerIds as the filter that moto has for it. `self` is the caller."""
    if owners := parameters.get("OwnerIds"):
        wanted = [backend.account_id if owner == "self" else owner for owner in owners]
        parameters["Filters"] = [*parameters.get("Filters", ()), {"Name": "owner-id", "Values": wanted}]
