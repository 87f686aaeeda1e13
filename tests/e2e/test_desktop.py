"""The docker runtime without what only Linux has: no network, process or cgroup of the host, as Docker Desktop needs it. The engine here is
Linux's, so this shows that the other ways work, and not that Docker Desktop does."""

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.support.live import AMI, SETTINGS, Sandbox, docker, until

pytestmark = pytest.mark.docker
OWN = {
    "SANDBOX_NAME": "desktop",
    "SANDBOX_PORT": "4596",
    "SANDBOX_FRONT_PORT": "8380",
    "SANDBOX_NAMES_PORT": "0",
    "SANDBOX_LISTENER_PORTS": "8381-8384",
    "SANDBOX_NODE_PORTS": "8385-8389",
    "SANDBOX_VPC_CIDR": "10.236.0.0/16",
    "SANDBOX_DOCKER_DESKTOP": "yes",
}


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    made = Sandbox({**os.environ, **SETTINGS, **OWN, "SANDBOX_STATE_DIR": str(tmp_path_factory.mktemp("desktop"))})
    came = made.run("up", "--runtime", "docker", check=False)
    assert came.returncode == 0, came.stdout + came.stderr
    assert "Docker runs in its own virtual machine" in came.stdout
    yield made
    made.run("down")


class Mailbox(ThreadingHTTPServer):
    """A subscriber in the user's network. On Linux, host.docker.internal is the bridge's address and not the loopback, so it listens on all
    addresses."""

    def __init__(self) -> None:
        self.received: list[str] = []
        super().__init__(("0.0.0.0", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Mailbox)
        self.server.received.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_no_container_uses_anything_of_the_host_but_the_docker_socket(started: Sandbox) -> None:
    ids = docker("ps", "--quiet", "--filter", "label=sandbox.topology=desktop").split()
    found = json.loads(docker("inspect", *ids))
    assert len(found) >= 6
    for each in found:
        assert each["HostConfig"]["NetworkMode"] != "host"
        assert each["HostConfig"]["PidMode"] == ""
        mounts = {mount["Source"] for mount in each["Mounts"] if mount["Type"] == "bind"}
        assert mounts <= {"/var/run/docker.sock"}


def test_the_cpu_of_an_instance_is_measured_by_dockers_statistics(started: Sandbox) -> None:
    ec2 = started.aws("ec2")
    [instance] = ec2.run_instances(ImageId=AMI, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"]
    until(lambda: started.get("rates")["cpu"].get(instance["InstanceId"], 0) > 0, "measured CPU of the instance")
    ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])


def test_a_message_of_sns_reaches_a_subscriber_of_the_user(started: Sandbox) -> None:
    sns, mailbox = started.aws("sns"), Mailbox()
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=f"http://127.0.0.1:{mailbox.server_port}/")
    until(lambda: mailbox.received, "the request to confirm the subscription")
    assert json.loads(mailbox.received[0])["Type"] == "SubscriptionConfirmation"
    mailbox.shutdown()
    mailbox.server_close()
