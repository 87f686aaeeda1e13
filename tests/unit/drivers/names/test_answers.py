"""What the DNS server of VPCs answers to a query, as bytes."""

from typing import Any

import dns.flags
import dns.message
import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.drivers.names.base import Name, Published
from sandbox.drivers.names.server.answers import Elsewhere, Table, refused, respond, table
from tests.support import rule

WEB, SHOP = "ip-10-0-1-17.ec2.internal", "shop-1.us-east-1.elb.localhost"
NODES = ("10.0.1.254", "10.0.2.254", "10.0.3.254")
EC2 = Published(names=(Name(WEB, ("10.0.1.17",)),), reverse=(Name(WEB, ("10.0.1.17",)),), servers=("10.0.0.2",))
KNOWN = table((EC2, Published(names=(Name(SHOP, NODES),))))


def query(name: str, kind: str = "A", **more: Any) -> bytes:
    return dns.message.make_query(name, kind, **more).to_wire()


def ask(name: str, kind: str = "A", known: Table = KNOWN) -> tuple[str, list[str]]:
    """The code and the records of the answer."""
    found = respond(query(name, kind), known, tcp=False)
    assert isinstance(found, bytes)
    answer = dns.message.from_wire(found)
    return dns.rcode.to_text(answer.rcode()), [str(record) for each in answer.answer for record in each]


@rule("DNS-6")
@pytest.mark.parametrize(
    ("asked", "kind", "answer"),
    [
        (WEB, "A", ("NOERROR", ["10.0.1.17"])),
        (WEB.upper(), "A", ("NOERROR", ["10.0.1.17"])),
        (WEB, "AAAA", ("NOERROR", [])),
        (WEB, "TXT", ("NOERROR", [])),
        ("17.1.0.10.in-addr.arpa", "PTR", ("NOERROR", [f"{WEB}."])),
        ("18.1.0.10.in-addr.arpa", "PTR", ("NXDOMAIN", [])),
        ("ip-10-0-1-18.ec2.internal", "A", ("NXDOMAIN", [])),
        ("www.example.com", "A", ("NXDOMAIN", [])),
    ],
)
def test_known_names_have_their_records_and_others_do_not_exist(asked: str, kind: str, answer: tuple[str, list[str]]) -> None:
    assert ask(asked, kind) == answer


@rule("DNS-6", "ALB-5")
def test_the_name_of_a_load_balancer_has_all_nodes_in_varying_order_for_60_seconds() -> None:
    orders = [ask(SHOP)[1] for _ in range(60)]
    assert {frozenset(each) for each in orders} == {frozenset(NODES)}
    assert {each[0] for each in orders} == set(NODES)  # one of them is missing in one of 10^10 runs
    found = respond(query(SHOP), KNOWN, tcp=False)
    assert isinstance(found, bytes)
    assert dns.message.from_wire(found).answer[0].ttl == 60


@rule("NET-2")
def test_other_names_are_asked_elsewhere_only_with_the_internet() -> None:
    online = table((EC2, Published(internet=True)))
    assert respond(query("www.example.com"), online, tcp=False) == Elsewhere(beside=False)
    assert ask("ip-10-0-1-18.ec2.internal", known=online) == ("NXDOMAIN", [])
    assert ask("shop-2.us-east-1.elb.localhost", known=online) == ("NXDOMAIN", [])


def test_a_name_without_dots_may_be_a_service_beside_the_instances() -> None:
    assert respond(query("database"), KNOWN, tcp=False) == Elsewhere(beside=True)


def test_a_name_whose_nodes_are_all_out_of_dns_has_no_address() -> None:
    assert ask("gone", known=table((Published(names=(Name("gone", ()),)),))) == ("NOERROR", [])


def test_an_answer_that_is_too_long_for_udp_says_so_and_fits_over_tcp() -> None:
    many = table((Published(names=(Name("a.b", tuple(f"10.0.{n}.1" for n in range(200))),)),))
    short, long = respond(query("a.b"), many, tcp=False), respond(query("a.b"), many, tcp=True)
    assert isinstance(short, bytes) and isinstance(long, bytes)
    assert len(short) <= 512 and dns.message.from_wire(short).flags & dns.flags.TC
    assert len(list(dns.message.from_wire(long).answer[0])) == 200


def test_what_is_no_query_gets_no_answer_and_what_is_not_implemented_says_so() -> None:
    found = respond(query(WEB), KNOWN, tcp=False)
    assert isinstance(found, bytes)
    assert respond(found, KNOWN, tcp=False) is None
    assert respond(b"", KNOWN, tcp=False) is None
    update = respond(query(WEB, rdclass="CH"), KNOWN, tcp=False)
    assert isinstance(update, bytes) and dns.message.from_wire(update).rcode() == dns.rcode.NOTIMP


def test_a_refusal_belongs_to_its_query() -> None:
    found = dns.message.from_wire(refused(query("www.example.com", id=77), dns.rcode.SERVFAIL, tcp=False))
    assert (found.id, found.rcode()) == (77, dns.rcode.SERVFAIL)


@given(st.binary(max_size=600))
def test_no_bytes_break_it(data: bytes) -> None:
    respond(data, KNOWN, tcp=False)
    respond(query(WEB)[:12] + data, KNOWN, tcp=False)
