"""Operations on the target groups of a group (ASG-82, ASG-83). The controller registers and drains the targets.

One of the parts of `SandboxAutoScaling` (api/assembly.py). Classic load balancers are not part of the sandbox.
"""

# mypy: allow-subclassing-any

from collections.abc import Mapping
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto
from sandbox.aws.seams import adds, replaces
from sandbox.services.autoscaling import errors
from sandbox.services.autoscaling.api.groups import GroupOperations
from sandbox.services.autoscaling.api.quotas import Quota
from sandbox.services.autoscaling.lifecycle_model import AttachmentMove, AttachmentState
from sandbox.services.autoscaling.model import Attachment
from sandbox.services.autoscaling.state import writes

CROSS_ZONE = "load_balancing.cross_zone.enabled"  # an attribute of target groups
REGISTERED = "ASG-79, ASG-83: the controller registers through the API, when members are in service"


class AttachmentOperations(GroupOperations):
    """Target groups."""

    @replaces(why=REGISTERED)
    def attach_load_balancer_target_groups(self, group_name: str, target_group_arns: list[str]) -> None:
        group = self.group(group_name)
        self._check_target_groups(target_group_arns, self._vpc(group.vpc_zone_identifier))
        Quota.TARGET_GROUPS.check(len({*group.target_group_arns, *target_group_arns}))
        for arn in target_group_arns:
            attachment = group.sandbox.attachments.get(arn)
            if attachment is None or attachment.state is AttachmentState.REMOVING:
                group.sandbox.attachments[arn] = Attachment(target_group_arn=arn, state=AttachmentState.ADDING)
        group.append_target_groups(target_group_arns)

    @replaces(why="ASG-82, ASG-83: Removing while its targets drain")
    def detach_load_balancer_target_groups(self, group_name: str, target_group_arns: list[str]) -> None:
        group = self.group(group_name)
        if unknown := [arn for arn in target_group_arns if arn not in group.target_group_arns]:
            raise errors.target_group_not_attached(unknown)
        for arn in dict.fromkeys(target_group_arns):
            group.target_group_arns.remove(arn)
            writes.move_attachment(group, arn, AttachmentMove.DETACH)

    @adds(why="ASG-82: each attachment with its state")
    def attachments(self, group_name: str) -> list[Attachment]:
        return list(self.group(group_name).sandbox.attachments.values())

    @replaces(why=REGISTERED)
    def update_attached_target_groups(self, group_name: str) -> None:
        """Does nothing."""

    @replaces(why="classic load balancers are not part of the sandbox")
    def update_attached_elbs(self, group_name: str) -> None:
        """Does nothing."""

    @adds(why="ASG-113: the warning about load balancers without cross-zone load balancing")
    def check_zonal_shift(self, given: Mapping[str, Any]) -> None:
        """`given`: parameters of CreateAutoScalingGroup, UpdateAutoScalingGroup or AttachTrafficSources."""
        group = self.autoscaling_groups.get(given["AutoScalingGroupName"])
        before = group.sandbox.availability_zone_impairment_policy if group else None
        policy = given.get("AvailabilityZoneImpairmentPolicy") or before or {}
        if given.get("SkipZonalShiftValidation") or not policy.get("ZonalShiftEnabled"):
            return
        arns = [*(given.get("TargetGroupARNs") or ()), *(group.target_group_arns if group else ())]
        known = self.elbv2_backend.target_groups
        if off := [arn for arn in arns if arn in known and known[arn].attributes.get(CROSS_ZONE) == "false"]:
            raise errors.cross_zone_off(off[0])
