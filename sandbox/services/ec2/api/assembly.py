"""moto's EC2 with a lifecycle: the API checks requests and records the desired state; controller.py acts on it.

Only this folder writes instance states. Other services read them from the same moto objects (`instance.state`, `instance.sandbox`).
"""

from typing import Any

import sandbox.aws.environment  # before moto

# isort: split
from moto.ec2.exceptions import InvalidParameterCombination
from moto.ec2.models import EC2Backend
from moto.ec2.utils import parse_user_data

import sandbox.services.ec2.state.instances  # noqa: F401 - its swap_model puts our instance in moto's place
from sandbox.aws.context import context
from sandbox.aws.seams import adds, replaces, swap_backend
from sandbox.core.persisted import persisted
from sandbox.services.ec2 import errors
from sandbox.services.ec2.api import filters, launch_options, launches, metadata_options, responses
from sandbox.services.ec2.api.images import errors as image_errors
from sandbox.services.ec2.api.images.described import Images
from sandbox.services.ec2.api.images.own import OwnImages
from sandbox.services.ec2.api.launches import LaunchRequest
from sandbox.services.ec2.api.metadata_options import MetadataOptionsBackend
from sandbox.services.ec2.api.networks import Networks
from sandbox.services.ec2.api.security_groups import SecurityGroups
from sandbox.services.ec2.api.tags import Tags
from sandbox.services.ec2.api.templates import Templates
from sandbox.services.ec2.api.validation.launches import check_launch
from sandbox.services.ec2.api.validation.references import check_instance_ids
from sandbox.services.ec2.api.volumes import Volumes
from sandbox.services.ec2.application import state as application
from sandbox.services.ec2.application.api.backend import ApplicationChecks
from sandbox.services.ec2.application.model import ApplicationStatusCheck, DeletedCheck
from sandbox.services.ec2.image_model import ImageContent, ImageCreation
from sandbox.services.ec2.model import InstanceState, ShutdownBehavior, state_change
from sandbox.services.ec2.state import quotas, tokens
from sandbox.services.ec2.state.images.contents import content_of
from sandbox.services.ec2.state.tokens import Answered

__all__ = ["SandboxEC2", "responses"]  # responses: imported so that its seam is declared

STARTABLE = (InstanceState.STOPPED, InstanceState.RUNNING, InstanceState.PENDING)
STOPPABLE = (InstanceState.RUNNING, InstanceState.STOPPING, InstanceState.STOPPED)
WHILE_STOPPED = ("user_data", "instance_type", "kernel", "ramdisk", "ebs_optimized")  # UD-11


