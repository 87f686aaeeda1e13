"""`sandbox explain SOURCE --to DESTINATION:PORT`, from the policy that is in force."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from sandbox.control.account.foreign import without_foreign_names
from sandbox.control.connections import Asked, asked, explained
from sandbox.core.errors import UserError
from sandbox.drivers.firewall.policy import Interface, Permission, Policy, SecurityGroup, Subnet, Traffic
from tests.support import rule
from tests.support.drivers.firewalls import NODE, PORT, TARGET, from_node, policy

CLIENT = IPv4Address("203.0.113.10")
KNOWN = policy(from_node())
POLICY = replace(
    KNOWN,
    interfaces=(replace(KNOWN.interfaces[0], owner="app/shop/0123"), replace(KNOWN.interfaces[1], owner="i-1"), *KNOWN.interfaces[2:]),
    clients=(CLIENT,),
)


def test_a_destination_is_a_name_with_a_port() -> None:
    assert asked("client", "i-1:80", "udp") == Asked(source="client", destination="i-1", port=80, protocol="udp")


@pytest.mark.parametrize(
    ("to", "protocol"), [("i-1", "tcp"), ("i-1:http", "tcp"), ("i-1:70000", "tcp"), (":80", "tcp"), ("i-1:80", "icmp")]
)
def test_anything_else_is_refused_with_an_example(to: str, protocol: str) -> None:
    with pytest.raises(UserError) as caught:
        asked("client", to, protocol)
    assert (caught.value.next_command or "").startswith("sandbox explain client --to ")


@pytest.mark.parametrize(
    ("source", "to", "text"),
    [
        pytest.param("shop", f"i-1:{PORT}", [f"tcp port {PORT} from {NODE} to {TARGET}: reachable"], id="a load balancer by its name"),
        pytest.param(str(NODE), f"{TARGET}:{PORT}", [f"tcp port {PORT} from {NODE} to {TARGET}: reachable"], id="addresses"),
        pytest.param(
            "client",
            f"i-1:{PORT}",
            [
                f"tcp port {PORT} from {CLIENT} to {TARGET}: not reachable",
                "  ENI_SG_RULES_MISMATCH: None of the ingress rules in these security groups of eni-0 of i-1 apply to "
                f"tcp port {PORT} from {CLIENT} to {TARGET}: sg-web.",
            ],
            id="a client that is not admitted",
            marks=rule("SG-10"),
        ),
    ],
)
def test_the_answer_says_what_does_not_admit_it(source: str, to: str, text: list[str]) -> None:
    assert explained(POLICY, asked(source, to, "tcp"))["text"] == text


def test_a_name_without_an_interface_is_refused() -> None:
    with pytest.raises(UserError, match="There is no network interface of i-9"):
        explained(POLICY, asked("i-9", "i-1:80", "tcp"))


# ---- as one account sees it --------------------------------------------------------------------------------------------------------------

MINE, THEIRS = IPv4Address("10.1.0.4"), IPv4Address("10.2.0.4")


def two_accounts(*, mine: tuple[str, ...] = (), theirs: tuple[str, ...] = ()) -> Policy:
    """An instance of each account, in a VPC each, whose groups admit nothing. `mine`, `theirs`: where the routes of each lead."""
    return Policy(
        interfaces=(
            Interface(interface_id="eni-mine", address=MINE, subnet="subnet-mine", groups=("sg-mine",), owner="i-mine"),
            Interface(interface_id="eni-theirs", address=THEIRS, subnet="subnet-theirs", groups=("sg-theirs",), owner="i-theirs"),
        ),
        groups=(SecurityGroup(group_id="sg-mine", egress=(EVERYTHING,)), SecurityGroup(group_id="sg-theirs", egress=(EVERYTHING,))),
        subnets=(
            _subnet("mine", "10.1.0.0/16", mine),
            _subnet("theirs", "10.2.0.0/16", theirs),
        ),
    )


EVERYTHING = Permission(rule_id="sgr-1", traffic=Traffic(protocol="-1"), networks=(IPv4Network("0.0.0.0/0"),))


def _subnet(whose: str, network: str, reaches: tuple[str, ...]) -> Subnet:
    routes = tuple(map(IPv4Network, reaches))
    return Subnet(subnet_id=f"subnet-{whose}", network=IPv4Network(network), vpc=f"vpc-{whose}", route_table=f"rtb-{whose}", reaches=routes)


def as_seen(policy: Policy, source: str, to: str) -> list[str]:
    return explained(without_foreign_names(policy, lambda each: each.owner == "i-mine"), asked(source, to, "tcp"))["text"]


@rule("SG-11")
def test_an_account_learns_that_it_has_no_route_to_another_and_no_name_of_the_other() -> None:
    both = as_seen(two_accounts(), "i-mine", f"{THEIRS}:80")
    assert both[0] == f"tcp port 80 from {MINE} to {THEIRS}: not reachable"
    assert both[1] == (
        f"  NO_ROUTE_TO_DESTINATION: rtb-mine of subnet-mine has no route to {THEIRS}, which is in another VPC (VPC 1 of another account)."
    )
    back = as_seen(two_accounts(mine=("10.2.0.0/16",)), "i-mine", f"{THEIRS}:80")
    assert back[1] == (
        f"  NO_ROUTE_TO_DESTINATION: route table 1 of another account of subnet 1 of another account has no route to {MINE}, "
        "which is in another VPC (vpc-mine)."
    )
    assert "theirs" not in "".join([*both, *back])


@rule("SG-10")
def test_an_account_learns_that_the_groups_of_another_refuse_it_and_no_name_of_them() -> None:
    text = as_seen(two_accounts(mine=("10.2.0.0/16",), theirs=("10.1.0.0/16",)), "i-mine", f"{THEIRS}:80")
    assert text == [
        f"tcp port 80 from {MINE} to {THEIRS}: not reachable",
        "  ENI_SG_RULES_MISMATCH: None of the ingress rules in these security groups of a network interface of another account apply to "
        f"tcp port 80 from {MINE} to {THEIRS}: security group 1 of another account.",
    ]


def test_an_account_finds_no_interface_of_another_by_its_name() -> None:
    with pytest.raises(UserError, match="There is no network interface of i-theirs"):
        as_seen(two_accounts(), "i-mine", "i-theirs:80")
