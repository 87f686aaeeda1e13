"""The timelines of docs/aws-behaviour.md, Appendix B, in a whole sandbox: what happens when, in exact virtual seconds, told by the API.

A group of three in three zones behind a load balancer, with AWS's defaults: checks every 30 seconds, 300 seconds of deregistration delay.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from sandbox.aws import state
from sandbox.drivers.world import App
from tests.support import Fleet, VirtualSandbox, rule, virtual_sandbox

DRAINING = " - Waiting For ELB Connection Draining."


@dataclass
class Timeline:
    """A fleet and a clock that counts from `begin()`; meanwhile a client asks each second."""

    on: VirtualSandbox
    fleet: Fleet
    zero: datetime = field(init=False)
    answers: list[tuple[int, int]] = field(default_factory=list)  # (second, status), one for each second
    demand: float = 6.0  # percent of one machine, evenly on those that run

    def begin(self) -> None:
        self.zero = self.on.now()

    def at(self, second: float) -> None:
        """Goes there; the client asks once at each full second on the way."""
        proxy = self.on.sandbox.simulated.proxy
        name = self.on.client("elbv2").describe_load_balancers()["LoadBalancers"][0]["DNSName"]
        while (now := self.seconds(self.on.now())) < second:
            if now == int(now):
                self.answers.append((int(now), proxy.request(name).status))
            self.on.run(min(int(now) + 1, second) - now)

    def seconds(self, moment: datetime) -> float:
        return round((moment - self.zero).total_seconds(), 2)

    def statuses(self, first: float, last: float) -> Counter[int]:
        """What the client got from second `first` up to `last`, without the last."""
        return Counter(status for second, status in self.answers if first <= second < last)

    def activities(self) -> list[dict[str, Any]]:
        """Those that began since `begin()`, oldest first."""
        found = sorted(self.fleet.activities(), key=lambda activity: activity["StartTime"])
        return [a for a in found if self.seconds(a["StartTime"]) >= 0]

    def times(self, what: str) -> list[tuple[float, float | None]]:
        """Start and end of the activities whose description begins so."""
        found = [a for a in self.activities() if a["Description"].startswith(what)]
        return [(int(self.seconds(a["StartTime"])), int(self.seconds(a["EndTime"])) if "EndTime" in a else None) for a in found]

    def happened(self, detail_type: str, about: str) -> list[float]:
        """When events of that kind told of it."""
        found = [e for e in self.on.sandbox.journal.about(about) if e.detail_type == detail_type and e.at >= self.zero]
        return [self.seconds(e.at) for e in found]

    def target(self, instance_id: str) -> tuple[str, str]:
        """State and reason."""
        asked = {"TargetGroupArn": self.fleet.target_group, "Targets": [{"Id": instance_id}]}
        health = self.on.client("elbv2").describe_target_health(**asked)["TargetHealthDescriptions"][0]["TargetHealth"]
        return health["State"], health.get("Reason", "")

    def hosts(self, metric: str, second: float) -> float:
        """The maximum that the minute of that second has told so far."""
        minute = (self.zero + timedelta(seconds=second)).replace(second=0, microsecond=0)
        told = self.on.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/ApplicationELB",
            MetricName=metric,
            Dimensions=self.dimensions(),
            StartTime=minute,
            EndTime=minute + timedelta(minutes=1),
            Period=60,
            Statistics=["Maximum"],
        )["Datapoints"]
        return float(told[0]["Maximum"])

    def dimensions(self) -> list[dict[str, str]]:
        """Of the metrics of load balancer and target group."""
        balancer = self.on.client("elbv2").describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"].split("loadbalancer/")[1]
        names = {"LoadBalancer": balancer, "TargetGroup": self.fleet.target_group.split(":", 5)[5]}
        return [{"Name": name, "Value": value} for name, value in names.items()]

    def track_cpu(self) -> None:
        self.on.client("autoscaling").put_scaling_policy(
            AutoScalingGroupName="web",
            PolicyName="cpu",
            PolicyType="TargetTrackingScaling",
            TargetTrackingConfiguration={
                "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
                "TargetValue": 70.0,
            },
        )

    def alarm(self, kind: str) -> dict[str, Any]:
        """The policy's `AlarmHigh` or `AlarmLow`."""
        found = self.on.client("cloudwatch").describe_alarms(AlarmNamePrefix=f"TargetTracking-web-{kind}")["MetricAlarms"]
        return dict(found[0])


