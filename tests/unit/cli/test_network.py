"""`sandbox network`: what it asks of Docker, and what it refuses. A script stands for the docker command."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.cli.main import run
from sandbox.control.app import control_app
from tests.support.control import served, surface

DOCKER = """#!/bin/sh
echo "$*" >> {log}
case "$1 $2" in
"ps --quiet") [ "$FAKE_ROUTER" = no ] || echo cafe ;;
"network connect"|"network disconnect") [ -z "$FAKE_ERROR" ] || { echo "Error response from daemon: $FAKE_ERROR" >&2; exit 1; } ;;
"inspect --format") echo '{"sandbox-ctl": 1, "sandbox-edge": 1, "sandbox-subnet-1": 1, "services": 1, "tools": 1}' ;;
esac
"""
NO_ROUTER = "This sandbox has no VPC router: its instances are processes, and reach what this machine reaches."
Docker = Callable[[], list[str]]


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    """→ the calls that changed something at Docker."""
    script, log = tmp_path / "docker", tmp_path / "log"
    script.write_text(DOCKER.replace("{log}", str(log)))
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return lambda: [line for line in (log.read_text().splitlines() if log.exists() else ()) if line.startswith("network ")]


@pytest.fixture(autouse=True)
def here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> object:
    """A sandbox; parameter: its runtime."""
    for name in [name for name in os.environ if name.startswith("SANDBOX_")]:
        monkeypatch.delenv(name)
    with served(control_app(surface(runtime=getattr(request, "param", "docker")))) as endpoint:
        monkeypatch.setenv("SANDBOX_PORT", endpoint.rsplit(":", 1)[1])
        monkeypatch.setenv("SANDBOX_STATE_DIR", str(tmp_path))
        yield


def test_a_network_is_connected_to_the_router_and_disconnected_again(asked: Docker, capsys: pytest.CaptureFixture[str]) -> None:
    assert (run(["network", "attach", "services"]), run(["network", "detach", "services"])) == (0, 0)
    assert asked() == ["network connect services cafe", "network disconnect services cafe"]
    assert capsys.readouterr().out.splitlines() == [
        "Instances reach the services of services by name: db is the service db.",
        "Instances do not reach services any more.",
    ]


@pytest.mark.parametrize(
    ("verb", "error"),
    [
        ("attach", "endpoint with name netns already exists in network services"),
        ("detach", "container cafe is not connected to network services"),
    ],
)
def test_what_is_done_already_is_no_error(asked: Docker, monkeypatch: pytest.MonkeyPatch, verb: str, error: str) -> None:
    monkeypatch.setenv("FAKE_ERROR", error)
    assert run(["network", verb, "services"]) == 0


@pytest.mark.parametrize("verb", ["attach", "detach"])
def test_what_docker_refuses_is_told_in_its_words(
    asked: Docker, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    monkeypatch.setenv("FAKE_ERROR", "network services not found")
    assert run(["network", verb, "services"]) == 1
    told = capsys.readouterr().err
    assert "Docker: network services not found" in told and "docker network ls" in told


def test_a_network_that_would_take_the_default_route_is_refused_before_docker_is_asked(
    asked: Docker, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["network", "attach", "app_default"]) == 1
    told = capsys.readouterr().err
    assert "app_default sorts before sandbox-edge" in told and "docker network create zz-app_default" in told
    assert asked() == []


def test_only_networks_of_others_are_listed(asked: Docker, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["network", "list"]) == 0
    assert capsys.readouterr().out.splitlines() == ["services", "tools"]


@pytest.mark.parametrize("here", ["process"], indirect=True)
def test_a_sandbox_of_processes_has_no_router(asked: Docker, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["network", "attach", "services"]) == 1
    assert NO_ROUTER in capsys.readouterr().err and asked() == []


def test_a_router_that_does_not_run_is_told(asked: Docker, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FAKE_ROUTER", "no")
    assert run(["network", "list"]) == 1
    assert "sandbox down && sandbox up --runtime docker" in capsys.readouterr().err
