"""`sandbox ssh`: the program that it becomes, in both runtimes, and the event that tells of it."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from sandbox.cli.main import run
from sandbox.cli.ssh import docker_command
from sandbox.control.app import control_app
from sandbox.control.surface import ControlSurface
from sandbox.drivers.runtime.base import Shell
from tests.support.control import served, surface


class Became(BaseException):
    """Instead of becoming another program."""

    def __init__(self, words: list[str], environment: Mapping[str, str] | None) -> None:
        super().__init__(words)
        self.words, self.environment = words, environment


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ControlSurface]:
    """A sandbox of the process runtime whose i-1 has the folder `tmp_path`."""

    def become(file: str, words: list[str], environment: Mapping[str, str] | None = None) -> None:
        raise Became(words, environment)

    monkeypatch.setattr(os, "execvp", become)
    monkeypatch.setattr(os, "execvpe", become)
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "i-1"
    folder.mkdir()
    shell = Shell(directory=str(folder), environment={"INSTANCE_ID": "i-1"})
    given = surface(runtime="process", shell=lambda instance_id: shell if instance_id == "i-1" else None)
    for name in [name for name in os.environ if name.startswith("SANDBOX_")]:
        monkeypatch.delenv(name)
    with served(control_app(given)) as endpoint:
        monkeypatch.setenv("SANDBOX_PORT", endpoint.rsplit(":", 1)[1])
        monkeypatch.setenv("SANDBOX_STATE_DIR", str(tmp_path))
        yield given


def ssh(*words: str) -> Became:
    with pytest.raises(Became) as became:
        run(["ssh", *words])
    return became.value


def test_a_command_runs_in_the_instance_s_folder_with_its_environment(here: ControlSurface, tmp_path: Path) -> None:
    became = ssh("i-1", "--", "ls", "-l", "--color")
    assert became.words == ["ls", "-l", "--color"] and became.environment is not None
    assert (became.environment["INSTANCE_ID"], Path.cwd()) == ("i-1", tmp_path / "i-1")


def test_without_a_command_it_is_a_shell(here: ControlSurface) -> None:
    assert ssh("i-").words[:2] == ["sh", "-c"]


def test_it_is_an_event_with_the_instance_and_the_command(here: ControlSurface) -> None:
    ssh("i-1", "uptime", "-p")
    [event] = here.journal.about("i-1")
    assert (event.detail_type, event.summary) == ("Instance Shell Opened", "a user ran `uptime -p` in i-1")


@pytest.mark.parametrize(
    ("terminal", "words"),
    [(True, ["docker", "exec", "-it", "sandbox-i-1", "uptime"]), (False, ["docker", "exec", "-i", "sandbox-i-1", "uptime"])],
)
def test_a_container_is_entered_by_docker(terminal: bool, words: list[str]) -> None:
    assert docker_command("sandbox-i-1", ("uptime",), terminal=terminal) == words


@pytest.mark.parametrize("instance", ["i-2", "j"])
def test_an_instance_that_does_not_run_is_refused_and_no_event_tells_of_it(
    here: ControlSurface, capsys: pytest.CaptureFixture[str], instance: str
) -> None:
    assert run(["ssh", instance]) == 1
    assert f"{instance} does not match a running instance." in capsys.readouterr().err
    assert here.journal.events() == ()


@pytest.mark.parametrize("body", [None, {}, {"instance": 1}, {"instance": "i-1", "command": "ls"}, {"instance": "i-1", "command": [1]}])
def test_a_malformed_request_is_refused(here: ControlSurface, body: Any) -> None:
    answer = control_app(here).test_client().post("/_sandbox/shells", json=body)
    assert (answer.status_code, here.journal.events()) == (400, ())