@persisted(
    "ec2.Backend",
    migrations={4: tokens.from_older},
    sandbox_state_lost=str,
    sandbox_answered=dict,
    sandbox_contents=dict,
    sandbox_creations=dict,
    sandbox_metadata_defaults=dict,
    sandbox_application_checks=dict,
    sandbox_deleted_checks=list,
)
@swap_backend("ec2")
class SandboxEC2(
    ApplicationChecks, Templates, OwnImages, Images, Volumes, Networks, SecurityGroups, MetadataOptionsBackend, Tags, EC2Backend
):
    def __init__(self, region_name: str, account_id: str) -> None:
        self.sandbox_answered: dict[str, Answered] = {}  # see state/tokens.py
        self.sandbox_contents: dict[str, ImageContent] = {}  # by root snapshot: see state/images/contents.py
        self.sandbox_metadata_defaults: dict[str, Any] = {}  # of MetadataOptions, by option; what is missing has no preference
        self.sandbox_application_checks: dict[str, ApplicationStatusCheck] = {}  # by id
        self.sandbox_deleted_checks: list[DeletedCheck] = []  # oldest first
        self.sandbox_creations: dict[str, ImageCreation] = {}  # by AMI: see state/images/creations.py
        self.sandbox_state_lost = ""  # the state file that was set aside, when this state began after it: see aws/state.py
        super().__init__(region_name, account_id)

    # ---- launching ------------------------------------------------------------------------------------------------------------------

    @replaces(why="EC2-3, EC2-15: pending until the machine runs; MaxCount, templates, capacity, quotas, addresses, user data limit")
    def run_instances(self, image_id: str, count: int, user_data: Any, security_group_names: list[str], **kwargs: Any) -> Any:
        request = launches.current(count)
        template = self._get_template_from_args(kwargs["launch_template"]).data if kwargs.get("launch_template") else {}
        asked = launches.asked_for(request, template)
        launches.fill_in(kwargs, asked)
        launches.check_user_data(user_data or template.get("UserData"))
        image = self._image(image_id or template.get("ImageId"))
        self._check_group_names(security_group_names or template.get("SecurityGroups") or [])
        self._check_key_pair(kwargs.get("key_name") or template.get("KeyName"))
        check_launch(self, kwargs, asked, image)
        kwargs["metadata_options"] = metadata_options.of_launch(self, image, asked)
        launches.fill_in_devices(kwargs, image, asked)
        if subnet := launches.choose_subnet(self, kwargs):
            kwargs["subnet_id"] = subnet.id
            count = launches.how_many(request, subnet, kwargs)
            count = quotas.fitting(kwargs.get("instance_type", "m1.small"), request.minimum, count, quotas.held(self))
        if request.dry_run:
            raise errors.dry_run()
        tags = launch_options.merged_tags(template, kwargs.get("tags") or {})
        reservation = super().run_instances(image.id, count, user_data, security_group_names, **kwargs)
        for instance in reservation.instances:
            launch_options.apply(instance, asked, tags)
            instance.sandbox.content = content_of(self, image)
        self._launched(reservation, request)
        return reservation

    def _launched(self, reservation: Any, request: LaunchRequest) -> None:
        if request.token:
            request.token.keep_launch(self, context().clock.now(), reservation.id)
        for instance in reservation.instances:
            why = f"RunInstances asked for it in {instance.availability_zone}"
            zone = {"availability-zone": instance.availability_zone}  # it is where the instance is for as long as it exists
            context().journal.record(state_change(instance.id, InstanceState.PENDING, why, **zone))

    def launched(self, reservation_id: str) -> Any:
        """The reservation of an earlier launch, for the same ClientToken again."""
        reservation = self.reservations[reservation_id]
        if any(i.lifecycle_state in (InstanceState.SHUTTING_DOWN, InstanceState.TERMINATED) for i in reservation.instances):
            raise errors.token_of_terminated()
        return reservation

    def _drop_empty(self, reservation_ids: set[str]) -> None:
        """moto enters the reservation before it makes the instances."""
        for reservation_id in reservation_ids:
            if not self.reservations[reservation_id].instances:
                del self.reservations[reservation_id]

    def _image(self, given: str | None) -> Any:
        """`given`: an id, or a parameter that names one (EC2-61). Raises ApiError when there is none."""
        image_id = self.image_id_of(given)
        if not image_id:
            raise errors.parameter_missing("ImageId")
        if not image_id.startswith("ami-"):
            raise errors.malformed_image_id(image_id)
        found = self.describe_images(ami_ids=[image_id])  # which refuses one that never existed
        if not found:
            raise errors.unavailable_image(image_id)
        if found[0].state != "available":
            raise image_errors.image_not_available(image_id, found[0].state)
        return found[0]

    def _check_group_names(self, names: list[str]) -> None:
        for name in names:
            if self.get_security_group_by_name_or_id(name) is None:
                raise errors.unknown_group_name(name, self.get_default_vpc().id)

    def _check_key_pair(self, name: str | None) -> None:
        if name and name not in self.key_pairs:
            raise errors.unknown_key_pair(name)

    # ---- start, stop, reboot, terminate -----------------------------------------------------------------------------------------------

    @replaces(why="EC2-4, EC2-14 to EC2-16: only from stopped, needs capacity and vCPUs of the quota, all or nothing")
    def start_instances(self, instance_ids: list[str]) -> list[tuple[Any, Any]]:
        return [(instance, instance.start()) for instance in self.startable(instance_ids)]

    def startable(self, instance_ids: list[str]) -> list[Any]:
        instances = self.get_multi_instances_by_id(instance_ids)
        for instance in instances:
            if instance.lifecycle_state not in STARTABLE:
                raise errors.cannot_be_started(instance.id)
        stopped = [instance for instance in instances if instance.lifecycle_state is InstanceState.STOPPED]
        for instance in stopped:
            if refusal := launches.no_capacity(instance.availability_zone, instance.instance_type, self.tags.get(instance.id, {})):
                raise errors.no_capacity(refusal)
        quotas.check_quotas_of_start(self, stopped)
        return instances

    @replaces(why="EC2-4, EC2-14: only what has run, all or nothing; EC2-5: Force")
    def stop_instances(self, instance_ids: list[str], force: bool = False) -> list[tuple[Any, Any]]:
        instances = self.stoppable(instance_ids)
        for instance in instances:
            instance.sandbox.stop_forced |= force and instance.lifecycle_state is not InstanceState.STOPPED
        return [(instance, instance.stop()) for instance in instances]

    def stoppable(self, instance_ids: list[str]) -> list[Any]:
        instances = self.get_multi_instances_by_id(instance_ids)
        for instance in instances:
            if instance.lifecycle_state not in STOPPABLE:
                raise errors.cannot_be_stopped(instance.id)
            if instance.disable_api_stop:
                raise errors.stop_protected(instance.id)
        return instances

    @replaces(why="EC2-6: reboots of terminated instances are ignored")
    def reboot_instances(self, instance_ids: list[str]) -> list[Any]:
        instances = self.rebootable(instance_ids)
        for instance in instances:
            instance.reboot()
        return instances

    def rebootable(self, instance_ids: list[str]) -> list[Any]:
        instances = self.get_multi_instances_by_id(instance_ids)
        gone = (InstanceState.SHUTTING_DOWN, InstanceState.TERMINATED)
        for instance in instances:
            if instance.lifecycle_state not in (InstanceState.RUNNING, *gone):
                raise errors.cannot_be_rebooted(instance.id)
        return instances

    @replaces(why="EC2-7, EC2-8: termination protection holds for the zone of the request; nothing happens for an unknown id")
    def terminate_instances(self, instance_ids: list[str]) -> list[tuple[Any, Any]]:
        instances = self._to_terminate(instance_ids)
        shielded = [i for i in instances if _is_protected(i)]
        zones = {i.availability_zone for i in shielded}
        changed = [(i, i.terminate()) for i in instances if i.availability_zone not in zones]
        if shielded:
            raise errors.protected(shielded[0].id)
        return changed

    def terminable(self, instance_ids: list[str]) -> None:
        """Raises the error that TerminateInstances would end with; it may terminate some of them before."""
        for instance in self._to_terminate(instance_ids):
            if _is_protected(instance):
                raise errors.protected(instance.id)

    def _to_terminate(self, instance_ids: list[str]) -> list[Any]:
        if not instance_ids:
            raise InvalidParameterCombination("No instances specified")
        return self.get_multi_instances_by_id(instance_ids)

    def purge(self, instance_id: str) -> None:
        """A terminated instance disappears (EC2-9), and its reservation with the last of it."""
        for reservation in list(self.reservations.values()):
            reservation.instances = [i for i in reservation.instances if i.id != instance_id]
        self._drop_empty(set(self.reservations))
        self.tags.pop(instance_id, None)
        application.forget_instance(self, instance_id)

    # ---- reading --------------------------------------------------------------------------------------------------------------------

    @replaces(why="EC2-14: InvalidInstanceID.Malformed")
    def get_instance(self, instance_id: str) -> Any:
        return self.get_multi_instances_by_id([instance_id])[0]

    @replaces(why="EC2-14: InvalidInstanceID.Malformed")
    def get_multi_instances_by_id(self, instance_ids: list[str], filters: Any = None) -> list[Any]:
        check_instance_ids(instance_ids)
        return super().get_multi_instances_by_id(list(dict.fromkeys(instance_ids)), filters)

    @replaces(why="EC2-14: names every id that does not exist; filters of api/filters.py")
    def get_reservations_by_instance_ids(self, instance_ids: list[str], filters: Any = None) -> list[Any]:
        self.get_multi_instances_by_id(instance_ids)
        found = super().get_reservations_by_instance_ids(list(dict.fromkeys(instance_ids)))
        return _filtered(found, filters)

    @replaces(why="DescribeInstances: filters that moto answers with an internal error")
    def all_reservations(self, filters: Any = None) -> list[Any]:
        return _filtered(super().all_reservations(), filters)

    @replaces(why="EC2-33: only running ones unless all are asked for; filters that moto ignores")
    def describe_instance_status(self, instance_ids: list[str], include_all_instances: bool, filters_given: Any) -> list[Any]:
        wanted = {f["name"]: f["values"] for f in filters_given or ()}
        filters.check(filters.STATUSES, wanted)
        instances = self.get_multi_instances_by_id(instance_ids) if instance_ids else self.all_instances()
        shown = [i for i in instances if include_all_instances or i.lifecycle_state is InstanceState.RUNNING]
        return [i for i in shown if filters.matches(filters.STATUSES, i, wanted)]

    # ---- attributes -----------------------------------------------------------------------------------------------------------------

    @replaces(why="UD-1, UD-11: some attributes change only while stopped; moto stores booleans as text")
    def modify_instance_attribute(self, instance_id: str, key: str, value: Any) -> Any:
        instance = self.get_instance(instance_id)
        if key in WHILE_STOPPED and instance.lifecycle_state is not InstanceState.STOPPED:
            raise errors.not_stopped(instance_id)
        if key == "user_data":
            value = parse_user_data(value) if isinstance(value, str) else value
            launches.check_user_data(value)
        if key == "instance_initiated_shutdown_behavior" and value not in {b.value for b in ShutdownBehavior}:
            raise errors.wrong_value(value, "InstanceInitiatedShutdownBehavior")
        if value in ("true", "false"):
            value = value == "true"
        return super().modify_instance_attribute(instance_id, key, value)

    @adds(why="EC2-20: MonitorInstances and UnmonitorInstances")
    def set_monitoring(self, instance_ids: list[str], state: str) -> list[Any]:
        instances = self.get_multi_instances_by_id(instance_ids)
        for instance in instances:
            instance.monitoring_state = state
        return instances


def _is_protected(instance: Any) -> bool:
    return instance.disable_api_termination and instance.lifecycle_state is not InstanceState.TERMINATED


def _filtered(reservations: list[Any], wanted: Any) -> list[Any]:
    return filters.reservations(reservations, wanted) if wanted else reservations
