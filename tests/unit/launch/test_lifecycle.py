"""Starting and removing a sandbox as a library: progress goes to a callback, and what comes back is typed."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sandbox.core.errors import UserError
from sandbox.launch import compose, lifecycle
from sandbox.launch.health import Health, Part, read_health
from sandbox.launch.lifecycle import choose_runtime, ensure, remove
from sandbox.settings import Settings

PROBLEM = "The docker command was not found."


@pytest.mark.parametrize(
    ("runtime", "problem", "chosen", "reported"),
    [
        ("simulated", PROBLEM, "simulated", []),
        ("process", None, "process", []),
        ("docker", None, "docker", []),
        ("auto", None, "docker", []),
        ("auto", PROBLEM, "process", [f"{PROBLEM} Using the process runtime: instances are local processes."]),
    ],
)
def test_auto_is_docker_where_an_engine_responds(
    monkeypatch: pytest.MonkeyPatch, runtime: str, problem: str | None, chosen: str, reported: list[str]
) -> None:
    lines: list[str] = []
    monkeypatch.setattr(compose, "docker_problem", lambda: problem)
    assert (choose_runtime(Settings(runtime=runtime), lines.append), lines) == (chosen, reported)


def test_docker_without_an_engine_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compose, "docker_problem", lambda: PROBLEM)
    with pytest.raises(UserError) as error:
        choose_runtime(Settings(runtime="docker"), print)
    assert error.value.message == f"The docker runtime is not available. {PROBLEM}"
    assert error.value.next_command == "sandbox up --runtime process"


def health(runtime: str, ok: bool) -> Health:
    part = Part(name="proxy", ok=ok, sentence="Envoy does not respond.")
    return Health(endpoint="http://127.0.0.1:4566", name="web", runtime=runtime, speed=1.0, parts=(part,))


@pytest.mark.parametrize(
    ("found", "started_as", "reported"),
    [
        (health("docker", ok=True), [], ["The sandbox web is already running."]),
        (health("process", ok=False), [], ["The sandbox web is running, but impaired. Envoy does not respond."]),
        (
            health("docker", ok=False),
            ["docker"],
            ["The sandbox web is running, but impaired. Envoy does not respond.", "Starting the missing containers."],
        ),
        (None, ["auto"], []),
    ],
)
def test_ensure_starts_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, found: Health | None, started_as: list[str], reported: list[str]
) -> None:
    lines: list[str] = []
    starts: list[str] = []

    def start(settings: Settings, report: object) -> Health:
        starts.append(settings.runtime)
        return health("docker", ok=True)

    monkeypatch.setattr(lifecycle, "read_health", lambda settings: found)
    monkeypatch.setattr(lifecycle, "start", start)
    ensure(Settings(), lines.append)
    assert (starts, lines) == (started_as, reported)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """The settings of a separate simulated sandbox, which is removed afterwards."""
    for name in ("SANDBOX_PORT", "SANDBOX_PUBLISHED_PORT"):
        monkeypatch.delenv(name, raising=False)
    with ExitStack() as stack:
        api, front = (stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(2))
    made = Settings(name="test-launch", runtime="simulated", port=api, front_port=front, state_dir=tmp_path)
    yield made
    remove(made, lambda sentence: None)


@pytest.mark.process
def test_a_program_can_start_and_remove_a_sandbox(settings: Settings) -> None:
    lines: list[str] = []
    started = ensure(settings, lines.append)
    assert (started.ok, started.name, started.runtime, started.endpoint) == (True, "test-launch", "simulated", settings.endpoint)
    assert lines == []
    assert remove(settings, lines.append)
    assert lines[0] == "Stopped the control plane."
    assert read_health(settings) is None
    assert not remove(settings, lines.append)
