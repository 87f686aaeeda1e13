"""What VPCs say of their instances: names, and which of them reach the internet."""

import pytest

from sandbox.drivers.names.base import Name
from sandbox.services.ec2.actions import LetOut, PublishNames
from sandbox.services.ec2.decide.networks import ConnectedInstance, ConnectedVpc, ObservedNetworks, WayOut, decide, let_out, published
from tests.support import rule

VPC = ConnectedVpc(cidr="10.0.0.0/16", dns_support=True)


def instance(public: str | None = None, way_out: WayOut = WayOut.NONE) -> ConnectedInstance:
    return ConnectedInstance(private_name="ip-10-0-1-4.ec2.internal", private_address="10.0.1.4", public_name=public, way_out=way_out)


def observed(*instances: ConnectedInstance, vpcs: tuple[ConnectedVpc, ...] = (VPC,), internet: bool = False) -> ObservedNetworks:
    return ObservedNetworks(instances=instances, vpcs=vpcs, internet=internet)


@rule("DNS-1", "DNS-2", "DNS-6")
def test_private_and_public_names_lead_to_the_private_address_and_back() -> None:
    public = "ec2-203-0-113-25.compute-1.amazonaws.com"
    found = published(observed(instance(public)))
    assert {Name(public, ("10.0.1.4",)), Name("ip-10-0-1-4.ec2.internal", ("10.0.1.4",))} <= set(found.names)
    assert found.reverse == (Name("ip-10-0-1-4.ec2.internal", ("10.0.1.4",)),)


@rule("NET-4")
def test_the_aws_api_has_a_name() -> None:
    assert Name("api.sandbox.internal", ("169.254.169.250",)) in published(observed()).names


@rule("DNS-3", "DNS-7")
def test_the_resolver_is_at_the_base_address_plus_two_of_each_vpc_with_dns_support() -> None:
    without = ConnectedVpc(cidr="10.1.0.0/16", dns_support=False)
    assert published(observed(vpcs=(VPC, without))).servers == ("10.0.0.2",)


@rule("NET-2")
@pytest.mark.parametrize(
    ("public", "way_out", "internet", "out"),
    [
        ("ec2-1", WayOut.INTERNET_GATEWAY, True, True),
        (None, WayOut.INTERNET_GATEWAY, True, False),
        (None, WayOut.NAT_GATEWAY, True, True),
        ("ec2-1", WayOut.NONE, True, False),
        ("ec2-1", WayOut.INTERNET_GATEWAY, False, False),
        (None, WayOut.NAT_GATEWAY, False, False),
    ],
)
def test_an_instance_reaches_the_internet_by_its_route_and_public_address_when_the_setting_allows(
    public: str | None, way_out: WayOut, internet: bool, out: bool
) -> None:
    assert bool(let_out(observed(instance(public, way_out), internet=internet))) is out


def test_only_changes_are_published() -> None:
    first = decide(observed(instance()), None)
    assert [type(each) for each in first.actions] == [PublishNames, LetOut]
    assert decide(observed(instance()), first.memory).actions == ()
    assert [type(each) for each in decide(observed(), first.memory).actions] == [PublishNames]
