"""What the sandbox does to the machine it runs on. Last: it ends with `down`."""

import re
import socket

import pytest

from tests.support.live import NAME, SETTINGS, Sandbox, docker

pytestmark = pytest.mark.docker


def test_only_loopback_listens(sandbox: Sandbox) -> None:
    published = docker("ps", "--filter", f"name=^{NAME}", "--format", "{{.Ports}}")  # at one moment: instances come and go
    assert set(re.findall(r"(\S+):[\d-]+->", published)) == {"127.0.0.1"}, published


def test_only_the_filter_holds_the_docker_socket(sandbox: Sandbox) -> None:
    shown = docker("ps", "--no-trunc", "--filter", f"label=sandbox.topology={NAME}", "--format", '{{.Label "sandbox.role"}} {{.Mounts}}')
    holders = {line.split()[0] for line in shown.splitlines() if "docker.sock" in line}
    assert holders == {"dockerapi"}


def test_a_second_sandbox_on_taken_ports_says_so_in_a_sentence(sandbox: Sandbox) -> None:
    other = {"SANDBOX_NAME": "e2etwo", "SANDBOX_STATE_DIR": sandbox.environment["SANDBOX_STATE_DIR"] + "-two"}
    other["SANDBOX_VPC_CIDR"] = "10.233.0.0/16"  # else it fails at the network of the first
    try:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 4577))
            taken.listen()
            refused = sandbox.run("up", "--runtime", "docker", check=False, **other, SANDBOX_PORT="4577", SANDBOX_FRONT_PORT="8190",
                                  SANDBOX_LISTENER_PORTS="8191-8192", SANDBOX_NODE_PORTS="8193-8194")  # fmt: skip
        assert refused.returncode == 1
        assert "Port 4577 on 127.0.0.1 is in use" in refused.stderr and "next:" in refused.stderr and "Traceback" not in refused.stderr
    finally:
        sandbox.run("down", check=False, **other)


def test_down_removes_what_is_ours_and_only_that(sandbox: Sandbox) -> None:
    stranger = f"{NAME}-stranger"
    docker("network", "create", stranger)
    image = docker("ps", "--filter", f"label=sandbox.topology={NAME}", "--format", "{{.Image}}").splitlines()[0]
    docker("run", "--detach", "--name", stranger, "--network", stranger, image, "sleep", "600")
    try:
        sandbox.run("down")
        left = docker("ps", "--all", "--filter", f"name=^{NAME}", "--format", "{{.Names}}").splitlines()
        networks = docker("network", "ls", "--filter", f"name=^{NAME}", "--format", "{{.Name}}").splitlines()
        assert (left, networks) == ([stranger], [stranger])
        assert docker("volume", "ls", "--quiet", "--filter", f"name=^{NAME}-state$") == ""
        with socket.socket() as free:
            free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that have just ended do not count
            free.bind(("127.0.0.1", int(SETTINGS["SANDBOX_PORT"])))
    finally:
        docker("rm", "--force", stranger)
        docker("network", "rm", stranger)
