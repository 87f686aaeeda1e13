"""The data plane of load balancers, configured in AWS's terms: listeners, rules, target groups. envoy/config renders the configuration
for Envoy and envoy/ads sends it; simulated.py answers requests from it in virtual time. One contract suite for both
(tests/contract/proxy).

The configuration is a value. `apply` takes all of it, sends the differences from the previous one, and returns at once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sandbox.drivers.proxy.batches import AccessBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointFault:
    """What is wrong with the responses of a target (a gray failure). Health checks do not see it. Durations are real seconds (virtual ones
    in the simulated proxy): the latency of requests is never scaled."""

    error_percent: float = 0.0  # of the requests that get `status`, without reaching the target
    status: int = 500
    delay: float = 0.0  # before the target gets the request
    jitter: float = 0.0  # the delay is between `delay - jitter` and `delay + jitter`

    @property
    def varies(self) -> bool:
        """Whether chance decides what happens to a request."""
        return self.jitter > 0 or 0 < self.error_percent < 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A target that may get requests. Draining and unused targets are omitted; their open requests continue."""

    target_id: str  # "i-…" or an address
    host: str  # where to connect (Runtime.endpoint)
    port: int
    target: str  # "172.31.0.5:80": as in the access log
    zone: str
    healthy: bool  # False: gets requests only when no target that the node could choose is healthy (fail open, TG-35)
    fail_open: bool = False  # it counts as healthy only because of routing failover (TG-35)
    fault: EndpointFault | None = None


