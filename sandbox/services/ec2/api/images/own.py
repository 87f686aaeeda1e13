"""Own images: RegisterImage, CopyImage and DeregisterImage (EC2-70 to EC2-72). The content of an image is that of its root snapshot."""

from collections.abc import Mapping
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.responses import ActionResult
from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.amis import Ami
from moto.ec2.responses import EC2Response
from moto.ec2.utils import random_ami_id

from sandbox.aws.seams import adds, replaces
from sandbox.services.ec2 import errors
from sandbox.services.ec2.api.images import errors as image_errors
from sandbox.services.ec2.api.validation.images import changes, content_at, root_snapshot
from sandbox.services.ec2.image_model import ImageCreation
from sandbox.services.ec2.state.images.contents import content_of, keep

REGISTERED = {"EnaSupport": "ena_support", "ImdsSupport": "imds_support", "TpmSupport": "tpm_support", "KernelId": "kernel_id"}
"""Parameters of RegisterImage that DescribeImages shows as given → the attribute that moto's serializer reads."""
CHANGED = {"Description": "description", "ImdsSupport": "imds_support"}
"""Parameters of ModifyImageAttribute beside launch permissions → attribute of moto's image."""
MACHINE = {"root_device_type": "ebs", "hypervisor": "xen"}


class OwnImages(EC2Backend):
    """The part of our backend that has the account's own images."""

    @adds(why="EC2-70: the image boots what the request names; moto keeps name and description only")
    def register_own_image(self, asked: Mapping[str, Any]) -> Any:
        image = Ami(
            self,
            random_ami_id(),
            name=asked["Name"],
            description=asked.get("Description"),
            image_location=asked.get("ImageLocation") or f"{self.account_id}/{asked['Name']}",
            architecture=asked.get("Architecture", "x86_64"),
            virtualization_type=asked.get("VirtualizationType", "hvm"),
            root_device_name=asked.get("RootDeviceName", "/dev/sda1"),
            boot_mode=asked.get("BootMode"),
            **MACHINE,
        )
        for parameter, attribute in REGISTERED.items():
            if parameter in asked:
                setattr(image, attribute, asked[parameter])
        if location := asked.get("ImageLocation"):
            keep(self, image, content_at(location))
        else:
            self._boot_from(image, root_snapshot(self, asked))
        self.amis[image.id] = image
        return image

    def _boot_from(self, image: Any, snapshot: Any) -> None:
        """The image's root snapshot is that one, instead of the one that moto has made."""
        self.snapshots.pop(image.ebs_snapshot.id)
        image.ebs_snapshot = snapshot

    @adds(why="EC2-75: pending until the runtime has an image of the instance's disk; moto's is available at once")
    def create_own_image(self, asked: Mapping[str, Any]) -> Any:
        instance = self.get_instance(asked["InstanceId"])
        image_id = random_ami_id()
        image = Ami(
            self,
            image_id,
            instance=instance,
            name=asked["Name"],
            description=asked.get("Description"),
            state="pending",
            image_location=f"{self.account_id}/{asked['Name']}",
            root_device_name=instance.root_device_name or "/dev/sda1",
            snapshot_description=f"Created by CreateImage({instance.id}) for {image_id}",
            boot_mode=None,
            **MACHINE,
        )
        image.ebs_snapshot.status = "pending"
        _inherit(image, self.amis.get(instance.image_id))
        self.amis[image_id] = image
        self.sandbox_creations[image_id] = ImageCreation(instance_id=instance.id, content=instance.sandbox.content)
        if not asked.get("NoReboot", False):
            instance.reboot()
        return image

    @replaces(why="EC2-75: an image that is deregistered while it is pending is not made")
    def deregister_image(self, ami_id: str) -> None:
        super().deregister_image(ami_id)
        self.sandbox_creations.pop(ami_id, None)

    @replaces(why="EC2-72: the copy boots what its source boots; an image that is not available cannot be copied")
    def copy_image(self, source_image_id: str, source_region: str, name: str | None = None, description: str | None = None) -> Any:
        there = ec2_backends[self.account_id][source_region]
        source = there.amis.get(source_image_id)
        if source is None:
            raise errors.unknown_images([source_image_id])
        if source.state != "available":
            raise image_errors.image_not_available(source_image_id, source.state)
        image = super().copy_image(source_image_id, source_region, name, description)
        for attribute in ("image_location", "root_device_type", "root_device_name", "hypervisor", "boot_mode"):
            setattr(image, attribute, getattr(source, attribute))
        _inherit(image, source)
        image.source_image_id, image.source_image_region = source_image_id, source_region
        keep(self, image, content_of(there, source))
        return image

    @replaces(why="EC2-71: a snapshot that several images share is in use by each of them; its content goes with it")
    def delete_snapshot(self, snapshot_id: str) -> Any:
        user = next((image.id for image in self.amis.values() if image.ebs_snapshot.id == snapshot_id), None)
        if user is not None:
            raise image_errors.snapshot_in_use(snapshot_id, user)
        deleted = super().delete_snapshot(snapshot_id)
        self.sandbox_contents.pop(snapshot_id, None)
        return deleted


def _inherit(image: Any, source: Any) -> None:
    """What a copy, or an image of an instance, has of its AMI (U). `source`: None: that AMI is deregistered."""
    if source is not None and (support := vars(source).get("imds_support")):
        image.imds_support = support


class OwnImageResponse(EC2Response):
    """The part of our response class that has the account's own images."""

    @replaces(why="EC2-70: all parameters reach the backend; moto drops most")
    def register_image(self) -> ActionResult:
        return ActionResult({"ImageId": self.ec2_backend.register_own_image(self.params).id})

    @replaces(why="EC2-75: see create_own_image")
    def create_image(self) -> ActionResult:
        return ActionResult({"ImageId": self.ec2_backend.create_own_image(self.params).id})

    @replaces(why="IMDS-7: ImdsSupport, and the description; moto changes launch permissions only")
    def modify_image_attribute(self) -> ActionResult:
        answer = super().modify_image_attribute()
        image = self.ec2_backend.amis[self._get_param("ImageId")]
        for parameter, value in changes(self.params).items():
            setattr(image, CHANGED[parameter], value)
        return answer

    @replaces(why="IMDS-7: ImdsSupport, which moto's images do not have")
    def describe_image_attribute(self) -> ActionResult:
        if self._get_param("Attribute") != "imdsSupport":
            return super().describe_image_attribute()
        image_id = self._get_param("ImageId")
        value = vars(self.ec2_backend.amis[image_id]).get("imds_support")
        return ActionResult({"ImageId": image_id, "ImdsSupport": {"Value": value} if value else {}})

    @replaces(why="EC2-71: DeleteAssociatedSnapshots")
    def deregister_image(self) -> ActionResult:
        image_id = self._get_param("ImageId")
        image = self.ec2_backend.amis.get(image_id)
        self.ec2_backend.deregister_image(image_id)
        if not self._get_param("DeleteAssociatedSnapshots", False):
            return ActionResult({"Return": True})
        return ActionResult({"Return": True, "DeleteSnapshotResults": [self._deleted(image.ebs_snapshot.id)]})

    def _deleted(self, snapshot_id: str) -> dict[str, str]:
        used = any(image.ebs_snapshot.id == snapshot_id for image in self.ec2_backend.amis.values())
        if not used:
            self.ec2_backend.delete_snapshot(snapshot_id)
        return {"SnapshotId": snapshot_id, "ReturnCode": "skipped" if used else "success"}
