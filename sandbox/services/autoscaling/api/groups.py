"""Operations on groups: what AWS checks, and what it stores. The controller launches and terminates.

One of the parts of `SandboxAutoScaling` (api/assembly.py). Method names and parameters are moto's where moto has the operation.
"""

# mypy: allow-subclassing-any

from collections.abc import Mapping
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.autoscaling.models import AutoScalingBackend
from moto.core.exceptions import ServiceException

from sandbox.aws.context import context
from sandbox.aws.seams import adds, replaces
from sandbox.services.autoscaling import errors
from sandbox.services.autoscaling.activity_model import Activity
from sandbox.services.autoscaling.api.quotas import PerCall, Quota
from sandbox.services.autoscaling.api.validation import groups as group_validation
from sandbox.services.autoscaling.api.validation import requests
from sandbox.services.autoscaling.api.validation.maintenance import maintenance
from sandbox.services.autoscaling.decide import events, texts
from sandbox.services.autoscaling.lifecycle_model import AttachmentState
from sandbox.services.autoscaling.model import Attachment
from sandbox.services.autoscaling.state import activities, writes
from sandbox.services.autoscaling.state.store import active_refresh

RECORDED = "ASG-120: the API only records, the controller launches and terminates"


class GroupOperations(AutoScalingBackend):
    """Groups."""

    deleted_activities: list[tuple[Any, Activity]]  # (group, activity) of deleted groups, for IncludeDeletedGroups

    def group(self, name: str) -> Any:
        """ASG-5 instead of an internal error."""
        if name not in self.autoscaling_groups:
            raise errors.unknown_group(name)
        return self.autoscaling_groups[name]

    def _group_to_resize(self, name: str) -> Any:
        if name not in self.autoscaling_groups:
            raise errors.unknown_group_to_resize()
        group = self.autoscaling_groups[name]
        self._refuse_while_deleting(group)
        return group

    # ---- create, update ----------------------------------------------------------------------------------------------------------------

    @replaces(why="ASG-2, ASG-5 to ASG-7, ASG-16 to ASG-19: AWS's checks, texts and defaults")
    def create_auto_scaling_group(self, name: str, **given: Any) -> Any:
        if name in self.autoscaling_groups:
            raise errors.group_exists(name)
        group_validation.name(name)
        low, high = int(given["min_size"]), int(given["max_size"])
        desired = low if given["desired_capacity"] is None else int(given["desired_capacity"])
        group_validation.bounds(low, high, desired)
        self._check_source(given["launch_config_name"], given["launch_template"], given.get("instance_id"))
        if not given.get("vpc_zone_identifier") and not given["availability_zones"]:
            raise errors.no_zones()
        self._check_zones(given)
        requests.count_of_tags(len(given["tags"]), name)
        self._check_target_groups(given["target_group_arns"], self._vpc(given.get("vpc_zone_identifier")))
        Quota.TARGET_GROUPS.check(len(set(given["target_group_arns"])))
        Quota.GROUPS.check(len(self.autoscaling_groups) + 1)
        group_validation.health_check_type(given["health_check_type"])
        group_validation.policies(given["termination_policies"])
        group_validation.seconds("HealthCheckGracePeriod", given["health_check_period"])
        group = super().create_auto_scaling_group(name=name, **given)
        group.health_check_grace_period = int(given["health_check_period"] or 0)  # ASG-7: 0; the console's default is 300
        group.default_cooldown = 300 if given["default_cooldown"] is None else int(given["default_cooldown"])
        self._attach_at_creation(group)
        subject = events.Subject(group=name, other_resources=tuple(group.target_group_arns))
        context().journal.record(events.event(events.GROUP, f"{name} is created: {low} to {high} instances, {desired} desired", subject))
        group.desired_capacity = 0
        if desired:
            writes.change_desired(group, desired, texts.created(context().clock.now(), desired))
        return group

    def _attach_at_creation(self, group: Any) -> None:
        """ASG-82: InService at once."""
        group.target_group_arns = list(dict.fromkeys(group.target_group_arns))
        group.sandbox.attachments = {
            arn: Attachment(target_group_arn=arn, state=AttachmentState.IN_SERVICE) for arn in group.target_group_arns
        }

    @replaces(why="ASG-2, ASG-4, ASG-19: AWS's checks; the size is recorded only; a new source replaces the old one of the other kind")
    def update_auto_scaling_group(self, name: str, **given: Any) -> Any:
        group = self._group_to_resize(name)
        low = group.min_size if given["min_size"] is None else given["min_size"]
        high = group.max_size if given["max_size"] is None else given["max_size"]
        desired = given.pop("desired_capacity")
        group_validation.bounds(low, high, min(max(group.desired_capacity, low), high) if desired is None else desired)
        if given["launch_config_name"] or given["launch_template"]:
            if (refresh := active_refresh(group)) and refresh.desired:
                raise errors.refresh_forbids_update()
            self._check_source(given["launch_config_name"], given["launch_template"], None)
        self._check_zones(given, group.vpc_zone_identifier)
        group_validation.health_check_type(given["health_check_type"])
        group_validation.seconds("HealthCheckGracePeriod", given["health_check_period"])
        old = group.desired_capacity
        new = min(max(old, low), high) if desired is None else desired  # ASG-4
        super().update_auto_scaling_group(name=name, desired_capacity=new, **given)
        _one_source(group, given)
        group.sandbox.failures.clear()  # the update may correct what failed: the next launch is tried at once
        writes.record_change(group, old, texts.updated(context().clock.now(), (low, high, new), old))
        return group

    @adds(why="ASG-7: what moto's create and update drop")
    def apply_settings(self, name: str, given: Mapping[str, Any]) -> None:
        """`given`: parameters of CreateAutoScalingGroup and UpdateAutoScalingGroup that moto's handlers do not pass on."""
        group = self.group(name)
        if policies := given.get("TerminationPolicies"):
            group.termination_policies = policies
        if (cooldown := given.get("DefaultCooldown")) is not None:
            group.default_cooldown = cooldown
        if (warmup := given.get("DefaultInstanceWarmup")) is not None:
            group.sandbox.default_instance_warmup = None if warmup == group_validation.UNSET_WARMUP else warmup
        if distribution := given.get("AvailabilityZoneDistribution"):
            group.sandbox.availability_zone_distribution = distribution["CapacityDistributionStrategy"]
        if policy := given.get("AvailabilityZoneImpairmentPolicy"):
            group.sandbox.availability_zone_impairment_policy = group_validation.completed(policy)
        if (rebalance := given.get("CapacityRebalance")) is not None:
            group.capacity_rebalance = rebalance
        if (placement_group := given.get("PlacementGroup")) is not None:
            group.placement_group = placement_group or None
        if role := given.get("ServiceLinkedRoleARN"):
            group.service_linked_role_arn = role
        if policy := given.get("InstanceMaintenancePolicy"):
            group.sandbox.maintenance = maintenance(policy)
        if given.get("Context") is not None:
            group.sandbox.context = given["Context"]

    def _check_source(self, configuration: str | None, template: Mapping[str, str] | None, instance_id: str | None) -> None:
        if sum(bool(given) for given in (configuration, template, instance_id)) != 1:
            kinds = "LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter."
            raise errors.invalid(f"Valid requests must contain either {kinds}")
        if configuration and configuration not in self.launch_configurations:
            raise errors.unknown_configuration(configuration)
        if instance_id and self.ec2_backend.get_instance_by_id(instance_id) is None:
            raise errors.not_an_instance(instance_id)
        if template:
            self._check_template(template)

    def _check_template(self, template: Mapping[str, str]) -> Any:
        """ASG-18, ASG-19. → moto's version of the template"""
        if bool(template.get("LaunchTemplateId")) == bool(template.get("LaunchTemplateName")):
            raise errors.template_not_named_once()
        try:
            found = (
                self.ec2_backend.get_launch_template(template["LaunchTemplateId"])
                if template.get("LaunchTemplateId")
                else self.ec2_backend.get_launch_template_by_name(template["LaunchTemplateName"])
            )
            version = found.get_version(template.get("Version") or "$Default")
        except ServiceException as error:
            raise errors.unusable_template(error.message) from None
        for name in ("ImageId", "InstanceType"):
            if not version.data.get(name):
                raise errors.unusable_template(f"The request must contain the parameter {name}")
        if any(nic.get("SubnetId") for nic in version.data.get("NetworkInterfaces") or []):
            raise errors.unusable_template("Network interfaces with a subnet ID may not be specified in the launch template of a group.")
        return version

    def _check_zones(self, given: dict[str, Any], current: str | None = None) -> None:
        """`current`: the group's subnets before the update, which stay when the request names none."""
        if identifier := given.get("vpc_zone_identifier"):
            subnets = [s.strip() for s in identifier.split(",") if s.strip()]
            known = {i for zone in self.ec2_backend.subnets.values() for i in zone}
            if unknown := [s for s in subnets if s not in known]:
                raise errors.invalid(f"The subnet ID '{unknown[0]}' does not exist")
            given["vpc_zone_identifier"] = ",".join(subnets)
        zones = {z.name for z in self.ec2_backend.describe_availability_zones()}
        if unknown := [z for z in given.get("availability_zones") or [] if z not in zones]:
            raise errors.invalid(f"Invalid Availability Zone: [{', '.join(unknown)}]")
        in_use = given.get("vpc_zone_identifier") or current or ""
        of_subnets = {self.ec2_backend.get_subnet(each).availability_zone for each in in_use.split(",") if each}
        if of_subnets and given.get("availability_zones") and of_subnets != set(given["availability_zones"]):
            raise errors.zones_differ()

    def _check_target_groups(self, arns: list[str], vpc_id: str) -> None:
        """ASG-83: they exist, are of type instance, and in the group's VPC."""
        PerCall.TARGET_GROUPS.check(len(arns))
        groups = [self.elbv2_backend.target_groups.get(arn) for arn in arns]
        if any(g is None or g.target_type != "instance" or g.vpc_id != vpc_id for g in groups):
            raise errors.invalid_target_groups()

    def _vpc(self, vpc_zone_identifier: str | None) -> str:
        """The VPC of the group's subnets; without subnets the default one."""
        first = vpc_zone_identifier.split(",")[0] if vpc_zone_identifier else None
        vpc_id: str = self.ec2_backend.get_subnet(first).vpc_id if first else self.ec2_backend.get_default_vpc().id
        return vpc_id

    def _refuse_while_deleting(self, group: Any) -> None:
        if group.sandbox.deleting is not None:
            raise errors.pending_delete()

    # ---- desired capacity --------------------------------------------------------------------------------------------------------------

    @replaces(why="ASG-3, SCL-35; the size is recorded only")
    def set_desired_capacity(self, group_name: str, desired_capacity: int, honor_cooldown: bool = False) -> None:
        group = self._group_to_resize(group_name)
        group_validation.not_negative("desiredCapacity", desired_capacity)
        if not group.min_size <= desired_capacity <= group.max_size:
            raise errors.new_desired_out_of_bounds(desired_capacity, group.min_size, group.max_size)
        if honor_cooldown:
            _refuse_in_cooldown(group)
        sentence = texts.desired_set(context().clock.now(), group.desired_capacity, desired_capacity)
        writes.change_desired(group, desired_capacity, sentence)

    # ---- delete ------------------------------------------------------------------------------------------------------------------------

    @replaces(why="ASG-9: not while there are instances or activities; ForceDelete takes time")
    def delete_auto_scaling_group(self, group_name: str, force: bool = False) -> None:
        group = self.group(group_name)
        if force and group.instance_states:
            group.sandbox.deleting = group.sandbox.deleting or context().clock.now()
            subject = events.Subject(group=group_name)
            context().journal.record(events.event(events.GROUP, f"{group_name} is force-deleted, with its instances", subject))
            return
        open_activities = [a for a in group.sandbox.activities.values() if a.end is None]
        if open_activities and not force:
            raise errors.activities_left()
        if group.instance_states:
            raise errors.instances_left()
        self.remove_group(group_name)

    def remove_group(self, name: str) -> None:
        """Removes the group with its policies and scheduled actions; its activities can still be described."""
        group = self.autoscaling_groups.pop(name)
        self.deleted_activities += [(group, activity) for activity in group.sandbox.activities.values()]
        for owned in (self.policies, self.scheduled_actions):
            for key in [key for key, value in owned.items() if value.auto_scaling_group_name == name]:
                del owned[key]
        context().journal.record(events.event(events.GROUP, f"{name} is deleted", events.Subject(group=name)))


def _one_source(group: Any, given: Mapping[str, Any]) -> None:
    """Removes the launch source that the request replaces: moto would leave the group with both."""
    if given["launch_config_name"]:
        group.ec2_launch_template = None
    elif given["launch_template"]:
        group.launch_config, group.launch_configuration_name = None, None


def _refuse_in_cooldown(group: Any) -> None:
    """SCL-35."""
    if activity := activities.blocking(group, context().clock.now()):
        raise errors.blocked(activity.id)
