"""A hostile instance for the e2e tests: an instance of its own beside a service, in which a program does what it should not, as root.

Every program is bounded in time and count. `Watch` measures the service's answers while it runs.
"""

import subprocess
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from tests.support.live import AMI, NAME, Sandbox, Service, docker, until

PATIENCE = 40  # real seconds for one program


@dataclass(frozen=True)
class Outcome:
    code: int
    text: str


@dataclass
class Hostile:
    sandbox: Sandbox
    instance_id: str
    address: str
    gateway: str

    @staticmethod
    def launch(service: Service) -> "Hostile":
        """In the subnet of a member of the service."""
        ec2 = service.sandbox.aws("ec2")
        beside = _described(ec2, service.members()[0]["InstanceId"])
        made = ec2.run_instances(ImageId=AMI, InstanceType="t3.micro", SubnetId=beside["SubnetId"], MinCount=1, MaxCount=1)
        instance_id: str = made["Instances"][0]["InstanceId"]
        until(lambda: _described(ec2, instance_id)["State"]["Name"] == "running", "the hostile instance")
        network = docker("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.Gateway}}{{end}}", f"{NAME}-{instance_id}")
        return Hostile(service.sandbox, instance_id, _described(ec2, instance_id)["PrivateIpAddress"], network)

    @property
    def container(self) -> str:
        return f"{NAME}-{self.instance_id}"

    def run(self, *command: str, seconds: float = PATIENCE) -> Outcome:
        """An instance that has used up its processes may not even end the command: then it is left alone after a while."""
        arguments = ["docker", "exec", self.container, "timeout", "-s", "KILL", str(seconds), *command]
        try:
            done = subprocess.run(arguments, capture_output=True, text=True, timeout=seconds + 10, check=False)
        except subprocess.TimeoutExpired:
            return Outcome(-1, "")
        return Outcome(done.returncode, done.stdout + done.stderr)

    def python(self, program: str, seconds: float = PATIENCE) -> Outcome:
        return self.run("python3", "-c", program, seconds=seconds)

    def status(self, url: str, *options: str) -> str:
        """The HTTP status of curl; 000: no answer."""
        return self.run("curl", "-s", "-o", "/dev/null", "-m", "5", "-w", "%{http_code}", *options, url).text[-3:]

    def end(self) -> None:
        self.sandbox.aws("ec2").terminate_instances(InstanceIds=[self.instance_id])


def _described(ec2: Any, instance_id: str) -> dict[str, Any]:
    return dict(ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0])


@dataclass
class Watch:
    """A client of the service while a `with` block runs: ten requests a second, one after another."""

    service: Service
    answers: list[tuple[int, float]] = field(default_factory=list)  # status, seconds

    def __enter__(self) -> "Watch":
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()
        return self

    def _ask(self) -> None:
        while not self._ended.wait(0.1):
            began = time.monotonic()
            self.answers.append((self.service.sandbox.ask(self.service.url), time.monotonic() - began))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()

    def unharmed(self) -> bool:
        """Every request was answered with 200, the slowest within 3 s."""
        return bool(self.answers) and all(status == 200 and seconds < 3 for status, seconds in self.answers)
