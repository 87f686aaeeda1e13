"""How a launch handles Docker's responses, and the text of the SDK's errors."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import urllib3
from docker.errors import DockerException

from sandbox.core.errors import DriverUnavailable, SandboxError
from sandbox.drivers.runtime.docker.errors import DockerApiError, reason
from sandbox.drivers.runtime.docker.values import Network
from sandbox.drivers.runtime.docker.verbs import DEFAULT_IMAGE, DockerVerbs, remove_all

SPEC: Any = SimpleNamespace(instance_id="i-1", image_id="ami-1", image=None, subnet_id="subnet-1", private_ip_address="10.0.0.4")


class Engine:
    """`seen`: what an inspection of the taken name finds: nothing yet (None), a container with that status, or one of another sandbox."""

    def __init__(self, seen: str | None) -> None:
        self.seen, self.started = seen, 0

    def create_container(self, spec: Any, image: str, runs: Any) -> None:
        raise DockerApiError("Conflict. The container name is already in use.", 409)

    def inspect(self, instance_id: str) -> Any:
        return None if self.seen in (None, "another's") else SimpleNamespace(status=self.seen)

    def creation_in_progress(self, instance_id: str) -> bool:
        return self.seen is None

    def start(self, instance_id: str) -> None:
        self.started += 1


def launch(engine: Engine) -> None:
    networks: Any = SimpleNamespace(ensure=lambda spec: None, routed=True)
    DockerVerbs(engine, networks, {DEFAULT_IMAGE: "machine"}).launch(SPEC)  # type: ignore[arg-type]


@pytest.mark.parametrize(("seen", "started"), [("created", 1), ("running", 0), ("exited", 0)])
def test_a_container_that_an_earlier_request_created_is_used(seen: str, started: int) -> None:
    engine = Engine(seen)
    launch(engine)
    assert engine.started == started


def test_a_container_that_an_earlier_request_still_creates_is_waited_for() -> None:
    with pytest.raises(DriverUnavailable, match="Docker is still creating the container of i-1"):
        launch(Engine(None))


def test_a_name_that_is_taken_fails_the_launch() -> None:
    with pytest.raises(SandboxError, match="Docker could not launch i-1: Conflict"):
        launch(Engine("another's"))


def wrapped(error: Exception) -> Exception:
    """As requests and urllib3 do."""
    return requests.ConnectionError(urllib3.exceptions.ProtocolError("Connection aborted.", error))


def caused(error: Exception) -> Exception:
    """As the SDK does."""
    made = DockerException(f"Error while fetching server API version: {error}")
    made.__cause__ = error
    return made


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (wrapped(ConnectionRefusedError(111, "Connection refused")), "Connection refused"),
        (caused(wrapped(FileNotFoundError(2, "No such file or directory"))), "No such file or directory"),
        (requests.ReadTimeout("Read timed out. (read timeout=60)"), "timed out"),
        (caused(requests.ReadTimeout("Read timed out. (read timeout=60)")), "timed out"),
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
        (DockerException("Invalid bind address"), "Invalid bind address"),
    ],
)
def test_an_error_has_the_text_of_the_operating_system(error: Exception, said: str) -> None:
    assert reason(error) == said


class LeavingEngine:
    """One container, whose removal has these answers of Docker, one after another."""

    name, said = "sandbox", "directory not empty"

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)

    def instance_ids(self) -> list[str]:
        return ["i-1"]

    def networks(self) -> list[Network]:
        return []

    @contextmanager
    def calls(self) -> Iterator[Any]:
        yield SimpleNamespace(containers=lambda **asked: [], images=lambda **asked: [])

    def remove(self, instance_id: str) -> None:
        if self.statuses and (status := self.statuses.pop(0)) != 204:
            raise DockerApiError(self.said, status)


@pytest.mark.parametrize(
    ("statuses", "remaining"),
    [
        ([500, 500, 204], ()),
        ([404], ()),  # Docker lists a container that it no longer has
        ([500] * 9, ("The container sandbox-i-1 could not be removed: directory not empty",)),
        ([403, 204], ("The container sandbox-i-1 could not be removed: directory not empty",)),
    ],
)
def test_a_removal_that_docker_fails_is_made_again_and_what_is_gone_is_removed(
    monkeypatch: pytest.MonkeyPatch, statuses: list[int], remaining: tuple[str, ...]
) -> None:
    monkeypatch.setattr("sandbox.drivers.runtime.docker.verbs.REMOVAL_PAUSE", 0.0)
    assert remove_all(LeavingEngine(*statuses)) == remaining  # type: ignore[arg-type]


class RemovedByAnother(LeavingEngine):
    """Docker carries out a removal that another client asked for."""

    said = "removal of container sandbox-i-1 is already in progress"


@pytest.mark.parametrize(
    ("patience", "remaining"),
    [(60.0, ()), (0.0, ("The container sandbox-i-1 could not be removed: removal of container sandbox-i-1 is already in progress",))],
)
def test_a_removal_that_goes_on_already_is_waited_for(monkeypatch: pytest.MonkeyPatch, patience: float, remaining: tuple[str, ...]) -> None:
    monkeypatch.setattr("sandbox.drivers.runtime.docker.verbs.REMOVAL_PAUSE", 0.0)
    monkeypatch.setattr("sandbox.drivers.runtime.docker.verbs.OTHERS_REMOVAL", patience)
    assert remove_all(RemovedByAnother(*[409] * 20, 404)) == remaining  # type: ignore[arg-type]
