"""An instance that lives: moto's Instance with the states of EC2-2, reasons, status checks and a machine behind it.

moto's own is running as soon as it is made. Here `start`, `stop`, `terminate` and `reboot` only ask: they move the state as the API
promises, and the controller brings the machine after it. What only AWS does (`advance`, `note_boot`, `set_checks`) the controller calls.
All extra state is in `instance.sandbox`, so that reset and the saved state carry it. Every move of state is an event.
"""

import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sandbox.aws.environment  # before moto
import sandbox.services.ec2.state.interfaces  # noqa: F401 - its seam

# isort: split
from moto.ec2.models.instances import Instance
from moto.ec2.models.instances import InstanceState as MotoState
from moto.ec2.models.instances import StateReason as MotoReason

from sandbox.aws.context import context
from sandbox.aws.seams import adds, replaces, swap_model
from sandbox.core.machine import move
from sandbox.core.persisted import persisted
from sandbox.services.ec2.application import state as application
from sandbox.services.ec2.application.model import ApplicationExtra
from sandbox.services.ec2.credits_model import Credits
from sandbox.services.ec2.events_model import ScheduledEvent
from sandbox.services.ec2.image_model import MACHINE_IMAGE, ImageContent
from sandbox.services.ec2.metadata_model import Interruption, RoleCredentials
from sandbox.services.ec2.model import (
    TRANSITIONS,
    USER_SHUTDOWN,
    InstanceEvent,
    InstanceState,
    Published,
    Reason,
    Reboot,
    StatusCheck,
    state_change,
)
from sandbox.services.ec2.state import addresses

ASKED = "lifecycle: the API only asks, the machine follows (EC2-4)"
NO_ADDRESS = "EC2-9: a terminated instance has no addresses"
ON_THE_WAY_OUT = (InstanceState.SHUTTING_DOWN, InstanceState.TERMINATED)


@persisted("ec2.InstanceExtra")
@dataclass(kw_only=True)
class InstanceExtra:
    """What the sandbox keeps of an instance, besides moto's fields."""

    state_since: datetime
    boots: int = 0  # boots of the machine that were taken note of; 0: it never ran
    start_asked: bool = False
    stop_forced: bool = False
    reboot_asked: bool = False
    reboot: Reboot | None = None
    system_check: StatusCheck = field(default_factory=StatusCheck)
    instance_check: StatusCheck = field(default_factory=StatusCheck)
    next_check: datetime | None = None  # None: the machine has not run since the last launch or start
    content: ImageContent = MACHINE_IMAGE  # what its machine boots
    credentials: RoleCredentials | None = None  # of the role in its profile, as its metadata service shows them
    interruption_behavior: str = "terminate"  # of a Spot Instance: "terminate" | "stop"
    interruption: Interruption | None = None  # IMDS-12; None: it is not marked for interruption
    rebalance_noticed_at: datetime | None = None  # IMDS-12; None: there was no rebalance recommendation
    scheduled_events: tuple[ScheduledEvent, ...] = ()  # EC2-34, also those that are over
    user_data_told: float = 0.0  # `finished` of the last result of its user data that was told; 0.0: none was
    credits: Credits | None = None  # TYPE-3; None: not burstable, or not accounted yet
    application: ApplicationExtra = field(default_factory=ApplicationExtra)  # EC2-35: its application status checks
    cpu_credits: str = ""  # EC2-56; "": not burstable, or launched by an earlier release


