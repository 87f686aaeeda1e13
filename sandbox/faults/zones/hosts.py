"""The hosts of instances lose their power and get it back, in one of two modes.

impaired: what a host without power looks like. Its machines are frozen and nothing reaches them, EC2 still says `running`, and the system
status check fails; when the power is back, the machines boot.
stopped: what FIS does for it (FIS-20). StopInstances, and StartInstances when the power is back.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from sandbox.core.errors import Retry
from sandbox.core.events import Event
from sandbox.core.ports import KnownInstance
from sandbox.drivers.runtime.base import ContainerState
from sandbox.faults.context import FaultContext

CALLER = "faults"
IMPAIRED, STOPPED = "impaired", "stopped"
STOPPING_TAKES = timedelta(seconds=2)  # how often a host that is to start again looks whether it has stopped
NOT_CARRIED_OUT = "Fault Not Carried Out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    fault_id: str
    mode: str
    restart: bool  # stopped instances are started again
    context: FaultContext
    told: set[str] = field(default_factory=set)  # instances whose refusal was told

    def switch_off(self, instances: Iterable[KnownInstance]) -> None:
        """In mode `stopped`. The other mode is a state of the machines, which the effect declares."""
        if self.mode == STOPPED:
            for instance in instances:
                if instance.state == "running":
                    self._call(self._ec2(instance).stop_instances, instance, "stopped")

    def switch_on(self, instances: Iterable[KnownInstance], since: datetime, back_at: datetime) -> None:
        """They were off from `since` to `back_at`. Raises Retry while one of them is still stopping."""
        for instance in instances:
            if self.mode == IMPAIRED:
                self._boot(instance, back_at)
            elif self.restart:
                self._start(instance, since)

    def _boot(self, instance: KnownInstance, back_at: datetime) -> None:
        machine = self.context.runtime.containers().get(instance.instance_id)
        if instance.state != "running" or machine is None or machine.state is not ContainerState.RUNNING:
            return
        if machine.started_at is None or machine.started_at < back_at:
            self.context.runtime.reboot(instance.instance_id)

    def _start(self, instance: KnownInstance, since: datetime) -> None:
        if instance.state == "stopping":
            raise Retry(f"{instance.instance_id} is still stopping.", after=STOPPING_TAKES)
        if instance.state == "stopped" and instance.state_since >= since:
            self._call(self._ec2(instance).start_instances, instance, "started again")

    def _ec2(self, instance: KnownInstance) -> Any:
        return self.context.clients.client("ec2", instance.scope, CALLER)

    def _call(self, operation: Callable[..., Any], instance: KnownInstance, verb: str) -> None:
        """A refusal, such as no capacity for a start (EC2-16), is told once."""
        try:
            operation(InstanceIds=[instance.instance_id])
        except ClientError as error:
            if instance.instance_id in self.told:
                return
            self.told.add(instance.instance_id)
            summary = f"{instance.instance_id} could not be {verb}: {error.response['Error']['Message']}"
            resources = (self.fault_id, instance.instance_id)
            self.context.journal.record(Event(source="sandbox.faults", detail_type=NOT_CARRIED_OUT, summary=summary, resources=resources))
