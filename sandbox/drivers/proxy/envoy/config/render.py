"""Renders a ProxyConfig as Envoy resources of its v3 API, by kind and name. ads/ sends them.

`Renderer` caches unchanged resources: a change of health renders and packs one ClusterLoadAssignment, however large the configuration. The
result depends on the arguments only.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from sandbox.drivers.proxy.base import ListenerConfig, ProxyConfig, TargetGroupConfig
from sandbox.drivers.proxy.envoy.ads.stream import Kind, Snapshot
from sandbox.drivers.proxy.envoy.config.clusters import CONNECT_FLOOR, assignment, cluster
from sandbox.drivers.proxy.envoy.config.conditions import Json
from sandbox.drivers.proxy.envoy.config.durations import Real
from sandbox.drivers.proxy.envoy.config.listeners import IN_VPC, listener_resource, node_resource, private_resource, shared_resource
from sandbox.drivers.proxy.envoy.config.nodes import Sources, near, sources, zones_of
from sandbox.drivers.proxy.envoy.config.packing import pack
from sandbox.drivers.proxy.envoy.config.routes import (
    FRONT,
    IDLE_FLOOR,
    NAMES,
    front_configuration,
    names_configuration,
    node_name,
    route_configuration,
)
from sandbox.drivers.proxy.envoy.config.stickiness import is_sticky
from sandbox.drivers.proxy.envoy.config.upstream import relays
from sandbox.drivers.proxy.envoy.config.upstream.relays import MOST, Relay

_CONNECT = timedelta(seconds=10)  # ALB-35
_IDLE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenAddresses:
    """Local addresses of the listeners, and the access log."""

    bind: str
    ports: Mapping[str, int]  # listener ARN → local port; a listener without one is not rendered
    nodes: Mapping[tuple[str, str], tuple[str, int]] = field(default_factory=dict)  # (listener ARN, zone) → host and port
    front_port: int | None  # for all load balancers; None: there is none
    names_port: int | None = None  # for http://<DNS name>/; None: there is none
    log_path: str  # as Envoy sees it
    taken: frozenset[tuple[str, int]] = frozenset()  # private addresses and ports where Envoy cannot listen
    in_vpc: bool = False  # Envoy is in the VPC router's namespace: nodes listen at their private addresses, and connect from them


@dataclass(slots=True)
class Renderer:
    _kept: dict[tuple[Kind, str], tuple[Hashable, bytes]] = field(default_factory=dict)
    _relays: dict[str, Relay] = field(default_factory=dict)  # the newest last

    def render(self, config: ProxyConfig, addresses: ListenAddresses, real: Real) -> Snapshot:
        """`real` turns a duration of sandbox time into real seconds (Clock.real)."""
        made = _Made(self._kept)
        rendering = _Rendering(
            made=made,
            config=config,
            addresses=addresses,
            real=real,
            speed=real(timedelta(hours=1)),
            zones=zones_of(config.listeners),
            zonal=frozenset(group.arn for group in config.target_groups if addresses.in_vpc or not group.cross_zone),
            sources=sources(config) if addresses.in_vpc else {},
        )
        rendering.run()
        idle = max(real(min((x.idle_timeout for x in config.listeners), default=_IDLE)), IDLE_FLOOR)
        self._relay(made, config, idle, rendering.sources)
        self._kept = made.now
        return made.snapshot()

    def _relay(self, made: "_Made", config: ProxyConfig, idle: float, sources: Sources) -> None:
        """Those of faulty targets now, and those that were: requests may still be in flight through them."""
        faulty = [
            Relay(host=e.host, port=e.port, fault=e.fault, source=near(sources, group.arn, e.zone))
            for group in config.target_groups
            for e in group.endpoints
            if e.fault
        ]
        now = {relay.name: relay for relay in faulty}
        before = {name: replace(relay, fault=None) for name, relay in self._relays.items() if name not in now}
        self._relays = dict([*before.items(), *now.items()][-MOST:])
        for name, relay in self._relays.items():
            made.add(Kind.CLUSTER, name, (idle, relay.source), lambda r=relay: relays.cluster(r, idle))  # type: ignore[misc]
            made.add(Kind.ENDPOINTS, name, (relay.host, relay.port), lambda r=relay: relays.assignment(r))  # type: ignore[misc]
            made.add(Kind.LISTENER, name, "relay", lambda n=name: relays.listener(n))  # type: ignore[misc]
            made.add(Kind.ROUTE, name, relay, lambda r=relay: relays.routes(r))  # type: ignore[misc]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rendering:
    """Of one configuration."""

    made: "_Made"
    config: ProxyConfig
    addresses: ListenAddresses
    real: Real
    speed: float  # what the rendering of durations depends on
    zones: tuple[str, ...]  # of all nodes
    zonal: frozenset[str]  # ARNs of the target groups of which each node has a cluster for itself
    sources: Sources

    def run(self) -> None:
        self._target_groups()
        for listener in self.config.listeners:
            if listener.arn in self.addresses.ports:
                self._listener(listener)
        listeners, real, front = self.config.listeners, self.real, self.addresses.front_port
        if front is not None:
            self._shared(FRONT, front, lambda zone: front_configuration(listeners, zone, self.zonal, front, real))
        if self.addresses.names_port is not None:
            self._shared(NAMES, self.addresses.names_port, lambda zone: names_configuration(listeners, zone, self.zonal, real))

    def _shared(self, name: str, port: int, routes: Callable[[str], Json]) -> None:
        address, log, zones = (self.addresses.bind, port), self.addresses.log_path, self.zones
        self.made.add(Kind.LISTENER, name, (address, log, zones), lambda: shared_resource(name, zones, address, log))
        for zone in zones or ("",):
            depends_on = (self.config.listeners, self.zonal, port, self.speed)
            self.made.add(Kind.ROUTE, node_name(name, zone), depends_on, partial(routes, zone))

    def _target_groups(self) -> None:
        listeners = self.config.listeners
        connect = max(self.real(min((x.connect_timeout for x in listeners), default=_CONNECT)), CONNECT_FLOOR)
        idle = max(self.real(min((x.idle_timeout for x in listeners), default=_IDLE)), IDLE_FLOOR)
        for group in self.config.target_groups:
            for zone in self._zones_of(group):
                name, targets, source = node_name(group.arn, zone), group.for_node(zone), self.sources.get((group.arn, zone))
                depends_on = (group.algorithm, connect, idle, source)
                self.made.add(Kind.CLUSTER, name, depends_on, partial(cluster, name, group.algorithm, connect, idle, source))
                self.made.add(Kind.ENDPOINTS, name, targets, partial(assignment, name, targets))

    def _zones_of(self, group: TargetGroupConfig) -> tuple[str, ...]:
        """The zones whose nodes have a cluster for themselves; "": all others."""
        if group.arn not in self.zonal:
            return ("",)
        return (*self.zones, *([] if all(x.nodes for x in self.config.listeners) else [""]))

    def _listener(self, listener: ListenerConfig) -> None:
        addresses, real = self.addresses, self.real
        address, log = (addresses.bind, addresses.ports[listener.arn]), addresses.log_path
        timeouts = (listener.load_balancer, listener.port, listener.idle_timeout, listener.client_keep_alive)
        shape = (*timeouts, is_sticky(listener), log, self.speed)
        weights = tuple((node.zone, node.weight) for node in listener.nodes)
        self.made.add(Kind.LISTENER, listener.arn, (address, weights, shape), partial(listener_resource, listener, address, log, real))
        for node in listener.nodes or (None,):
            routes = (replace(listener, nodes=()), node and (node.zone, node.reachable), self.zonal, self.speed)
            name = node_name(listener.arn, node.zone if node else "")
            self.made.add(Kind.ROUTE, name, routes, partial(route_configuration, listener, node, self.zonal, real))
            at = addresses.nodes.get((listener.arn, node.zone)) if node else None
            if node and at:
                self.made.add(Kind.LISTENER, name, (at, shape), partial(node_resource, listener, node.zone, at, log, real))
            if node and node.private_address and addresses.in_vpc and (node.private_address, listener.port) not in addresses.taken:
                private = partial(private_resource, listener, node.zone, node.private_address, log, real)
                self.made.add(Kind.LISTENER, name + IN_VPC, (node.private_address, shape), private)


class _Made:
    def __init__(self, before: Mapping[tuple[Kind, str], tuple[Hashable, bytes]]) -> None:
        self._before = before
        self.now: dict[tuple[Kind, str], tuple[Hashable, bytes]] = {}

    def add(self, kind: Kind, name: str, depends_on: Hashable, make: Callable[[], Json]) -> None:
        kept = self._before.get((kind, name))
        self.now[kind, name] = kept if kept is not None and kept[0] == depends_on else (depends_on, pack(make()))

    def snapshot(self) -> Snapshot:
        found: dict[Kind, dict[str, bytes]] = {kind: {} for kind in Kind}
        for (kind, name), (_, packed) in self.now.items():
            found[kind][name] = packed
        return found
