"""The DNS names that instances can resolve: their own, those of load balancers, and the servers that answer (DNS-3, DNS-6).

served.py writes them to files for a server in a process of its own (server/), which answers from the last ones while the control plane is
down, as on AWS; unsupported.py is for runtimes whose instances have no network of their own; simulated.py keeps them for tests.
"""

from dataclasses import dataclass
from typing import Protocol

LINK_LOCAL_SERVER = "169.254.169.253"  # DNS-3: in every VPC
TTL = 60  # seconds, of every record (ALB-5)


@dataclass(frozen=True, slots=True, order=True)
class Name:
    name: str  # "ip-10-0-1-17.ec2.internal": lower case, without a final dot
    addresses: tuple[str, ...]  # all of them are in each answer, in varying order (ALB-5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Everything that one service says; it replaces what that service said before."""

    names: tuple[Name, ...] = ()
    servers: tuple[str, ...] = ()  # addresses at which the server answers, besides 169.254.169.253
    reverse: tuple[Name, ...] = ()  # names whose address leads back to them
    internet: bool = False  # other names are asked of this machine's resolver (NET-2)


class Names(Protocol):
    wanted: bool  # False: instances do not resolve names by the sandbox, so nothing needs to be published

    def publish(self, service: str, published: Published) -> None:
        """`service`: "ec2" | "elbv2". Idempotent; returns at once."""
        ...

    def available(self) -> str | None:
        """None when instances can resolve names, else one sentence why not. No I/O."""
        ...

    def close(self) -> None: ...
