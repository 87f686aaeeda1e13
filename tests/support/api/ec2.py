"""An EC2 of its own: the API by boto3 in process, the loop, and machines in virtual time."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.http.transport import Transport
from sandbox.core.clock import VirtualClock
from sandbox.core.control import Scope
from sandbox.core.journal import Journal
from sandbox.engine import Engine
from tests.support.ports import FakeFaults
from tests.support.services.machines import Machines

AMI = "ami-0c047a86012500412"
HERE = Scope("123456789012", "us-east-1")
UNKNOWN = "i-0123456789abcdef0"


@dataclass
class Ec2:
    """An EC2 of its own: the API, the loop, and the machines under it."""

    clock: VirtualClock
    journal: Journal
    engine: Engine
    machines: Machines
    faults: FakeFaults
    transport: Transport

    @property
    def api(self) -> Any:
        return self.transport.client("ec2", HERE)

    def run(self, count: int = 1, **parameters: Any) -> list[str]:
        answer = self.api.run_instances(**{"ImageId": AMI, "InstanceType": "t3.micro", "MinCount": count, "MaxCount": count, **parameters})
        return [i["InstanceId"] for i in answer["Instances"]]

    def running(self, count: int = 1, **parameters: Any) -> list[str]:
        ids = self.run(count, **parameters)
        self.wait(3)
        return ids

    def wait(self, seconds: float) -> None:
        self.engine.wake()
        self.engine.run_until(self.clock.now() + timedelta(seconds=seconds))

    def settle(self) -> None:
        """What follows at once, woken by the machines and by nothing else."""
        self.engine.run_until(self.clock.now() + timedelta(milliseconds=10))

    def describe(self, instance_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.api.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]
        return found

    def state(self, instance_id: str) -> str:
        return str(self.describe(instance_id)["State"]["Name"])

    def states_told(self, instance_id: str) -> list[str]:
        about = self.journal.about(instance_id)
        return [e.detail["state"] for e in about if e.detail_type == "EC2 Instance State-change Notification"]

    def ids(self) -> list[str]:
        return [i["InstanceId"] for r in self.api.describe_instances()["Reservations"] for i in r["Instances"]]


def error_of(call: Any, *args: Any, **kwargs: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(*args, **kwargs)
    error = caught.value.response["Error"]
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return error["Code"], error["Message"]


NOT_FOUND = ("InvalidInstanceID.NotFound", f"The instance ID '{UNKNOWN}' does not exist")


def status(ec2: Ec2, instance_id: str) -> tuple[str, str]:
    (found,) = ec2.api.describe_instance_status(InstanceIds=[instance_id], IncludeAllInstances=True)["InstanceStatuses"]
    return found["SystemStatus"]["Status"], found["InstanceStatus"]["Status"]
