"""The AWS CLI: the tutorial's service with commands that a person types, and the CLI's waiters."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.clients import ClientSandbox, needs, program
from tests.support.live import until
from tests.support.services.fis import trust

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
    groups = cli("ec2 describe-security-groups", "--filters", f"Name=vpc-id,Values={vpc}", "Name=group-name,Values=default")
    default = groups["SecurityGroups"][0]["GroupId"]
    cli(f"ec2 authorize-security-group-ingress --group-id {default} --protocol tcp --port 80 --cidr 0.0.0.0/0")
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
    cli(f"ec2 revoke-security-group-ingress --group-id {default} --protocol tcp --port 80 --cidr 0.0.0.0/0")
    cli("ec2 delete-launch-template --launch-template-name cli")


def test_a_command_runs_on_an_instance_and_the_waiter_sees_its_end(cli: Cli, nothing_left: None) -> None:
    made = cli(f"ec2 run-instances --image-id {AMI} --instance-type t3.micro")["Instances"][0]["InstanceId"]
    cli(f"ec2 wait instance-running --instance-ids {made}")
    parameters = json.dumps({"commands": ["echo hello > note", "cat note"]})
    sent = cli(f"ssm send-command --document-name AWS-RunShellScript --instance-ids {made} --parameters", parameters)["Command"][
        "CommandId"
    ]
    where = f"--command-id {sent} --instance-id {made}"
    cli(f"ssm wait command-executed {where}")
    found = cli(f"ssm get-command-invocation {where}")
    assert (found["Status"], found["ResponseCode"], found["StandardOutputContent"]) == ("Success", 0, "hello\n")
    cli(f"ec2 terminate-instances --instance-ids {made}")
    cli(f"ec2 wait instance-terminated --instance-ids {made}")


def test_a_ready_experiment_stops_an_instance_until_it_is_stopped(cli: Cli, nothing_left: None, tmp_path: Path) -> None:
    tags = "ResourceType=instance,Tags=[{Key=AzImpairmentPower,Value=StopInstances}]"
    where = "--placement AvailabilityZone=us-east-1a"
    made = cli(f"ec2 run-instances --image-id {AMI} --instance-type t3.micro {where} --tag-specifications {tags}")["Instances"][0][
        "InstanceId"
    ]
    cli(f"ec2 wait instance-running --instance-ids {made}")
    role = cli("iam create-role --role-name fis --assume-role-policy-document", trust())["Role"]["Arn"]
    path = tmp_path / "power.json"
    zone = ("az-power-interruption", "--az", "us-east-1a", "--role", role, "--file", str(path))
    cli.sandbox.sandbox("fis", "template", *zone)
    template = cli(f"fis create-experiment-template --cli-input-json file://{path}")["experimentTemplate"]["id"]
    experiment = cli(f"fis start-experiment --experiment-template-id {template}")["experiment"]["id"]
    cli(f"ec2 wait instance-stopped --instance-ids {made}")
    actions = cli(f"fis get-experiment --id {experiment}")["experiment"]["actions"]
    assert {name for name, each in actions.items() if each["state"]["status"] == "running"} == {
        "Stop-Instances",
        "Wait-ARC-Zonal-Autoshift",
    }
    [resolved] = cli(f"fis list-experiment-resolved-targets --experiment-id {experiment}")["resolvedTargets"]
    assert resolved["targetInformation"]["arn"].endswith(made)

    cli(f"fis stop-experiment --id {experiment}")
    until(lambda: cli(f"fis get-experiment --id {experiment}")["experiment"]["state"]["status"] == "stopped", "the experiment is stopped")
    cli(f"ec2 wait instance-running --instance-ids {made}")
    cli(f"fis delete-experiment-template --id {template}")
    cli(f"ec2 terminate-instances --instance-ids {made}")
    cli(f"ec2 wait instance-terminated --instance-ids {made}")
    cli("iam delete-role --role-name fis")


def test_a_zonal_shift_is_started_changed_and_canceled(cli: Cli, nothing_left: None) -> None:
    zones = ("--filters", "Name=availability-zone,Values=us-east-1a,us-east-1b", "Name=default-for-az,Values=true")
    subnets = [found["SubnetId"] for found in cli("ec2 describe-subnets", *zones)["Subnets"]]
    lb = cli("elbv2 create-load-balancer --name shifted --subnets", *subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    cli(f"elbv2 modify-load-balancer-attributes --load-balancer-arn {lb} --attributes Key=zonal_shift.config.enabled,Value=true")
    about = f"--resource-identifier {lb}"
    shift = cli(f"arc-zonal-shift start-zonal-shift {about} --away-from use1-az6 --expires-in 30m --comment", "errors in one zone")
    assert cli(f"arc-zonal-shift get-managed-resource {about}")["appliedWeights"] == {"use1-az6": 0.0, "use1-az1": 1.0}
    cli(f"arc-zonal-shift update-zonal-shift --zonal-shift-id {shift['zonalShiftId']} --expires-in 2h")
    cli(f"arc-zonal-shift cancel-zonal-shift --zonal-shift-id {shift['zonalShiftId']}")
    assert [each["status"] for each in cli("arc-zonal-shift list-zonal-shifts")["items"]] == ["CANCELED"]
    cli(f"elbv2 delete-load-balancer --load-balancer-arn {lb}")


def _in_service(cli: Cli, count: int) -> list[str]:
    [group] = cli("autoscaling describe-auto-scaling-groups --auto-scaling-group-names cli")["AutoScalingGroups"]
    found = [m["InstanceId"] for m in group["Instances"] if m["LifecycleState"] == "InService" and m["HealthStatus"] == "Healthy"]
    return found if len(found) == count else []
