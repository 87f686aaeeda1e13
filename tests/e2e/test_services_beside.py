"""A database of a Compose project beside the instances: they reach it by name while its network is attached, not before or after."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.launch.compose import compose_command
from tests.support.drivers.runtimes import MACHINE_IMAGE
from tests.support.live import AMI, Sandbox, docker, until

pytestmark = pytest.mark.docker
NETWORK = "services-e2e"
DATABASE = """
import socketserver
rows = {}
class Session(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            verb, key, *value = line.decode().split()
            if verb == "put":
                rows[key] = value[0]
            self.wfile.write((rows.get(key, "none") + "\\n").encode())
socketserver.ThreadingTCPServer(("", 5432), Session).serve_forever()
"""
CLIENT = """
import socket, sys
with socket.create_connection(("db", 5432), 3) as db:
    db.sendall((" ".join(sys.argv[1:]) + "\\n").encode())
    print(db.makefile().readline().strip())
"""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[None]:
    """A project with the service `db`, in a network of the name that docs/own-images.md recommends to give."""
    file = tmp_path / "docker-compose.yml"
    db = {"image": MACHINE_IMAGE, "entrypoint": ["python3", "-c", DATABASE.replace("$", "$$")]}
    file.write_text(json.dumps({"version": "3.8", "services": {"db": db}, "networks": {"default": {"name": NETWORK}}}))  # JSON is YAML
    words = [*compose_command(), "--project-name", "e2e-beside", "--file", str(file)]
    subprocess.run([*words, "up", "--detach"], check=True, capture_output=True, timeout=120)
    yield
    subprocess.run([*words, "down", "--timeout", "1"], check=False, capture_output=True, timeout=120)


@pytest.fixture
def instance(sandbox: Sandbox) -> Iterator[str]:
    """The name of its container."""
    ec2 = sandbox.aws("ec2")
    [made] = ec2.run_instances(ImageId=AMI, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"]
    name = f"name={made['InstanceId']}"
    yield str(until(lambda: docker("ps", "--quiet", "--filter", name), "its container"))
    ec2.terminate_instances(InstanceIds=[made["InstanceId"]])


def asked(instance: str, *words: str) -> str:
    """What the database answers to the instance; the error if it cannot be reached."""
    command = ["docker", "exec", instance, "python3", "-c", CLIENT, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


@pytest.mark.usefixtures("project")
def test_an_instance_reaches_a_database_of_a_compose_project_by_its_name(sandbox: Sandbox, instance: str) -> None:
    assert "gaierror" in asked(instance, "get", "color")
    sandbox.run("network", "attach", NETWORK)
    try:
        assert NETWORK in sandbox.run("network", "list").stdout.split()
        assert asked(instance, "put", "color", "green") == "green"
        assert asked(instance, "get", "color") == "green"
        assert sandbox.run("status").returncode == 0, "the sandbox's own ports answer as before"
    finally:
        sandbox.run("network", "detach", NETWORK)
    assert NETWORK not in sandbox.run("network", "list").stdout.split()
    assert "gaierror" in asked(instance, "get", "color")
