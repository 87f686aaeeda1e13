"""Listeners whose clients get no answer, because security groups or a network ACL do not admit them: pure (SG-8).

The node accepts nothing and refuses nothing, as on AWS: the client's connection times out. It is told once, with the explanation.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from sandbox.core.events import Event
from sandbox.drivers.firewall.policy import Explanation
from sandbox.drivers.proxy.base import Node

CONNECTION_DROPPED = "Connection Dropped"

Told = frozenset[tuple[str, int]]
"""ARN of the load balancer and port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A listener of the node in a zone."""

    zone: str
    port: int
    explanations: tuple[Explanation, ...]
    cause: str | None = None  # id of the newest event about what does not admit them


def reachable(nodes: tuple[Node, ...], refused: Collection[Refused], port: int) -> tuple[Node, ...]:
    """The nodes of the listener at a port, as clients find them."""
    dark = {each.zone for each in refused if each.port == port}
    return tuple(replace(node, reachable=node.reachable and node.zone not in dark) for node in nodes) if dark else nodes


def of(arn: str, refused: Collection[Refused]) -> Told:
    return frozenset((arn, each.port) for each in refused)


def events(name: str, arn: str, refused: Collection[Refused], told: Told) -> Iterator[Event]:
    """Of the listeners that were not told yet, with what does not admit clients in the first zone."""
    for port in sorted({each.port for each in refused}):
        if (arn, port) not in told:
            first = min((each for each in refused if each.port == port), key=lambda each: each.zone)
            yield _event(name, arn, first)


def _event(name: str, arn: str, refused: Refused) -> Event:
    why = refused.explanations[0]
    return Event(
        source="aws.elasticloadbalancing",
        detail_type=CONNECTION_DROPPED,
        summary=f"clients get no answer from port {refused.port} of {name}: {why}",
        resources=tuple(dict.fromkeys((name, arn, *(each for one in refused.explanations for each in one.resources)))),
        detail={"load-balancer": name, "port": refused.port, "explanations": [one.code for one in refused.explanations]},
        cause=refused.cause,
    )
