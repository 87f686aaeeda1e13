"""`sandbox explain SOURCE --to DESTINATION:PORT`, from the policy that is in force."""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from sandbox.control.connections import Asked, asked, explained
from sandbox.core.errors import UserError
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
