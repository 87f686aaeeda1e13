"""What EC2 knows about an instance that its metadata service tells (IMDS-9 to IMDS-14). Frozen values as the API has them; no texts yet.

state/metadata.py reads them, decide/metadata/ makes the document of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sandbox.core.persisted import persisted
from sandbox.drivers.metadata.base import MetadataDocument
from sandbox.services.ec2.events_model import ScheduledEvent


@persisted("ec2.RoleCredentials")
@dataclass(frozen=True, slots=True, kw_only=True)
class RoleCredentials:
    """Temporary credentials of the role in an instance profile, for one instance."""

    role_arn: str
    access_key_id: str
    secret_access_key: str
    session_token: str
    issued_at: datetime
    expires_at: datetime


@persisted("ec2.Interruption")
@dataclass(frozen=True, slots=True, kw_only=True)
class Interruption:
    """The notice of a Spot Instance that is going to be interrupted (IMDS-12)."""

    action: str  # "terminate" | "stop" | "hibernate"
    at: datetime


@dataclass(frozen=True, slots=True)
class ProfileFacts:
    """The instance profile, and its role. `role_name` "": the profile has no role."""

    arn: str
    profile_id: str
    role_name: str = ""
    role_arn: str = ""


@dataclass(frozen=True, slots=True)
class InterfaceFacts:
    interface_id: str
    mac: str
    device_number: int
    private_ip_addresses: tuple[str, ...]  # the primary one first
    public_ip: str | None
    group_ids: tuple[str, ...]
    group_names: tuple[str, ...]
    subnet_id: str
    subnet_cidr: str
    vpc_id: str
    vpc_cidrs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OptionFacts:
    """MetadataOptions of the instance (IMDS-4, IMDS-6, IMDS-7)."""

    endpoint: str  # "enabled" | "disabled"
    tokens: str  # "optional" | "required"
    hop_limit: int
    tags: str  # "enabled" | "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceFacts:
    instance_id: str
    account: str
    region: str
    partition: str
    zone: str
    zone_id: str
    image_id: str
    instance_type: str
    hypervisor: str  # "nitro" | "xen"
    architecture: str
    launch_index: int
    reservation_id: str
    launched_at: datetime
    spot: bool
    monitoring: str  # "enabled" | "disabled"
    placement_group: str
    tenancy: str
    interfaces: tuple[InterfaceFacts, ...]  # the primary one first
    root_device: str
    devices: tuple[str, ...]  # other volumes' names: "/dev/sdb"
    options: OptionFacts
    profile: ProfileFacts | None = None
    credentials: RoleCredentials | None = None
    key_name: str = ""  # "": launched without a key pair
    public_key: str = ""
    tags: tuple[tuple[str, str], ...] = ()  # only when the options show them
    user_data: str | None = None  # base64, as the API has it
    lifecycle_state: str | None = None  # in its Auto Scaling group: "Pending:Wait"; None: it is in none
    scheduled_events: tuple[ScheduledEvent, ...] = ()  # also those that are over
    interruption: Interruption | None = None
    rebalance_noticed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedMetadata:
    instance_id: str
    facts: InstanceFacts | None  # None: there is no such instance any more, or it is terminated
    served: MetadataDocument | None  # what the instance reads now
    options_pending: bool = False  # State of its MetadataOptions
    cause: str | None = None  # id of the newest event about the instance


@dataclass(frozen=True, slots=True)
class MetadataMemory:
    published: InstanceFacts | None = None
    applied: bool = False  # its options were applied before, so that a further time is a change of them


Entries = Mapping[str, str]
"""Path below the version → text, as in MetadataDocument."""
