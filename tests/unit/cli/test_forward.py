"""`sandbox forward`: the ports it takes, where it leads, and the event that tells of it. A script stands for the docker command."""

import asyncio
import socket
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sandbox.cli.machines.forward import router
from sandbox.cli.main import run
from sandbox.control.app import control_app
from sandbox.control.surface import ControlSurface
from sandbox.core.control import Scope
from sandbox.core.errors import UserError
from sandbox.core.ports import KnownInstance
from sandbox.launch import forwarding
from sandbox.launch.forwarding import Destination, Forward
from tests.support.control import served, surface
from tests.support.drivers.http_targets import Target

START = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)
DOCKER = """#!/bin/sh
[ "$1" = ps ] && { [ "$FAKE_RUNS" = no ] || echo cafe; exit; }
shift 3  # exec --interactive CONTAINER
shift    # python3
exec {python} "$@"
"""


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "docker"
    script.write_text(DOCKER.replace("{python}", sys.executable))
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")


@pytest.fixture
def target() -> Iterator[Target]:
    made = Target("i-1", "127.0.3.1").start()
    yield made
    made.stop()


async def _asked(to: Destination, count: int) -> tuple[list[bytes], list[str]]:
    """The answers to that many requests at once, and what was reported."""
    reports: list[str] = []
    server = await Forward(to, reports.append).listen(0)
    port = server.sockets[0].getsockname()[1]

    async def ask() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
        return answer

    answers = await asyncio.gather(*(ask() for _ in range(count)))
    server.close()
    await asyncio.wait_for(asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()}), 10)  # relays end after their connections
    return answers, reports


@pytest.mark.parametrize("container", [None, "cafe"])
def test_connections_reach_the_instance_directly_and_through_the_routers_container(
    docker: None, target: Target, container: str | None
) -> None:
    to = Destination(host=target.address, port=target.port, container=container)
    answers, reports = asyncio.run(_asked(to, 3))
    assert [answer[:15] for answer in answers] == [b"HTTP/1.1 200 OK"] * 3 and reports == []


@pytest.mark.parametrize("container", [None, "cafe"])
def test_a_port_where_nothing_listens_is_told_and_the_client_is_disconnected(docker: None, target: Target, container: str | None) -> None:
    target.stop()
    answers, reports = asyncio.run(_asked(Destination(host=target.address, port=target.port, container=container), 1))
    assert answers == [b""] and len(reports) == 1 and f"{target.address}:{target.port}" in reports[0]


def test_more_connections_than_the_limit_wait(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwarding, "MOST", 1)
    answers, _ = asyncio.run(_asked(Destination(host=target.address, port=target.port), 4))
    assert [answer[:15] for answer in answers] == [b"HTTP/1.1 200 OK"] * 4


def test_the_container_of_the_router_must_run(docker: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert router("sandbox", "netns") == "cafe"
    monkeypatch.setenv("FAKE_RUNS", "no")
    with pytest.raises(UserError, match="The container netns of sandbox sandbox does not run"):
        router("sandbox", "netns")


# ---- the command -------------------------------------------------------------------------------------------------------------------------


class Known:
    def instance(self, instance_id: str) -> KnownInstance | None:
        scope = Scope("123456789012", "us-east-1")
        return KnownInstance(
            instance_id=instance_id,
            scope=scope,
            zone="us-east-1a",
            state="running",
            private_ip_address="127.0.3.1",
            launched_at=START,
            state_since=START,
        )


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ControlSurface]:
    given = replace(surface(runtime="process"), inventory=Known())  # type: ignore[arg-type]
    with served(control_app(given)) as endpoint:
        monkeypatch.setenv("SANDBOX_PORT", endpoint.rsplit(":", 1)[1])
        monkeypatch.setenv("SANDBOX_STATE_DIR", str(tmp_path))
        yield given


def test_a_local_port_that_is_in_use_is_told_after_the_event(here: ControlSurface, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run(["forward", "i-1", f"{port}:80"]) == 1
    assert f"Port {port} of 127.0.0.1 cannot be used: " in capsys.readouterr().err
    assert [event.summary for event in here.journal.about("i-1")] == ["a user forwards a local port to port 80 of i-1"]


@pytest.mark.parametrize("ports", ["http", "1:2:3", "70000", "8000:0", "8000:70000", ""])
def test_what_is_no_port_is_refused(ports: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["forward", "i-1", ports]) == 2
    assert "is not a port, or two with a colon between them such as 8000:80." in capsys.readouterr().err


def test_an_instance_that_does_not_run_is_told(here: ControlSurface, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["forward", "i-9", "80"]) == 1
    assert "i-9 does not match a running instance." in capsys.readouterr().err
