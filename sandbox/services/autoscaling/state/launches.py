"""Launches a group's next instances: the RunInstances request from launch configuration or template version, subnet and tags.

A request that EC2 will refuse is sent all the same: EC2's error becomes the activity's StatusMessage.
"""

import base64
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from botocore.exceptions import ClientError
from moto.autoscaling.models import ASG_NAME_TAG
from moto.core.exceptions import ServiceException

from sandbox.services.autoscaling.actions import (
    LaunchInstances,
)
from sandbox.services.autoscaling.decide import texts
from sandbox.services.autoscaling.model import (
    LaunchSource,
)
from sandbox.services.autoscaling.state import writes
from sandbox.services.autoscaling.state.store import launch_source, template_of

ZONAL = frozenset({"InsufficientInstanceCapacity", "InsufficientFreeAddressesInSubnet", "Unsupported"})
"""Errors of one zone: a launch in another zone may succeed (ASG-26). Any other error would occur in every zone."""


def launch(ec2: Any, group: Any, action: LaunchInstances) -> None:
    """Calls RunInstances. `ec2`: boto3's client. The instances become members; a refusal becomes a Failed activity (ASG-60)."""
    try:
        answer = ec2.run_instances(**parameters(group, action, launch_source(group)))
    except ClientError as error:
        refusal = error.response["Error"]
        message = texts.launch_failure(refusal["Code"], refusal["Message"])
        writes.launch_failed(group, action, message, zonal=refusal["Code"] in ZONAL)
        return
    writes.add_members(group, [instance["InstanceId"] for instance in answer["Instances"]], action)


def parameters(group: Any, launch: LaunchInstances, source: LaunchSource) -> dict[str, Any]:
    """Keyword arguments of boto3's run_instances: as many of `launch.count` as EC2 has capacity for. The group launches the rest later."""
    made = _of_template(group, source) if source.is_template else _of_configuration(group, launch)
    request = {"MinCount": 1, "MaxCount": launch.count, **made}
    if "NetworkInterfaces" in request:
        request["NetworkInterfaces"][0]["SubnetId"] = launch.subnet_id
    else:
        request["SubnetId"] = launch.subnet_id
    tags = [{"Key": key, "Value": value} for key, value in {ASG_NAME_TAG: group.name, **group.get_propagated_tags()}.items()]  # ASG-20
    return {**request, "TagSpecifications": [{"ResourceType": "instance", "Tags": tags}]}


def _of_template(group: Any, source: LaunchSource) -> dict[str, Any]:
    """The version is resolved now (ASG-18). Parameters that moto's RunInstances does not take from a template are passed explicitly."""
    try:
        data = template_of(group, source.name).get_version(source.version).data
    except ServiceException:
        data = {}  # EC2 refuses the launch, and says why
    groups = (data.get("NetworkInterfaces") or [{}])[0].get("Groups")
    given = {
        "ImageId": data.get("ImageId"),
        "IamInstanceProfile": data.get("IamInstanceProfile"),
        "SecurityGroupIds": None if data.get("SecurityGroupIds") or data.get("SecurityGroups") else groups,
    }
    template = {"LaunchTemplateId": source.name, "Version": str(source.version)}
    return {"LaunchTemplate": template} | {name: value for name, value in given.items() if value}


def _of_configuration(group: Any, launch: LaunchInstances) -> dict[str, Any]:
    configuration = group.launch_config
    ids = _group_ids(group, configuration.security_groups, launch.subnet_id)
    profile = configuration.iam_instance_profile
    given = {
        "ImageId": configuration.image_id,
        "InstanceType": configuration.instance_type,
        "KeyName": configuration.key_name,
        "UserData": base64.b64decode(str(configuration.user_data)) if configuration.user_data else None,
        "IamInstanceProfile": {"Arn" if profile.startswith("arn:") else "Name": profile} if profile else None,
        "Monitoring": {"Enabled": bool(configuration.instance_monitoring_enabled)},
        "EbsOptimized": configuration.ebs_optimized or None,
        "BlockDeviceMappings": configuration.block_device_mapping_dict,
        "MetadataOptions": configuration.metadata_options,
        "SecurityGroupIds": ids,
    }
    if configuration.associate_public_ip_address:
        given["NetworkInterfaces"] = [{"DeviceIndex": 0, "AssociatePublicIpAddress": True, "Groups": given.pop("SecurityGroupIds")}]
    return {name: value for name, value in given.items() if value}


def _group_ids(group: Any, names: list[str], subnet_id: str) -> list[str]:
    """Names are looked up in the subnet's VPC. An unknown name is passed to EC2, which refuses it."""
    ec2 = group.autoscaling_backend.ec2_backend
    vpc_id = ec2.get_subnet(subnet_id).vpc_id
    found = [(name, ec2.get_security_group_by_name_or_id(name, vpc_id)) for name in names]
    return [known.id if known else name for name, known in found]
