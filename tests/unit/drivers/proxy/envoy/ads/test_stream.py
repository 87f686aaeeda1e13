"""The order of responses on a stream, against a model of Envoy that subscribes to what clusters and listeners refer to."""

import pytest

from sandbox.drivers.proxy.envoy.ads.stream import DiscoveryRequest, DiscoveryResponse, Kind, Snapshot, Stream

C, E, L, R = Kind.CLUSTER, Kind.ENDPOINTS, Kind.LISTENER, Kind.ROUTE


def snapshot(clusters: str = "", listeners: str = "", version: str = "1", routes: str | None = None) -> Snapshot:
    """Each letter is a name; `routes` is the version of the routes when it differs."""
    return {
        C: dict.fromkeys(clusters, b"c1"),
        E: {name: version.encode() for name in clusters},
        L: dict.fromkeys(listeners, b"l1"),
        R: {name: (routes or version).encode() for name in listeners},
    }


class Envoy:
    """Behaves as Envoy does on a stream: acknowledges or rejects every response at once, and logs it."""

    def __init__(self, stream: Stream) -> None:
        self.stream, self.log, self.clusters, self.listeners = stream, list[str](), set[str](), set[str]()
        self.rejects: set[Kind] = set()
        self.why = "no"
        for kind in (C, L):
            stream.receive(DiscoveryRequest(kind=kind))

    def take(self, want: Snapshot) -> list[str]:
        """→ the responses, like "CLUSTER ab"."""
        self.log.clear()
        while response := self.stream.next_response(want):
            self.log.append(f"{response.kind.name} {''.join(sorted(response.resources))}".strip())
            self._acknowledge(response)
        return list(self.log)

    def _acknowledge(self, response: DiscoveryResponse) -> None:
        names = frozenset(response.resources)
        if response.kind in self.rejects:
            self._request(response.kind, response.nonce, self.why)
            self._request(R)
            return
        if response.kind is C:
            self.clusters = set(names)
        if response.kind is L:
            self.listeners = set(names)
        self._request(response.kind, response.nonce)
        if response.kind is C:
            self._request(E)
        if response.kind is L:
            self._request(R)

    def _request(self, kind: Kind, nonce: str = "", error: str | None = None) -> None:
        names = {E: self.clusters, R: self.listeners}.get(kind, set())
        self.stream.receive(DiscoveryRequest(kind=kind, names=frozenset(names), nonce=nonce, error=error))


@pytest.fixture
def envoy() -> Envoy:
    return Envoy(Stream())


def test_everything_is_sent_and_targets_before_their_users(envoy: Envoy) -> None:
    assert envoy.take(snapshot("ab", "x")) == ["CLUSTER ab", "ENDPOINTS ab", "LISTENER x", "ROUTE x"]
    assert envoy.stream.accepted(snapshot("ab", "x")) and envoy.stream.serves("x")


def test_an_empty_configuration_is_sent_too(envoy: Envoy) -> None:
    assert envoy.take(snapshot()) == ["CLUSTER", "LISTENER"]


def test_only_changed_resources_are_sent(envoy: Envoy) -> None:
    envoy.take(snapshot("ab", "xy"))
    assert envoy.take(snapshot("ab", "xy")) == []
    changed = snapshot("ab", "xy")
    assert envoy.take({**changed, E: {"a": b"1", "b": b"2"}}) == ["ENDPOINTS b"]
    assert envoy.take({**changed, E: {"a": b"1", "b": b"2"}, R: {"x": b"2", "y": b"1"}}) == ["ROUTE x"]


def test_a_group_is_replaced_without_a_gap(envoy: Envoy) -> None:
    envoy.take(snapshot("a", "x"))
    assert envoy.take(snapshot("b", "x", routes="2")) == ["CLUSTER ab", "ENDPOINTS b", "ROUTE x", "CLUSTER b"]


def test_a_changed_cluster_gets_its_endpoints_again(envoy: Envoy) -> None:
    envoy.take(snapshot("ab", "x"))
    want = snapshot("ab", "x")
    assert envoy.take({**want, C: {"a": b"c1", "b": b"c2"}}) == ["CLUSTER ab", "ENDPOINTS b"]


def test_a_listener_is_removed_before_the_cluster_that_it_used(envoy: Envoy) -> None:
    envoy.take(snapshot("ab", "xy"))
    assert envoy.take(snapshot("a", "x")) == ["LISTENER x", "CLUSTER a"]


def test_users_wait_until_envoy_subscribes_to_new_endpoints() -> None:
    stream = Stream()
    stream.receive(DiscoveryRequest(kind=C))
    stream.receive(DiscoveryRequest(kind=L))
    want = snapshot("a", "x")
    response = stream.next_response(want)
    assert response is not None and response.kind is C
    assert stream.next_response(want) is None  # neither endpoints, which Envoy has not subscribed to, nor the listener
    stream.receive(DiscoveryRequest(kind=E, names=frozenset("a")))
    assert [response.kind for _ in range(2) if (response := stream.next_response(want))] == [E, L]


def test_a_removal_waits_for_the_acknowledgement_of_the_new_routes() -> None:
    envoy = Envoy(Stream())
    envoy.take(snapshot("a", "x"))
    want = snapshot("", "x", routes="2")
    response = envoy.stream.next_response(want)
    assert response is not None and response.kind is R
    assert envoy.stream.next_response(want) is None
    envoy._acknowledge(response)
    removal = envoy.stream.next_response(want)
    assert removal is not None and (removal.kind, dict(removal.resources)) == (C, {})


