"""Images: found as on AWS, with every filter of DescribeImages, and named by a Systems Manager parameter instead of an id.

The images of amis.json have the names and owners under which AWS and Canonical publish them, so that a client's usual filters find them.
All of them boot the sandbox's machine image.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.models import EC2Backend

from sandbox.aws.seams import adds, replaces
from sandbox.services.ec2 import errors
from sandbox.services.ec2.api.filters import one_of
from sandbox.services.ec2.state.public_images import missing_images

ALIAS = "resolve:ssm:"
PUBLIC = "/aws/service/"
IMAGE_TYPE = "aws:ec2:image"

Getter = Callable[[Any], Any]


def _device(name: str) -> Getter:
    return lambda image: [mapping["Ebs"][name] for mapping in image.block_device_mappings]


FILTERS: Mapping[str, Getter] = {
    "architecture": lambda image: image.architecture,
    "block-device-mapping.delete-on-termination": _device("DeleteOnTermination"),
    "block-device-mapping.device-name": lambda image: [mapping["DeviceName"] for mapping in image.block_device_mappings],
    "block-device-mapping.encrypted": lambda image: False,
    "block-device-mapping.snapshot-id": _device("SnapshotId"),
    "block-device-mapping.volume-size": _device("VolumeSize"),
    "block-device-mapping.volume-type": _device("VolumeType"),
    "boot-mode": lambda image: image.boot_mode,
    "creation-date": lambda image: f"{image.creation_date:%Y-%m-%dT%H:%M:%S}.000Z",
    "description": lambda image: image.description,
    "ena-support": lambda image: getattr(image, "ena_support", True),
    "free-tier-eligible": lambda image: None,
    "hypervisor": lambda image: image.hypervisor,
    "image-allowed": lambda image: None,
    "image-id": lambda image: image.id,
    "image-type": lambda image: image.image_type,
    "is-public": lambda image: image.is_public,
    "kernel-id": lambda image: image.kernel_id,
    "manifest-location": lambda image: image.image_location,
    "name": lambda image: image.name,
    "owner-alias": lambda image: image.owner_alias,
    "owner-id": lambda image: image.owner_id,
    "platform": lambda image: image.platform,
    "product-code": lambda image: list(image.product_codes),
    "product-code.type": lambda image: "marketplace" if image.product_codes else None,
    "ramdisk-id": lambda image: None,
    "root-device-name": lambda image: image.root_device_name,
    "root-device-type": lambda image: image.root_device_type,
    "source-image-id": lambda image: getattr(image, "source_image_id", None),
    "source-image-region": lambda image: getattr(image, "source_image_region", None),
    "source-instance-id": lambda image: image.source_instance_id,
    "sriov-net-support": lambda image: image.sriov,
    "state": lambda image: image.state,
    "state-reason-code": lambda image: getattr(image, "state_reason", {}).get("Code"),
    "state-reason-message": lambda image: getattr(image, "state_reason", {}).get("Message"),
    "tag-key": lambda image: [tag["key"] for tag in image.get_tags()],
    "virtualization-type": lambda image: image.virtualization_type,
}
"""Filter of DescribeImages → what is compared (None: no image here has it)."""


class Images(EC2Backend):
    """The part of our backend that has images."""

    @replaces(why="EC2-60: every filter of DescribeImages; an id that does not exist beside one that does")
    def describe_images(
        self, ami_ids: list[str] | None = None, filters: Any = None, exec_users: list[str] | None = None, owners: list[str] | None = None
    ) -> list[Any]:
        given: Mapping[str, Sequence[str]] = {name: [value] if isinstance(value, str) else value for name, value in (filters or {}).items()}
        for name in given:
            if name not in FILTERS and not name.startswith("tag:"):
                raise errors.unknown_filter(name)
        if unknown := [one for one in ami_ids or () if one.startswith("ami-") and one not in self.amis and one not in self.deleted_amis]:
            raise errors.unknown_images(unknown)
        found = super().describe_images(ami_ids, None, exec_users, owners)
        return [image for image in found if all(one_of(_value(image, name), wanted) for name, wanted in given.items())]

    @adds(why="EC2-61: an image named by a Systems Manager parameter")
    def image_id_of(self, image_id: str | None) -> str | None:
        """The image's id for `resolve:ssm:…`; anything else is returned unchanged. Raises SsmInvalidParameter."""
        if image_id is None or not image_id.startswith(ALIAS):
            return image_id
        name = image_id.removeprefix(ALIAS)
        parameter = self._image_parameter(name)
        if parameter is None:
            raise errors.unknown_alias(name)
        if parameter.data_type != IMAGE_TYPE and not parameter.name.startswith(PUBLIC):
            raise errors.alias_of_another_type()
        return str(parameter.value)

    def _image_parameter(self, name: str) -> Any:
        """moto's parameter of a name, a name with a version or a label, or an ARN."""
        from moto.ssm.exceptions import ParameterVersionNotFound  # noqa: PLC0415 - loaded when a request first needs it
        from moto.ssm.models import ssm_backends  # noqa: PLC0415

        name = name.partition(":parameter")[2] if name.startswith("arn:") else name
        try:
            return ssm_backends[self.account_id][self.region_name].get_parameter(name)
        except ParameterVersionNotFound:
            return None

    @adds(why="EC2-60: a saved state gets the images that a later release has")
    def add_missing_images(self) -> None:
        self.amis |= missing_images(self)


def _value(image: Any, name: str) -> Any:
    if name.startswith("tag:"):
        return next((tag["value"] for tag in image.get_tags() if tag["key"] == name.removeprefix("tag:")), None)
    return FILTERS[name](image)
