"""Auto Scaling's operations where moto drops parameters, answers differently from AWS, or lacks the operation.

Handlers only translate: checks and state are in the backend's parts. Parameters that the sandbox does not support are refused with an
AWS-shaped error: an accepted request would have no effect. absent_features.py has the operations of whole features that it lacks.
"""

from collections.abc import Callable
from copy import copy
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import InvalidUserDataError

from sandbox.aws.seams import adds, replaces, swap_response
from sandbox.services.autoscaling import errors
from sandbox.services.autoscaling.api import activities, pages
from sandbox.services.autoscaling.api.responses.absent_features import AbsentFeatures
from sandbox.services.autoscaling.api.validation import groups as group_validation
from sandbox.services.autoscaling.api.validation import hooks as hook_validation
from sandbox.services.autoscaling.api.validation import requests
from sandbox.services.autoscaling.api.validation import traffic_sources as traffic_source_validation

REFUSED_PARAMETERS = (
    "MixedInstancesPolicy",
    "LoadBalancerNames",
    "MaxInstanceLifetime",
    "AvailabilityZoneIds",
    "CapacityReservationSpecification",
    "InstanceLifecyclePolicy",
    "DesiredCapacityType",
    "Operator",
)
NO_EFFECT: tuple[Any, ...] = ("", [], 0, "units", "none", None)  # values of refused parameters that request nothing


