"""What belongs to an Auto Scaling group: ScalingPolicy, ScheduledAction, LifecycleHook."""

from typing import Any

from sandbox.core.errors import ApiError
from sandbox.services.cloudformation.resources.base import Call, Status, Wanted
from sandbox.services.cloudformation.resources.kind import Kind, first, ready_or_gone, table
from sandbox.services.cloudformation.resources.parameters import changed, text

NAME_LIMIT = 255
GROUP = "AutoScalingGroupName"


class _OfGroup(Kind):
    """Made and changed by one Put operation. After its group, it is gone, too."""

    service = "autoscaling"
    put: str
    drop: str
    name_parameter: str

    def make(self, call: Call, wanted: Wanted) -> str:
        name = self.name(wanted, NAME_LIMIT)
        answer = self._put(call, name, wanted)
        return self.physical_id(name, answer)

    def change(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> None:
        if changed(old.properties, new.properties):
            self._put(call, self.name_of(physical_id), new)

    def _put(self, call: Call, name: str, wanted: Wanted) -> dict[str, Any]:
        given = {key: value for key, value in wanted.properties.items() if key != self.name_property}
        return self.send(call, wanted, self.put, given, **{self.name_parameter: name})

    def physical_id(self, name: str, answer: dict[str, Any]) -> str:
        return name

    def name_of(self, physical_id: str) -> str:
        return physical_id

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        if self.found(call, physical_id, old) is None:
            raise ApiError("NotFound", f"{physical_id} does not exist.")
        group, name = text(old.properties[GROUP]), self.name_of(physical_id)
        call("autoscaling", self.drop, **{GROUP: group, self.name_parameter: name})

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        found = self.found(call, physical_id, wanted)
        return ready_or_gone(found, *self.attributes)

    def found(self, call: Call, physical_id: str, wanted: Wanted) -> dict[str, Any] | None:
        """Its description; None: it does not exist."""
        raise NotImplementedError

    def described(self, call: Call, wanted: Wanted, operation: str, member: str, **named: Any) -> dict[str, Any] | None:
        try:
            return first(call("autoscaling", operation, **{GROUP: text(wanted.properties[GROUP])}, **named)[member])
        except ApiError as error:
            if error.code != "ValidationError":  # Auto Scaling's code for a group that does not exist
                raise
            return None


class ScalingPolicy(_OfGroup):
    """Ref is its ARN, which alarms use as an action."""

    type_name, drop = "AWS::AutoScaling::ScalingPolicy", "delete_policy"
    put, name_parameter = "put_scaling_policy", "PolicyName"
    properties = table(
        GROUP,
        "AdjustmentType Cooldown EstimatedInstanceWarmup MetricAggregationType MinAdjustmentMagnitude PolicyType "
        "PredictiveScalingConfiguration ScalingAdjustment StepAdjustments TargetTrackingConfiguration",
    )
    required = frozenset({GROUP})
    attributes = frozenset({"Arn", "PolicyName"})

    def physical_id(self, name: str, answer: dict[str, Any]) -> str:
        return str(answer["PolicyARN"])

    def name_of(self, physical_id: str) -> str:
        return physical_id.rpartition(":policyName/")[2]

    def found(self, call: Call, physical_id: str, wanted: Wanted) -> dict[str, Any] | None:
        found = self.described(call, wanted, "describe_policies", "ScalingPolicies", PolicyNames=[self.name_of(physical_id)])
        return found and found | {"Arn": found["PolicyARN"]}


class ScheduledAction(_OfGroup):
    type_name, drop = "AWS::AutoScaling::ScheduledAction", "delete_scheduled_action"
    put, name_parameter = "put_scheduled_update_group_action", "ScheduledActionName"
    properties = table(GROUP, "DesiredCapacity EndTime MaxSize MinSize Recurrence StartTime TimeZone")
    required = frozenset({GROUP})
    attributes = frozenset({"ScheduledActionName"})

    def found(self, call: Call, physical_id: str, wanted: Wanted) -> dict[str, Any] | None:
        named = {"ScheduledActionNames": [physical_id]}
        return self.described(call, wanted, "describe_scheduled_actions", "ScheduledUpdateGroupActions", **named)


class LifecycleHook(_OfGroup):
    type_name, drop = "AWS::AutoScaling::LifecycleHook", "delete_lifecycle_hook"
    put, name_parameter = "put_lifecycle_hook", "LifecycleHookName"
    name_property = "LifecycleHookName"
    properties = table(
        f"{GROUP} LifecycleHookName",
        "DefaultResult HeartbeatTimeout LifecycleTransition NotificationMetadata NotificationTargetARN RoleARN",
    )
    required = frozenset({GROUP, "LifecycleTransition"})

    def found(self, call: Call, physical_id: str, wanted: Wanted) -> dict[str, Any] | None:
        return self.described(call, wanted, "describe_lifecycle_hooks", "LifecycleHooks", LifecycleHookNames=[physical_id])


TYPES = (ScalingPolicy(), ScheduledAction(), LifecycleHook())
