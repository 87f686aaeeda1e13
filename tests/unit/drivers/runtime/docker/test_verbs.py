"""What a launch makes of Docker's answers, and what errors of the SDK say."""

import socket
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import urllib3
from docker.errors import DockerException

from sandbox.core.errors import DriverUnavailable, SandboxError
from sandbox.drivers.runtime.docker.engine import Refused, reason
from sandbox.drivers.runtime.docker.verbs import DEFAULT_IMAGE, DockerVerbs

SPEC: Any = SimpleNamespace(instance_id="i-1", image_id="ami-1", subnet_id="subnet-1", private_ip_address="10.0.0.4")


class Engine:
    """`seen`: what is under the instance's name when it is taken: nothing yet (None), a container of that status, or another's."""

    def __init__(self, seen: str | None) -> None:
        self.seen, self.started = seen, 0

    def create_container(self, spec: Any, image: str) -> None:
        raise Refused("Conflict. The container name is already in use.", 409)

    def inspect(self, instance_id: str) -> Any:
        return None if self.seen in (None, "another's") else SimpleNamespace(status=self.seen)

    def being_made(self, instance_id: str) -> bool:
        return self.seen is None

    def start(self, instance_id: str) -> None:
        self.started += 1


def launch(engine: Engine) -> None:
    networks: Any = SimpleNamespace(ensure=lambda spec: None)
    DockerVerbs(engine, networks, {DEFAULT_IMAGE: "machine"}).launch(SPEC)  # type: ignore[arg-type]


@pytest.mark.parametrize(("seen", "started"), [("created", 1), ("running", 0), ("exited", 0)])
def test_what_an_earlier_request_has_made_is_gone_on_with(seen: str, started: int) -> None:
    engine = Engine(seen)
    launch(engine)
    assert engine.started == started


def test_what_an_earlier_request_is_still_making_is_waited_for() -> None:
    with pytest.raises(DriverUnavailable, match="Docker is still making i-1"):
        launch(Engine(None))


def test_a_name_that_another_has_is_told() -> None:
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
        (requests.ReadTimeout("Read timed out. (read timeout=60)"), "it takes too long"),
        (caused(requests.ReadTimeout("Read timed out. (read timeout=60)")), "it takes too long"),
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
        (DockerException("Invalid bind address"), "Invalid bind address"),
    ],
)
def test_an_error_is_told_in_the_words_of_the_operating_system(error: Exception, said: str) -> None:
    assert reason(error) == said
