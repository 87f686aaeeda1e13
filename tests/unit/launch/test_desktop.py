"""Where Docker runs in a virtual machine of its own, the Compose project uses nothing of the host but the Docker engine."""

import re
import subprocess
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from sandbox.launch import compose, desktop
from sandbox.settings import Settings

SOCKET = "/var/run/docker.sock:/var/run/docker.sock"


def project(variables: Mapping[str, str]) -> Any:
    """The Compose file with these variables, as Compose reads it."""
    text = re.sub(r"\$\{([A-Z_]+):-([^}]*)\}", lambda each: variables.get(each[1]) or each[2], compose.PROJECT.read_text())
    return yaml.safe_load(text)


def of_the_host(found: Any) -> set[str]:
    """What the services use of the host: networks, process ids, folders."""
    used = {f"{name}: network" for name, each in found["services"].items() if each.get("network_mode") == "host"}
    used |= {f"{name}: {key}" for name, each in found["services"].items() for key in ("pid", "ipc", "cgroup", "devices") if key in each}
    folders = {(name, volume) for name, each in found["services"].items() for volume in each.get("volumes", ())}
    return used | {f"{name}: {volume.split(':')[0]}" for name, volume in folders if volume.startswith(("/", ".", "~")) and volume != SOCKET}


def test_on_linux_counters_are_files_of_the_host_and_the_courier_is_in_its_network() -> None:
    assert of_the_host(project(desktop.LINUX)) == {"courier: network", "dockerapi: /proc", "dockerapi: /sys/fs/cgroup"}


def test_on_docker_desktop_nothing_of_the_host_is_used_but_the_docker_engine() -> None:
    found = project(desktop.DESKTOP)
    assert of_the_host(found) == set()
    assert found["services"]["courier"]["extra_hosts"] == ["host.docker.internal:host-gateway"]
    assert found["services"]["courier"]["command"][-1] == "host.docker.internal"
    assert found["services"]["dockerapi"]["environment"]["SANDBOX_USAGE"] == "stats"
    assert "nothing" in found["volumes"]


@pytest.mark.parametrize(
    ("setting", "system", "expected"),
    [
        ("auto", "Docker Desktop", desktop.DESKTOP),
        ("auto", "Debian GNU/Linux 12 (bookworm)", desktop.LINUX),
        ("auto", "", desktop.LINUX),  # no engine responds; the start says so
        ("yes", "Debian GNU/Linux 12 (bookworm)", desktop.DESKTOP),
        ("no", "Docker Desktop", desktop.LINUX),
    ],
)
def test_docker_info_decides_unless_the_setting_does(
    monkeypatch: pytest.MonkeyPatch, setting: str, system: str, expected: Mapping[str, str]
) -> None:
    answer = subprocess.CompletedProcess([], 0, stdout=f"{system}\n")
    monkeypatch.setattr(desktop.subprocess, "run", lambda *_, **__: answer)
    assert desktop.variables(Settings(docker_desktop=setting)) is expected
