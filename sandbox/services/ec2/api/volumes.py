"""Volumes: the IOPS and throughput that a type has by itself, at creation and after a change of the type (EC2-57)."""

from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.models import EC2Backend

from sandbox.aws.seams import replaces

GP2_IOPS_PER_GIB, GP2_LEAST, GP2_MOST = 3, 100, 16000
PROVISIONED, DEFAULT_IOPS, GP3_THROUGHPUT = ("gp3", "io1", "io2"), 3000, 125


class Volumes(EC2Backend):
    """The part of our backend that has volumes."""

    @replaces(why="EC2-57: the IOPS of gp2, the throughput of gp3")
    def create_volume(self, size: int, zone_name: str, *args: Any, **kwargs: Any) -> Any:
        volume = super().create_volume(size, zone_name, *args, **kwargs)
        _complete(volume)
        return volume

    @replaces(why="EC2-57: another type has other IOPS and throughput; gp2 has more with its size")
    def modify_volume(self, volume_id: str, *args: Any, **kwargs: Any) -> Any:
        volume = self.get_volume(volume_id)
        before, iops, throughput = volume.volume_type, volume.iops, volume.throughput
        super().modify_volume(volume_id, *args, **kwargs)
        if volume.volume_type != before:
            volume.iops = None if volume.iops == iops else volume.iops
            volume.throughput = None if volume.throughput == throughput else volume.throughput
        _complete(volume)
        return volume

    @replaces(why="DescribeVolumes shows DeleteOnTermination of an attachment, too")
    def attach_volume(self, volume_id: str, instance_id: str, device_path: str, delete_on_termination: bool = False) -> Any:
        attachment = super().attach_volume(volume_id, instance_id, device_path, delete_on_termination)
        if attachment is not None:
            attachment.delete_on_termination = delete_on_termination
        return attachment

    def note_devices(self, instance_id: str) -> None:
        """After a change of the instance's devices: the attachments show the same."""
        for _, device in self.get_instance(instance_id).get_block_device_mapping:
            if attachment := self.volumes[device.volume_id].attachment:
                attachment.delete_on_termination = device.delete_on_termination


def _complete(volume: Any) -> None:
    volume.multi_attach_enabled = bool(volume.multi_attach_enabled)
    if volume.volume_type == "gp2":
        volume.iops = min(GP2_MOST, max(GP2_LEAST, GP2_IOPS_PER_GIB * int(volume.size)))
    if volume.volume_type in PROVISIONED:
        volume.iops = volume.iops or DEFAULT_IOPS
    if volume.volume_type == "gp3":
        volume.throughput = volume.throughput or GP3_THROUGHPUT
