"""Which document an instance gets, category by category, and when it is published anew. From made-up facts."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.drivers.metadata.base import IDENTITY_DOCUMENT
from sandbox.services.autoscaling.lifecycle_model import LifecycleState
from sandbox.services.ec2.actions import ApplyOptions, IssueCredentials, PublishDocument, WithdrawDocument
from sandbox.services.ec2.decide.metadata.document import metadata_document
from sandbox.services.ec2.decide.metadata.publication import LIFETIME, OPTIONS_APPLIED, RENEWAL, decide
from sandbox.services.ec2.metadata_model import (
    InstanceFacts,
    InterfaceFacts,
    Interruption,
    MetadataMemory,
    ObservedMetadata,
    OptionFacts,
    ProfileFacts,
    RoleCredentials,
)
from tests.support import rule

NOON = datetime(2026, 5, 7, 12, tzinfo=UTC)
ID, MAC = "i-0123456789abcdef0", "02:00:00:1b:dc:e8"
NIC = InterfaceFacts(
    interface_id="eni-1",
    mac=MAC,
    device_number=0,
    private_ip_addresses=("10.24.34.5",),
    public_ip=None,
    group_ids=("sg-1", "sg-2"),
    group_names=("default", "web"),
    subnet_id="subnet-1",
    subnet_cidr="10.24.34.0/24",
    vpc_id="vpc-1",
    vpc_cidrs=("10.24.0.0/16", "10.25.0.0/16"),
)
FACTS = InstanceFacts(
    instance_id=ID,
    account="123456789012",
    region="us-east-1",
    partition="aws",
    zone="us-east-1a",
    zone_id="use1-az6",
    image_id="ami-1",
    instance_type="t3.micro",
    hypervisor="nitro",
    architecture="x86_64",
    launch_index=0,
    reservation_id="r-1",
    launched_at=NOON,
    spot=False,
    monitoring="disabled",
    placement_group="",
    tenancy="default",
    interfaces=(NIC,),
    root_device="/dev/xvda",
    devices=("/dev/sdb",),
    options=OptionFacts("enabled", "optional", 1, "disabled"),
)
PROFILE = ProfileFacts("arn:aws:iam::123456789012:instance-profile/web", "AIPA1", "web", "arn:aws:iam::123456789012:role/web")


def credentials(issued: datetime = NOON, role: str = PROFILE.role_arn) -> RoleCredentials:
    return RoleCredentials(
        role_arn=role,
        access_key_id="ASIA1",
        secret_access_key="secret",
        session_token="token",
        issued_at=issued,
        expires_at=issued + LIFETIME,
    )


def below(folder: str, **changes: Any) -> Mapping[str, str]:
    """What the document says below meta-data/<folder>."""
    entries = metadata_document(replace(FACTS, **changes)).entries
    start = f"meta-data/{folder}"
    return {path.removeprefix(start): text for path, text in entries.items() if path.startswith(start)}


@rule("IMDS-9")
@pytest.mark.parametrize(
    ("category", "text"),
    [
        ("ami-id", "ami-1"),
        ("ami-launch-index", "0"),
        ("ami-manifest-path", "(unknown)"),
        ("block-device-mapping/ami", "/dev/xvda"),
        ("block-device-mapping/root", "/dev/xvda"),
        ("block-device-mapping/ebs1", "sdb"),
        ("events/maintenance/history", "[]"),
        ("events/maintenance/scheduled", "[]"),
        ("hostname", "ip-10-24-34-5.ec2.internal"),
        ("instance-action", "none"),
        ("instance-id", ID),
        ("instance-life-cycle", "on-demand"),
        ("instance-type", "t3.micro"),
        ("local-hostname", "ip-10-24-34-5.ec2.internal"),
        ("local-ipv4", "10.24.34.5"),
        ("mac", MAC),
        ("placement/availability-zone", "us-east-1a"),
        ("placement/availability-zone-id", "use1-az6"),
        ("placement/region", "us-east-1"),
        ("profile", "default-hvm"),
        ("reservation-id", "r-1"),
        ("security-groups", "default\nweb"),
        ("services/domain", "amazonaws.com"),
        ("services/partition", "aws"),
    ],
)
def test_a_category_of_every_instance(category: str, text: str) -> None:
    assert below(category)[""] == text


@rule("IMDS-10")
def test_an_interface() -> None:
    assert below(f"network/interfaces/macs/{MAC}/") == {
        "device-number": "0",
        "interface-id": "eni-1",
        "local-hostname": "ip-10-24-34-5.ec2.internal",
        "local-ipv4s": "10.24.34.5",
        "mac": MAC,
        "owner-id": "123456789012",
        "security-group-ids": "sg-1\nsg-2",
        "security-groups": "default\nweb",
        "subnet-id": "subnet-1",
        "subnet-ipv4-cidr-block": "10.24.34.0/24",
        "vpc-id": "vpc-1",
        "vpc-ipv4-cidr-block": "10.24.0.0/16",
        "vpc-ipv4-cidr-blocks": "10.24.0.0/16\n10.25.0.0/16",
    }


@rule("IMDS-10", "DNS-2")
def test_a_public_address_is_told_where_there_is_one() -> None:
    assert below("public") == {}
    public = replace(NIC, public_ip="203.0.113.25")
    assert below("public", interfaces=(public,)) == {"-hostname": "ec2-203-0-113-25.compute-1.amazonaws.com", "-ipv4": "203.0.113.25"}
    shown = below(f"network/interfaces/macs/{MAC}/", interfaces=(public,))
    assert shown["public-ipv4s"] == "203.0.113.25" and shown["ipv4-associations/203.0.113.25"] == "10.24.34.5"


@rule("DNS-1", "DNS-2")
def test_names_in_another_region() -> None:
    there = {"region": "eu-west-1", "interfaces": (replace(NIC, public_ip="203.0.113.25"),)}
    assert below("hostname", **there) == {"": "ip-10-24-34-5.eu-west-1.compute.internal"}
    assert below("public-hostname", **there) == {"": "ec2-203-0-113-25.eu-west-1.compute.amazonaws.com"}


@rule("IMDS-11")
@pytest.mark.parametrize("state", [each for each in LifecycleState if not each.value.startswith("Warmed:")])
def test_the_state_that_a_member_will_reach(state: LifecycleState) -> None:
    told = below("autoscaling/", lifecycle_state=state.value)["target-lifecycle-state"]
    if state.is_terminating or state in (LifecycleState.TERMINATED, LifecycleState.TERMINATING_RETAINED, LifecycleState.QUARANTINED):
        assert told == "Terminated"
    elif state in (LifecycleState.DETACHING, LifecycleState.DETACHED):
        assert told == "Detached"
    elif state in (LifecycleState.ENTERING_STANDBY, LifecycleState.STANDBY):
        assert told == "Standby"
    else:
        assert told == "InService"


@rule("IMDS-11")
def test_an_instance_of_no_group_has_no_target_state() -> None:
    assert below("autoscaling") == {}


@rule("IMDS-12")
def test_notices() -> None:
    assert below("spot") == {} and below("events/recommendations") == {}
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    ending = below("spot/", interruption=Interruption(action="terminate", at=at))
    assert ending == {"instance-action": '{"action":"terminate","time":"2026-01-02T03:04:05Z"}', "termination-time": "2026-01-02T03:04:05Z"}
    assert list(below("spot/", interruption=Interruption(action="stop", at=at))) == ["instance-action"]
    assert below("events/recommendations/", rebalance_noticed_at=at) == {"rebalance": '{"noticeTime":"2026-01-02T03:04:05Z"}'}


@rule("IMDS-13")
def test_a_key_pair() -> None:
    assert below("public-keys") == {}
    assert below("public-keys/", key_name="me", public_key="ssh-rsa A") == {"": "0=me", "0/openssh-key": "ssh-rsa A"}


@rule("IMDS-14")
def test_the_identity_document() -> None:
    shown = json.loads(metadata_document(FACTS).entries[IDENTITY_DOCUMENT])
    assert shown == {
        "accountId": "123456789012",
        "architecture": "x86_64",
        "availabilityZone": "us-east-1a",
        "billingProducts": None,
        "devpayProductCodes": None,
        "marketplaceProductCodes": None,
        "imageId": "ami-1",
        "instanceId": ID,
        "instanceType": "t3.micro",
        "kernelId": None,
        "pendingTime": "2026-05-07T12:00:00Z",
        "privateIp": "10.24.34.5",
        "ramdiskId": None,
        "region": "us-east-1",
        "version": "2017-09-30",
    }


def test_a_tag_that_cannot_be_part_of_a_path_is_left_out() -> None:
    tags = (("Name", "web server"), ("a/b", "1"), ("a b", "2"), ("..", "3"), ("aws:autoscaling:groupName", "g"))
    assert below("tags/instance/", tags=tags) == {"Name": "web server", "aws:autoscaling:groupName": "g"}


@rule("IMDS-16")
def test_a_profile_without_a_role_has_no_credentials() -> None:
    assert below("iam/security-credentials", profile=ProfileFacts(PROFILE.arn, "AIPA1"), credentials=credentials()) == {}
    assert json.loads(below("iam/", profile=PROFILE)["info"])["InstanceProfileArn"] == PROFILE.arn
    assert below("iam") == {}


# ---- when ----------------------------------------------------------------------------------------------------


def observed(facts: InstanceFacts | None = FACTS, **changes: Any) -> ObservedMetadata:
    return ObservedMetadata(**{"instance_id": ID, "facts": facts, "served": metadata_document(facts) if facts else None, **changes})


def test_it_is_published_when_it_has_changed_and_not_again() -> None:
    first = decide(observed(), None, NOON)
    assert first.actions == (PublishDocument(document=metadata_document(FACTS)),)
    assert decide(observed(), first.memory, NOON).actions == ()
    changed = replace(FACTS, monitoring="enabled")
    assert decide(observed(changed), first.memory, NOON).actions == (PublishDocument(document=metadata_document(changed)),)


def test_it_is_withdrawn_with_its_instance() -> None:
    assert decide(observed(None), MetadataMemory(FACTS), NOON).actions == (WithdrawDocument(),)


@rule("IMDS-7")
def test_options_are_applied_when_the_service_obeys_them() -> None:
    stricter = replace(FACTS, options=replace(FACTS.options, tokens="required"))
    not_yet = observed(stricter, served=metadata_document(FACTS), options_pending=True)
    waits = decide(not_yet, MetadataMemory(stricter, applied=True), NOON)
    assert waits.actions == () and waits.look_again is not None
    [applied] = decide(observed(stricter, options_pending=True), MetadataMemory(stricter, applied=True), NOON).actions
    assert isinstance(applied, ApplyOptions) and applied.event is not None and applied.event.detail_type == OPTIONS_APPLIED
    [at_launch] = decide(observed(stricter, options_pending=True), MetadataMemory(stricter), NOON).actions
    assert at_launch == ApplyOptions()


@pytest.mark.parametrize(
    ("held", "due"),
    [
        (None, True),
        (credentials(NOON - LIFETIME + RENEWAL + timedelta(seconds=1)), False),
        (credentials(NOON - LIFETIME + RENEWAL), True),
        (credentials(role="arn:aws:iam::123456789012:role/former"), True),
    ],
)
def test_credentials_are_renewed_before_they_expire(held: RoleCredentials | None, due: bool) -> None:
    facts = replace(FACTS, profile=PROFILE, credentials=held)
    decision = decide(observed(facts), MetadataMemory(facts, applied=True), NOON)
    assert [type(action) for action in decision.actions] == ([IssueCredentials] if due else [])
    assert decision.look_again is not None


def test_credentials_of_a_former_role_are_not_shown() -> None:
    facts = {"profile": PROFILE, "credentials": credentials(role="arn:aws:iam::123456789012:role/former")}
    assert below("iam/security-credentials", **facts) == {}
