"""The stream's order of messages, played against a model of Envoy: it asks for what clusters and listeners refer to, and answers."""

import pytest

from sandbox.drivers.proxy.envoy.ads.stream import Asked, Kind, Snapshot, Stream, Told

C, E, L, R = Kind.CLUSTER, Kind.ENDPOINTS, Kind.LISTENER, Kind.ROUTE


def snapshot(clusters: str = "", listeners: str = "", version: str = "1", routes: str | None = None) -> Snapshot:
    """Names as letters; `routes` is the version of the routes when it differs."""
    return {
        C: dict.fromkeys(clusters, b"c1"),
        E: {name: version.encode() for name in clusters},
        L: dict.fromkeys(listeners, b"l1"),
        R: {name: (routes or version).encode() for name in listeners},
    }


class Envoy:
    """Speaks as Envoy does on a stream, answers at once, and notes what it was told."""

    def __init__(self, stream: Stream) -> None:
        self.stream, self.log, self.clusters, self.listeners = stream, list[str](), set[str](), set[str]()
        self.refuses: set[Kind] = set()
        for kind in (C, L):
            stream.hear(Asked(kind=kind))

    def take(self, want: Snapshot) -> list[str]:
        """→ what was told, like "CLUSTER ab"."""
        self.log.clear()
        while told := self.stream.due(want):
            self.log.append(f"{told.kind.name} {''.join(sorted(told.resources))}".strip())
            self._answer(told)
        return list(self.log)

    def _answer(self, told: Told) -> None:
        names = frozenset(told.resources)
        if told.kind in self.refuses:
            self._say(told.kind, told.nonce, "no")
            return
        if told.kind is C:
            self.clusters = set(names)
        if told.kind is L:
            self.listeners = set(names)
        self._say(told.kind, told.nonce)
        if told.kind is C:
            self._say(E)
        if told.kind is L:
            self._say(R)

    def _say(self, kind: Kind, nonce: str = "", error: str | None = None) -> None:
        names = {E: self.clusters, R: self.listeners}.get(kind, set())
        self.stream.hear(Asked(kind=kind, names=frozenset(names), nonce=nonce, error=error))


@pytest.fixture
def envoy() -> Envoy:
    return Envoy(Stream())


def test_everything_is_told_targets_before_their_users(envoy: Envoy) -> None:
    assert envoy.take(snapshot("ab", "x")) == ["CLUSTER ab", "ENDPOINTS ab", "LISTENER x", "ROUTE x"]
    assert envoy.stream.has(snapshot("ab", "x")) and envoy.stream.serves("x")


def test_an_empty_configuration_is_told_too(envoy: Envoy) -> None:
    assert envoy.take(snapshot()) == ["CLUSTER", "LISTENER"]


def test_only_what_changed_is_told(envoy: Envoy) -> None:
    envoy.take(snapshot("ab", "xy"))
    assert envoy.take(snapshot("ab", "xy")) == []
    changed = snapshot("ab", "xy")
    assert envoy.take({**changed, E: {"a": b"1", "b": b"2"}}) == ["ENDPOINTS b"]
    assert envoy.take({**changed, E: {"a": b"1", "b": b"2"}, R: {"x": b"2", "y": b"1"}}) == ["ROUTE x"]


def test_a_group_is_replaced_without_a_moment_between(envoy: Envoy) -> None:
    envoy.take(snapshot("a", "x"))
    assert envoy.take(snapshot("b", "x", routes="2")) == ["CLUSTER ab", "ENDPOINTS b", "ROUTE x", "CLUSTER b"]


def test_a_changed_cluster_gets_its_endpoints_again(envoy: Envoy) -> None:
    envoy.take(snapshot("ab", "x"))
    want = snapshot("ab", "x")
    assert envoy.take({**want, C: {"a": b"c1", "b": b"c2"}}) == ["CLUSTER ab", "ENDPOINTS b"]


def test_a_listener_goes_before_the_cluster_that_it_used(envoy: Envoy) -> None:
    envoy.take(snapshot("ab", "xy"))
    assert envoy.take(snapshot("a", "x")) == ["LISTENER x", "CLUSTER a"]


