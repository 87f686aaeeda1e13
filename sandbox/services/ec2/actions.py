"""What EC2's decisions may answer with. The controllers of this service carry them out, in order."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.core.control import Action
from sandbox.core.metrics import MetricDatum
from sandbox.drivers.firewall.policy import Policy
from sandbox.drivers.metadata.base import MetadataDocument
from sandbox.drivers.names.base import Published as PublishedNames
from sandbox.drivers.runtime.base import LaunchSpec
from sandbox.services.ec2.credits_model import Credits
from sandbox.services.ec2.events_model import ScheduledEvent
from sandbox.services.ec2.metadata_model import Interruption
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
class RecordUserData(Action):
    """Its result was told."""

    finished: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SetStatus(Action):
    system: StatusCheck
    instance: StatusCheck
    next_check: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SetScheduledEvents(Action):
    events: tuple[ScheduledEvent, ...]  # all of the instance (EC2-34)


@dataclass(frozen=True, slots=True, kw_only=True)
class Purge(Action):
    """The terminated instance disappears from DescribeInstances (EC2-9)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyPolicy(Action):
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish(Action):
    instance_id: str
    data: tuple[MetricDatum, ...]
    published: Published  # from now on


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishData(Action):
    """To CloudWatch, about several instances."""

    data: tuple[MetricDatum, ...]


# ---- metadata service --------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishDocument(Action):
    document: MetadataDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawDocument(Action):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueCredentials(Action):
    """Of the role in the instance's profile."""

    role_arn: str
    lifetime: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyOptions(Action):
    """State of MetadataOptions: pending → applied (IMDS-7)."""


# ---- Spot Instances ----------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SetNotices(Action):
    """IMDS-12."""

    interruption: Interruption | None
    rebalance_noticed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupt(Action):
    stop: bool  # else it is terminated


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishNames(Action):
    """DNS-1 to DNS-7."""

    published: PublishedNames


@dataclass(frozen=True, slots=True, kw_only=True)
class LetOut(Action):
    """NET-2: exactly these private addresses reach the internet."""

    addresses: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishCredits(Action):
    """Keeps the credits of an instance, and publishes their data."""

    instance_id: str
    credits: Credits
    data: tuple[MetricDatum, ...]
