"""AMIs: names, and where the content of a new one comes from. Raises AWS's errors; changes nothing."""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.aws.context import context
from sandbox.services.ec2 import errors
from sandbox.services.ec2.api.images import errors as image_errors
from sandbox.services.ec2.api.validation.attributes import check_own_image
from sandbox.services.ec2.image_model import ImageContent

NAME = re.compile(r"[A-Za-z0-9()\[\] ./\-'@_]{3,128}")
ID = re.compile(r"ami-([0-9a-f]{8}|[0-9a-f]{17})")
DOCKER, COMMAND = "docker://", "command://"
REFERENCE = re.compile(r"[a-z0-9][\w./:@-]{0,254}")
"""A container image as `docker run` takes it: "my/service:1", "registry.example/app@sha256:…"."""
LONGEST_COMMAND = 4096
ATTRIBUTES = {"description": "Description", "imdsSupport": "ImdsSupport"}
"""Attribute of ModifyImageAttribute → its parameter."""


def check_name(backend: Any, name: str | None) -> None:
    """Unique among the account's own AMIs of the Region (EC2-70)."""
    if not name:
        raise errors.parameter_missing("Name")
    if not NAME.fullmatch(name):
        raise image_errors.malformed_image_name()
    for image in backend.amis.values():
        if image.name == name and image.owner_id == backend.account_id:
            raise image_errors.image_name_taken(name, image.id)


def check_id(image_id: str) -> None:
    if not ID.fullmatch(image_id):
        raise errors.malformed_image_id(image_id)


def check_registration(backend: Any, parameters: Mapping[str, Any]) -> None:
    """RegisterImage: a location that the sandbox can boot, or devices with a root snapshot."""
    check_name(backend, parameters.get("Name"))
    if location := parameters.get("ImageLocation"):
        content_at(location)
        return
    if not parameters.get("BlockDeviceMappings"):
        raise errors.parameter_missing("ImageLocation")
    root_snapshot(backend, parameters)


def check_creation(backend: Any, parameters: Mapping[str, Any]) -> None:
    """CreateImage: of an instance that has a disk now."""
    instance = backend.get_instance(parameters["InstanceId"])
    check_name(backend, parameters.get("Name"))
    if instance.lifecycle_state.value not in ("running", "stopped"):
        raise image_errors.no_disk_now(instance.id)
    if refusal := context().machines.images.cannot_create():
        raise image_errors.unsupported(f"CreateImage: {refusal}.")


def check_copy(backend: Any, parameters: Mapping[str, Any]) -> None:
    """CopyImage. Its source is looked up by the operation: it may be in another Region."""
    check_name(backend, parameters.get("Name"))
    check_id(parameters["SourceImageId"])
    if parameters.get("DestinationOutpostArn"):
        raise image_errors.unsupported("The sandbox has no Outposts.")


def check_deregistration(backend: Any, parameters: Mapping[str, Any]) -> None:
    check_id(parameters["ImageId"])
    check_own_image(backend, parameters)


def check_change(backend: Any, parameters: Mapping[str, Any]) -> None:
    """DisableImage, EnableImage."""
    check_id(parameters["ImageId"])
    if parameters["ImageId"] in backend.deleted_amis:
        raise errors.unavailable_image(parameters["ImageId"])
    if parameters["ImageId"] not in backend.amis:
        raise errors.unknown_images([parameters["ImageId"]])
    check_own_image(backend, parameters)


def check_attribute(backend: Any, parameters: Mapping[str, Any]) -> None:
    """ModifyImageAttribute, in both of its forms: Attribute and Value, or a parameter for the attribute."""
    check_change(backend, parameters)
    if parameters.get("ProductCodes") or parameters.get("Attribute") == "productCodes":
        raise NotImplementedError("a product code of an image is not part of this sandbox")
    if (attribute := parameters.get("Attribute")) not in (None, "launchPermission", *ATTRIBUTES):
        raise errors.wrong_value(str(attribute), "attribute")
    support = changes(parameters).get("ImdsSupport")
    if support not in (None, "v2.0"):
        raise errors.wrong_value(support, "imdsSupport")


def changes(parameters: Mapping[str, Any]) -> dict[str, str]:
    """The values that ModifyImageAttribute sets, by the name of the parameter."""
    found = {name: parameters[name].get("Value") for name in ATTRIBUTES.values() if parameters.get(name)}
    if (attribute := parameters.get("Attribute")) in ATTRIBUTES:
        found[ATTRIBUTES[attribute]] = parameters.get("Value")
    return {name: str(value or "") for name, value in found.items()}


def content_at(location: str) -> ImageContent:
    """ImageLocation of RegisterImage: docker://<container image>, or command://<shell command>. Raises InvalidManifest."""
    reference, command = location.removeprefix(DOCKER), location.removeprefix(COMMAND).strip()
    if location.startswith(DOCKER) and REFERENCE.fullmatch(reference):
        return ImageContent(image=reference, own_application=True)
    if location.startswith(COMMAND) and 0 < len(command) <= LONGEST_COMMAND and "\0" not in command:
        return ImageContent(command=command, own_application=True)
    raise image_errors.unknown_location(location)


def root_snapshot(backend: Any, parameters: Mapping[str, Any]) -> Any:
    """moto's snapshot of the root device in the mappings of RegisterImage."""
    root = parameters.get("RootDeviceName")
    mappings = [one for one in parameters["BlockDeviceMappings"] if root in (None, one.get("DeviceName"))]
    snapshot_id = next((one["Ebs"]["SnapshotId"] for one in mappings if (one.get("Ebs") or {}).get("SnapshotId")), None)
    if snapshot_id is None:
        raise image_errors.no_root_snapshot()
    if snapshot_id not in backend.snapshots:
        raise image_errors.unknown_snapshot(snapshot_id)
    return backend.snapshots[snapshot_id]