def test_users_wait_until_envoy_asked_for_new_endpoints() -> None:
    stream = Stream()
    stream.hear(Asked(kind=C))
    stream.hear(Asked(kind=L))
    want = snapshot("a", "x")
    told = stream.due(want)
    assert told is not None and told.kind is C
    assert stream.due(want) is None  # neither endpoints, which nobody asked for, nor the listener
    stream.hear(Asked(kind=E, names=frozenset("a")))
    assert [told.kind for _ in range(2) if (told := stream.due(want))] == [E, L]


def test_a_removal_waits_for_the_answer_to_the_new_routes() -> None:
    envoy = Envoy(Stream())
    envoy.take(snapshot("a", "x"))
    want = snapshot("", "x", routes="2")
    told = envoy.stream.due(want)
    assert told is not None and told.kind is R
    assert envoy.stream.due(want) is None
    envoy._answer(told)
    removal = envoy.stream.due(want)
    assert removal is not None and (removal.kind, dict(removal.resources)) == (C, {})


@pytest.mark.parametrize(("kind", "healed"), [(R, snapshot("a", "xy", routes="2")), (E, snapshot("ab", "x", version="2"))])
def test_a_refusal_is_not_ended_by_the_acceptance_of_another_resource(envoy: Envoy, kind: Kind, healed: Snapshot) -> None:
    before = snapshot("a", "xy") if kind is R else snapshot("ab", "x")
    first, second = before[kind]
    envoy.take(before)
    envoy.refuses = {kind}
    envoy.take({**before, kind: {first: b"bad", second: b"1"}})
    envoy.refuses = set()
    assert envoy.take({**before, kind: {first: b"bad", second: b"2"}}) == [f"{kind.name} {second}"]
    assert list(envoy.stream.refused()) == ["no"]
    envoy.take(healed)
    assert list(envoy.stream.refused()) == []


def test_a_refusal_ends_with_its_resource(envoy: Envoy) -> None:
    envoy.take(snapshot("a", "xy"))
    envoy.refuses = {R}
    envoy.take({**snapshot("a", "xy"), R: {"x": b"bad", "y": b"1"}})
    envoy.refuses = set()
    assert envoy.take(snapshot("a", "y")) == ["LISTENER y"]
    assert list(envoy.stream.refused()) == []


def test_a_refusal_is_kept_until_the_same_resource_is_accepted(envoy: Envoy) -> None:
    envoy.take(snapshot("a", "x"))
    envoy.refuses = {R}
    assert envoy.take(snapshot("a", "x", routes="bad")) == ["ROUTE x"]  # told once, not again and again
    assert list(envoy.stream.refused()) == ["no"]
    assert not envoy.stream.has(snapshot("a", "x", routes="bad"))
    envoy.refuses = set()
    assert envoy.take(snapshot("a", "x", routes="good")) == ["ROUTE x"]
    assert list(envoy.stream.refused()) == []


def test_a_refused_cluster_does_not_hold_up_the_others(envoy: Envoy) -> None:
    envoy.take(snapshot("a", "x"))
    envoy.refuses = {C}
    assert envoy.take(snapshot("ab", "xy")) == ["CLUSTER ab", "LISTENER xy", "ROUTE y"]


def test_an_answer_to_an_older_message_is_passed_over() -> None:
    envoy = Envoy(Stream())
    envoy.take(snapshot("a", "x"))
    first = envoy.stream.due({**snapshot("a", "x"), E: {"a": b"2"}})
    second = envoy.stream.due({**snapshot("a", "x"), E: {"a": b"3"}})
    assert first is not None and second is not None
    envoy.stream.hear(Asked(kind=E, names=frozenset("a"), nonce=first.nonce, error="late"))
    assert list(envoy.stream.refused()) == []
    envoy.stream.hear(Asked(kind=E, names=frozenset("a"), nonce=second.nonce))
    assert envoy.stream.has({**snapshot("a", "x"), E: {"a": b"3"}})


def test_what_is_asked_for_again_is_told_again(envoy: Envoy) -> None:
    envoy.take(snapshot("a", "x"))
    envoy.take(snapshot("", ""))
    assert envoy.take(snapshot("a", "x")) == ["CLUSTER a", "ENDPOINTS a", "LISTENER x", "ROUTE x"]
