"""AutoScalingGroup.

It is ready when as many instances as it wants are in service (CFN-64). To delete it, it is scaled to nothing first (CFN-65). How its
instances are replaced in an update (UpdatePolicy), and the wait for their signals (CreationPolicy), are the engine's.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sandbox.core.errors import Retry
from sandbox.services.cloudformation.resources.base import Call, Failed, Gone, InProgress, Ready, Status, Wanted
from sandbox.services.cloudformation.resources.kind import Kind, first, table
from sandbox.services.cloudformation.resources.parameters import Properties, changed, pick

NAME_LIMIT = 255
SIZES = ("MinSize", "MaxSize", "DesiredCapacity")
DEFAULTS: Mapping[str, Any] = {  # what a property means that an update takes out of the template
    "AvailabilityZoneDistribution": {"CapacityDistributionStrategy": "balanced-best-effort"},
    "AvailabilityZoneImpairmentPolicy": {"ZonalShiftEnabled": False, "ImpairedZoneHealthCheckBehavior": "IgnoreUnhealthy"},
    "CapacityRebalance": False,
    "Cooldown": 300,
    "DefaultInstanceWarmup": -1,
    "HealthCheckGracePeriod": 0,
    "HealthCheckType": "EC2",
    "NewInstancesProtectedFromScaleIn": False,
    "TerminationPolicies": ["Default"],
}
AS_THEY_ARE = (
    *SIZES,
    *("AvailabilityZoneDistribution", "AvailabilityZoneImpairmentPolicy", "AvailabilityZones", "CapacityRebalance", "Context"),
    *("CapacityReservationSpecification", "DefaultInstanceWarmup", "DeletionProtection", "DesiredCapacityType", "HealthCheckGracePeriod"),
    *("HealthCheckType", "InstanceMaintenancePolicy", "LaunchConfigurationName", "LaunchTemplate", "MaxInstanceLifetime"),
    *("MixedInstancesPolicy", "NewInstancesProtectedFromScaleIn", "PlacementGroup", "SkipZonalShiftValidation"),
    "TerminationPolicies",
)
"""Properties that both CreateAutoScalingGroup and UpdateAutoScalingGroup have. Those that the API refuses are refused in its words."""
AT_CREATION = ("InstanceId", "LifecycleHookSpecificationList", "TargetGroupARNs", "TrafficSources")
APART = ("Cooldown", "MetricsCollection", "NotificationConfiguration", "NotificationConfigurations", "Tags", "VPCZoneIdentifier")
FAILED = frozenset({"Failed", "Cancelled"})
LOOK_AGAIN = timedelta(seconds=5)


class AutoScalingGroup(Kind):
    type_name, service, name_property = "AWS::AutoScaling::AutoScalingGroup", "autoscaling", "AutoScalingGroupName"
    properties = table("AutoScalingGroupName InstanceId", " ".join((*AS_THEY_ARE, *AT_CREATION[1:], *APART)))
    required = frozenset({"MinSize", "MaxSize"})
    attributes = frozenset({"AutoScalingGroupARN"})

    def make(self, call: Call, wanted: Wanted) -> str:
        name = self.name(wanted, NAME_LIMIT)
        self.refuse_existing(wanted, lambda name: _group(call, name))
        given = _parameters(wanted.properties) | pick(wanted.properties, *AT_CREATION)
        self.send(call, wanted, "create_auto_scaling_group", given, AutoScalingGroupName=name, Tags=_tags(name, wanted))
        return name

    def complete(self, call: Call, physical_id: str, wanted: Wanted) -> None:
        self._metrics(call, physical_id, wanted)
        self._notifications(call, physical_id, {}, wanted)

    def update(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> str | None:
        differs = changed(old.properties, new.properties)
        reset = {name: default for name, default in DEFAULTS.items() if name in differs}
        given = _parameters(reset | dict(new.properties))
        self.send(call, new, "update_auto_scaling_group", given, AutoScalingGroupName=physical_id)
        self._attach(call, physical_id, old, new, "TargetGroupARNs", "load_balancer_target_groups")
        self._attach(call, physical_id, old, new, "TrafficSources", "traffic_sources")
        if "MetricsCollection" in differs:
            call("autoscaling", "disable_metrics_collection", AutoScalingGroupName=physical_id)
            self._metrics(call, physical_id, new)
        self._notifications(call, physical_id, old.properties, new)
        if "LifecycleHookSpecificationList" in differs:
            self._hooks(call, physical_id, old.properties, new)
        self._retag(call, physical_id, old, new)
        return None

    def _attach(self, call: Call, group: str, old: Wanted, new: Wanted, name: str, what: str) -> None:
        before, after = (list(wanted.properties.get(name) or []) for wanted in (old, new))
        if gone := [each for each in before if each not in after]:
            self.send(call, old, f"detach_{what}", {name: gone}, AutoScalingGroupName=group)
        if added := [each for each in after if each not in before]:
            self.send(call, new, f"attach_{what}", {name: added}, AutoScalingGroupName=group)

    def _metrics(self, call: Call, name: str, wanted: Wanted) -> None:
        for collection in wanted.properties.get("MetricsCollection") or []:
            self.send(call, wanted, "enable_metrics_collection", collection, AutoScalingGroupName=name)

    def _notifications(self, call: Call, name: str, old: Properties, new: Wanted) -> None:
        before, after = _topics(old), _topics(new.properties)
        for arn in before.keys() - after.keys():
            call("autoscaling", "delete_notification_configuration", AutoScalingGroupName=name, TopicARN=arn)
        for arn, given in after.items():
            if before.get(arn) != given:
                self.send(call, new, "put_notification_configuration", given, AutoScalingGroupName=name)

    def _hooks(self, call: Call, name: str, old: Properties, new: Wanted) -> None:
        before, after = (_by(p.get("LifecycleHookSpecificationList"), "LifecycleHookName") for p in (old, new.properties))
        for hook in before.keys() - after.keys():
            call("autoscaling", "delete_lifecycle_hook", AutoScalingGroupName=name, LifecycleHookName=hook)
        for hook, given in after.items():
            if before.get(hook) != given:
                self.send(call, new, "put_lifecycle_hook", given, AutoScalingGroupName=name)

    def _retag(self, call: Call, name: str, old: Wanted, new: Wanted) -> None:
        before, after = (_by(_tags(name, wanted), "Key") for wanted in (old, new))
        if gone := [pick(before[key], "ResourceId", "ResourceType", "Key") for key in sorted(before.keys() - after.keys())]:
            call("autoscaling", "delete_tags", Tags=gone)
        if set_anew := [tag for key, tag in after.items() if before.get(key) != tag]:
            call("autoscaling", "create_or_update_tags", Tags=set_anew)

    def delete(self, call: Call, physical_id: str, old: Wanted) -> Gone | None:
        found = _group(call, physical_id)
        if found is None:
            return Gone()
        if found.get("Status"):
            return None
        if any(found[size] for size in SIZES):
            call("autoscaling", "update_auto_scaling_group", AutoScalingGroupName=physical_id, **dict.fromkeys(SIZES, 0))
        if found["Instances"]:
            raise Retry(f"{physical_id} still has {len(found['Instances'])} instances", LOOK_AGAIN)
        call("autoscaling", "delete_auto_scaling_group", AutoScalingGroupName=physical_id, ForceDelete=True)
        return None

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        group = _group(call, physical_id)
        if group is None:
            return Gone()
        states = [instance["LifecycleState"] for instance in group["Instances"]]
        if group.get("Status"):
            return InProgress(group["Status"])
        if states.count("InService") >= group["DesiredCapacity"]:
            return Ready({"AutoScalingGroupARN": group["AutoScalingGroupARN"]})
        newest = first(call("autoscaling", "describe_scaling_activities", AutoScalingGroupName=physical_id, MaxRecords=1)["Activities"])
        on_the_way = any(state.startswith("Pending") for state in states)
        if newest and newest["StatusCode"] in FAILED and not on_the_way:
            return Failed(f"Group did not stabilize. Last scaling activity: {newest.get('StatusMessage', '')}")
        return InProgress()


def _group(call: Call, name: str) -> dict[str, Any] | None:
    return first(call("autoscaling", "describe_auto_scaling_groups", AutoScalingGroupNames=[name])["AutoScalingGroups"])


def _parameters(properties: Properties) -> dict[str, Any]:
    made = pick(properties, *AS_THEY_ARE, DefaultCooldown="Cooldown")
    if subnets := properties.get("VPCZoneIdentifier"):
        made["VPCZoneIdentifier"] = subnets if isinstance(subnets, str) else ",".join(subnets)
    return made


def _tags(name: str, wanted: Wanted) -> list[dict[str, Any]]:
    """Those of the stack reach the instances, too."""
    given = {tag["Key"]: tag for tag in wanted.properties.get("Tags") or []}
    all_tags = {key: (value, True) for key, value in wanted.tags.items()}
    all_tags |= {key: (str(tag.get("Value", "")), str(tag.get("PropagateAtLaunch")).lower() == "true") for key, tag in given.items()}
    shared = {"ResourceId": name, "ResourceType": "auto-scaling-group"}
    return [shared | {"Key": key, "Value": value, "PropagateAtLaunch": launch} for key, (value, launch) in all_tags.items()]


def _topics(properties: Properties) -> dict[str, Properties]:
    """Notification configurations by topic, in a template's list or alone."""
    single = properties.get("NotificationConfiguration")
    return _by([*(properties.get("NotificationConfigurations") or []), *([single] if single else [])], "TopicARN")


def _by(given: Any, name: str) -> dict[str, Any]:
    return {each[name]: each for each in given or []}


TYPES = (AutoScalingGroup(),)
