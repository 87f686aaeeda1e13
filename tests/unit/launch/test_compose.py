"""The Compose project: its errors, and the ranges reserved while its networks are created."""

import subprocess
from collections.abc import Callable
from ipaddress import IPv4Network

import pytest

from sandbox.core.errors import UserError
from sandbox.drivers.runtime.docker.engine import DockerEngine
from sandbox.drivers.runtime.docker.errors import DockerApiError
from sandbox.drivers.runtime.docker.values import Network
from sandbox.launch import compose
from sandbox.launch.compose import compose_error
from sandbox.launch.reservation import reserved
from sandbox.settings import Settings

OLD = (  # of docker-compose 1.29; newer ones repeat it once less
    "Creating web_netns_1 ... error\nERROR: for web_netns_1  Cannot start service netns: driver failed programming external connectivity "
    "on endpoint web_netns_1 (1c3c): Error starting userland proxy: listen tcp4 127.0.0.1:{}: bind: address already in use\n"
)
TAKEN = ("198.18.0.0/16", "172.31.0.0/16")
GIVEN_BACK = ("remove sandbox-subnet-reserved", "remove sandbox-subnet-reserved-for-others")
OTHER_CONTAINER = "Error response from daemon: driver failed: Bind for 127.0.0.1:{} failed: port is already allocated\n"


@pytest.mark.parametrize("stderr", [OLD, OTHER_CONTAINER])
@pytest.mark.parametrize(
    ("port", "setting"),
    [
        (4566, "SANDBOX_PORT=4567"),
        (80, "SANDBOX_NAMES_PORT=0"),
        (8080, "SANDBOX_FRONT_PORT=8079"),
        (8083, "SANDBOX_LISTENER_PORTS=8181-8200"),
        (8104, "SANDBOX_NODE_PORTS=8201-8212"),
    ],
)
def test_a_port_in_use_is_reported_with_the_setting_that_changes_it(stderr: str, port: int, setting: str) -> None:
    error = compose_error(Settings(), "up", stderr.format(port))
    assert (error.message, error.next_command) == (f"Port {port} on 127.0.0.1 is in use by another program.", f"{setting} sandbox up")


def test_other_errors_show_the_error_lines_of_compose() -> None:
    error = compose_error(Settings(), "up", "Creating network\nERROR: no space left on device\n")
    assert error.message == "Compose up failed: ERROR: no space left on device"


@pytest.mark.parametrize("free", [True, False])
def test_an_overlapping_network_is_reported_before_anything_starts(monkeypatch: pytest.MonkeyPatch, free: bool) -> None:
    asked: list[str] = []
    others = Network(id="1" * 64, name="shop", labels={}, cidrs=(IPv4Network("10.9.0.0/24" if free else "198.18.7.0/24"),))
    monkeypatch.setattr(compose, "compose_command", lambda: ["docker-compose"])
    monkeypatch.setattr(compose, "images", lambda report: asked.append("images") or {})
    monkeypatch.setattr(compose, "_compose", lambda _settings, arguments, _built: asked.append(" ".join(arguments)))
    monkeypatch.setattr(compose.DockerEngine, "networks", lambda self: [others])
    monkeypatch.setattr(compose.DockerEngine, "create_network", lambda self, which, cidr, *_, **__: asked.append(cidr))
    monkeypatch.setattr(compose.DockerEngine, "remove_network", lambda self, name: asked.append(f"remove {name}"))
    try:
        compose.up(Settings(vpc_cidr="198.18.0.0/16"), lambda sentence: None)
    except UserError as error:
        assert not free
        assert "198.18.0.0/16 overlaps the Docker network shop (198.18.7.0/24)" in error.message
        assert error.next_command == "SANDBOX_VPC_CIDR=10.99.0.0/16 sandbox up"
    assert asked == (["images", *TAKEN, "up --detach netns", *GIVEN_BACK, "up --detach --remove-orphans"] if free else [])