def timeline(**group: Any) -> Timeline:
    on = virtual_sandbox()
    made = Timeline(on, Fleet(on))
    running = on.world.machines.values()
    on.world.load = lambda machine, now: made.demand / max(1, sum(m.running for m in running))
    made.fleet.make(delay=300, **group)
    checks = {"HealthCheckIntervalSeconds": 30, "HealthCheckTimeoutSeconds": 5, "HealthyThresholdCount": 5}  # the times below need them
    on.client("elbv2").modify_target_group(TargetGroupArn=made.fleet.target_group, **checks)
    on.run(300)
    assert made.fleet.well()
    made.begin()
    return made


@pytest.fixture
def three() -> Iterator[Timeline]:
    made = timeline()
    yield made
    made.on.sandbox.close()
    state.reset()


def down(three: Timeline, *instance_ids: str) -> None:
    for instance_id in instance_ids:
        three.on.world.machine(instance_id).app = App.DOWN


@rule("B1", "ASG-49", "ASG-59")
def test_b1_an_application_dies(three: Timeline) -> None:
    victim = three.fleet.in_service()[0]
    down(three, victim)
    three.at(40)
    (found,) = three.happened("Target Health State Change", victim)
    assert 30 < found <= 60
    assert three.target(victim) == ("unhealthy", "Target.FailedHealthChecks")
    assert three.statuses(0, found)[502] in (12, 13)  # every third request
    three.at(45.5)
    first = three.activities()[0]
    assert (first["Description"], first["StatusCode"], first["Progress"]) == (
        f"Terminating EC2 instance: {victim}{DRAINING}",
        "WaitingForELBConnectionDraining",
        50,
    )
    assert first["Cause"].endswith("an instance was taken out of service in response to an ELB system health check failure.")
    assert three.target(victim)[0] == "draining"
    three.at(50)
    assert three.activities()[1]["Cause"].endswith("an instance was launched in response to an unhealthy instance needing to be replaced.")
    (new,) = [i for i in three.fleet.in_service() if three.happened("EC2 Instance Launch Successful", i)]
    assert three.target(new)[0] == "healthy"
    assert three.happened("Target Health State Change", new) == [46.6, 48.61]  # initial, and healthy after its first check
    three.at(400)
    assert (three.times("Terminating"), three.times("Launching")) == ([(45, 347)], [(46, 47)])
    assert three.happened("EC2 Instance Terminate Successful", victim) == [346.3]
    assert (three.hosts("UnHealthyHostCount", 0), three.hosts("UnHealthyHostCount", 60)) == (1, 0)
    assert set(three.statuses(found, 400)) == {200}
    assert three.fleet.well()


@rule("B2", "ASG-70", "TUT-50")
def test_b2_a_member_is_terminated_by_a_user(three: Timeline) -> None:
    victim = three.fleet.in_service()[0]
    three.on.client("ec2").terminate_instances(InstanceIds=[victim])
    three.at(0.2)
    assert three.activities()[0]["Description"] == f"Terminating EC2 instance: {victim}{DRAINING}"
    assert three.activities()[0]["Cause"].endswith("in response to an EC2 health check indicating it has been terminated or stopped.")
    assert three.target(victim)[0] == "draining"
    three.at(4)
    assert three.fleet.health() == {**dict.fromkeys(three.fleet.in_service(), "healthy"), victim: "draining"}
    assert len(three.fleet.in_service()) == 3
    three.at(310)
    assert (three.times("Terminating"), three.times("Launching")) == ([(0, 302)], [(1, 2)])
    assert three.statuses(1, 310) == {200: 309}  # the load balancer knows before the machine is gone
    assert three.fleet.well()