@pytest.mark.parametrize(("kind", "healed"), [(R, snapshot("a", "xy", routes="2")), (E, snapshot("ab", "x", version="2"))])
def test_a_rejection_is_not_ended_by_the_acceptance_of_another_resource(envoy: Envoy, kind: Kind, healed: Snapshot) -> None:
    before = snapshot("a", "xy") if kind is R else snapshot("ab", "x")
    first, second = before[kind]
    envoy.take(before)
    envoy.rejects = {kind}
    envoy.take({**before, kind: {first: b"bad", second: b"1"}})
    envoy.rejects = set()
    assert envoy.take({**before, kind: {first: b"bad", second: b"2"}}) == [f"{kind.name} {second}"]
    assert list(envoy.stream.rejections()) == ["no"]
    envoy.take(healed)
    assert list(envoy.stream.rejections()) == []


def test_a_rejection_ends_with_its_resource(envoy: Envoy) -> None:
    envoy.take(snapshot("a", "xy"))
    envoy.rejects = {R}
    envoy.take({**snapshot("a", "xy"), R: {"x": b"bad", "y": b"1"}})
    envoy.rejects = set()
    assert envoy.take(snapshot("a", "y")) == ["LISTENER y"]
    assert list(envoy.stream.rejections()) == []


def test_a_rejection_is_kept_until_the_same_resource_is_accepted(envoy: Envoy) -> None:
    envoy.take(snapshot("a", "x"))
    envoy.rejects = {R}
    assert envoy.take(snapshot("a", "x", routes="bad")) == ["ROUTE x"]  # sent once, not repeatedly
    assert list(envoy.stream.rejections()) == ["no"]
    assert not envoy.stream.accepted(snapshot("a", "x", routes="bad"))
    envoy.rejects = set()
    assert envoy.take(snapshot("a", "x", routes="good")) == ["ROUTE x"]
    assert list(envoy.stream.rejections()) == []


def test_a_rejected_cluster_does_not_delay_the_others(envoy: Envoy) -> None:
    envoy.take(snapshot("a", "x"))
    envoy.rejects = {C}
    assert envoy.take(snapshot("ab", "xy")) == ["CLUSTER ab", "LISTENER xy", "ROUTE y"]


def test_an_acknowledgement_of_an_older_response_is_ignored() -> None:
    envoy = Envoy(Stream())
    envoy.take(snapshot("a", "x"))
    first = envoy.stream.next_response({**snapshot("a", "x"), E: {"a": b"2"}})
    second = envoy.stream.next_response({**snapshot("a", "x"), E: {"a": b"3"}})
    assert first is not None and second is not None
    envoy.stream.receive(DiscoveryRequest(kind=E, names=frozenset("a"), nonce=first.nonce, error="late"))
    assert list(envoy.stream.rejections()) == []
    envoy.stream.receive(DiscoveryRequest(kind=E, names=frozenset("a"), nonce=second.nonce))
    assert envoy.stream.accepted({**snapshot("a", "x"), E: {"a": b"3"}})


def test_what_is_subscribed_to_again_is_sent_again(envoy: Envoy) -> None:
    envoy.take(snapshot("a", "x"))
    envoy.take(snapshot("", ""))
    assert envoy.take(snapshot("a", "x")) == ["CLUSTER a", "ENDPOINTS a", "LISTENER x", "ROUTE x"]


# ---- relays ------------------------------------------------------------------------------------------------------------------------------

RELAY = "relay 127.0.0.5:80"


def with_relay(targets: bytes) -> Snapshot:
    return {C: {"a": b"c1", RELAY: b"c1"}, E: {"a": targets, RELAY: b"1"}, L: {"x": b"l1", RELAY: b"l1"}, R: {"x": b"1", RELAY: b"1"}}


def test_targets_in_use_move_to_a_relay_when_envoy_has_it(envoy: Envoy) -> None:
    envoy.take(snapshot("a", "x"))
    responses = envoy.take(with_relay(f"through {RELAY}".encode()))
    assert responses == [f"CLUSTER a{RELAY}", f"ENDPOINTS {RELAY}", f"LISTENER {RELAY}x", f"ROUTE {RELAY}", "ENDPOINTS a"]
    assert envoy.stream.accepted(with_relay(f"through {RELAY}".encode()))


def test_targets_stay_where_they_are_while_envoy_rejects_the_relay(envoy: Envoy) -> None:
    envoy.take(snapshot("a", "x"))
    envoy.rejects, envoy.why = {L}, f"Error adding listener {RELAY}: no bootstrap extension"
    assert "ENDPOINTS a" not in envoy.take(with_relay(f"through {RELAY}".encode()))


def test_a_rejection_of_another_listener_does_not_keep_targets_from_their_relay(envoy: Envoy) -> None:
    envoy.take(snapshot("a", "x"))
    envoy.rejects, envoy.why = {L}, "Error adding listener x: cannot bind '127.0.0.1:8081'"
    envoy.listeners = {"x", RELAY}  # Envoy adds those that it can
    assert envoy.take(with_relay(f"through {RELAY}".encode()))[-1] == "ENDPOINTS a"
