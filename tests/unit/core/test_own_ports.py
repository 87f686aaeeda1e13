"""Which connections would reach the sandbox itself."""

import socket

import pytest

from sandbox.core.own_ports import OwnPort, addresses, find, is_local
from sandbox.settings import Settings

API, FRONT, LISTENER = "SANDBOX_PORT", "SANDBOX_FRONT_PORT", "SANDBOX_LISTENER_PORTS"
EMBEDDED = Settings.from_environment({})
ON_ALL_ADDRESSES = Settings.from_environment({"SANDBOX_HOST": "0.0.0.0"})
BY_NAME = Settings.from_environment({"SANDBOX_HOST": "box.example"})
COMPOSE = Settings.from_environment(
    {"SANDBOX_TOPOLOGY": "compose", "SANDBOX_HOST": "0.0.0.0", "SANDBOX_PUBLISHED_PORT": "4576", "SANDBOX_PUBLISHED_FRONT_PORT": "8180"}
)
GATEWAY = "172.31.0.1"  # of a subnet: an address of the namespace
INSTANCE = "172.31.0.10"

REACHED = [
    (EMBEDDED, "127.0.0.1", 4566, API),
    (EMBEDDED, "::ffff:127.0.0.1", 4566, API),
    (EMBEDDED, "0.0.0.0", 4566, API),
    (EMBEDDED, "127.0.0.1", 8080, FRONT),
    (EMBEDDED, "127.0.0.1", 8081, LISTENER),
    (EMBEDDED, "127.0.0.1", 8100, LISTENER),
    (EMBEDDED, "127.0.0.1", 4567, None),
    (EMBEDDED, "127.0.0.1", 8113, None),
    (EMBEDDED, "127.31.0.10", 4566, None),  # an instance of the process runtime
    (EMBEDDED, GATEWAY, 4566, None),
    (EMBEDDED, "127.0.0.1", 2375, None),
    (ON_ALL_ADDRESSES, "127.31.0.10", 4566, API),
    (ON_ALL_ADDRESSES, GATEWAY, 4566, API),
    (ON_ALL_ADDRESSES, "::1", 8081, LISTENER),
    (ON_ALL_ADDRESSES, INSTANCE, 4566, None),
    (BY_NAME, GATEWAY, 4566, API),
    (BY_NAME, INSTANCE, 4566, None),
    (COMPOSE, "127.0.0.1", 4566, API),
    (COMPOSE, "127.0.0.1", 4576, API),  # published: what the courier would reach
    (COMPOSE, GATEWAY, 4566, API),
    (COMPOSE, GATEWAY, 8085, LISTENER),
    (COMPOSE, "127.0.0.1", 8180, FRONT),
    (COMPOSE, "127.0.0.1", 18000, "proxy"),
    (COMPOSE, "172.18.0.2", 2375, "Docker"),
    (COMPOSE, INSTANCE, 80, None),
    (COMPOSE, INSTANCE, 8081, None),
]


@pytest.mark.parametrize(("settings", "address", "port", "expected"), REACHED)
def test_what_a_connection_would_reach(settings: Settings, address: str, port: int, expected: str | None) -> None:
    found = find(settings.own_ports, address, port, is_local=lambda asked: asked == GATEWAY)
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert (expected in found.what, found.of_load_balancer) == (True, expected in (FRONT, LISTENER))


def test_an_address_is_local_when_this_machine_has_it() -> None:
    assert (is_local("127.0.0.1"), is_local("192.0.2.1")) == (True, False)
    own = [OwnPort(what="an API", host="0.0.0.0", ports=range(4566, 4567))]
    assert (find(own, "127.9.9.9", 4566), find(own, "192.0.2.1", 4566)) == (own[0], None)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", ("127.0.0.1",)),
        ("2130706433", ("127.0.0.1",)),
        ("0x7f.1", ("127.0.0.1",)),
        ("127.1", ("127.0.0.1",)),
        ("::1", ("::1",)),
        ("LOCALHOST.", ("127.0.0.1", "::1")),
        ("app.localhost", ("127.0.0.1", "::1")),
        ("localhost.example", ()),
        ("sandbox", ()),
        ("", ()),
    ],
)
def test_addresses_that_are_known_without_a_name_server(host: str, expected: tuple[str, ...]) -> None:
    assert addresses(host) == expected


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_an_address_of_this_machine_is_local(address: str) -> None:
    assert is_local(address)


@pytest.mark.parametrize("address", ["192.0.2.1", "203.0.113.7", "2001:db8::1"])
def test_an_address_of_another_machine_is_not_local(address: str) -> None:
    assert not is_local(address)


def test_an_address_to_which_a_socket_can_bind_is_not_local_for_that(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with net.ipv4.ip_nonlocal_bind, which the VPC router needs."""
    monkeypatch.setattr(socket.socket, "bind", lambda *_: None)
    assert not is_local("192.0.2.1")
