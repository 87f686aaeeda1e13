"""One Envoy's stream of the aggregated discovery service, without I/O: what it was told, what it answered, what to tell it next.

The order is make-before-break: new clusters and their endpoints first, then listeners and routes that use them, and only when those
were answered the removal of clusters that nothing uses any more. `due` is asked again after every message and every change: it looks at
what is, not at what happened.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum


class Kind(Enum):
    CLUSTER = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
    ENDPOINTS = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
    LISTENER = "type.googleapis.com/envoy.config.listener.v3.Listener"
    ROUTE = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"


WHOLE = (Kind.CLUSTER, Kind.LISTENER)  # told with all resources each time; of the others only those that differ
Snapshot = Mapping[Kind, Mapping[str, bytes]]  # all resources by kind and name, packed


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A response. Clusters and listeners are always told whole: what is not in it is removed."""

    kind: Kind
    resources: Mapping[str, bytes]
    nonce: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request: a first one, an answer to `nonce` (refused with an error, else accepted), or a change of names."""

    kind: Kind
    names: frozenset[str] = frozenset()
    nonce: str = ""
    error: str | None = None


@dataclass(slots=True, eq=False)
class Stream:
    _names: dict[Kind, frozenset[str]] = field(default_factory=dict)  # what is subscribed to
    _told: dict[Kind, dict[str, bytes]] = field(default_factory=lambda: {kind: {} for kind in Kind})
    _open: dict[Kind, Told] = field(default_factory=dict)  # the last response that was not answered yet
    _answered: set[Kind] = field(default_factory=set)  # had a response at all
    _refused: dict[Kind, dict[str, str]] = field(default_factory=lambda: {kind: {} for kind in Kind})  # by the resource's name
    _count: int = 0

    def hear(self, asked: Asked) -> None:
        answered = self._open.get(asked.kind) if asked.nonce else None
        if answered and asked.nonce != answered.nonce:
            return  # about an older response: the answer to the newer one follows, with all names
        self._names[asked.kind] = asked.names
        if answered:
            del self._open[asked.kind]
            self._note(answered, asked.error)
        if asked.kind in (Kind.ENDPOINTS, Kind.ROUTE):  # what is subscribed to again must be told again
            for kept in (self._told[asked.kind], self._refused[asked.kind]):
                for name in kept.keys() - asked.names:
                    del kept[name]

    def _note(self, answered: Told, error: str | None) -> None:
        """A refusal of some resources is ended by an answer about the same ones: what Envoy says of others proves nothing."""
        refused = self._refused[answered.kind]
        for name in list(refused) if answered.kind in WHOLE else answered.resources:
            refused.pop(name, None)
        if error is not None:
            refused |= dict.fromkeys(answered.resources or ("",), error)

    def refused(self) -> Iterable[str]:
        """Envoy's sentences, each once."""
        return dict.fromkeys(sentence for refused in self._refused.values() for sentence in refused.values())

    def serves(self, name: str) -> bool:
        """The listener and its routes were told and answered."""
        told = name in self._told[Kind.LISTENER] and name in self._told[Kind.ROUTE]
        return told and Kind.LISTENER not in self._open and Kind.ROUTE not in self._open

    def has(self, want: Snapshot) -> bool:
        """Everything was told and accepted."""
        return not self._open and not any(self._refused.values()) and all(self._told[kind] == dict(want[kind]) for kind in Kind)

    def due(self, want: Snapshot) -> Told | None:
        """The next response, or None while there is nothing to say or something to wait for."""
        return self._additions(want) or self._use(want)

    def _additions(self, want: Snapshot) -> Told | None:
        told, clusters = self._told[Kind.CLUSTER], want[Kind.CLUSTER]
        first = Kind.CLUSTER not in self._answered
        if Kind.CLUSTER in self._names and (first or any(told.get(name) != clusters[name] for name in clusters)):
            for name in clusters:
                if told.get(name) != clusters[name]:  # a changed cluster starts anew and waits for its endpoints
                    self._told[Kind.ENDPOINTS].pop(name, None)
            return self._tell(Kind.CLUSTER, {**told, **clusters})
        return self._differing(Kind.ENDPOINTS, want)

    def _use(self, want: Snapshot) -> Told | None:
        known = self._names.get(Kind.ENDPOINTS, frozenset())
        if not self._refused[Kind.CLUSTER] and not known.issuperset(want[Kind.CLUSTER]):
            return None  # Envoy asks for the endpoints of new clusters first
        unheard = Kind.LISTENER not in self._answered
        if Kind.LISTENER in self._names and (unheard or self._told[Kind.LISTENER] != dict(want[Kind.LISTENER])):
            return self._tell(Kind.LISTENER, want[Kind.LISTENER])
        return self._differing(Kind.ROUTE, want) or self._removals(want)

    def _removals(self, want: Snapshot) -> Told | None:
        unanswered = Kind.LISTENER in self._open or Kind.ROUTE in self._open
        if unanswered or Kind.LISTENER not in self._answered or self._told[Kind.CLUSTER].keys() == want[Kind.CLUSTER].keys():
            return None
        for name in self._told[Kind.CLUSTER].keys() - want[Kind.CLUSTER].keys():
            self._told[Kind.ENDPOINTS].pop(name, None)
        return self._tell(Kind.CLUSTER, want[Kind.CLUSTER])

    def _differing(self, kind: Kind, want: Snapshot) -> Told | None:
        names = self._names.get(kind, frozenset())
        differing = {name: value for name, value in want[kind].items() if name in names and self._told[kind].get(name) != value}
        return self._tell(kind, differing) if differing else None

    def _tell(self, kind: Kind, resources: Mapping[str, bytes]) -> Told:
        self._count += 1
        told = Told(kind=kind, resources=resources, nonce=str(self._count))
        self._told[kind] = dict(resources) if kind in WHOLE else {**self._told[kind], **resources}
        self._open[kind] = told
        self._answered.add(kind)
        return told
