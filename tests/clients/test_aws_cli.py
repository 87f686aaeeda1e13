"""The AWS CLI: the tutorial's service with commands that a person types, and the CLI's waiters."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.clients import ClientSandbox, needs, program
from tests.support.live import until

pytestmark = needs("the AWS CLI", program("aws") is not None)
AMI = "ami-0c047a86012500412"


class Cli:
    def __init__(self, sandbox: ClientSandbox) -> None:
        self.sandbox = sandbox

    def __call__(self, command: str, *more: str) -> Any:
        """`ec2 describe-vpcs --query ...`: the parsed answer, or None."""
        printed = self.sandbox.command("aws", *command.split(), *more, "--endpoint-url", self.sandbox.endpoint, "--output", "json").stdout
        return json.loads(printed) if printed.strip() else None


@pytest.fixture
def cli(sandbox: ClientSandbox) -> Cli:
    return Cli(sandbox)


def test_a_service_is_made_twice_changed_broken_and_deleted(cli: Cli, nothing_left: None, tmp_path: Path) -> None:
    zones = ("--filters", "Name=availability-zone,Values=us-east-1a,us-east-1b", "Name=default-for-az,Values=true")
    subnets = [found["SubnetId"] for found in cli("ec2 describe-subnets", *zones)["Subnets"]]
    vpc = cli("ec2 describe-vpcs --filters Name=is-default,Values=true")["Vpcs"][0]["VpcId"]
    tg, lb = (
        cli(f"elbv2 create-target-group --name cli --protocol HTTP --port 80 --vpc-id {vpc} --health-check-path /health "
            "--health-check-interval-seconds 10 --healthy-threshold-count 2")["TargetGroups"][0]["TargetGroupArn"],
        cli("elbv2 create-load-balancer --name cli --subnets", *subnets)["LoadBalancers"][0]["LoadBalancerArn"],
    )  # fmt: skip
    assert cli("elbv2 create-load-balancer --name cli --subnets", *subnets)["LoadBalancers"][0]["LoadBalancerArn"] == lb
    cli(f"elbv2 wait load-balancer-available --load-balancer-arns {lb}")
    forward = f"Type=forward,TargetGroupArn={tg}"
    cli(f"elbv2 create-listener --load-balancer-arn {lb} --protocol HTTP --port 80 --default-actions {forward}")
    data = json.dumps({"ImageId": AMI, "InstanceType": "t3.micro"})
    cli("ec2 create-launch-template --launch-template-name cli --launch-template-data", data)
    cli(
        "autoscaling create-auto-scaling-group --auto-scaling-group-name cli --launch-template LaunchTemplateName=cli,Version=$Latest "
        f"--min-size 2 --max-size 4 --vpc-zone-identifier {','.join(subnets)} --target-group-arns {tg} --health-check-type ELB "
        "--health-check-grace-period 30"
    )
    members = until(lambda: _in_service(cli, 2), "two members")
    cli(f"elbv2 wait target-in-service --target-group-arn {tg} --targets", *(f"Id={i}" for i in members))
    cli("ec2 wait instance-running --instance-ids", *members)

    cli(f"ec2 terminate-instances --instance-ids {members[0]}")
    cli(f"ec2 wait instance-terminated --instance-ids {members[0]}")
    until(lambda: members[0] not in (now := _in_service(cli, 2)) and now, "a replacement")
    cli("autoscaling update-auto-scaling-group --auto-scaling-group-name cli --desired-capacity 3")
    until(lambda: _in_service(cli, 3), "three members")

    cli("autoscaling delete-auto-scaling-group --auto-scaling-group-name cli --force-delete")
    until(lambda: not cli("autoscaling describe-auto-scaling-groups --auto-scaling-group-names cli")["AutoScalingGroups"], "no group")
    cli(f"elbv2 delete-load-balancer --load-balancer-arn {lb}")
    cli(f"elbv2 wait load-balancers-deleted --load-balancer-arns {lb}")
    cli(f"elbv2 delete-target-group --target-group-arn {tg}")
    cli("ec2 delete-launch-template --launch-template-name cli")


def _in_service(cli: Cli, count: int) -> list[str]:
    [group] = cli("autoscaling describe-auto-scaling-groups --auto-scaling-group-names cli")["AutoScalingGroups"]
    found = [m["InstanceId"] for m in group["Instances"] if m["LifecycleState"] == "InService" and m["HealthStatus"] == "Healthy"]
    return found if len(found) == count else []
