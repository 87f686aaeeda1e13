"""Instant timing (sandbox/instant.py): what an API call causes has happened when its answer leaves."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from werkzeug.test import Client as WsgiClient

from sandbox.control.endpoints import SIMULATED
from sandbox.core.control import Scope
from sandbox.core.errors import UserError
from sandbox.parts import Sandbox
from sandbox.settings import Settings
from sandbox.virtual.client import virtual_client
from sandbox.wiring import build

INSTANT = {"SANDBOX_TIMING": "instant", "SANDBOX_RUNTIME": "simulated"}
AMI = "ami-0c047a86012500412"


@pytest.fixture
def instant() -> Iterator[Sandbox]:
    """Its engine has no thread: everything happens within API calls."""
    made = build(Settings.from_environment(INSTANT))
    yield made
    made.close()


def client(sandbox: Sandbox, service: str) -> Any:
    return sandbox.transport.client(service, Scope("123456789012", "us-east-1"))


def group(sandbox: Sandbox, size: int) -> None:
    subnets = client(sandbox, "ec2").describe_subnets()["Subnets"][:2]
    autoscaling = client(sandbox, "autoscaling")
    autoscaling.create_launch_configuration(LaunchConfigurationName="web", ImageId=AMI, InstanceType="t3.micro")
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="web",
        LaunchConfigurationName="web",
        MinSize=0,
        MaxSize=5,
        DesiredCapacity=size,
        VPCZoneIdentifier=",".join(subnet["SubnetId"] for subnet in subnets),
    )


def members(sandbox: Sandbox) -> list[str]:
    [found] = client(sandbox, "autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    return [member["InstanceId"] for member in found["Instances"] if member["LifecycleState"] == "InService"]


def test_a_group_has_its_instances_when_it_is_created_changed_or_broken(instant: Sandbox) -> None:
    group(instant, 2)
    first = members(instant)
    assert len(first) == 2
    client(instant, "autoscaling").set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=4)
    assert len(members(instant)) == 4
    client(instant, "ec2").terminate_instances(InstanceIds=[first[0]])
    assert len(members(instant)) == 4
    assert first[0] not in members(instant)
    client(instant, "autoscaling").delete_auto_scaling_group(AutoScalingGroupName="web", ForceDelete=True)
    assert client(instant, "autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"] == []


def test_an_instance_runs_when_run_instances_answers_and_is_gone_when_it_is_terminated(instant: Sandbox) -> None:
    ec2 = client(instant, "ec2")
    [made] = ec2.run_instances(ImageId=AMI, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"]
    for change, state in (
        (None, "running"),
        (ec2.stop_instances, "stopped"),
        (ec2.start_instances, "running"),
        (ec2.terminate_instances, "terminated"),
    ):
        if change is not None:
            change(InstanceIds=[made["InstanceId"]])
        [seen] = ec2.describe_instances(InstanceIds=[made["InstanceId"]])["Reservations"][0]["Instances"]
        assert seen["State"]["Name"] == state


def test_the_clock_moves_on_only_where_something_changes_and_goes_back_at_a_reset(instant: Sandbox) -> None:
    group(instant, 1)
    for _ in range(20):
        client(instant, "ec2").create_tags(Resources=members(instant), Tags=[{"Key": "a", "Value": "b"}])
    ahead = instant.clock.now() - datetime.now(UTC)
    assert ahead < timedelta(minutes=15)
    assert instant.gateway.instant is not None
    instant.gateway.instant.restart()
    assert abs(instant.clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_it_is_refused_where_machines_are_real() -> None:
    with pytest.raises(UserError, match="SANDBOX_TIMING=instant needs SANDBOX_RUNTIME=simulated"):
        Settings.from_environment({"SANDBOX_TIMING": "instant", "SANDBOX_RUNTIME": "docker"})


def balancer(sandbox: Sandbox) -> None:
    subnets = client(sandbox, "ec2").describe_subnets()["Subnets"][:2]
    elbv2 = client(sandbox, "elbv2")
    made = elbv2.create_load_balancer(Name="front", Subnets=[each["SubnetId"] for each in subnets])["LoadBalancers"][0]["LoadBalancerArn"]
    answer = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}]
    elbv2.create_listener(LoadBalancerArn=made, Protocol="HTTP", Port=80, DefaultActions=answer)


def test_a_simulated_load_balancer_offers_no_address_at_which_nothing_listens(instant: Sandbox) -> None:
    balancer(instant)
    answer = WsgiClient(instant.gateway).get("http://localhost/_sandbox/endpoints").get_json()
    [found] = answer["endpoints"]
    assert (found["url"], found["simulated"], found["problem"]) == (None, True, SIMULATED)
    assert {node["url"] for node in found["nodes"]} == {None}
    known = answer["load_balancers"]["front"]
    assert (known["listeners"], known["front"], known["url"]) == ({}, None, None)


def test_in_virtual_time_all_clients_are_simulated_and_have_addresses() -> None:
    simulated = virtual_client(Settings(runtime="simulated"))
    balancer(simulated.sandbox)
    simulated.wait(timedelta(minutes=5))
    [found] = simulated.get("endpoints")["endpoints"]
    assert (found["url"], found["simulated"], found["problem"]) == ("http://127.0.0.1:8081/", False, None)
