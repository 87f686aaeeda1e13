"""Operations on scaling policies, and the CloudWatch alarms that target tracking manages (SCL-1, SCL-10 to SCL-13, SCL-36).

One of the parts of `SandboxAutoScaling` (api/assembly.py). What a policy does when it runs is in state/policies.py.
"""

# mypy: allow-subclassing-any

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from botocore.exceptions import ClientError
from moto.moto_api._internal import mock_random
from moto.utilities.utils import get_partition

from sandbox.aws.context import context
from sandbox.aws.seams import adds, replaces
from sandbox.services.autoscaling import errors
from sandbox.services.autoscaling.api.groups import GroupOperations
from sandbox.services.autoscaling.api.quotas import Quota
from sandbox.services.autoscaling.api.validation import policies as policy_validation
from sandbox.services.autoscaling.decide import events, target_tracking
from sandbox.services.autoscaling.lifecycle_model import LifecycleState
from sandbox.services.autoscaling.policy_model import TUNING, ManagedAlarm, PolicyType, ScalingPolicy, Step
from sandbox.services.autoscaling.state import policies as policy_execution
from sandbox.services.autoscaling.state.clients import client, scope_of


class PolicyOperations(GroupOperations):
    """Scaling policies. `self.policies`: (group name, policy name) → ScalingPolicy."""

    # ---- put -----------------------------------------------------------------------------------------------------------------------------

    @adds(why="SCL-1: the group and the parameters are checked, a policy belongs to its group, target tracking has alarms")
    def put_policy(self, given: Mapping[str, Any]) -> ScalingPolicy:
        group = self.group(given["AutoScalingGroupName"])
        self._refuse_while_deleting(group)
        key = (group.name, given["PolicyName"])
        old = self.policies.get(key)
        policy = policy_validation.policy(given, old.arn if old else self._policy_arn(*key))
        self._check_resource_label(group, policy)
        Quota.POLICIES.check(sum(name == group.name for name, _ in {*self.policies, key}))
        if policy.type is PolicyType.TARGET_TRACKING:
            policy = self._with_alarms(group, policy)
        self.policies[key] = policy
        group.sandbox.requested_capacities.pop(policy.arn, None)
        self._delete_alarms(old)  # SCL-11: the new ones replace them
        self._record(policy, "is updated" if old else "is created")
        return policy

    def _policy_arn(self, group: str, name: str) -> str:
        prefix = f"arn:{get_partition(self.region_name)}:autoscaling:{self.region_name}:{self.account_id}"
        return f"{prefix}:scalingPolicy:{mock_random.uuid4()}:autoScalingGroupName/{group}:policyName/{name}"

    def _check_resource_label(self, group: Any, policy: ScalingPolicy) -> None:
        """SCL-10: the load balancer forwards to the target group, and the group is attached to it."""
        label = (policy.configuration.get("PredefinedMetricSpecification") or {}).get("ResourceLabel")
        if not label:
            return
        named = target_tracking.target_group_part(label)
        arn = next((arn for arn in group.target_group_arns if arn.endswith(f":{named}")), None)
        target_group = self.elbv2_backend.target_groups.get(arn)
        balancer = label.removesuffix(f"/{named}")
        if target_group is None or not any(a.endswith(f":loadbalancer/{balancer}") for a in target_group.load_balancer_arns):
            raise errors.invalid(f"The resource label {label} does not name a load balancer and a target group attached to {group.name}.")

    def _with_alarms(self, group: Any, policy: ScalingPolicy) -> ScalingPolicy:
        in_service = sum(m.lifecycle is LifecycleState.IN_SERVICE for m in group.instance_states) or group.desired_capacity
        unique = {which: str(mock_random.uuid4()) for which in ("AlarmHigh", "AlarmLow")}
        cloudwatch = client("cloudwatch", scope_of(self))
        made: list[ManagedAlarm] = []
        for request in target_tracking.alarms(policy, in_service, unique, TUNING):
            try:
                cloudwatch.put_metric_alarm(**request)
            except ClientError as error:  # CloudWatch refuses the metric: a name, a unit, an expression
                self._delete_alarms(replace(policy, high=made[0] if made else None))
                raise errors.invalid(error.response["Error"]["Message"]) from None
            name = request["AlarmName"]
            arn = f"arn:{get_partition(self.region_name)}:cloudwatch:{self.region_name}:{self.account_id}:alarm:{name}"
            made.append(ManagedAlarm(name=name, arn=arn))
        return replace(policy, high=made[0], low=made[1] if policy.scales_in else None)

    # ---- delete --------------------------------------------------------------------------------------------------------------------------

    @replaces(why="SCL-11: by group and name or by ARN; its alarms go with it")
    def delete_policy(self, name: str, group_name: str | None = None) -> None:
        policy = self.policy(name, group_name)
        self._remove_policy(policy)

    def _remove_policy(self, policy: ScalingPolicy) -> None:
        del self.policies[(policy.auto_scaling_group_name, policy.name)]
        self.group(policy.auto_scaling_group_name).sandbox.requested_capacities.pop(policy.arn, None)
        self._delete_alarms(policy)
        self._record(policy, "is deleted")

    def _delete_alarms(self, policy: ScalingPolicy | None) -> None:
        if policy is None or not policy.alarms:
            return
        try:
            client("cloudwatch", scope_of(self)).delete_alarms(AlarmNames=[alarm.name for alarm in policy.alarms])
        except ClientError as error:  # a composite alarm refers to one of them (CW-60)
            self._record(policy, f"could not delete its alarms: {error.response['Error']['Message']}")

    def remove_group(self, name: str) -> None:
        for policy in list(self.policies_of(name)):
            self._remove_policy(policy)
        super().remove_group(name)

    # ---- find ----------------------------------------------------------------------------------------------------------------------------

    def policies_of(self, group_name: str | None) -> Iterator[ScalingPolicy]:
        """None: of all groups."""
        return (p for p in self.policies.values() if group_name in (None, "", p.auto_scaling_group_name))

    def policy(self, name: str, group_name: str | None) -> ScalingPolicy:
        """By name in its group, or by ARN."""
        if group_name:
            self.group(group_name)
        found = [p for p in self.policies_of(group_name) if name in (p.arn, p.name)]
        if len(found) > 1:
            raise errors.invalid(f"Policy name {name} is used by several groups. Specify the AutoScalingGroupName or the policy's ARN.")
        if not found:
            raise errors.invalid(f"PolicyName not found - No policy found with the name or ARN {name}")  # (U)
        return found[0]

    @replaces(why="SCL-1: with alarms, as AWS shows each type; an unknown group is an error")
    def describe_policies(self, group_name: str | None, names: list[str], types: list[str]) -> list[dict[str, Any]]:
        if group_name:
            self.group(group_name)
        chosen = [
            p
            for p in self.policies_of(group_name)
            if (not names or p.name in names or p.arn in names) and (not types or p.type.value in types)
        ]
        return [_wire(policy, self.alarms_of(policy)) for policy in chosen]

    def alarms_of(self, policy: ScalingPolicy) -> tuple[ManagedAlarm, ...]:
        """The alarms of target tracking, or the user's alarms that have the policy as their action."""
        if policy.type is PolicyType.TARGET_TRACKING:
            return policy.alarms
        found = client("cloudwatch", scope_of(self)).describe_alarms(ActionPrefix=policy.arn)["MetricAlarms"]
        return tuple(ManagedAlarm(name=alarm["AlarmName"], arn=alarm["AlarmArn"]) for alarm in found)

    # ---- execute -------------------------------------------------------------------------------------------------------------------------

    @replaces(why="SCL-36, SCL-3: step policies by metric value; bounds; the cause of the change")
    def execute_policy(self, given: Mapping[str, Any]) -> None:
        policy = self.policy(given["PolicyName"], given.get("AutoScalingGroupName"))
        breach = policy_validation.breach(policy, given)
        group = self.group(policy.auto_scaling_group_name)
        policy_execution.execute_on_request(group, policy, breach, bool(given.get("HonorCooldown")))

    def _record(self, policy: ScalingPolicy, what: str) -> None:
        subject = events.Subject(
            group=policy.auto_scaling_group_name, other_resources=(policy.arn, *(alarm.name for alarm in policy.alarms))
        )
        summary = f"scaling policy {policy.name} of {policy.auto_scaling_group_name} {what}"
        context().journal.record(events.event(events.POLICY, summary, subject, {"PolicyARN": policy.arn}))