@rule("B4", "SCL-12", "SCL-17")
def test_b4_load_rises(three: Timeline) -> None:
    three.track_cpu()
    three.demand = 200
    three.at(600)
    three.begin()
    three.demand = 270  # 90 % of each of three: ceil(3 x 90 / 70) = 4
    three.at(180)
    assert (three.alarm("AlarmHigh")["StateValue"], three.activities()) == ("OK", [])
    three.at(240)  # three minutes of datapoints, and the alarm's own second of the fourth (CW-31)
    high = three.alarm("AlarmHigh")
    assert (high["StateValue"], high["Threshold"], high["Period"], high["EvaluationPeriods"]) == ("ALARM", 70.0, 60, 3)
    assert high["StateReason"].startswith("Threshold Crossed: 3 datapoints [")
    (changed,) = three.happened("Desired Capacity Change", "web")
    assert (changed > 180, three.fleet.described()["DesiredCapacity"]) == (True, 4)
    three.at(changed + 10)
    (launch,) = three.activities()
    who, what = launch["Cause"].split("  ")
    triggered = f"a monitor alarm {high['AlarmName']} in state ALARM triggered policy cpu changing the desired capacity from 3 to 4."
    assert who.endswith(triggered)
    assert what.endswith(
        "an instance was started in response to a difference between desired and actual capacity, increasing the capacity from 3 to 4."
    )
    assert 5 <= three.seconds(launch["StartTime"]) - changed <= 9
    assert launch["StatusCode"] == "WaitingForInstanceWarmup"  # of 300 seconds, the group's default cooldown
    three.at(changed + 300)
    assert three.activities()[0]["StatusCode"] == "WaitingForInstanceWarmup"
    three.at(changed + 310)
    assert three.activities()[0]["StatusCode"] == "Successful"
    assert (three.alarm("AlarmHigh")["StateValue"], three.fleet.described()["DesiredCapacity"]) == ("OK", 4)
    assert three.fleet.well()


@rule("B5", "SCL-12", "ASG-80")
def test_b5_load_falls(three: Timeline) -> None:
    three.track_cpu()
    three.demand = 200
    three.at(600)
    three.begin()
    three.demand = 60
    three.at(900)
    assert (three.alarm("AlarmLow")["StateValue"], three.activities()) == ("OK", [])
    three.at(960)  # fifteen minutes of datapoints, and the alarm's own second of the next
    low = three.alarm("AlarmLow")
    assert (low["StateValue"], low["EvaluationPeriods"], low["ComparisonOperator"]) == ("ALARM", 15, "LessThanThreshold")
    (changed,) = three.happened("Desired Capacity Change", "web")
    assert changed > 900
    three.at(changed + 4)
    (taken,) = three.activities()
    victim = taken["Description"].split()[3]
    assert taken["Description"] == f"Terminating EC2 instance: {victim}{DRAINING}"
    first, second, third = taken["Cause"].split("  ")
    assert first.endswith(
        f"a monitor alarm {low['AlarmName']} in state ALARM triggered policy cpu changing the desired capacity from 3 to 2."
    )
    assert second.endswith("in response to a difference between desired and actual capacity, shrinking the capacity from 3 to 2.")
    assert third.endswith(f"instance {victim} was selected for termination.")
    three.at(changed + 302)
    assert (three.fleet.members()[victim], three.target(victim)[0]) == ("Terminating", "draining")
    three.at(changed + 310)
    assert three.times("Terminating") == [(changed + 3, changed + 305)]
    assert victim not in three.fleet.members()
    assert set(three.statuses(0, changed + 310)) == {200}


