"""Instance.

A change of its type, its user data or EbsOptimized needs a stopped instance: `update` stops it, changes it and starts it again, in as many
calls as that takes.
"""

import base64
import binascii
from datetime import timedelta
from typing import Any

from sandbox.core.errors import ApiError, Retry
from sandbox.services.cloudformation.resources import tags
from sandbox.services.cloudformation.resources.base import Call, Failed, Gone, InProgress, Ready, Status, Wanted
from sandbox.services.cloudformation.resources.kind import Kind, first, table
from sandbox.services.cloudformation.resources.parameters import Properties, changed, pick, text, true
from sandbox.services.cloudformation.resources.types.vpc import ec2_filter

LOOK_AGAIN = timedelta(seconds=5)
AS_THEY_ARE = (
    *("AvailabilityZone", "BlockDeviceMappings", "DisableApiTermination", "EbsOptimized", "ImageId", "InstanceInitiatedShutdownBehavior"),
    *("InstanceType", "KeyName", "LaunchTemplate", "MetadataOptions", "PrivateIpAddress", "SecurityGroupIds", "SecurityGroups", "SubnetId"),
)
INTERRUPTING = ("InstanceType", "UserData", "EbsOptimized")


def user_data(encoded: str) -> bytes:
    """A template gives it in base64. botocore encodes what it is given for RunInstances and CreateLaunchConfiguration."""
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise ApiError("InvalidParameterValue", "Invalid BASE64 encoding of user data.") from None