def _wire(policy: ScalingPolicy, alarms: tuple[ManagedAlarm, ...]) -> dict[str, Any]:
    """As DescribePolicies shows it; members that do not belong to the type are left out."""
    shown: dict[str, Any] = {
        "AutoScalingGroupName": policy.auto_scaling_group_name,
        "PolicyName": policy.name,
        "PolicyARN": policy.arn,
        "PolicyType": policy.type.value,
        "AdjustmentType": policy.adjustment_type.value if policy.adjustment_type else None,
        "ScalingAdjustment": policy.adjustment,
        "MinAdjustmentMagnitude": policy.min_adjustment_magnitude,
        "Cooldown": policy.cooldown,
        "StepAdjustments": [_wire_step(step) for step in policy.steps],
        "MetricAggregationType": policy.aggregation.value if policy.type is PolicyType.STEP else None,
        "EstimatedInstanceWarmup": policy.warmup,
        "Alarms": wire_alarms(alarms),
        "Enabled": policy.enabled,
    }
    if policy.type is PolicyType.TARGET_TRACKING:
        shown["TargetTrackingConfiguration"] = {**policy.configuration, "DisableScaleIn": not policy.scales_in}
    return {name: value for name, value in shown.items() if value is not None}


def _wire_step(step: Step) -> dict[str, Any]:
    bounds = {"MetricIntervalLowerBound": step.lower, "MetricIntervalUpperBound": step.upper}
    return {"ScalingAdjustment": step.adjustment} | {name: value for name, value in bounds.items() if value is not None}


def wire_alarms(alarms: tuple[ManagedAlarm, ...]) -> list[dict[str, str]]:
    return [{"AlarmName": alarm.name, "AlarmARN": alarm.arn} for alarm in alarms]
