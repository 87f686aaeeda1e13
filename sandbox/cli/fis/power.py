"""The template "AZ Availability: Power Interruption" (FIS-40 to FIS-42), as far as its services are here."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sandbox.cli.fis.document import Document, Json, Wanted, action, instances, iso, request

NAME = "az-power-interruption"
TAG = "AzImpairmentPower"
NETWORK_DOWN = timedelta(minutes=2)
BEFORE_AUTOSHIFT = timedelta(minutes=5)
LEAST = timedelta(minutes=1)  # of an action's duration (FIS-20)

TAGS = {
    f"{TAG}=StopInstances": "instances that lose power",
    f"{TAG}=IceAsg": "Auto Scaling groups whose launches in the zone fail and, by PropagateAtLaunch, their instances, which lose power",
    f"{TAG}=DisruptSubnet": "subnets that lose their network for two minutes",
    f"{TAG}=RecoverAutoshiftResources": "load balancers and groups that AWS shifts away from the zone (zonal autoshift enabled)",
}
NO_CALLERS = "name the roles whose RunInstances fails: --caller-role ARN"
ABSENT = {
    "Failover-RDS": "the sandbox runs no databases",
    "Pause-ElastiCache": "the sandbox runs no caches",
    "Pause-EBS-IO": "the volumes of the sandbox are records, so no I/O would stop",
    "Disrupt-S3-Express": "the sandbox does not cut subnets off from S3 Express alone",
}


def document(wanted: Wanted) -> Document:
    actions, targets = _actions(wanted), _targets(wanted)
    left_out = dict(ABSENT)
    if not wanted.callers:
        left_out["Pause-Instance-Launches"] = NO_CALLERS
    if "Start-ARC-Zonal-Autoshift" not in actions:
        left_out["Start-ARC-Zonal-Autoshift"] = f"it would begin after {iso(BEFORE_AUTOSHIFT)}: ask for a longer --duration"
    description = f"AZ Availability: Power Interruption in {wanted.zone}"
    return Document(request=request(wanted, description, actions, targets, NAME), tags=TAGS, left_out=left_out)


def _actions(wanted: Wanted) -> Mapping[str, Any]:
    """In FIS-42's order: power, capacity and network at once, the autoshift after five minutes."""
    lasting = iso(wanted.duration)
    stop = {"completeIfInstancesTerminated": "true", "startInstancesAfterDuration": lasting}
    capacity = {"availabilityZoneIdentifiers": wanted.zone, "duration": lasting, "percentage": "100"}
    made = {
        "Stop-Instances": action("aws:ec2:stop-instances", {"Instances": "EC2-Instances"}, stop),
        "Stop-ASG-Instances": action("aws:ec2:stop-instances", {"Instances": "ASG-EC2-Instances"}, stop),
        "Pause-Instance-Launches": action("aws:ec2:api-insufficient-instance-capacity-error", {"Roles": "IAM-Roles"}, capacity),
        "Pause-ASG-Scaling": action("aws:ec2:asg-insufficient-instance-capacity-error", {"AutoScalingGroups": "ASG"}, capacity),
        "Pause-network-connectivity": _network(min(NETWORK_DOWN, wanted.duration)),
    }
    if not wanted.callers:
        del made["Pause-Instance-Launches"]
    return {**made, **_autoshift(wanted)}


def _network(length: timedelta) -> Json:
    return action("aws:network:disrupt-connectivity", {"Subnets": "Subnets"}, {"duration": iso(length), "scope": "all"})


def _autoshift(wanted: Wanted) -> Mapping[str, Json]:
    left = wanted.duration - BEFORE_AUTOSHIFT
    if left < LEAST:
        return {}
    shift = {"availabilityZoneIdentifier": wanted.zone, "duration": iso(left), "managedResourceTypes": "ASG,ALB"}
    targets = {"ManagedResources": "Autoshift-Resources"}
    return {
        "Wait-ARC-Zonal-Autoshift": action("aws:fis:wait", {}, {"duration": iso(BEFORE_AUTOSHIFT)}),
        "Start-ARC-Zonal-Autoshift": action("aws:arc:start-zonal-autoshift", targets, shift, ("Wait-ARC-Zonal-Autoshift",)),
    }


def _targets(wanted: Wanted) -> Mapping[str, Json]:
    def tagged(resource_type: str, value: str) -> dict[str, Any]:
        return {"resourceType": resource_type, "resourceTags": {TAG: value}, "selectionMode": "ALL"}

    in_zone = [{"path": "AvailabilityZone", "values": [wanted.zone]}]
    return {
        "EC2-Instances": instances(wanted.zone, TAG, "StopInstances"),
        "ASG-EC2-Instances": instances(wanted.zone, TAG, "IceAsg"),
        "IAM-Roles": {"resourceType": "aws:iam:role", "resourceArns": list(wanted.callers), "selectionMode": "ALL"},
        "ASG": tagged("aws:ec2:autoscaling-group", "IceAsg"),
        "Subnets": {**tagged("aws:ec2:subnet", "DisruptSubnet"), "filters": in_zone},
        "Autoshift-Resources": tagged("aws:arc:zonal-shift-managed-resource", "RecoverAutoshiftResources"),
    }
