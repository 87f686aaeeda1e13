"""Renders a ProxyConfig as Envoy resources of its v3 API, by kind and name. ads/ sends them.

`Renderer` caches unchanged resources: a change of health renders and packs one ClusterLoadAssignment, however large the configuration. The
result depends on the arguments only.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sandbox.drivers.proxy.base import ListenerConfig, ProxyConfig
from sandbox.drivers.proxy.envoy.ads.stream import Kind, Snapshot
from sandbox.drivers.proxy.envoy.config.clusters import CONNECT_FLOOR, assignment, cluster
from sandbox.drivers.proxy.envoy.config.conditions import Json
from sandbox.drivers.proxy.envoy.config.durations import Real
from sandbox.drivers.proxy.envoy.config.listeners import listener_resource, shared_resource
from sandbox.drivers.proxy.envoy.config.packing import pack
from sandbox.drivers.proxy.envoy.config.routes import (
    FRONT,
    IDLE_FLOOR,
    NAMES,
    front_configuration,
    names_configuration,
    route_configuration,
)

_CONNECT = timedelta(seconds=10)  # ALB-35
_IDLE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenAddresses:
    """Local addresses of the listeners, and the access log."""

    bind: str
    ports: Mapping[str, int]  # listener ARN → local port; a listener without one is not rendered
    front_port: int | None  # for all load balancers; None: there is none
    names_port: int | None = None  # for http://<DNS name>/; None: there is none
    log_path: str  # as Envoy sees it


@dataclass(slots=True)
class Renderer:
    _kept: dict[tuple[Kind, str], tuple[Hashable, bytes]] = field(default_factory=dict)

    def render(self, config: ProxyConfig, addresses: ListenAddresses, real: Real) -> Snapshot:
        """`real` turns a duration of sandbox time into real seconds (Clock.real)."""
        speed = real(timedelta(hours=1))  # what the rendering of durations depends on
        made = _Made(self._kept)
        self._target_groups(made, config, real)
        listeners = tuple(x for x in config.listeners if x.arn in addresses.ports)
        for listener in listeners:
            self._listener(made, listener, addresses, real)
        if addresses.front_port is not None:
            front = addresses.front_port
            self._shared(made, FRONT, front, addresses)
            made.add(Kind.ROUTE, FRONT, (config.listeners, front, speed), lambda: front_configuration(config.listeners, front, real))
        if addresses.names_port is not None:
            self._shared(made, NAMES, addresses.names_port, addresses)
            made.add(Kind.ROUTE, NAMES, (config.listeners, speed), lambda: names_configuration(config.listeners, real))
        self._kept = made.now
        return made.snapshot()

    def _shared(self, made: "_Made", name: str, port: int, addresses: ListenAddresses) -> None:
        address = (addresses.bind, port)
        made.add(Kind.LISTENER, name, (address, addresses.log_path), lambda: shared_resource(name, address, addresses.log_path))

    def _target_groups(self, made: "_Made", config: ProxyConfig, real: Real) -> None:
        connect = max(real(min((x.connect_timeout for x in config.listeners), default=_CONNECT)), CONNECT_FLOOR)
        idle = max(real(min((x.idle_timeout for x in config.listeners), default=_IDLE)), IDLE_FLOOR)
        for group in config.target_groups:
            arn, algorithm = group.arn, group.algorithm
            made.add(Kind.CLUSTER, arn, (algorithm, connect, idle), lambda a=arn, b=algorithm: cluster(a, b, connect, idle))  # type: ignore[misc]
            made.add(Kind.ENDPOINTS, arn, group, lambda g=group: assignment(g))  # type: ignore[misc]

    def _listener(self, made: "_Made", listener: ListenerConfig, addresses: ListenAddresses, real: Real) -> None:
        address, speed = (addresses.bind, addresses.ports[listener.arn]), real(timedelta(hours=1))
        shape = (
            listener.load_balancer,
            listener.port,
            listener.idle_timeout,
            listener.client_keep_alive,
            address,
            addresses.log_path,
            speed,
        )
        made.add(Kind.LISTENER, listener.arn, shape, lambda: listener_resource(listener, address, addresses.log_path, real))
        made.add(Kind.ROUTE, listener.arn, (listener, speed), lambda: route_configuration(listener, real))


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