class Instance(Kind):
    type_name, service, tagging = "AWS::EC2::Instance", "ec2", tags.EC2
    properties = table(
        "AvailabilityZone BlockDeviceMappings ImageId KeyName LaunchTemplate NetworkInterfaces PrivateIpAddress SecurityGroups SubnetId",
        "DisableApiTermination IamInstanceProfile InstanceInitiatedShutdownBehavior MetadataOptions Monitoring SecurityGroupIds "
        "SourceDestCheck Tags Volumes",
        "EbsOptimized InstanceType UserData",
    )
    attributes = frozenset({"InstanceId", "AvailabilityZone", "PrivateDnsName", "PrivateIp", "PublicDnsName", "PublicIp", "VpcId"})

    def make(self, call: Call, wanted: Wanted) -> str:
        specification, token = tags.specification("instance", wanted), wanted.client_token
        fixed = {"TagSpecifications": specification, "ClientToken": token, "MinCount": 1, "MaxCount": 1}
        if encoded := wanted.properties.get("UserData"):
            fixed["UserData"] = user_data(encoded)
        answer = self.send(call, wanted, "run_instances", _launch(wanted.properties), **fixed)
        return str(answer["Instances"][0]["InstanceId"])

    def complete(self, call: Call, physical_id: str, wanted: Wanted) -> None:
        if "SourceDestCheck" in wanted.properties:
            _modify(call, physical_id, SourceDestCheck={"Value": true(wanted.properties["SourceDestCheck"])})
        self._attach(call, physical_id, wanted, [])

    def change(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> None:
        differs, properties = changed(old.properties, new.properties), new.properties
        if interrupting := differs.intersection(INTERRUPTING):
            self._change_stopped(call, physical_id, properties, interrupting)
        flags = {"DisableApiTermination": False, "SourceDestCheck": True}
        for name in differs.intersection(flags):
            _modify(call, physical_id, **{name: {"Value": true(properties.get(name, flags[name]))}})
        if "InstanceInitiatedShutdownBehavior" in differs:
            behavior = properties.get("InstanceInitiatedShutdownBehavior", "stop")
            _modify(call, physical_id, InstanceInitiatedShutdownBehavior={"Value": behavior})
        if "SecurityGroupIds" in differs and properties.get("SecurityGroupIds"):
            _modify(call, physical_id, Groups=properties["SecurityGroupIds"])
        if "Monitoring" in differs:
            monitored = true(properties.get("Monitoring", False))
            call("ec2", "monitor_instances" if monitored else "unmonitor_instances", InstanceIds=[physical_id])
        if "IamInstanceProfile" in differs:
            _change_profile(call, physical_id, properties.get("IamInstanceProfile"))
        if "MetadataOptions" in differs and (options := properties.get("MetadataOptions")):
            self.send(call, new, "modify_instance_metadata_options", options, InstanceId=physical_id)
        if "Volumes" in differs:
            self._attach(call, physical_id, new, old.properties.get("Volumes") or [])

    def _change_stopped(self, call: Call, physical_id: str, properties: Properties, names: set[str]) -> None:
        pending = {name: value for name, value in _stopped_values(properties, names).items() if not _has(call, physical_id, name, value)}
        state = _describe(call, physical_id)["State"]["Name"]
        if pending and state in ("pending", "running", "stopping"):
            if state == "running":
                call("ec2", "stop_instances", InstanceIds=[physical_id])
            raise Retry(f"{physical_id} has to stop before its {', '.join(sorted(pending))} can change", LOOK_AGAIN)
        for name, value in pending.items():
            _modify(call, physical_id, **{name: {"Value": value}})
        if state == "stopped":
            call("ec2", "start_instances", InstanceIds=[physical_id])

    def _attach(self, call: Call, physical_id: str, wanted: Wanted, old: list[Any]) -> None:
        new = wanted.properties.get("Volumes") or []
        for volume in old:
            if volume not in new:
                call("ec2", "detach_volume", InstanceId=physical_id, VolumeId=volume["VolumeId"])
        for volume in new:
            if volume not in old:
                self.send(call, wanted, "attach_volume", pick(volume, "VolumeId", "Device"), InstanceId=physical_id)

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        call("ec2", "terminate_instances", InstanceIds=[physical_id])

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        instance = _describe(call, physical_id)
        state, reason = instance["State"]["Name"], instance.get("StateReason", {})
        if state == "terminated":
            return Gone(reason.get("Message", ""))
        if state in ("pending", "stopping", "shutting-down"):
            return InProgress()
        if state == "stopped" and reason.get("Code", "").startswith("Server."):
            return Failed(reason.get("Message", ""))
        shown = pick(
            instance, "InstanceId", "PrivateDnsName", "PublicDnsName", "VpcId", PrivateIp="PrivateIpAddress", PublicIp="PublicIpAddress"
        )
        blank = dict.fromkeys(self.attributes, "")
        return Ready(blank | shown | {"AvailabilityZone": instance["Placement"]["AvailabilityZone"]})


def _launch(properties: Properties) -> dict[str, Any]:
    """RunInstances' parameters, of those that a template can give in any JSON type."""
    made = pick(properties, *AS_THEY_ARE)
    if zone := made.pop("AvailabilityZone", None):
        made["Placement"] = {"AvailabilityZone": zone}
    if profile := properties.get("IamInstanceProfile"):
        made["IamInstanceProfile"] = {"Name": profile}
    if "Monitoring" in properties:
        made["Monitoring"] = {"Enabled": properties["Monitoring"]}
    if interfaces := properties.get("NetworkInterfaces"):
        made["NetworkInterfaces"] = [_interface(each) for each in interfaces]
    return made


def _interface(given: Properties) -> dict[str, Any]:
    """A template says GroupSet for Groups."""
    return {"Groups" if name == "GroupSet" else name: value for name, value in given.items()}


def _stopped_values(properties: Properties, names: set[str]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if "InstanceType" in names and "InstanceType" in properties:
        made["InstanceType"] = text(properties["InstanceType"])
    if "EbsOptimized" in names:
        made["EbsOptimized"] = true(properties.get("EbsOptimized", False))
    if "UserData" in names:
        made["UserData"] = user_data(properties.get("UserData", ""))
    return made


def _has(call: Call, physical_id: str, name: str, value: Any) -> bool:
    attribute = name[:1].lower() + name[1:]
    held = call("ec2", "describe_instance_attribute", InstanceId=physical_id, Attribute=attribute).get(name, {}).get("Value")
    return bool((user_data(held or "") if name == "UserData" else held) == value)


def _modify(call: Call, physical_id: str, **attribute: Any) -> None:
    call("ec2", "modify_instance_attribute", InstanceId=physical_id, **attribute)


def _describe(call: Call, physical_id: str) -> dict[str, Any]:
    found = first(call("ec2", "describe_instances", InstanceIds=[physical_id])["Reservations"])
    if found is None:
        raise ApiError("InvalidInstanceID.NotFound", f"The instance ID '{physical_id}' does not exist")
    instance: dict[str, Any] = found["Instances"][0]
    return instance


def _change_profile(call: Call, physical_id: str, name: str | None) -> None:
    filters = [ec2_filter("instance-id", physical_id)]
    held = first(call("ec2", "describe_iam_instance_profile_associations", Filters=filters)["IamInstanceProfileAssociations"])
    if held and name:
        association = held["AssociationId"]
        call("ec2", "replace_iam_instance_profile_association", AssociationId=association, IamInstanceProfile={"Name": name})
    elif held:
        call("ec2", "disassociate_iam_instance_profile", AssociationId=held["AssociationId"])
    elif name:
        call("ec2", "associate_iam_instance_profile", InstanceId=physical_id, IamInstanceProfile={"Name": name})


TYPES = (Instance(),)
