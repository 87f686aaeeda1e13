"""What is said when Compose fails: a port that is taken is one sentence and the setting that chooses another."""

from ipaddress import IPv4Network

import pytest

from sandbox.cli import compose
from sandbox.cli.compose import failure
from sandbox.core.errors import UserError
from sandbox.drivers.runtime.docker_engine import Network
from sandbox.settings import Settings

OLD = (  # of docker-compose 1.29; newer ones repeat it once less
    "Creating web_netns_1 ... error\nERROR: for web_netns_1  Cannot start service netns: driver failed programming external connectivity "
    "on endpoint web_netns_1 (1c3c): Error starting userland proxy: listen tcp4 127.0.0.1:{}: bind: address already in use\n"
)
OTHER_CONTAINER = "Error response from daemon: driver failed: Bind for 127.0.0.1:{} failed: port is already allocated\n"


@pytest.mark.parametrize("stderr", [OLD, OTHER_CONTAINER])
@pytest.mark.parametrize(
    ("port", "setting"), [(4566, "SANDBOX_PORT=4567"), (8080, "SANDBOX_FRONT_PORT=8079"), (8083, "SANDBOX_LISTENER_PORTS=8181-8200")]
)
def test_a_port_that_is_taken_is_one_sentence(stderr: str, port: int, setting: str) -> None:
    said = failure(Settings(), "up", stderr.format(port))
    assert (said.message, said.next_command) == (f"Port {port} of 127.0.0.1 is in use by another program.", f"{setting} sandbox up")


def test_anything_else_is_in_composes_words() -> None:
    said = failure(Settings(), "up", "Creating network\nERROR: no space left on device\n")
    assert said.message == "compose up failed: ERROR: no space left on device"


@pytest.mark.parametrize("free", [True, False])
def test_a_network_that_somebody_has_is_told_before_anything_is_started(monkeypatch: pytest.MonkeyPatch, free: bool) -> None:
    asked: list[str] = []
    others = Network(id="1" * 64, name="shop", labels={}, cidrs=(IPv4Network("10.9.0.0/24" if free else "198.18.7.0/24"),))
    monkeypatch.setattr(compose, "compose_command", lambda: ["docker-compose"])
    monkeypatch.setattr(compose, "images", lambda: asked.append("images") or {})
    monkeypatch.setattr(compose, "_compose", lambda *_: asked.append("up"))
    monkeypatch.setattr(compose.DockerEngine, "networks", lambda self: [others])
    try:
        compose.up(Settings(vpc_cidr="198.18.0.0/16"))
    except UserError as error:
        assert not free
        assert "198.18.0.0/16 overlaps the Docker network shop (198.18.7.0/24)" in error.message
        assert error.next_command == "SANDBOX_VPC_CIDR=10.99.0.0/16 sandbox up"
    assert asked == (["images", "up"] if free else [])