@rule("B6", "ALB-46", "ASG-51")
def test_b6_a_bad_deployment_takes_down_every_target(three: Timeline) -> None:
    """Nothing that is launched answers either."""
    before = three.fleet.in_service()
    down(three, *before)
    three.on.world.app_start_time = timedelta(days=1)
    most = Counter[str]()

    def at_once() -> None:
        most["in service"] = max(most["in service"], len(three.fleet.in_service()))
        most["missing"] = max(most["missing"], 3 - len(three.fleet.in_service()))

    for second in range(5, 305, 5):
        three.at(second)
        at_once()
    assert set(three.statuses(0, 300)) == {502}  # fail open: not one 503
    starts = [start for start, _ in three.times("Terminating")]
    assert starts[0] == 45
    assert {later - earlier for earlier, later in pairwise(starts)} <= {34, 35}  # one, when the last was judged
    assert most == {"in service": 3, "missing": 1}
    assert three.hosts("UnHealthyHostCount", 40) == 3
    assert three.hosts("UnHealthyHostCount", 240) >= 1


@rule("B6", "ASG-82")
def test_b6_a_group_that_never_worked_is_not_churned(three: Timeline) -> None:
    """Attached after its creation, with an application that never answers: the attachment is Added and never InService."""
    autoscaling = three.on.client("autoscaling")
    attached = {"AutoScalingGroupName": "web", "TargetGroupARNs": [three.fleet.target_group]}
    autoscaling.detach_load_balancer_target_groups(**attached)
    three.at(310)
    down(three, *three.fleet.in_service())
    autoscaling.attach_load_balancer_target_groups(**attached)
    three.at(1800)
    (attachment,) = autoscaling.describe_load_balancer_target_groups(AutoScalingGroupName="web")["LoadBalancerTargetGroups"]
    assert attachment["State"] == "Added"
    assert Counter(three.fleet.health().values()) == {"unhealthy": 3}
    assert three.activities() == []
    assert {i["HealthStatus"] for i in three.fleet.described()["Instances"]} == {"Healthy"}


@rule("TUT-42", "TUT-26")
def test_an_alarm_on_cpu_does_not_see_a_death_that_an_alarm_on_hosts_sees() -> None:
    """Health check type EC2, as in the tutorial: the group does not replace a machine whose application is dead."""
    three = timeline(HealthCheckType="EC2")
    cloudwatch = three.on.client("cloudwatch")
    of_hosts = {"Namespace": "AWS/ApplicationELB", "Dimensions": three.dimensions(), "Period": 60, "EvaluationPeriods": 3}
    alarms: dict[str, dict[str, Any]] = {
        "tutorial": {
            "Namespace": "AWS/EC2",
            "MetricName": "CPUUtilization",
            "Dimensions": [{"Name": "AutoScalingGroupName", "Value": "web"}],
            "Statistic": "Average",
            "Period": 300,
            "EvaluationPeriods": 2,
            "Threshold": 80.0,
            "ComparisonOperator": "GreaterThanThreshold",
        },
        "unhealthy": of_hosts
        | {"MetricName": "UnHealthyHostCount", "Statistic": "Maximum", "Threshold": 1.0, "DatapointsToAlarm": 2}
        | {"ComparisonOperator": "GreaterThanOrEqualToThreshold"},
        "too few": of_hosts
        | {"MetricName": "HealthyHostCount", "Statistic": "Minimum", "Threshold": 3.0, "TreatMissingData": "breaching"}
        | {"ComparisonOperator": "LessThanThreshold"},
    }
    for name, alarm in alarms.items():
        cloudwatch.put_metric_alarm(AlarmName=name, **alarm)

    def states() -> dict[str, str]:
        return {a["AlarmName"]: a["StateValue"] for a in cloudwatch.describe_alarms()["MetricAlarms"]}

    three.at(900)
    assert states() == dict.fromkeys(alarms, "OK")
    victim = three.fleet.in_service()[0]
    down(three, victim)
    three.at(1200)
    assert states() == {"tutorial": "OK", "unhealthy": "ALARM", "too few": "ALARM"}
    three.at(2700)
    assert states() == {"tutorial": "OK", "unhealthy": "ALARM", "too few": "ALARM"}
    assert (victim in three.fleet.in_service(), three.activities()) == (True, [])
    three.on.sandbox.close()
    state.reset()
