"""CPU credits in a whole sandbox in virtual time: a busy instance runs out of them, is throttled in fact, and recovers."""

from datetime import timedelta
from typing import Any

import pytest

from sandbox.core.ports import FaultRequest
from tests.support import VirtualSandbox, rule, virtual_sandbox
from tests.support.aws import IMAGE


class Burst:
    """One instance, whose demand of CPU the test sets in percent."""

    def __init__(self, credits: str) -> None:
        self.on: VirtualSandbox = virtual_sandbox()
        self.demand = 0.0
        self.on.world.load = lambda machine, now: self.demand
        self.ec2 = self.on.client("ec2")
        made = self.ec2.run_instances(
            ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1, CreditSpecification={"CpuCredits": credits}
        )
        self.id: str = made["Instances"][0]["InstanceId"]
        self.on.run(60)

    def percent(self) -> float:
        return self.on.sandbox.simulated.runtime.containers()[self.id].impairment.cpu_percent

    def newest(self, metric: str) -> float:
        now = self.on.sandbox.clock.now()
        found: list[dict[str, Any]] = self.on.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/EC2",
            MetricName=metric,
            Dimensions=[{"Name": "InstanceId", "Value": self.id}],
            StartTime=now - timedelta(hours=1),
            EndTime=now,
            Period=300,
            Statistics=["Average"],
        )["Datapoints"]
        return float(max(found, key=lambda point: point["Timestamp"])["Average"])

    def told(self) -> list[str]:
        return [event.detail_type for event in self.on.sandbox.journal.events() if event.detail_type.startswith("CPU Credits")]


@pytest.fixture
def standard() -> Burst:
    return Burst("standard")


@rule("TYPE-6", "TYPE-7")
def test_a_busy_standard_instance_is_throttled_to_its_baseline_and_bursts_again_after_a_rest(standard: Burst) -> None:
    standard.on.run(3600)
    assert standard.newest("CPUCreditBalance") == pytest.approx(12, abs=1)
    standard.demand = 100
    standard.on.run(1200)
    assert (standard.percent(), standard.told()) == (10, ["CPU Credits Exhausted"])
    standard.on.run(900)
    assert standard.newest("CPUUtilization") == pytest.approx(10, abs=0.5)  # of all its CPU, as on AWS
    assert standard.newest("CPUCreditUsage") == pytest.approx(1, abs=0.1)
    assert standard.newest("CPUCreditBalance") == pytest.approx(0, abs=0.1)
    standard.demand = 0
    standard.on.run(600)
    assert (standard.percent(), standard.told()) == (100, ["CPU Credits Exhausted", "CPU Credits Available"])


@rule("TYPE-6")
def test_an_unlimited_instance_is_never_throttled_and_its_surplus_is_shown() -> None:
    unlimited = Burst("unlimited")
    unlimited.demand = 100
    unlimited.on.run(3600)
    assert (unlimited.percent(), unlimited.told()) == (100, [])
    assert unlimited.newest("CPUSurplusCreditBalance") == pytest.approx(105, abs=12)  # two a minute, less a fifth that it earns
    assert unlimited.newest("CPUSurplusCreditsCharged") == 0
    change = {"InstanceId": unlimited.id, "CpuCredits": "standard"}
    unlimited.ec2.modify_instance_credit_specification(InstanceCreditSpecifications=[change])
    unlimited.on.run(600)
    assert unlimited.percent() == 10


def test_a_throttled_instance_stays_throttled_through_faults_and_a_restart_of_its_machine_is_throttled_again(standard: Burst) -> None:
    standard.demand = 100
    standard.on.run(1200)
    assert standard.percent() == 10
    inject = standard.on.sandbox.injector.inject
    fault = inject(FaultRequest(kind="cpu-heat", targets=(standard.id,), parameters={"percent": 5}))
    standard.on.run(5)
    assert standard.percent() == 5
    standard.on.sandbox.injector.clear(fault)
    standard.on.run(5)
    assert standard.percent() == 10
    standard.ec2.reboot_instances(InstanceIds=[standard.id])
    standard.on.run(60)
    assert standard.percent() == 10