@persisted("ec2.Instance", _iops=dict, _throughput=dict)
@swap_model("moto.ec2.models.instances", "Instance")
class SandboxInstance(Instance):
    nics: dict[int, Any]
    sandbox_published = Published()  # until the first metrics of this instance

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.sandbox = InstanceExtra(state_since=context().clock.now())
        self.nics = {}  # until moto attaches them
        self._iops: dict[str, int | None] = kwargs.pop("iops", {})  # by device; moto's launch makes volumes without them
        self._throughput: dict[str, int | None] = kwargs.pop("throughput", {})
        super().__init__(*args, **kwargs)
        self._state = MotoState(InstanceState.PENDING.value, InstanceState.PENDING.code)
        self.state_reason = None  # absent while there is none (EC2-13)

    @property
    def instance_id(self) -> str:
        """moto's serializer finds `id` for InstanceId only on a class named Instance (moto/core/serialize.py: ClassPrefixAlias)."""
        return str(self.id)

    @property
    @adds(why="SG-3: the groups of an instance are those of its primary interface, the default group too")
    def security_groups(self) -> list[Any]:
        """Kept on the instance only until it has its interface, and when it is gone."""
        return list(self.nics[0].group_set) if 0 in self.nics else self.__dict__["security_groups"]

    @security_groups.setter
    def security_groups(self, groups: list[Any]) -> None:
        self.__dict__["security_groups"] = groups

    @property
    def lifecycle_state(self) -> InstanceState:
        return InstanceState(self._state.name)

    # ---- what the API asks ----------------------------------------------------------------------------------------------------------

    @replaces(why=ASKED)
    def start(self) -> MotoState:
        previous = copy.copy(self._state)
        if self.lifecycle_state is InstanceState.STOPPED:
            for nic in self.nics.values():
                nic.start()  # EC2-5: a new public address, the same private one
            self.launch_time = context().clock.now().astimezone(UTC).replace(tzinfo=None)  # as moto keeps times
            self.sandbox.start_asked = True
            self.advance(InstanceEvent.START, "StartInstances asked for it")
        return previous

    @replaces(why=ASKED)
    def stop(self) -> MotoState:
        previous = copy.copy(self._state)
        if self.lifecycle_state is InstanceState.RUNNING:
            self.advance(InstanceEvent.STOP, "StopInstances asked for it", USER_SHUTDOWN)
        return previous

    @replaces(why=ASKED)
    def terminate(self) -> MotoState:
        previous = copy.copy(self._state)
        if self.lifecycle_state not in ON_THE_WAY_OUT:  # EC2-7: again is fine
            self.advance(InstanceEvent.TERMINATE, "TerminateInstances asked for it", USER_SHUTDOWN)
        return previous

    @replaces(why="EC2-6: the state stays running, the machine reboots")
    def reboot(self) -> None:
        if self.lifecycle_state is InstanceState.RUNNING:
            self.sandbox.reboot_asked = True

    @replaces(why="Iops and Throughput of a launch's volumes: without Iops moto refuses io1 and io2")
    def add_block_device(  # noqa: PLR0913, PLR0917 - as moto's
        self,
        size: int,
        device_path: str,
        snapshot_id: str | None,
        encrypted: bool,
        delete_on_termination: bool,
        kms_key_id: str | None,
        volume_type: str | None,
    ) -> None:
        volume = self.ec2_backend.create_volume(
            size=size,
            zone_name=self.availability_zone,
            snapshot_id=snapshot_id,
            encrypted=encrypted,
            kms_key_id=kms_key_id,
            volume_type=volume_type,
            iops=self._iops.get(device_path),
            throughput=self._throughput.get(device_path),
        )
        self.ec2_backend.attach_volume(volume.id, self.id, device_path, delete_on_termination)

    # ---- what only AWS does ---------------------------------------------------------------------------------------------------------

    def advance(self, event: InstanceEvent, why: str, reason: Reason | None = None) -> None:
        """Moves the state and records the event of EC2-19. `reason` None keeps the one there is; a start or a boot clears it (EC2-13)."""
        now = context().clock.now()
        state = move(TRANSITIONS, self.id, self.lifecycle_state, event)
        self._state = MotoState(state.value, state.code)
        self.sandbox.state_since = now
        self.sandbox.reboot_asked, self.sandbox.reboot = False, None
        if state in (InstanceState.PENDING, InstanceState.RUNNING):
            self.state_reason, self._reason = None, ""
        elif reason:
            self.state_reason, self._reason = MotoReason(reason.message, reason.code), reason.transition(now)
        if state is not InstanceState.PENDING:
            self.sandbox.start_asked = False
        if state is InstanceState.STOPPED:
            self._halt()
        if state is InstanceState.TERMINATED:
            self._release()
        context().journal.record(state_change(self.id, state, why))

    def note_boot(self, boots: int) -> None:
        self.sandbox.boots, self.sandbox.reboot = boots, None

    def note_user_data(self, finished: float) -> None:
        self.sandbox.user_data_told = finished

    def set_checks(self, system: StatusCheck, instance: StatusCheck, next_check: datetime) -> None:
        self.sandbox.system_check, self.sandbox.instance_check, self.sandbox.next_check = system, instance, next_check

    def move_event(self, event: ScheduledEvent, start: datetime) -> ScheduledEvent:
        """→ the scheduled event with its new start, as a user asked (EC2-34)."""
        moved = event.moved_to(start)
        self.sandbox.scheduled_events = tuple(moved if one is event else one for one in self.sandbox.scheduled_events)
        return moved

    def _halt(self) -> None:
        self.sandbox.stop_forced, self.sandbox.next_check = False, None
        for nic in self.nics.values():
            nic.stop()  # EC2-5: the public address is released

    def _release(self) -> None:
        """Releases addresses and volumes (EC2-9). Not earlier: the address is in use until the machine is removed."""
        kept = self._state, self.state_reason, self._reason
        mine = {device.volume_id for _, device in self.get_block_device_mapping} | {nic.id for nic in self.nics.values()}
        super().terminate()
        self._state, self.state_reason, self._reason = kept
        for nic in [n for n in self.nics.values() if n.id in self.ec2_backend.enis]:
            self.detach_eni(nic)
        for address in [one for one in self.ec2_backend.addresses if one.instance is self]:
            address.instance = None  # of an interface that stays
        self.nics = {}
        for gone in mine - self.ec2_backend.volumes.keys() - self.ec2_backend.enis.keys():
            self.ec2_backend.tags.pop(gone, None)
        self._private_ips.clear()  # moto releases them again when the object is deleted; another instance may have them by then

    # ---- the network interface -------------------------------------------------------------------------------------------------------

    @replaces(why="DNS-4, EC2-3: an address that no other machine has, the same one in each replay; root interface goes with the instance")
    def prep_nics(self, nic_spec: list[dict[str, Any]], private_ip: str | None = None, **kwargs: Any) -> None:
        first = next((n for n in nic_spec if int(n.get("DeviceIndex", 0)) == 0), {})
        wanted = private_ip or self._get_private_ip_from_nic(first)
        if self._subnet_id and "NetworkInterfaceId" not in first:
            subnet = self.ec2_backend.get_subnet(self._subnet_id)
            if wanted:
                addresses.check(subnet, wanted)
            wanted = wanted or addresses.choose(subnet)
        super().prep_nics(nic_spec, private_ip=wanted, **kwargs)
        for nic in self.nics.values():
            if all(n.get("NetworkInterfaceId") != nic.id for n in nic_spec):
                spec = next((n for n in nic_spec if int(n.get("DeviceIndex", 0)) == nic.device_index), {})
                nic.delete_on_termination = spec.get("DeleteOnTermination", True) is not False

    @property
    @replaces(why=NO_ADDRESS)
    def private_ip(self) -> str | None:
        return self.nics[0].private_ip_address if self.nics else None

    @property
    @replaces(why=NO_ADDRESS)
    def private_ip_address(self) -> str | None:
        return self.private_ip

    @property
    @replaces(why=NO_ADDRESS)
    def private_dns_name(self) -> str:
        return super().private_dns_name if self.nics else ""

    @property
    @replaces(why=NO_ADDRESS)
    def public_ip(self) -> str | None:
        return self.nics[0].public_ip if self.nics else None

    @property
    @replaces(why=NO_ADDRESS)
    def public_ip_address(self) -> str | None:
        return self.public_ip

    # ---- what DescribeInstanceStatus shows (EC2-31) ------------------------------------------------------------------------------------

    @property
    @replaces(why="EC2-31: from observation, moto's is always ok")
    def system_status(self) -> dict[str, Any]:
        return self._summary(self.sandbox.system_check)

    @property
    @replaces(why="EC2-31: from observation, moto's is always ok")
    def instance_status(self) -> dict[str, Any]:
        return self._summary(self.sandbox.instance_check)

    @property
    def attached_ebs_status(self) -> dict[str, Any]:
        """The sandbox's volumes are records: they are as reachable as the host (EC2-30)."""
        return self._summary(self.sandbox.system_check)

    @property
    def application_status(self) -> dict[str, Any]:
        """EC2-84: from what was probed."""
        return application.status(self, context().clock.now()).summary()

    @property
    def availability_zone_id(self) -> str | None:
        zones = self.ec2_backend.describe_availability_zones()
        return next((zone.zone_id for zone in zones if zone.name == self.availability_zone), None)

    def _summary(self, check: StatusCheck) -> dict[str, Any]:
        if self.lifecycle_state is not InstanceState.RUNNING:
            return {"Status": "not-applicable"}  # EC2-33
        detail = {"Name": "reachability", "Status": check.result.value}
        since = {} if check.impaired_since is None else {"ImpairedSince": check.impaired_since}
        return {"Status": check.status, "Details": [{**detail, **since}]}

    @property
    def events(self) -> list[dict[str, Any]]:
        """Scheduled events (EC2-34)."""
        return [one.as_aws() for one in self.sandbox.scheduled_events]
