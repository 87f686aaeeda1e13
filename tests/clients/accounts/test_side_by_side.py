"""Two AWS accounts in one sandbox of local processes: the same names, addresses that differ, and an application of its own for each."""

import json
from typing import Any

import boto3

from tests.support.clients import REGION, ClientSandbox
from tests.support.live import until

AMI = "ami-0c047a86012500412"
ANN, BEN = "200000000001", "200000000002"


def client(sandbox: ClientSandbox, account: str, service: str) -> Any:
    keys = {"aws_access_key_id": account, "aws_secret_access_key": "any"}
    return boto3.client(service, endpoint_url=sandbox.endpoint, region_name=REGION, **keys)


def launched(sandbox: ClientSandbox, account: str) -> tuple[str, str]:
    """Id and private address of the account's one instance, once it runs."""
    ec2 = client(sandbox, account, "ec2")
    made = ec2.run_instances(ImageId=AMI, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]

    def runs() -> bool:
        found = ec2.describe_instances(InstanceIds=[made["InstanceId"]])["Reservations"][0]["Instances"][0]
        return str(found["State"]["Name"]) == "running"

    until(runs, f"the instance of {account} runs")
    return made["InstanceId"], made["PrivateIpAddress"]


def shown(sandbox: ClientSandbox, *arguments: str, account: str) -> Any:
    return json.loads(sandbox.sandbox(*arguments, "--json", "--account", account).stdout)


def test_two_learners_have_machines_of_their_own_and_status_shows_each_only_its_own(sandbox: ClientSandbox) -> None:
    (ann, one), (ben, two) = launched(sandbox, ANN), launched(sandbox, BEN)
    assert one != two
    for account, own, other in ((ANN, ann, ben), (BEN, ben, ann)):
        found = shown(sandbox, "status", account=account)
        assert [each["InstanceId"] for each in found["instances"]] == [own]
        assert own in found["machines"] and other not in found["machines"]
    client(sandbox, ANN, "ec2").terminate_instances(InstanceIds=[ann])
    until(lambda: ann not in shown(sandbox, "status", account=ANN)["machines"], "its machine is gone")
    assert ben in shown(sandbox, "status", account=BEN)["machines"]
    assert ann not in sandbox.sandbox("events", "--account", BEN).stdout
    assert "terminated" in sandbox.sandbox("explain", ann, "--account", ANN).stdout
    client(sandbox, BEN, "ec2").terminate_instances(InstanceIds=[ben])
