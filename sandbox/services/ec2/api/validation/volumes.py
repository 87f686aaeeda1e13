"""Volumes and their attachments: EBS's errors before moto enters anything."""

from collections.abc import Iterable, Mapping, MutableMapping
from importlib import import_module
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.exceptions import ServiceException

from sandbox.core.errors import ApiError
from sandbox.services.ec2 import errors
from sandbox.services.ec2.api.validation.kinds import SNAPSHOT
from sandbox.services.ec2.api.validation.references import check_ids
from sandbox.services.ec2.model import InstanceState

TYPES = ("standard", "gp2", "gp3", "io1", "io2", "st1", "sc1")
WITH_IOPS = ("io1", "io2")
ATTACHABLE = (InstanceState.PENDING, InstanceState.RUNNING, InstanceState.STOPPING, InstanceState.STOPPED)


def check_new(backend: Any, parameters: Mapping[str, Any]) -> None:
    """CreateVolume."""
    zone = parameters.get("AvailabilityZone")
    if zone and all(zone != known.name for known in backend.describe_availability_zones()):
        raise ApiError("InvalidZone.NotFound", f"The zone '{zone}' does not exist.")
    _check_type(parameters.get("VolumeType"))


def check_copy(backend: Any, parameters: Mapping[str, Any]) -> None:
    """CopySnapshot, within a Region: moto's error of an unknown snapshot has no text."""
    if parameters["SourceRegion"] == backend.region_name:
        check_ids(backend, SNAPSHOT, [parameters["SourceSnapshotId"]])


def check_attachment(backend: Any, parameters: Mapping[str, Any]) -> None:
    """AttachVolume."""
    volume, instance = backend.volumes[parameters["VolumeId"]], backend.get_instance(parameters["InstanceId"])
    if volume.attachment:
        raise ApiError("VolumeInUse", f"{volume.id} is already attached to an instance")
    if instance.lifecycle_state not in ATTACHABLE:
        raise ApiError("IncorrectState", f"Instance '{instance.id}' is not 'running'.")
    if volume.availability_zone != instance.availability_zone:
        text = f"The volume '{volume.id}' is not in the same availability zone as instance '{instance.id}'"
        raise ApiError("InvalidVolume.ZoneMismatch", text)
    if (device := parameters["Device"]) in instance.block_device_mapping:
        text = f"Invalid value '{device}' for unixDevice. Attachment point {device} is already in use"
        raise ApiError("InvalidParameterValue", text)


def check_change(backend: Any, parameters: Mapping[str, Any]) -> None:
    """ModifyVolume."""
    volume = backend.volumes[parameters["VolumeId"]]
    if parameters.get("Size") is not None and int(parameters["Size"]) < int(volume.size):
        raise ApiError("InvalidParameterValue", "New size cannot be smaller than existing size")
    _check_type(parameters.get("VolumeType"))


def complete_detachment(backend: Any, parameters: MutableMapping[str, Any]) -> None:
    """DetachVolume: the instance is known from the volume."""
    volume = backend.volumes[parameters["VolumeId"]]
    if volume.attachment is None:
        raise ApiError("IncorrectState", f"Volume '{volume.id}' is in the 'available' state.")
    parameters.setdefault("InstanceId", volume.attachment.instance.id)


def check_mappings(backend: Any, mappings: Iterable[Mapping[str, Any]], root: str) -> None:
    """BlockDeviceMappings of a launch, of the request or of its template. The device `root` has its size from the image."""
    devices: set[str] = set()
    for mapping in mappings:
        device = mapping.get("DeviceName")
        if not device:
            raise errors.parameter_missing("deviceName")
        if device in devices:
            raise ApiError("InvalidBlockDeviceMapping", f"The device '{device}' is used in more than one block-device mapping")
        devices.add(device)
        if mapping.get("NoDevice") is None:
            _check_volume(backend, mapping.get("Ebs"), sized=device == root)


def _check_volume(backend: Any, ebs: Mapping[str, Any] | None, *, sized: bool) -> None:
    if not ebs:
        raise errors.parameter_missing("ebs")
    if snapshot := ebs.get("SnapshotId"):
        check_ids(backend, SNAPSHOT, (snapshot,))
    elif not sized and not ebs.get("VolumeSize"):
        raise errors.parameter_missing("size/snapshot")
    _check_type(ebs.get("VolumeType"))
    if ebs.get("VolumeType") in WITH_IOPS and not ebs.get("Iops"):
        raise _needs("VolumeType", "Iops")
    if ebs.get("KmsKeyId") and not ebs.get("Encrypted"):
        raise _needs("KmsKeyId", "Encrypted")


def check_key(backend: Any, parameters: Mapping[str, Any]) -> None:
    """ModifyEbsDefaultKmsKeyId: an id, an ARN or an alias that KMS knows (U)."""
    wanted = parameters["KmsKeyId"]
    kms_backends = import_module("moto.kms.models").kms_backends  # not loaded before it is needed
    try:
        kms_backends[backend.account_id][backend.region_name].describe_key(wanted)
    except (KeyError, ServiceException):
        raise errors.wrong_value(wanted, "KmsKeyId") from None


def _needs(parameter: str, other: str) -> ApiError:
    return ApiError("InvalidParameterDependency", f"The parameter [{parameter}] requires the parameter {other} to be set.")


def _check_type(volume_type: str | None) -> None:
    if volume_type is not None and volume_type not in TYPES:
        raise ApiError("UnknownVolumeType", f"Unsupported volume type '{volume_type}' for volume creation.")
