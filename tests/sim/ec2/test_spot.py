"""Spot Instances that a fault interrupts: what their metadata says before, AWS's events, and what becomes of them."""

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.core.errors import UserError
from sandbox.core.ports import FaultRequest
from sandbox.services.ec2.decide.spot import INTERRUPTION, REBALANCE
from tests.support import VirtualSandbox, rule, virtual_sandbox
from tests.support.services.ec2_calls import AMI


@pytest.fixture
def on() -> VirtualSandbox:
    return virtual_sandbox(seed=5)


def launch(on: VirtualSandbox, **market: Any) -> dict[str, Any]:
    given = {"ImageId": AMI, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    [made] = on.client("ec2").run_instances(**given, **({"InstanceMarketOptions": market} if market else {}))["Instances"]
    on.run(5)
    return dict(made)


def interrupt(on: VirtualSandbox, instance: dict[str, Any], notice: str = "2m") -> str:
    request = FaultRequest(kind="spot-interruption", targets=(instance["InstanceId"],), parameters={"notice": notice})
    return on.sandbox.injector.inject(request)


def told(on: VirtualSandbox, instance: dict[str, Any], path: str) -> str | None:
    answered = on.sandbox.simulated.metadata.get(instance["PrivateIpAddress"], f"/latest/meta-data/{path}")
    return answered.body.decode() if answered.status == 200 else None


def shown(on: VirtualSandbox, instance: dict[str, Any]) -> dict[str, Any]:
    [reservation] = on.client("ec2").describe_instances(InstanceIds=[instance["InstanceId"]])["Reservations"]
    return dict(reservation["Instances"][0])


def types(on: VirtualSandbox) -> list[str]:
    return [e.detail_type for e in on.sandbox.journal.events() if e.detail_type in (REBALANCE, INTERRUPTION)]


@rule("IMDS-12", "EC2-11")
def test_a_spot_instance_is_told_two_minutes_before_it_is_terminated(on: VirtualSandbox) -> None:
    spot = launch(on, MarketType="spot")
    assert told(on, spot, "instance-life-cycle") == "spot"
    interrupt(on, spot, notice="5m")
    on.run(1)
    ends = on.now() + timedelta(minutes=5, seconds=-1)
    assert (told(on, spot, "events/recommendations/rebalance") or "").startswith('{"noticeTime":"')
    assert told(on, spot, "spot/instance-action") is None and types(on) == [REBALANCE]
    on.run(180)
    assert told(on, spot, "spot/instance-action") == f'{{"action":"terminate","time":"{ends:%Y-%m-%dT%H:%M:%SZ}"}}'
    assert told(on, spot, "spot/termination-time") == f"{ends:%Y-%m-%dT%H:%M:%SZ}"
    assert shown(on, spot)["State"]["Name"] == "running" and types(on) == [REBALANCE, INTERRUPTION]
    on.run(125)
    gone = shown(on, spot)
    assert (gone["State"]["Name"], gone["StateReason"]["Code"]) == ("terminated", "Server.SpotInstanceTermination")


def test_the_chain_of_causes_leads_from_the_end_of_the_instance_to_the_fault(on: VirtualSandbox) -> None:
    spot = launch(on, MarketType="spot")
    interrupt(on, spot, notice="5m")
    on.run(320)
    journal = on.sandbox.journal
    end = next(e for e in journal.about(spot["InstanceId"]) if e.detail.get("state") == "shutting-down")
    assert [e.detail_type for e in journal.chain(end)][:3] == ["Fault Injected", REBALANCE, INTERRUPTION]


@rule("IMDS-12")
def test_an_instance_whose_behavior_is_stop_is_stopped(on: VirtualSandbox) -> None:
    options = {"SpotInstanceType": "persistent", "InstanceInterruptionBehavior": "stop"}
    spot = launch(on, MarketType="spot", SpotOptions=options)
    interrupt(on, spot)
    on.run(1)
    assert (told(on, spot, "spot/instance-action") or "").startswith('{"action":"stop"') and told(on, spot, "spot/termination-time") is None
    on.run(130)
    assert (shown(on, spot)["State"]["Name"], shown(on, spot)["StateReason"]["Code"]) == ("stopped", "Server.SpotInstanceShutdown")


def test_clearing_the_fault_takes_the_notice_back(on: VirtualSandbox) -> None:
    spot = launch(on, MarketType="spot")
    fault = interrupt(on, spot)
    on.run(10)
    on.sandbox.injector.clear(fault)
    on.run(300)
    assert told(on, spot, "spot/instance-action") is None and shown(on, spot)["State"]["Name"] == "running"


def test_only_spot_instances_are_interrupted(on: VirtualSandbox) -> None:
    with pytest.raises(UserError, match="is no Spot Instance"):
        interrupt(on, launch(on))
    assert on.sandbox.faults.active() == ()


def test_hibernation_is_refused_by_name(on: VirtualSandbox) -> None:
    options = {"SpotInstanceType": "persistent", "InstanceInterruptionBehavior": "hibernate"}
    with pytest.raises(ClientError, match="hibernation of Spot Instances"):
        launch(on, MarketType="spot", SpotOptions=options)
