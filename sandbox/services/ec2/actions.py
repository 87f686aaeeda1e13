"""What EC2's decisions may answer with. controller.py and metrics_controller.py carry them out, in order."""

from dataclasses import dataclass
from datetime import datetime

from sandbox.core.control import Action
from sandbox.core.metrics import MetricDatum
from sandbox.drivers.runtime.base import LaunchSpec
from sandbox.services.ec2.model import InstanceEvent, Published, Reason, StatusCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchContainer(Action):
    spec: LaunchSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class StartContainer(Action):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class StopContainer(Action):
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RebootContainer(Action):
    boots: int  # the machine's boots so far


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminateContainer(Action):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class SetState(Action):
    move: InstanceEvent
    why: str  # one sentence
    reason: Reason | None = None  # None: StateReason stays as it is (and is empty while running)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordBoot(Action):
    boots: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetStatus(Action):
    system: StatusCheck
    instance: StatusCheck
    next_check: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Purge(Action):
    """The terminated instance disappears from DescribeInstances (EC2-9)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish(Action):
    instance_id: str
    data: tuple[MetricDatum, ...]
    published: Published  # from now on