def test_a_project_with_existing_networks_reserves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    own = Network(id="1" * 64, name="sandbox-edge", labels={}, cidrs=(IPv4Network("10.9.0.0/24"),))
    monkeypatch.setattr(compose, "compose_command", lambda: ["docker-compose"])
    monkeypatch.setattr(compose, "images", lambda report: {})
    monkeypatch.setattr(compose, "_compose", lambda _settings, arguments, _built: asked.append(" ".join(arguments)))
    monkeypatch.setattr(compose.DockerEngine, "networks", lambda self: [own])
    compose.up(Settings(vpc_cidr="198.18.0.0/16"), lambda sentence: None)
    assert asked == ["up --detach --remove-orphans"]


@pytest.mark.parametrize("refused", ["198.18.0.0/16", "172.31.0.0/16"])
def test_only_a_conflict_of_the_own_range_is_an_error(monkeypatch: pytest.MonkeyPatch, refused: str) -> None:
    removed: list[str] = []

    def create(_engine: DockerEngine, _which: str, cidr: str, *_: str, **__: bool) -> None:
        if cidr == refused:
            raise DockerApiError("Pool overlaps with other one on this address space", 403)

    monkeypatch.setattr(DockerEngine, "create_network", create)
    monkeypatch.setattr(DockerEngine, "remove_network", lambda _engine, name: removed.append(name))
    settings = Settings(vpc_cidr="198.18.0.0/16")
    try:
        with reserved(DockerEngine("sandbox"), settings):
            assert refused == "172.31.0.0/16"
    except UserError as error:
        assert refused == "198.18.0.0/16"
        assert "Pool overlaps" in error.message
    assert len(removed) == 2


# ---- the port of http://<DNSName>/


def listed(monkeypatch: pytest.MonkeyPatch, ports: str, answers: bool) -> None:
    """What `docker ps` says of the running project's ports, and whether a program answers on port 80."""
    done = subprocess.CompletedProcess([], 0, stdout=ports, stderr="")
    monkeypatch.setattr(compose.subprocess, "run", lambda *_, **__: done)
    monkeypatch.setattr(compose, "_answers", lambda port: answers)


PUBLISHED = "127.0.0.1:80->8079/tcp, 127.0.0.1:4566->4566/tcp\n"
ELSEWHERE = "127.0.0.1:32771->8079/tcp, 127.0.0.1:4566->4566/tcp\n"


@pytest.mark.parametrize(
    ("ports", "answers", "wanted", "published"),
    [
        ("", False, 80, 80),
        ("", True, 80, 0),
        ("", False, 0, 0),
        (PUBLISHED, True, 80, 80),  # the program that answers is the project itself
        (ELSEWHERE, False, 80, 0),  # the port has become free, but a running project keeps its ports
    ],
)
def test_port_80_is_published_where_it_is_free(
    monkeypatch: pytest.MonkeyPatch, ports: str, answers: bool, wanted: int, published: int
) -> None:
    listed(monkeypatch, ports, answers)
    assert compose.published_names_port(Settings(names_port=wanted)) == published


@pytest.mark.parametrize("reason", ["Port 80 on 127.0.0.1 is in use by another program.", "cannot expose privileged port 80, you can add"])
def test_where_docker_may_not_publish_port_80_the_sandbox_starts_without_it(monkeypatch: pytest.MonkeyPatch, reason: str) -> None:
    tried: list[int] = []
    said: list[str] = []

    def start(settings: Settings, report: Callable[[str], None]) -> None:
        tried.append(settings.published_names_port)
        if settings.published_names_port:
            raise UserError(reason, "SANDBOX_NAMES_PORT=0 sandbox up")

    listed(monkeypatch, "", answers=False)
    monkeypatch.setattr(compose, "_up", start)
    compose.up(Settings(), said.append)
    assert tried == [80, 0]
    assert said == [f"Docker cannot publish port 80, so http://<DNSName>/ will not answer. {reason}"]


def test_another_error_is_not_hidden_by_a_second_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(settings: Settings, report: Callable[[str], None]) -> None:
        raise UserError("Port 8080 on 127.0.0.1 is in use by another program.")

    listed(monkeypatch, "", answers=False)
    monkeypatch.setattr(compose, "_up", start)
    with pytest.raises(UserError, match="Port 8080"):
        compose.up(Settings(), lambda sentence: None)
