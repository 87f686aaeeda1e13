"""What the DNS server answers: pure. A query as bytes in; an answer as bytes, or that another resolver is to be asked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from sandbox.drivers.names.base import TTL, Published

LARGEST_UDP = 512  # bytes, without EDNS
REVERSE = ".in-addr.arpa"
OWN_DOMAINS = ("internal", "localhost", "in-addr.arpa", "ip6.arpa", "local")  # never asked of another resolver


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """All published names."""

    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reverse: Mapping[str, str] = field(default_factory=dict)  # "17.1.0.10.in-addr.arpa" → name
    servers: frozenset[str] = frozenset()
    internet: bool = False


def table(published: Iterable[Published]) -> Table:
    known = tuple(published)
    return Table(
        names={each.name: each.addresses for one in known for each in one.names},
        reverse={_reversed(address): each.name for one in known for each in one.reverse for address in each.addresses},
        servers=frozenset(server for one in known for server in one.servers),
        internet=any(one.internet for one in known),
    )


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another resolver is to be asked. `beside`: only for a service beside the instances, whose name has no dots."""

    beside: bool


def respond(query: bytes, known: Table, *, tcp: bool) -> bytes | Elsewhere | None:
    """The addresses are in another order each time (ALB-5): dnspython shuffles the records of an answer. None: not a query."""
    try:
        asked = dns.message.from_wire(query)
    except (dns.exception.DNSException, ValueError):
        return None
    if asked.flags & dns.flags.QR:
        return None
    answer = dns.message.make_response(asked, recursion_available=True)
    if asked.opcode() != dns.opcode.QUERY or len(asked.question) != 1 or asked.question[0].rdclass != dns.rdataclass.IN:
        answer.set_rcode(dns.rcode.NOTIMP)
        return _wire(answer, asked, tcp)
    question = asked.question[0]
    name = str(question.name).rstrip(".").lower()
    records = _records(name, question.rdtype, known)
    if records is None:
        if (elsewhere := _elsewhere(name, known)) is not None:
            return elsewhere
        answer.set_rcode(dns.rcode.NXDOMAIN)
    elif records:
        answer.answer.append(dns.rrset.from_text(question.name, TTL, "IN", question.rdtype, *records))
    return _wire(answer, asked, tcp)


def refused(query: bytes, code: dns.rcode.Rcode, *, tcp: bool) -> bytes:
    """The answer to a query whose other resolver did not answer, or does not know the name."""
    asked = dns.message.from_wire(query)
    answer = dns.message.make_response(asked, recursion_available=True)
    answer.set_rcode(code)
    return _wire(answer, asked, tcp)


def _records(name: str, kind: dns.rdatatype.RdataType, known: Table) -> list[str] | None:
    """None: there is no such name; empty: it has no record of this type."""
    if name in known.reverse:
        return [f"{known.reverse[name]}."] if kind is dns.rdatatype.PTR else []
    if name not in known.names:
        return None
    return list(known.names[name]) if kind is dns.rdatatype.A else []


def _elsewhere(name: str, known: Table) -> Elsewhere | None:
    if name and "." not in name:
        return Elsewhere(beside=True)
    own = any(name == domain or name.endswith(f".{domain}") for domain in OWN_DOMAINS)
    return Elsewhere(beside=False) if known.internet and not own else None


def _wire(answer: dns.message.Message, asked: dns.message.Message, tcp: bool) -> bytes:
    limit = 65_535 if tcp else max(asked.payload, LARGEST_UDP)
    try:
        return answer.to_wire(max_size=limit)
    except dns.exception.TooBig:
        answer.answer.clear()
        answer.flags |= dns.flags.TC
        return answer.to_wire(max_size=limit)


def _reversed(address: str) -> str:
    return ".".join(reversed(address.split("."))) + REVERSE
