"""One Envoy's stream of the aggregated discovery service, without I/O: what was sent, what Envoy acknowledged, what to send next.

The order is make-before-break: first new clusters and their endpoints, then listeners and routes that use them, and when Envoy has
acknowledged those, the removal of unused clusters. `next_response` is called again after every request and every change of the snapshot; it
depends on the current state only.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from sandbox.drivers.proxy.envoy.config.upstream.relays import PREFIX


class Kind(Enum):
    CLUSTER = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
    ENDPOINTS = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
    LISTENER = "type.googleapis.com/envoy.config.listener.v3.Listener"
    ROUTE = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"


WHOLE = (Kind.CLUSTER, Kind.LISTENER)  # each response has all resources; of other kinds only those that changed
Snapshot = Mapping[Kind, Mapping[str, bytes]]  # all resources by kind and name, packed


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoveryResponse:
    """Of clusters and listeners it has all resources: Envoy removes those that are missing."""

    kind: Kind
    resources: Mapping[str, bytes]
    nonce: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoveryRequest:
    """The first request of a kind, an acknowledgement of the response `nonce` (with `error`: a rejection), or other subscribed names."""

    kind: Kind
    names: frozenset[str] = frozenset()
    nonce: str = ""
    error: str | None = None


@dataclass(slots=True, eq=False)
class Stream:
    _subscribed: dict[Kind, frozenset[str]] = field(default_factory=dict)  # subscribed names
    _sent: dict[Kind, dict[str, bytes]] = field(default_factory=lambda: {kind: {} for kind in Kind})
    _unacknowledged: dict[Kind, DiscoveryResponse] = field(default_factory=dict)  # the last response, until it is acknowledged
    _responded: set[Kind] = field(default_factory=set)  # kinds with at least one response
    _rejected: dict[Kind, dict[str, str]] = field(default_factory=lambda: {kind: {} for kind in Kind})  # by the resource's name
    _serving: frozenset[str] = frozenset()  # listeners that were acknowledged with their routes
    _count: int = 0

    def receive(self, request: DiscoveryRequest) -> None:
        acknowledged = self._unacknowledged.get(request.kind) if request.nonce else None
        if acknowledged and request.nonce != acknowledged.nonce:
            return  # about an older response: the one about the newest follows, with all names
        self._subscribed[request.kind] = request.names
        if acknowledged:
            del self._unacknowledged[request.kind]
            self._record_rejections(acknowledged, request.error)
        if request.kind in (Kind.ENDPOINTS, Kind.ROUTE):  # resources that are subscribed to again must be sent again
            for kept in (self._sent[request.kind], self._rejected[request.kind]):
                for name in kept.keys() - request.names:
                    del kept[name]
        if Kind.LISTENER not in self._unacknowledged and Kind.ROUTE not in self._unacknowledged:
            with_routes = {name.partition("|")[0] for name in self._sent[Kind.ROUTE]}
            self._serving = frozenset(self._sent[Kind.LISTENER].keys() & with_routes)

    def _record_rejections(self, acknowledged: DiscoveryResponse, error: str | None) -> None:
        """A rejection of resources ends with an acknowledgement of the same ones, not of others."""
        rejections = self._rejected[acknowledged.kind]
        for name in list(rejections) if acknowledged.kind in WHOLE else acknowledged.resources:
            rejections.pop(name, None)
        if error is not None:
            rejections |= dict.fromkeys(acknowledged.resources or ("",), error)

    def rejections(self) -> Iterable[str]:
        """Envoy's error messages, each once."""
        return dict.fromkeys(sentence for rejections in self._rejected.values() for sentence in rejections.values())

    def serves(self, name: str) -> bool:
        """Whether the listener and the routes of its nodes were sent and acknowledged. It serves while a change of them is on its way."""
        return name in self._serving and name in self._sent[Kind.LISTENER]

    def accepted(self, snapshot: Snapshot) -> bool:
        """Whether the whole snapshot was sent and accepted. Envoy may still have routes of connections that are draining."""
        return (
            not self._unacknowledged
            and not any(self._rejected.values())
            and all(self._sent[kind] == dict(snapshot[kind]) for kind in Kind if kind is not Kind.ROUTE)
            and snapshot[Kind.ROUTE].items() <= self._sent[Kind.ROUTE].items()
        )

    def next_response(self, snapshot: Snapshot) -> DiscoveryResponse | None:
        """The next response; None: there is nothing to send, or Envoy has to send a request first."""
        return self._additions(snapshot) or self._users(snapshot)

    def _additions(self, snapshot: Snapshot) -> DiscoveryResponse | None:
        sent, clusters = self._sent[Kind.CLUSTER], snapshot[Kind.CLUSTER]
        first = Kind.CLUSTER not in self._responded
        if Kind.CLUSTER in self._subscribed and (first or any(sent.get(name) != clusters[name] for name in clusters)):
            for name in clusters:
                if sent.get(name) != clusters[name]:  # Envoy replaces a changed cluster and needs its endpoints again
                    self._sent[Kind.ENDPOINTS].pop(name, None)
            return self._send(Kind.CLUSTER, {**sent, **clusters})
        return self._changed(Kind.ENDPOINTS, snapshot)

    def _users(self, snapshot: Snapshot) -> DiscoveryResponse | None:
        known = self._subscribed.get(Kind.ENDPOINTS, frozenset())
        if not self._rejected[Kind.CLUSTER] and not known.issuperset(snapshot[Kind.CLUSTER]):
            return None  # Envoy subscribes to the endpoints of new clusters first
        first = Kind.LISTENER not in self._responded
        if Kind.LISTENER in self._subscribed and (first or self._sent[Kind.LISTENER] != dict(snapshot[Kind.LISTENER])):
            return self._send(Kind.LISTENER, snapshot[Kind.LISTENER])
        return self._changed(Kind.ROUTE, snapshot) or self._removals(snapshot)

    def _removals(self, snapshot: Snapshot) -> DiscoveryResponse | None:
        unacknowledged = Kind.LISTENER in self._unacknowledged or Kind.ROUTE in self._unacknowledged
        if unacknowledged or Kind.LISTENER not in self._responded or self._sent[Kind.CLUSTER].keys() == snapshot[Kind.CLUSTER].keys():
            return None
        for name in self._sent[Kind.CLUSTER].keys() - snapshot[Kind.CLUSTER].keys():
            self._sent[Kind.ENDPOINTS].pop(name, None)
        return self._send(Kind.CLUSTER, snapshot[Kind.CLUSTER])

    def _changed(self, kind: Kind, snapshot: Snapshot) -> DiscoveryResponse | None:
        names = self._subscribed.get(kind, frozenset())
        differing = {name: value for name, value in snapshot[kind].items() if name in names and self._sent[kind].get(name) != value}
        if kind is Kind.ENDPOINTS:
            differing = {name: value for name, value in differing.items() if not self._waits(name, value, snapshot)}
        return self._send(kind, differing) if differing else None

    def _waits(self, name: str, assignment: bytes, snapshot: Snapshot) -> bool:
        """Targets of a cluster in use move to a relay only when Envoy has the relay, or requests would fail in between."""
        if name not in self._sent[Kind.ENDPOINTS]:
            return False
        missing = (listener for listener in snapshot[Kind.LISTENER] if listener.startswith(PREFIX) and not self._has_relay(listener))
        return any(listener.encode() in assignment for listener in missing)

    def _has_relay(self, listener: str) -> bool:
        """An Envoy that an earlier release started may not know internal listeners and reject the relay; its message names it."""
        return self.serves(listener) and listener not in self._rejected[Kind.LISTENER].get(listener, "")

    def _send(self, kind: Kind, resources: Mapping[str, bytes]) -> DiscoveryResponse:
        self._count += 1
        sent = DiscoveryResponse(kind=kind, resources=resources, nonce=str(self._count))
        self._sent[kind] = dict(resources) if kind in WHOLE else {**self._sent[kind], **resources}
        self._unacknowledged[kind] = sent
        self._responded.add(kind)
        return sent