@swap_response("autoscaling")
class SandboxAutoScalingResponse(AbsentFeatures):
    @replaces(why="ASG-122, ASG-123: what holds for the requests of all operations is checked before any of them runs")
    def call_action(self) -> Any:
        given: dict[str, Any] = self.params or {}
        self.params: dict[str, Any] = requests.completed(self._get_action(), given)
        return super().call_action()

    # ---- launch configurations ---------------------------------------------------------------------------------------------------------

    @replaces(why="EC2-43: detailed monitoring unless it is switched off (moto: off unless it is switched on)")
    def create_launch_configuration(self) -> ActionResult:
        given = self._get_params()
        if given.get("PlacementTenancy") not in (None, "default"):
            raise errors.not_supported(f"PlacementTenancy {given['PlacementTenancy']}")
        try:
            answer = super().create_launch_configuration()
        except InvalidUserDataError as error:  # EC2's, which Auto Scaling does not have
            raise errors.invalid(error.message or "Invalid BASE64 encoding of user data.") from error
        asked = (given.get("InstanceMonitoring") or {}).get("Enabled")
        made = self.autoscaling_backend.launch_configurations[given["LaunchConfigurationName"]]
        made.instance_monitoring_enabled = asked is not False
        made.placement_tenancy = given.get("PlacementTenancy")
        return answer

    @replaces(why="ASG-123: paging; each unknown name is passed over")
    def describe_launch_configurations(self) -> ActionResult:
        found = self.autoscaling_backend.describe_launch_configurations(self._get_param("LaunchConfigurationNames", []))
        return self._paged("LaunchConfigurations", found)

    # ---- groups ------------------------------------------------------------------------------------------------------------------------

    @replaces(why="ASG-7: parameters that moto drops; those that the sandbox does not support are refused")
    def create_auto_scaling_group(self) -> ActionResult:
        traffic_source_validation.as_target_groups(self.params)
        hooks = hook_validation.hooks(self._get_param("LifecycleHookSpecificationList", []))
        answer = self._with_settings(super().create_auto_scaling_group)
        self.autoscaling_backend.put_first_hooks(self._get_param("AutoScalingGroupName"), hooks)
        return answer

    @replaces(why="ASG-7: parameters that moto drops; those that the sandbox does not support are refused")
    def update_auto_scaling_group(self) -> ActionResult:
        return self._with_settings(super().update_auto_scaling_group)

    def _with_settings(self, handler: Callable[[], ActionResult]) -> ActionResult:
        given = self._get_params()
        for name in REFUSED_PARAMETERS:
            if given.get(name) not in NO_EFFECT:
                raise errors.not_supported(f"{name} of an Auto Scaling group")
        if given.get("DeletionProtection") not in NO_EFFECT:
            raise errors.not_supported("DeletionProtection of an Auto Scaling group")
        group_validation.settings(given)
        self.autoscaling_backend.check_zonal_shift(given)
        answer = handler()
        self.autoscaling_backend.apply_settings(given["AutoScalingGroupName"], given)
        return answer

    @replaces(why="a bad MaxRecords or NextToken is AWS's error, not an internal one")
    def describe_auto_scaling_groups(self) -> ActionResult:
        given = self._get_params()
        groups = self.autoscaling_backend.describe_auto_scaling_groups(given.get("AutoScalingGroupNames") or [], given.get("Filters") or [])
        with_members = given.get("IncludeInstances") is not False
        return self._paged("AutoScalingGroups", groups if with_members else [_without_members(group) for group in groups])

    @replaces(why="ASG-123: paging")
    def describe_tags(self) -> ActionResult:
        return self._paged("Tags", self.autoscaling_backend.describe_tags(self._get_param("Filters", [])))

    @replaces(why="ASG-9: ForceDelete")
    def delete_auto_scaling_group(self) -> ActionResult:
        force = bool(self._get_bool_param("ForceDelete", False))
        self.autoscaling_backend.delete_auto_scaling_group(self._get_param("AutoScalingGroupName"), force)
        return EmptyResult()

    @replaces(why="SCL-35: HonorCooldown")
    def set_desired_capacity(self) -> ActionResult:
        name, desired = self._get_param("AutoScalingGroupName"), self._get_int_param("DesiredCapacity")
        self.autoscaling_backend.set_desired_capacity(name, desired, bool(self._get_bool_param("HonorCooldown", False)))
        return EmptyResult()

    # ---- activities --------------------------------------------------------------------------------------------------------------------

    @replaces(why="ASG-56: moto's are always empty")
    def describe_scaling_activities(self) -> ActionResult:
        backend, given = self.autoscaling_backend, self._get_params()
        found = activities.select(backend, given)
        page, token = pages.page(found, given, activities.MOST)
        return ActionResult({"Activities": [activities.wire(*each) for each in page], "NextToken": token})

    # ---- members -----------------------------------------------------------------------------------------------------------------------

    @replaces(why="ASG-81: HealthStatus in capitals; paging")
    def describe_auto_scaling_instances(self) -> ActionResult:
        given = self._get_params()
        members = self.autoscaling_backend.describe_auto_scaling_instances(given.get("InstanceIds") or [])
        page, token = pages.page(members, given, pages.DEFAULT)
        return ActionResult({"AutoScalingInstances": [_instance_details(m) for m in page], "NextToken": token})

    @replaces(why="ASG-46: ShouldRespectGracePeriod; a bad value is a ValidationError")
    def set_instance_health(self) -> ActionResult:
        respect = self._get_bool_param("ShouldRespectGracePeriod", True)
        instance_id, status = self._get_param("InstanceId"), self._get_param("HealthStatus")
        self.autoscaling_backend.set_instance_health(instance_id, status, respect is not False)
        return EmptyResult()

    @replaces(why="ASG-69: the activity as AWS returns it")
    def terminate_instance_in_auto_scaling_group(self) -> ActionResult:
        decrement = bool(self._get_bool_param("ShouldDecrementDesiredCapacity", False))
        done = self.autoscaling_backend.terminate_instance(self._get_param("InstanceId"), decrement)
        return ActionResult({"Activity": activities.wire(*done)})

    @replaces(why="ASG-71: activities as AWS returns them")
    def detach_instances(self) -> ActionResult:
        decrement = bool(self._get_bool_param("ShouldDecrementDesiredCapacity", False))
        return self._activities(self.autoscaling_backend.detach_instances(*self._named_instances(), decrement))

    @replaces(why="ASG-73: activities as AWS returns them")
    def enter_standby(self) -> ActionResult:
        decrement = bool(self._get_bool_param("ShouldDecrementDesiredCapacity", False))
        return self._activities(self.autoscaling_backend.enter_standby_instances(*self._named_instances(), decrement))

    @replaces(why="ASG-73: activities as AWS returns them")
    def exit_standby(self) -> ActionResult:
        return self._activities(self.autoscaling_backend.exit_standby_instances(*self._named_instances()))

    def _named_instances(self) -> tuple[str, list[str]]:
        return self._get_param("AutoScalingGroupName"), self._get_param("InstanceIds", [])

    def _activities(self, done: list[tuple[Any, Any]]) -> ActionResult:
        return ActionResult({"Activities": [activities.wire(*each) for each in done]})

    # ---- target groups -----------------------------------------------------------------------------------------------------------------

    @replaces(why="ASG-82: the actual states")
    def describe_load_balancer_target_groups(self) -> ActionResult:
        attachments = self.autoscaling_backend.attachments(self._get_param("AutoScalingGroupName"))
        shown = [{"LoadBalancerTargetGroupARN": a.target_group_arn, "State": a.state.value} for a in attachments]
        return self._paged("LoadBalancerTargetGroups", shown)

    @adds(why="ASG-125: the target groups by their newer name")
    def attach_traffic_sources(self) -> ActionResult:
        arns = traffic_source_validation.target_groups(self._get_param("TrafficSources", []))
        self.autoscaling_backend.check_zonal_shift({**self._get_params(), "TargetGroupARNs": arns})
        self.autoscaling_backend.attach_load_balancer_target_groups(self._get_param("AutoScalingGroupName"), arns)
        return EmptyResult()

    @adds(why="ASG-125")
    def detach_traffic_sources(self) -> ActionResult:
        arns = traffic_source_validation.target_groups(self._get_param("TrafficSources", []))
        self.autoscaling_backend.detach_load_balancer_target_groups(self._get_param("AutoScalingGroupName"), arns)
        return EmptyResult()

    @adds(why="ASG-125")
    def describe_traffic_sources(self) -> ActionResult:
        attachments = self.autoscaling_backend.attachments(self._get_param("AutoScalingGroupName"))
        kind = traffic_source_validation.kind(self._get_param("TrafficSourceType"))
        shown = [
            {"TrafficSource": a.target_group_arn, "Identifier": a.target_group_arn, "State": a.state.value, "Type": "elbv2"}
            for a in attachments
        ]
        return self._paged("TrafficSources", shown if kind in (None, "elbv2") else [])


def _without_members(group: Any) -> Any:
    shown = copy(group)
    shown.instance_states = []
    return shown


def _instance_details(member: Any) -> dict[str, Any]:
    return {
        "InstanceId": member.instance_id,
        "InstanceType": member.instance_type,
        "AutoScalingGroupName": member.auto_scaling_group_name,
        "AvailabilityZone": member.availability_zone,
        "AvailabilityZoneId": member.availability_zone_id,
        "LifecycleState": member.lifecycle_state,
        "HealthStatus": member.health_status.upper(),
        "LaunchConfigurationName": member.launch_configuration_name,
        "LaunchTemplate": member.launch_template,
        "ImageId": member.image_id,
        "ProtectedFromScaleIn": bool(member.protected_from_scale_in),
    }
