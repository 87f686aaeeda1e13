"""Launch templates: kept as they were given, and shown as they are kept.

What a template is told about itself (its own tags) stays out of LaunchTemplateData, so that a client that compares the data with its own
finds no difference.
"""

from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.responses import ActionResult
from moto.ec2.models import EC2Backend
from moto.ec2.responses import EC2Response
from moto.ec2.utils import parse_user_data

from sandbox.aws.seams import adds, replaces
from sandbox.services.ec2 import errors
from sandbox.services.ec2.api import launches, template_versions
from sandbox.services.ec2.api.validation.launches import check_version

TOO_LONG = "InvalidUserData.Malformed"


class Templates(EC2Backend):
    """The part of our backend that has launch templates."""

    @replaces(why="a template that does not exist is named; moto asks for a parameter that was given")
    def delete_launch_template(self, name: str, tid: str | None) -> Any:
        if name and name not in self.launch_template_name_to_ids:
            raise errors.unknown_template_name(name)
        if tid and not name and tid not in self.launch_templates:
            raise errors.unknown_template_id(tid)
        deleted = super().delete_launch_template(name, tid)
        self.tags.pop(deleted.id, None)
        return deleted

    @replaces(why="an id that does not exist is an index out of range in moto")
    def _get_template_from_args(self, launch_template_arg: dict[str, Any]) -> Any:
        wanted = launch_template_arg.get("LaunchTemplateId")
        if wanted and wanted not in self.launch_templates:
            raise errors.unknown_template_id(wanted)
        if not wanted and not launch_template_arg.get("LaunchTemplateName"):
            raise errors.parameter_missing("LaunchTemplateId")
        check_version(launch_template_arg.get("Version", "$Default"))
        return super()._get_template_from_args(launch_template_arg)

    @replaces(why="EC2-66: MinVersion and MaxVersion are numbers; moto takes them for positions")
    def describe_launch_template_versions(self, **kwargs: Any) -> Any:
        low, high = kwargs.get("min_version"), kwargs.get("max_version")
        if kwargs.get("versions") or not (low or high):
            return super().describe_launch_template_versions(**kwargs)
        found = super().describe_launch_template_versions(**kwargs | {"min_version": None, "max_version": None, "max_results": None})
        wanted = template_versions.between(found[0][0], low, high) if found else []
        return [(template, version) for template, version in found if version in wanted][: kwargs.get("max_results")]

    @replaces(why="UD-1: user data limit")
    def create_launch_template(self, name: str, description: str, template_data: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        launches.check_user_data(template_data.get("UserData"), "InvalidUserData.Malformed")
        return super().create_launch_template(name, description, template_data, *args, **kwargs)


class TemplateResponse(EC2Response):
    """The part of our response class that has launch templates."""

    @replaces(why="EC2-52: the template's own tags are no part of what it launches")
    def create_launch_template(self) -> ActionResult:
        tags = self._parse_tag_specification()
        template = self.ec2_backend.create_launch_template(
            self._get_param("LaunchTemplateName"), self._get_param("VersionDescription"), self._data(), tags
        )
        return ActionResult({"LaunchTemplate": self._shown(template)})

    @replaces(why="UD-1 and base64 check in later versions as in the first; SourceVersion")
    def create_launch_template_version(self) -> ActionResult:
        template = self._named()
        source = self._get_param("SourceVersion")
        data = {**(template.get_version(source).data if source else {}), **self._data()}
        version = template.create_version(data, self._get_param("VersionDescription"))
        return ActionResult({"LaunchTemplateVersion": self._shown_version(template, version)})

    @replaces(why="EC2-52: tags as they are now; a template that does not exist is named")
    def describe_launch_templates(self) -> ActionResult:
        templates = self.ec2_backend.describe_launch_templates(
            template_names=self._get_param("LaunchTemplateNames", []),
            template_ids=self._get_param("LaunchTemplateIds", []),
            filters=self._filters_from_querystring(),
        )
        return ActionResult({"LaunchTemplates": [self._shown(template) for template in templates]})

    @adds(why="EC2-66: versions are deleted")
    def delete_launch_template_versions(self) -> ActionResult:
        return ActionResult(template_versions.delete(self._named(), [str(number) for number in self._get_param("Versions", [])]))

    @replaces(why="EC2-61: ResolveAlias")
    def describe_launch_template_versions(self) -> ActionResult:
        answer = super().describe_launch_template_versions()
        if self._get_param("ResolveAlias"):
            for version in answer.result["LaunchTemplateVersions"]:
                data = version["LaunchTemplateData"]
                if "ImageId" in data:
                    version["LaunchTemplateData"] = data | {"ImageId": self.ec2_backend.image_id_of(data["ImageId"])}
        return answer

    @replaces(why="EC2-52: $Default and $Latest as versions, and tags as they are now")
    def modify_launch_template(self) -> ActionResult:
        template = self._named()
        template.default_version_number = template.get_version(self._get_param("DefaultVersion")).number
        return ActionResult({"LaunchTemplate": self._shown(template)})

    def _data(self) -> dict[str, Any]:
        """LaunchTemplateData as given; the user data is checked, and whether a parameter that names the image exists."""
        data = dict(self._get_param("LaunchTemplateData", {}))
        self.ec2_backend.image_id_of(data.get("ImageId"))
        if "UserData" in data:
            data["UserData"] = parse_user_data(data["UserData"])
            launches.check_user_data(data["UserData"], TOO_LONG)
        return data

    def _named(self) -> Any:
        """The template that the request names, by id or by name."""
        name, template_id = self._get_param("LaunchTemplateName"), self._get_param("LaunchTemplateId")
        if bool(name) == bool(template_id):
            raise errors.one_template()
        return self.ec2_backend.get_launch_template_by_name(name) if name else self.ec2_backend.get_launch_template(template_id)

    def _shown(self, template: Any) -> dict[str, Any]:
        return {
            **self._head(template, template.create_time),
            "DefaultVersionNumber": template.default_version_number,
            "LatestVersionNumber": template.latest_version_number,
            "Tags": template.get_tags(),
        }

    def _shown_version(self, template: Any, version: Any) -> dict[str, Any]:
        return {
            **self._head(template, version.create_time),
            "DefaultVersion": template.is_default(version),
            "LaunchTemplateData": version.data,
            "VersionDescription": version.description,
            "VersionNumber": version.number,
        }

    def _head(self, template: Any, created: Any) -> dict[str, Any]:
        creator = f"arn:{self.partition}:iam::{self.current_account}:root"
        return {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name, "CreateTime": created, "CreatedBy": creator}
