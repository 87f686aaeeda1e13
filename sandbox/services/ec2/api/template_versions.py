"""Versions of launch templates: they are found by number, also after others were deleted (EC2-66). moto finds them by position."""

from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.exceptions import InvalidLaunchTemplateVersionNotFound
from moto.ec2.models.launch_templates import LaunchTemplateVersion

from sandbox.aws.function_seams import swap_function
from sandbox.services.ec2 import errors

MODULE = "moto.ec2.models.launch_templates"
BY_POSITION = "versions have gaps after DeleteLaunchTemplateVersions; moto takes the number of a version for its position"
MOST_DELETED = 200


@swap_function(MODULE, "LaunchTemplate.get_version", why=BY_POSITION)
def get_version(self: Any, num: Any) -> Any:
    asked = str(num).lower()
    if asked == "$latest":
        return self.versions[-1]
    wanted = str(self.default_version_number) if asked == "$default" else asked
    found = next((version for version in self.versions if str(version.number) == wanted), None)
    if found is None:
        raise InvalidLaunchTemplateVersionNotFound(template_id=self.id, version=num)
    return found


@swap_function(MODULE, "LaunchTemplate.default_version", why=BY_POSITION)
def default_version(self: Any) -> Any:
    return get_version(self, "$Default")


@swap_function(MODULE, "LaunchTemplate.create_version", why="the number of a deleted version is not used again")
def create_version(self: Any, data: dict[str, Any], description: str) -> Any:
    number = vars(self).get("sandbox_next_version", len(self.versions) + 1)
    version = LaunchTemplateVersion(self, number, data, description)
    self.versions.append(version)
    self.sandbox_next_version = number + 1
    return version


def between(template: Any, low: int | None, high: int | None) -> list[Any]:
    """The versions of MinVersion and MaxVersion."""
    return [version for version in template.versions if (low or 0) <= version.number and (not high or version.number <= high)]


def delete(template: Any, numbers: list[str]) -> dict[str, Any]:
    """The answer of DeleteLaunchTemplateVersions: it reports each version that does not exist, or is the default one, on its own."""
    if not 1 <= len(numbers) <= MOST_DELETED:
        raise errors.number_of_versions(MOST_DELETED)
    wrong = [number for number in numbers if not (number.isascii() and number.isdigit() and len(number) < 10)]
    if wrong:
        raise errors.wrong_value(wrong[0], "launchTemplateVersion")
    deleted, kept = [], []
    for number in numbers:
        named = {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name, "VersionNumber": number}
        found = next((version for version in template.versions if str(version.number) == number), None)
        if found is None or template.is_default(found):
            kept.append(named | {"ResponseError": _why_not(number, found)})
        else:
            template.versions.remove(found)
            deleted.append(named)
    return {"SuccessfullyDeletedLaunchTemplateVersions": deleted, "UnsuccessfullyDeletedLaunchTemplateVersions": kept}


def _why_not(number: str, found: Any) -> dict[str, str]:
    if found is None:
        return {"Code": "launchTemplateVersionDoesNotExist", "Message": f"The launch template version {number} does not exist."}  # (U)
    text = f"The launch template version {number} is the default version of the template, which cannot be deleted."  # (U)
    return {"Code": "unexpectedError", "Message": text}
