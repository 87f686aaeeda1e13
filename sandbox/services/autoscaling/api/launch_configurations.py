"""Operations on launch configurations: immutable, refused to new accounts, not deleted while a group uses them (ASG-15 to ASG-17).

One of the parts of `SandboxAutoScaling` (api/assembly.py).
"""

# mypy: allow-subclassing-any

from collections.abc import Mapping
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.autoscaling.models import AutoScalingBackend
from moto.core.exceptions import ServiceException

from sandbox.aws.context import context
from sandbox.aws.seams import replaces
from sandbox.core.errors import ApiError
from sandbox.services.autoscaling import errors
from sandbox.services.autoscaling.api.quotas import Quota
from sandbox.services.autoscaling.api.validation import groups as group_validation
from sandbox.services.autoscaling.decide import events


class LaunchConfigurationOperations(AutoScalingBackend):
    """Launch configurations."""

    @replaces(why="ASG-16, ASG-17: immutable, and refused to new accounts; InstanceId: the instance's settings are copied")
    def create_launch_configuration(self, name: str, **given: Any) -> Any:
        if context().settings.launch_configurations == "refused":
            raise errors.configurations_refused()
        group_validation.configuration_name(name)
        if name in self.launch_configurations:
            raise errors.configuration_exists(name)
        group_validation.image_id(given.get("image_id"))
        Quota.CONFIGURATIONS.check(len(self.launch_configurations) + 1)
        if given.get("instance_id"):
            given |= self._copied(given["instance_id"], given)
        configuration = super().create_launch_configuration(name=name, **given)
        summary = f"launch configuration {name} is created; AWS refuses this to accounts created since 2024-10-01 (ASG-16)"
        context().journal.record(events.event(events.GROUP, summary, events.Subject(group=name)))
        return configuration

    def _copied(self, instance_id: str, given: Mapping[str, Any]) -> dict[str, Any]:
        try:
            instance = self.ec2_backend.get_instance(instance_id)
        except (ServiceException, ApiError) as error:  # unknown, or no instance id at all
            raise errors.invalid(error.message) from None
        of_instance = {
            "image_id": instance.image_id,
            "instance_type": instance.instance_type,
            "key_name": instance.key_name,
            "user_data": instance.user_data,
            "security_groups": [g.id for g in instance.security_groups],
        }
        return {name: given.get(name) or value for name, value in of_instance.items()}

    @replaces(why="not-found and in-use errors")
    def delete_launch_configuration(self, launch_configuration_name: str) -> None:
        if launch_configuration_name not in self.launch_configurations:
            raise errors.unknown_configuration(launch_configuration_name)
        for group in self.autoscaling_groups.values():
            if group.launch_configuration_name == launch_configuration_name:
                raise errors.configuration_in_use(launch_configuration_name, group.name)
        super().delete_launch_configuration(launch_configuration_name)
