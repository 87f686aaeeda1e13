"""What an Auto Scaling group launches: LaunchTemplate, LaunchConfiguration."""

from typing import Any

from sandbox.services.cloudformation.resources import tags
from sandbox.services.cloudformation.resources.base import Call, Ready, Status, Wanted
from sandbox.services.cloudformation.resources.kind import Kind, first, one, ready_or_gone, table
from sandbox.services.cloudformation.resources.parameters import changed, pick
from sandbox.services.cloudformation.resources.types.instances import user_data

TEMPLATE_NAME_LIMIT, CONFIGURATION_NAME_LIMIT = 128, 255


class LaunchTemplate(Kind):
    """Changed data is a new version. As on AWS, the default version stays the first one."""

    type_name, service, name_property = "AWS::EC2::LaunchTemplate", "ec2", "LaunchTemplateName"
    properties = table("LaunchTemplateName", "LaunchTemplateData TagSpecifications VersionDescription")
    required = frozenset({"LaunchTemplateData"})
    attributes = frozenset({"LaunchTemplateId", "DefaultVersionNumber", "LatestVersionNumber"})

    def make(self, call: Call, wanted: Wanted) -> str:
        given = pick(wanted.properties, "LaunchTemplateData", "VersionDescription")
        given["LaunchTemplateName"] = self.name(wanted, TEMPLATE_NAME_LIMIT)
        specification = [{"ResourceType": "launch-template", "Tags": tags.as_list(_tags(wanted))}] if _tags(wanted) else []
        fixed = {"TagSpecifications": specification, "ClientToken": wanted.client_token}
        return str(self.send(call, wanted, "create_launch_template", given, **fixed)["LaunchTemplate"]["LaunchTemplateId"])

    def update(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> str | None:
        if changed(old.properties, new.properties) & {"LaunchTemplateData", "VersionDescription"}:
            given = pick(new.properties, "LaunchTemplateData", "VersionDescription")
            fixed = {"LaunchTemplateId": physical_id, "ClientToken": new.client_token}
            self.send(call, new, "create_launch_template_version", given, **fixed)
        tags.EC2.change(call, physical_id, _tags(old), _tags(new))
        return None

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        call("ec2", "delete_launch_template", LaunchTemplateId=physical_id)

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        found = one(call("ec2", "describe_launch_templates", LaunchTemplateIds=[physical_id])["LaunchTemplates"])
        numbers = {name: str(found[name]) for name in ("DefaultVersionNumber", "LatestVersionNumber")}
        return Ready({"LaunchTemplateId": physical_id} | numbers)


def _tags(wanted: Wanted) -> dict[str, str]:
    """Those of the template itself: what it gives to instances is in its data."""
    given = wanted.properties.get("TagSpecifications") or []
    named = [tags.as_map(each.get("Tags")) for each in given if each.get("ResourceType") == "launch-template"]
    return dict(wanted.tags) | {key: value for each in named for key, value in each.items()}


class LaunchConfiguration(Kind):
    type_name, service, name_property = "AWS::AutoScaling::LaunchConfiguration", "autoscaling", "LaunchConfigurationName"
    properties = table(
        "AssociatePublicIpAddress BlockDeviceMappings EbsOptimized IamInstanceProfile ImageId InstanceMonitoring InstanceType KernelId "
        "KeyName LaunchConfigurationName MetadataOptions RamDiskId SecurityGroups SpotPrice UserData"
    )
    required = frozenset({"ImageId", "InstanceType"})

    def make(self, call: Call, wanted: Wanted) -> str:
        name = self.name(wanted, CONFIGURATION_NAME_LIMIT)
        self.refuse_existing(wanted, lambda name: _configuration(call, name))
        fixed: dict[str, Any] = {"LaunchConfigurationName": name}
        if encoded := wanted.properties.get("UserData"):
            fixed["UserData"] = user_data(encoded)
        self.send(call, wanted, "create_launch_configuration", _configured(wanted), **fixed)
        return name

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        if _configuration(call, physical_id):
            call("autoscaling", "delete_launch_configuration", LaunchConfigurationName=physical_id)

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        return ready_or_gone({} if _configuration(call, physical_id) else None)


def _configured(wanted: Wanted) -> dict[str, Any]:
    named = {"UserData", "LaunchConfigurationName", "InstanceMonitoring", "RamDiskId"}
    made = {name: value for name, value in wanted.properties.items() if name not in named}
    if "InstanceMonitoring" in wanted.properties:
        made["InstanceMonitoring"] = {"Enabled": wanted.properties["InstanceMonitoring"]}
    return made | pick(wanted.properties, RamdiskId="RamDiskId")


def _configuration(call: Call, name: str) -> str | None:
    answer = call("autoscaling", "describe_launch_configurations", LaunchConfigurationNames=[name])
    found = first(answer["LaunchConfigurations"])
    return str(found["LaunchConfigurationName"]) if found else None


TYPES = (LaunchTemplate(), LaunchConfiguration())
