"""Auto Scaling's operations on policies, schedules and notifications, and the small descriptions around them. Only translation.

A part of `SandboxAutoScalingResponse` (api/responses/groups.py).
"""

from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

from sandbox.aws.seams import adds, replaces
from sandbox.services.autoscaling import errors
from sandbox.services.autoscaling.api import pages
from sandbox.services.autoscaling.api.policies import wire_alarms
from sandbox.services.autoscaling.api.quotas import Quota
from sandbox.services.autoscaling.decide import notifications
from sandbox.services.autoscaling.decide.metrics import METRICS
from sandbox.services.autoscaling.decide.termination_policy import POLICIES
from sandbox.services.autoscaling.model import Process
from sandbox.services.autoscaling.policy_model import AdjustmentType

GRANULARITY = "1Minute"


def _refused(self: Any) -> ActionResult:
    raise errors.not_supported("predictive scaling")


class ScalingResponses(AutoScalingResponse):
    # ---- policies ------------------------------------------------------------------------------------------------------------------------

    @replaces(why="SCL-1: PolicyARN and Alarms")
    def put_scaling_policy(self) -> ActionResult:
        policy = self.autoscaling_backend.put_policy(self._get_params())
        return ActionResult({"PolicyARN": policy.arn, "Alarms": wire_alarms(policy.alarms)})

    @replaces(why="SCL-1: as AWS shows them; paging")
    def describe_policies(self) -> ActionResult:
        given = self._get_params()
        name, names, types = given.get("AutoScalingGroupName"), given.get("PolicyNames") or [], given.get("PolicyTypes") or []
        return self._paged("ScalingPolicies", self.autoscaling_backend.describe_policies(name, names, types))

    @replaces(why="a policy belongs to its group")
    def delete_policy(self) -> ActionResult:
        self.autoscaling_backend.delete_policy(self._get_param("PolicyName"), self._get_param("AutoScalingGroupName"))
        return EmptyResult()

    @replaces(why="SCL-36: HonorCooldown, MetricValue, BreachThreshold")
    def execute_policy(self) -> ActionResult:
        self.autoscaling_backend.execute_policy(self._get_params())
        return EmptyResult()

    get_predictive_scaling_forecast = adds(why="SCL-1: the sandbox has no predictive scaling")(_refused)

    # ---- schedule ------------------------------------------------------------------------------------------------------------------------

    @replaces(why="ASG-108: Time; checks")
    def put_scheduled_update_group_action(self) -> ActionResult:
        given = self._get_params()
        self.autoscaling_backend.put_scheduled_action(given["AutoScalingGroupName"], given)
        return EmptyResult()

    @replaces(why="failures as AWS shows them")
    def batch_put_scheduled_update_group_action(self) -> ActionResult:
        given = self._get_params()
        actions = given.get("ScheduledUpdateGroupActions") or []
        failed = self.autoscaling_backend.batch_put_scheduled_update_group_action(given["AutoScalingGroupName"], actions)
        return ActionResult({"FailedScheduledUpdateGroupActions": failed})

    @replaces(why="the time window; paging")
    def describe_scheduled_actions(self) -> ActionResult:
        return self._paged("ScheduledUpdateGroupActions", self.autoscaling_backend.described_scheduled_actions(self._get_params()))

    @replaces(why="failures as AWS shows them")
    def batch_delete_scheduled_action(self) -> ActionResult:
        given = self._get_params()
        names = given.get("ScheduledActionNames") or []
        failed = self.autoscaling_backend.batch_delete_scheduled_action(given["AutoScalingGroupName"], names)
        return ActionResult({"FailedScheduledActions": failed})

    # ---- notifications -------------------------------------------------------------------------------------------------------------------

    @adds(why="ASG-119")
    def put_notification_configuration(self) -> ActionResult:
        given = self._get_params()
        types = given.get("NotificationTypes") or []
        self.autoscaling_backend.put_notification_configuration(given["AutoScalingGroupName"], given["TopicARN"], types)
        return EmptyResult()

    @adds(why="ASG-119")
    def delete_notification_configuration(self) -> ActionResult:
        given = self._get_params()
        self.autoscaling_backend.delete_notification_configuration(given["AutoScalingGroupName"], given["TopicARN"])
        return EmptyResult()

    @adds(why="ASG-119")
    def describe_notification_configurations(self) -> ActionResult:
        names = self._get_params().get("AutoScalingGroupNames") or []
        return self._paged("NotificationConfigurations", self.autoscaling_backend.notification_configurations(names))

    # ---- group metrics -------------------------------------------------------------------------------------------------------------------

    @replaces(why="ASG-118: the granularity must be given, and there is one")
    def enable_metrics_collection(self) -> ActionResult:
        given = self._get_params()
        if given.get("Granularity") != GRANULARITY:
            raise errors.invalid(f"Granularity is not valid. The only valid value is {GRANULARITY}.")
        self.autoscaling_backend.enable_metrics_collection(given["AutoScalingGroupName"], given.get("Metrics") or [])
        return EmptyResult()

    @adds(why="ASG-118: the other half of EnableMetricsCollection")
    def disable_metrics_collection(self) -> ActionResult:
        given = self._get_params()
        self.autoscaling_backend.disable_metrics_collection(given["AutoScalingGroupName"], given.get("Metrics") or [])
        return EmptyResult()

    # ---- small descriptions that moto lacks ----------------------------------------------------------------------------------------------

    @adds(why="ASG-118")
    def describe_metric_collection_types(self) -> ActionResult:
        return ActionResult({"Metrics": [{"Metric": metric} for metric in METRICS], "Granularities": [{"Granularity": GRANULARITY}]})

    @adds(why="section 2.9")
    def describe_scaling_process_types(self) -> ActionResult:
        return ActionResult({"Processes": [{"ProcessName": process.value} for process in Process]})

    @adds(why="ASG-67")
    def describe_termination_policy_types(self) -> ActionResult:
        return ActionResult({"TerminationPolicyTypes": list(POLICIES)})

    @adds(why="SCL-3")
    def describe_adjustment_types(self) -> ActionResult:
        return ActionResult({"AdjustmentTypes": [{"AdjustmentType": kind.value} for kind in AdjustmentType]})

    @adds(why="ASG-119")
    def describe_auto_scaling_notification_types(self) -> ActionResult:
        return ActionResult({"AutoScalingNotificationTypes": list(notifications.TYPES)})

    @adds(why="quotas of a new account, and what is used of them")
    def describe_account_limits(self) -> ActionResult:
        backend = self.autoscaling_backend
        return ActionResult(
            {
                "MaxNumberOfAutoScalingGroups": Quota.GROUPS.most,
                "MaxNumberOfLaunchConfigurations": Quota.CONFIGURATIONS.most,
                "NumberOfAutoScalingGroups": len(backend.autoscaling_groups),
                "NumberOfLaunchConfigurations": len(backend.launch_configurations),
            }
        )

    def _paged(self, name: str, items: list[Any]) -> ActionResult:
        page, token = pages.page(items, {"MaxRecords": pages.DEFAULT} | self._get_params(), pages.MOST)
        return ActionResult({name: page, "NextToken": token})
