"""Zones that fail in a whole sandbox, with a group of six in three zones behind a load balancer: what the API shows, in order (AZ-7)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from sandbox.aws import state
from sandbox.core.ports import FaultRequest
from tests.support import Fleet, VirtualSandbox, rule, virtual_sandbox

CHECKS = {"HealthCheckIntervalSeconds": 30, "HealthCheckTimeoutSeconds": 5, "HealthyThresholdCount": 5}  # AWS's defaults (TG-1)
ZONE = "us-east-1a"


@dataclass
class Outage:
    """A fleet that is well, and a clock that counts from the fault."""

    on: VirtualSandbox
    fleet: Fleet
    zero: datetime = field(init=False)
    known: int = 0  # events before the fault

    def begin(self, kind: str, minutes: float | None = None, **parameters: object) -> str:
        self.zero, self.known = self.on.now(), len(self.on.sandbox.journal.events())
        lasts = None if minutes is None else timedelta(minutes=minutes)
        return self.on.sandbox.injector.inject(FaultRequest(kind=kind, targets=(ZONE,), parameters=parameters, duration=lasts))

    def first(self, detail_type: str, contains: str) -> float:
        """The second of the first such event since the fault."""
        events = self.on.sandbox.journal.events()[self.known :]
        found = next(e for e in events if e.detail_type == detail_type and contains in e.summary)
        return (found.at - self.zero).total_seconds()

    def request(self) -> int:
        name = self.on.client("elbv2").describe_load_balancers()["LoadBalancers"][0]["DNSName"]
        return self.on.sandbox.simulated.proxy.request(name).status

    def victims(self) -> list[str]:
        """The instances of the zone that are in service."""
        members = self.fleet.described()["Instances"]
        return sorted(i["InstanceId"] for i in members if (i["AvailabilityZone"], i["LifecycleState"]) == (ZONE, "InService"))

    def status(self, instance_id: str) -> tuple[str, str, str]:
        """State, system status and instance status."""
        found = self.on.client("ec2").describe_instance_status(InstanceIds=[instance_id], IncludeAllInstances=True)["InstanceStatuses"][0]
        return found["InstanceState"]["Name"], found["SystemStatus"]["Status"], found["InstanceStatus"]["Status"]

    def reasons(self) -> set[str]:
        found = self.on.client("elbv2").describe_target_health(TargetGroupArn=self.fleet.target_group)["TargetHealthDescriptions"]
        return {each["TargetHealth"]["Reason"] for each in found if each["TargetHealth"]["State"] == "unhealthy"}


@pytest.fixture
def six() -> Iterator[Outage]:
    on = virtual_sandbox(seed=2)
    made = Outage(on, Fleet(on))
    made.fleet.make(delay=300, MinSize=6, MaxSize=9, DesiredCapacity=6, HealthCheckType="EC2")
    on.client("elbv2").modify_target_group(TargetGroupArn=made.fleet.target_group, **CHECKS)
    on.run(400)
    assert (made.fleet.zones(), made.fleet.well()) == (list("aabbcc"), True)
    yield made
    on.sandbox.close()
    state.reset()


def alarm(on: VirtualSandbox, fleet: Fleet) -> None:
    balancer = on.client("elbv2").describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"].split("loadbalancer/")[1]
    names = {"LoadBalancer": balancer, "TargetGroup": fleet.target_group.split(":", 5)[5]}
    on.client("cloudwatch").put_metric_alarm(
        AlarmName="unhealthy",
        Namespace="AWS/ApplicationELB",
        MetricName="UnHealthyHostCount",
        Dimensions=[{"Name": name, "Value": value} for name, value in names.items()],
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
    )


@rule("AZ-7", "ASG-42", "ASG-60")
def test_a_zone_without_power_in_the_order_that_the_api_shows_it(six: Outage) -> None:
    alarm(six.on, six.fleet)
    six.on.run(60)
    victims = six.victims()
    six.begin("zone-power-off", minutes=30)
    six.on.run(20)
    answers = Counter(six.request() for _ in range(90))
    assert (answers[0], answers[504] + answers[200], answers[504] > 15) == (30, 60, True), (
        "the zone's node is silent; no RST of its targets"
    )
    assert {six.status(i) for i in victims} == {("running", "ok", "ok")}
    six.on.run(50)
    assert (six.reasons(), Counter(six.request() for _ in range(30))[504]) == ({"Target.Timeout"}, 0)
    six.on.run(120)
    assert Counter(six.request() for _ in range(30)) == {200: 30}, "the address of the zone's node is out of DNS"
    assert {six.status(i) for i in victims} == {("running", "impaired", "impaired")}
    six.on.run(150)
    order = [
        six.first("Instance Status Check Change", "the system status check"),
        six.first("Target Health State Change", "is unhealthy"),
        six.first("CloudWatch Alarm State Change", "unhealthy"),
        six.first("Scaling Activity Started", "EC2 instance status checks failure"),
        six.first("EC2 Instance Launch Unsuccessful", "sufficient t3.micro capacity"),
        six.first("EC2 Instance Launch Successful", "is in service"),
    ]
    assert order == sorted(order)
    status, target, alarmed, terminated, *_ = order
    assert (60 <= status <= 180, target <= 66, 60 <= alarmed <= 300, 180 < terminated - status < 200) == (True, True, True, True)
    assert six.fleet.zones() == list("bbbccc")
    six.on.run(30 * 60)
    assert six.fleet.zones() == list("aabbcc"), "AZRebalance restores the balance when the zone is back"
    assert not [e for e in six.on.sandbox.journal.events() if e.source == "sandbox.engine"]


@rule("AZ-7", "AZ-8", "ASG-41")
def test_instances_that_are_stopped_as_fis_does_it_are_replaced_at_once_and_not_kept_for_a_restart(six: Outage) -> None:
    victims = six.victims()
    six.begin("zone-power-off", minutes=30, mode="stopped")
    six.on.run(10)
    assert {six.status(i)[0] for i in victims} <= {"stopping", "stopped"}
    assert six.first("Scaling Activity Started", "takes") <= 2
    six.on.run(60)
    assert six.fleet.zones() == list("bbbccc")
    six.on.run(45 * 60)
    assert {six.status(i)[0] for i in victims if i in six.on.world.machines} == set()
    assert six.fleet.zones() == list("aabbcc")


@rule("FIS-20")
@pytest.mark.parametrize(("restart", "state"), [("yes", "running"), ("no", "stopped")])
def test_stopped_instances_that_nobody_replaced_start_again_when_power_is_back(six: Outage, restart: str, state: str) -> None:
    six.on.client("autoscaling").suspend_processes(AutoScalingGroupName="web")
    victims = six.victims()
    six.begin("zone-power-off", minutes=5, mode="stopped", restart=restart)
    six.on.run(240)
    assert {six.status(i)[0] for i in victims} == {"stopped"}
    six.on.run(90)
    assert {six.status(i)[0] for i in victims} == {state}


def test_a_machine_without_power_boots_when_it_is_back_and_its_metrics_have_a_gap(six: Outage) -> None:
    six.on.client("autoscaling").suspend_processes(AutoScalingGroupName="web")
    victim = six.victims()[0]
    six.begin("zone-power-off", minutes=30)
    six.on.run(40 * 60)
    assert (six.status(victim), six.on.world.machine(victim).boots) == (("running", "ok", "ok"), 2)
    found = datapoints(six, victim, "CPUUtilization")
    times = sorted((each["Timestamp"] - six.zero).total_seconds() / 60 for each in found)
    assert max(later - earlier for earlier, later in pairwise(times)) >= 30, "a host without power reports nothing"
    failed = [each["Maximum"] for each in datapoints(six, victim, "StatusCheckFailed_System", period=60)]
    assert 28 <= failed.count(1.0) <= 31


def datapoints(six: Outage, instance_id: str, metric: str, period: int = 300) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = six.on.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/EC2",
        MetricName=metric,
        Dimensions=[{"Name": "InstanceId", "Value": instance_id}],
        StartTime=six.zero - timedelta(minutes=5),
        EndTime=six.on.now(),
        Period=period,
        Statistics=["Maximum"],
    )["Datapoints"]
    return found


def test_a_zone_that_is_cut_off_is_green_for_ec2_and_comes_back_by_itself(six: Outage) -> None:
    victims = six.victims()
    fault = six.begin("zone-blackhole")
    six.on.run(150)
    assert {six.status(i) for i in victims} == {("running", "ok", "ok")}
    assert six.reasons() == {"Target.Timeout"}
    six.on.sandbox.injector.clear(fault)
    six.on.run(200)
    assert (six.fleet.well(), six.fleet.zones(), six.victims()) == (True, list("aabbcc"), victims)


def test_a_zone_that_cannot_connect_to_others_still_serves(six: Outage) -> None:
    six.begin("zone-partition", direction="outbound")
    six.on.run(150)
    assert (six.fleet.well(), Counter(six.request() for _ in range(30))) == (True, {200: 30})


@rule("AZ-6")
def test_launches_without_a_network_run_and_never_pass_a_health_check_until_the_fault_ends(six: Outage) -> None:
    fault = six.begin("launches-without-network")
    six.on.client("ec2").terminate_instances(InstanceIds=six.victims())
    six.on.run(120)
    new = six.victims()
    assert {six.status(i) for i in new} == {("running", "ok", "impaired")}
    assert {six.fleet.health()[i] for i in new} == {"unhealthy"}
    six.on.sandbox.injector.clear(fault)
    six.on.run(400)
    assert six.fleet.well()


@rule("AZ-6")
def test_slow_launches_are_pending_for_longer(six: Outage) -> None:
    six.begin("slow-launches", seconds=90)
    six.on.client("ec2").terminate_instances(InstanceIds=six.victims())
    six.on.run(80)
    assert six.fleet.zones() == list("bbcc")
    six.on.run(30)
    assert six.fleet.zones() == list("aabbcc")
    assert six.first("Launch Delayed", "launches in its zone take 90 s longer") < 5


@rule("AZ-7")
def test_the_same_seed_gives_the_same_outage() -> None:
    told = []
    for _ in range(2):
        on = virtual_sandbox(seed=9)
        made = Outage(on, Fleet(on))
        made.fleet.make(MinSize=6, MaxSize=9, DesiredCapacity=6)
        on.run(120)
        made.begin("zone-thermal", minutes=60, ramp="5m", shutdown="5m", return_after="20m", return_over="10m")
        on.run(90 * 60)
        told.append([(event.at, event.summary) for event in on.sandbox.journal.events()])
        on.sandbox.close()
        state.reset()
    assert told[0] == told[1]
