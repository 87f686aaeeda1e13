"""Where the load balancers respond on this machine. AWS's DNS names do not resolve here, so each listener has its own local port, whose
connections are spread as DNS spreads them. Each node of the load balancer has an address of its own. Where instances are simulated, nothing
listens on this machine, and none is offered.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sandbox.drivers.proxy.base import NodeAddress, Proxy

SIMULATED = (
    "It is simulated: only simulated clients get answers, and nothing listens on this machine (sandbox scenario run NAME --virtual)."
)
"""Instead of an address. In virtual time all clients are simulated, and have addresses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeEndpoint:
    """The load balancer's node in one zone."""

    zone: str
    zone_id: str
    url: str | None  # connections to it belong to this node; None: it has no address on this machine
    in_dns: bool  # its address is among those that the load balancer's name resolves to


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One listener, or a load balancer without listeners (then the listener's fields are None)."""

    load_balancer: str
    load_balancer_arn: str
    dns_name: str
    state: str  # "active"
    listener_arn: str | None = None
    protocol: str | None = None
    port: int | None = None  # the listener's port in the AWS API
    url: str | None = None  # the local URL; None: it does not respond, `problem` says why
    problem: str | None = None
    simulated: bool = False  # only simulated clients get answers, and whoever asks is none
    silent: bool = False  # its nodes let clients time out: security groups or a network ACL do not admit them, or their zones are cut off
    nodes: tuple[NodeEndpoint, ...] = ()
    front: bool = True  # the front port also serves it
    by_name: bool = True  # so does the port of http://<DNS name>/, for a listener on port 80


def read(elbv2: Any, proxy: Proxy, *, simulated: bool = False) -> tuple[Endpoint, ...]:
    """All endpoints in the account and Region of the boto3 client `elbv2`, by name and port. `simulated`: whoever asks is no simulated
    client, and gets no address."""
    load_balancers = elbv2.describe_load_balancers()["LoadBalancers"]
    known = proxy.problems()
    found = [endpoint for lb in load_balancers for endpoint in _of(lb, elbv2, proxy, known)]
    found = [_without_address(each) for each in found] if simulated else found
    return tuple(sorted(found, key=lambda e: (e.load_balancer, e.port or 0)))


def by_load_balancer(endpoints: Sequence[Endpoint], front_port: int, names_port: int | None) -> dict[str, Any]:
    """{name: {"dns_name", "state", "listeners": {"80": "http://127.0.0.1:8081"}, "front": "http://<dns name>:8080", "url": "http://<dns
    name>/"}}, for scripts. "front" is null if another program uses the front port or the load balancers are
    simulated, and "url" if http://<dns name>/ does not answer."""
    found: dict[str, Any] = {}
    for endpoint in endpoints:
        front = f"http://{endpoint.dns_name}:{front_port}" if endpoint.front else None
        entry: dict[str, Any] = {"dns_name": endpoint.dns_name, "state": endpoint.state, "listeners": {}, "front": front, "url": None}
        kept = found.setdefault(endpoint.load_balancer, entry)
        if endpoint.url:
            kept["listeners"][str(endpoint.port)] = endpoint.url.rstrip("/")
        if endpoint.url and endpoint.port == 80 and endpoint.by_name and names_port:
            kept["url"] = f"http://{endpoint.dns_name}{'' if names_port == 80 else f':{names_port}'}/"
    return found


def _of(lb: Mapping[str, Any], elbv2: Any, proxy: Proxy, problems: Mapping[str, str]) -> Iterator[Endpoint]:
    name, arn, dns_name, state = lb["LoadBalancerName"], lb["LoadBalancerArn"], lb["DNSName"], lb["State"]["Code"]
    listeners = elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]
    front, by_name = "front" not in problems, "names" not in problems
    if not listeners:
        problem = "It has no listener, so it accepts no connections."  # TUT-30
        yield Endpoint(load_balancer=name, load_balancer_arn=arn, dns_name=dns_name, state=state, problem=problem, front=front)
    for listener in listeners:
        address = proxy.local_address(listener["ListenerArn"])
        nodes = proxy.nodes(listener["ListenerArn"])
        yield Endpoint(
            load_balancer=name,
            load_balancer_arn=arn,
            dns_name=dns_name,
            state=state,
            listener_arn=listener["ListenerArn"],
            protocol=listener["Protocol"],
            port=listener["Port"],
            url=f"http://{address[0]}:{address[1]}/" if address else None,
            problem=None
            if address
            else problems.get(listener["ListenerArn"], f"The load balancer is {state}, so it does not accept connections yet."),
            silent=bool(nodes) and not any(each.node.reachable for each in nodes),
            nodes=tuple(_node(each) for each in nodes),
            front=front,
            by_name=by_name,
        )


def _without_address(found: Endpoint) -> Endpoint:
    """What it says of itself, if it has no address anyway, stays."""
    nodes = tuple(replace(node, url=None) for node in found.nodes)
    return replace(found, url=None, problem=found.problem or SIMULATED, simulated=True, nodes=nodes, front=False, by_name=False)


def _node(found: NodeAddress) -> NodeEndpoint:
    url = f"http://{found.address[0]}:{found.address[1]}/" if found.address else None
    return NodeEndpoint(zone=found.node.zone, zone_id=found.node.zone_id, url=url, in_dns=found.node.in_dns)