ALL_ZONES = "all"  # the zone of a target outside the VPC


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetGroupConfig:
    """Where requests for a target group go."""

    arn: str
    endpoints: tuple[Endpoint, ...] = ()  # none: 503 (TG-38)
    algorithm: str = "round_robin"  # | "least_outstanding_requests" | "weighted_random" (TG-24)
    cross_zone: bool = True  # False: a node sends requests only to the targets of its own zone (TG-28)

    def for_node(self, zone: str) -> tuple[Endpoint, ...]:
        """The targets that may get the requests of the node in this zone. Those outside the VPC belong to every zone."""
        if self.cross_zone or not zone:
            return self.endpoints
        return tuple(each for each in self.endpoints if each.zone in (zone, ALL_ZONES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """All conditions that are given must match (ALB-22); a tuple matches when one of its values does. Wildcards are * and ?."""

    path_patterns: tuple[str, ...] = ()
    host_headers: tuple[str, ...] = ()
    http_headers: tuple[tuple[str, tuple[str, ...]], ...] = ()  # (name, values); each must match
    request_methods: tuple[str, ...] = ()
    query_strings: tuple[tuple[tuple[str | None, str], ...], ...] = ()  # each condition: (key or None, value) pairs
    source_ips: tuple[str, ...] = ()  # CIDRs


@dataclass(frozen=True, slots=True, kw_only=True)
class Stickiness:
    """A client stays with its target while the cookie is not older than the duration (TG-25, TG-26)."""

    duration: timedelta
    app_cookie: str | None = None  # the application's cookie that begins it; None: the first response does


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    target_groups: tuple[tuple[str, int], ...]  # (arn, weight)
    sticky_targets: tuple[tuple[str, Stickiness], ...] = ()  # (arn of the target group, how its clients stay with a target)
    sticky_choice: timedelta | None = None  # how long a client stays with a target group (TG-27)


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """ALB-25. #{protocol} #{host} #{port} #{path} #{query} are replaced by those of the request."""

    status_code: int
    protocol: str = "#{protocol}"
    host: str = "#{host}"
    port: str = "#{port}"
    path: str = "/#{path}"
    query: str = "#{query}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedResponse:
    status_code: int
    content_type: str = "text/plain"
    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleConfig:
    """One rule of a listener, with the proxy's own types for AWS's conditions and action."""

    arn: str
    priority: int | None  # None: the default rule, evaluated last
    action: Forward | Redirect | FixedResponse
    conditions: Conditions = Conditions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """The part of a load balancer that is in one of its zones, with an address of its own."""

    zone: str  # "us-east-1a"
    zone_id: str = ""  # "use1-az6"
    in_dns: bool = True  # its address is in the DNS record now (TG-36)
    weight: int = 1  # its share of new connections to the load balancer's name, relative to the other nodes (decide/dns.py)
    reachable: bool = True  # False: no packet reaches it; connections to it, open ones too, get no answer
    private_address: str | None = None  # in its subnet, by its network interface (ALB-60); None: its subnet has no free address


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerConfig:
    """A listener of an active load balancer, with the attributes of the load balancer that affect it."""

    arn: str
    load_balancer: str  # "app/<name>/<id>"
    name: str  # the load balancer's name
    dns_name: str
    port: int  # the listener's port: X-Forwarded-Port
    rules: tuple[RuleConfig, ...]  # in order of evaluation, the default last
    idle_timeout: timedelta = timedelta(seconds=60)
    connect_timeout: timedelta = timedelta(seconds=10)  # ALB-35
    client_keep_alive: timedelta = timedelta(hours=1)
    xff_mode: str = "append"  # | "preserve" | "remove"
    xff_client_port: bool = False  # X-Forwarded-For has the client's port, in mode append
    drop_invalid_headers: bool = False  # those whose name has other characters than A-Z, a-z, 0-9 and -
    preserve_host_header: bool = False
    response_headers: tuple[tuple[str, str], ...] = ()  # that each response has, whatever the target sent (ALB-17)
    server_header: bool = True  # of the load balancer's own responses
    nodes: tuple[Node, ...] = ()  # one for each zone; each connection belongs to one. None: one node that is in no zone


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyConfig:
    listeners: tuple[ListenerConfig, ...] = ()
    target_groups: tuple[TargetGroupConfig, ...] = ()


def private_addresses(config: ProxyConfig) -> frozenset[str]:
    """Of all nodes."""
    return frozenset(node.private_address for each in config.listeners for node in each.nodes if node.private_address)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRecord:
    """One request: the variable fields of an ALB's access log entry (LBM-6). Durations are real seconds."""

    time: datetime  # real time of the end of the response
    listener: str  # arn
    load_balancer: str  # "app/<name>/<id>"
    client: str  # "ip:port"
    target: str | None  # "172.31.0.5:80"; None: no target was chosen
    target_group: str | None  # arn
    rule_priority: int  # 0: default rule; -1: none matched
    elb_status_code: int
    target_status_code: int | None  # None: the target sent no response
    request_processing_time: float  # -1: was not dispatched
    target_processing_time: float
    response_processing_time: float
    received_bytes: int
    sent_bytes: int
    request: str  # "GET http://host:80/path HTTP/1.1"
    user_agent: str
    trace_id: str
    request_creation_time: datetime
    actions_executed: str  # "forward" | "fixed-response" | "redirect"
    error_reason: str  # "-" when none
    target_connection_error: bool = False
    redirect_url: str = "-"
    node_zone: str | None = None  # of the load balancer's node that got the request
    target_zone: str | None = None
    fail_open: bool = False  # the target was chosen by routing failover (TG-35)
    count: int = 1  # how many equal requests it stands for: more than 1 only in virtual time


@dataclass(frozen=True, slots=True, kw_only=True)
class Connections:
    """From clients to a listener, or from the proxy to the targets of a group."""

    opened: int  # since the data plane started
    open: int  # now


LONGEST_REQUEST_LINE = LONGEST_HEADER = 16 * 1024  # bytes (ALB-36)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeAddress:
    """Where a node of a listener answers on this machine."""

    node: Node
    address: tuple[str, int] | None  # host and port; None: it has none (yet)


class Proxy(Protocol):
    def apply(self, config: ProxyConfig | None) -> None:
        """Returns at once. None: the data plane goes on with the configuration that it has from an earlier control plane."""
        ...

    def rejected(self) -> Sequence[str]:
        """Why the data plane rejected parts of the configuration, newest last; empty when it accepted everything."""
        ...

    def local_address(self, listener_arn: str) -> tuple[str, int] | None:
        """Host and port of the listener on this machine; None: it has none (yet), see `problems`."""
        ...

    def nodes(self, listener_arn: str) -> Sequence[NodeAddress]:
        """The nodes of the listener. Connections to the address of one belong to it, whatever DNS says; those to `local_address` are spread
        over the nodes by their weights."""
        ...

    def problems(self) -> dict[str, str]:
        """Listener ARN → one sentence why it cannot be reached: "ports 8081-8100 are all in use: …". Under "front" and
        "names": why that port of all load balancers is not available."""
        ...

    def on_access(self, callback: "Callable[[AccessBatch], None]") -> None:
        """Called with batches of finished requests: each request exactly once, within a second."""
        ...

    def on_trouble(self, callback: Callable[[str], None]) -> None:
        """Called with one sentence when the data plane ended, does not answer, or could not carry out a verb. The driver restarts it by
        itself."""
        ...

    def connections(self) -> Mapping[str, Connections]:
        """By ARN of listener or target group, at most one real second old; without those that have no counters yet."""
        ...

    def close_connections(self, host: str, port: int) -> None:
        """Closes the open connections to a target; their requests get a 502 (TG-20). Returns at once. Where the machine does not permit
        it, `on_trouble` is called, and the requests end with the target."""
        ...

    def available(self) -> str | None:
        """None when it serves requests, else one sentence why not."""
        ...

    def close(self, *, keep_serving: bool = True) -> None: ...
