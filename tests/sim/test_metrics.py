"""Metrics of a whole sandbox in virtual time, read back by GetMetricStatistics: instances, requests, groups."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.aws import state
from sandbox.core.control import Scope
from sandbox.drivers.metering.simulated import SimulatedMeter, shared_load
from sandbox.drivers.world import App
from sandbox.parts import Sandbox
from sandbox.services.autoscaling.metrics_controller import AutoScalingMetricsController
from sandbox.services.cloudwatch.state.writes import publish_metrics
from sandbox.services.ec2.metrics_controller import Ec2MetricsController
from sandbox.services.elbv2.connection_metrics_controller import ConnectionMetricsController
from sandbox.services.elbv2.host_metrics_controller import HostMetricsController
from sandbox.services.elbv2.metrics_controller import REQUESTS, RequestMetricsController
from sandbox.settings import Settings
from sandbox.wiring import build
from tests.support import rule
from tests.support.services.security_groups import admit_everything

HERE = Scope("123456789012", "us-east-1")
ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")
IMAGE = "ami-0c047a86012500412"
MINUTE = timedelta(minutes=1)
BEGIN = datetime(2026, 5, 7, 17, 0, tzinfo=UTC)


@dataclass
class Stage:
    sandbox: Sandbox

    def client(self, service: str) -> Any:
        return self.sandbox.transport.client(service, HERE)

    @property
    def now(self) -> datetime:
        return self.sandbox.clock.now()

    def minutes(self, count: float) -> None:
        self.sandbox.engine.run_until(self.now + count * MINUTE)

    def instances(self, count: int = 1, detailed: bool = False) -> list[str]:
        made = self.client("ec2").run_instances(
            ImageId=IMAGE, InstanceType="t3.micro", MinCount=count, MaxCount=count, Monitoring={"Enabled": detailed}
        )
        return [instance["InstanceId"] for instance in made["Instances"]]

    def points(
        self, namespace: str, metric: str, dimensions: dict[str, str], statistic: str = "Average", period: int = 60
    ) -> list[tuple[float, float]]:
        """(minutes since the sandbox began, value), oldest first."""
        answer = self.client("cloudwatch").get_metric_statistics(
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime=BEGIN,
            EndTime=self.now + MINUTE,
            Period=period,
            **({"Statistics": [statistic]} if not statistic.startswith("p") else {"ExtendedStatistics": [statistic]}),
        )["Datapoints"]
        found = [(point["Timestamp"], point.get(statistic, point.get("ExtendedStatistics", {}).get(statistic))) for point in answer]
        return sorted(((at - BEGIN) / MINUTE, value) for at, value in found)

    def bugs(self) -> list[str]:
        return [e.detail["traceback"] for e in self.sandbox.journal.events() if e.detail_type == "Reconcile failed"]


@pytest.fixture
def stage() -> Iterator[Stage]:
    sandbox = build(Settings(), virtual=True, start=BEGIN)
    made = Stage(sandbox)
    yield made
    assert made.bugs() == []
    sandbox.close()
    state.reset()


def publish(sandbox: Sandbox) -> None:
    """Publishers that know nothing of what was published before, as after a restart."""
    sandbox.engine.add(
        [
            Ec2MetricsController(sandbox.journal, SimulatedMeter(sandbox.world), publish_metrics),
            RequestMetricsController(sandbox.journal, sandbox.drivers.proxy, publish_metrics, sandbox.clock),
            HostMetricsController(sandbox.journal, publish_metrics),
            ConnectionMetricsController(sandbox.journal, sandbox.drivers.proxy, publish_metrics),
            AutoScalingMetricsController(sandbox.journal, publish_metrics),
        ]
    )


@dataclass
class Front:
    """A load balancer before a group of three, with all of them healthy."""

    stage: Stage
    balancer: str  # dimension
    group: str  # dimension
    dns_name: str

    @property
    def where(self) -> dict[str, str]:
        return {"LoadBalancer": self.balancer, "TargetGroup": self.group}

    def ask(self, count: int) -> Counter[int]:
        """Requests as a client makes them, spread over the next half minute. → how often it got each status."""
        proxy, got = self.stage.sandbox.simulated.proxy, Counter[int]()
        for _ in range(count):
            got[proxy.request(self.dns_name).status] += 1
            self.stage.minutes(0.5 / count)
        return got

    def total(self, metric: str, dimensions: dict[str, str] | None = None) -> float:
        where = {"LoadBalancer": self.balancer} if dimensions is None else dimensions
        return sum(value for _, value in self.stage.points("AWS/ApplicationELB", metric, where, "Sum"))


def front(stage: Stage, detailed: bool = True) -> Front:
    ec2, elbv2, autoscaling = (stage.client(service) for service in ("ec2", "elbv2", "autoscaling"))
    subnets = [
        s["SubnetId"] for s in ec2.describe_subnets()["Subnets"] if s["AvailabilityZone"] in ("us-east-1a", "us-east-1b", "us-east-1c")
    ]
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    admit_everything(ec2)
    arn = elbv2.create_target_group(
        Name="web", Protocol="HTTP", Port=80, VpcId=vpc, HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=2
    )["TargetGroups"][0]["TargetGroupArn"]
    balancer = elbv2.create_load_balancer(Name="front", Subnets=subnets)["LoadBalancers"][0]
    action = [{"Type": "forward", "TargetGroupArn": arn}]
    elbv2.create_listener(LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=action)
    autoscaling.create_launch_configuration(
        LaunchConfigurationName="web", ImageId=IMAGE, InstanceType="t3.micro", InstanceMonitoring={"Enabled": detailed}
    )
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="web",
        LaunchConfigurationName="web",
        MinSize=3,
        MaxSize=3,
        VPCZoneIdentifier=",".join(subnets),
        TargetGroupARNs=[arn],
    )
    stage.minutes(4)
    return Front(stage, balancer["LoadBalancerArn"].split("loadbalancer/")[1], arn.split(":", 5)[5], balancer["DNSName"])


def members(stage: Stage) -> list[str]:
    (group,) = stage.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    return [instance["InstanceId"] for instance in group["Instances"]]


# ---- instances


@rule("EC2-40", "EC2-44")
def test_a_detailed_instance_has_cpu_each_minute_and_a_basic_one_each_five(stage: Stage) -> None:
    (basic,), (detailed,) = stage.instances(), stage.instances(detailed=True)
    stage.minutes(0.1)
    stage.sandbox.world.machine(basic).cpu_percent = 20.0
    stage.sandbox.world.machine(detailed).cpu_percent = 35.0
    stage.minutes(10.2)
    cpu = {i: stage.points("AWS/EC2", "CPUUtilization", {"InstanceId": i}) for i in (basic, detailed)}
    assert cpu[basic] == [(0, pytest.approx(20)), (5, pytest.approx(20))]
    assert cpu[detailed] == [(minute, pytest.approx(35)) for minute in range(10)]


@rule("EC2-42", "TUT-41")
def test_without_dimensions_there_are_only_instances_with_detailed_monitoring(stage: Stage) -> None:
    stage.instances(2)
    stage.minutes(11)
    assert stage.points("AWS/EC2", "CPUUtilization", {}) == []
    stage.instances(2, detailed=True)
    stage.minutes(4)
    assert {value for _, value in stage.points("AWS/EC2", "CPUUtilization", {}, "SampleCount")} == {2.0}
    assert {value for _, value in stage.points("AWS/EC2", "CPUUtilization", {"InstanceType": "t3.micro"}, "SampleCount")} == {2.0}


@rule("EC2-45")
def test_a_stopped_instance_publishes_nothing_until_it_runs_again(stage: Stage) -> None:
    (instance,) = stage.instances(detailed=True)
    stage.minutes(5)
    stage.client("ec2").stop_instances(InstanceIds=[instance])
    stage.minutes(5)
    stage.client("ec2").start_instances(InstanceIds=[instance])
    stage.minutes(5.5)
    minutes = {m: [at for at, _ in stage.points("AWS/EC2", m, {"InstanceId": instance})] for m in ("CPUUtilization", "StatusCheckFailed")}
    assert minutes == {"CPUUtilization": [0, 1, 2, 3, 4, 10, 11, 12, 13, 14], "StatusCheckFailed": [1, 2, 3, 4, 11, 12, 13, 14]}


@rule("EC2-32", "EC2-40")
def test_a_failing_status_check_shows_in_its_minute_and_in_no_other(stage: Stage) -> None:
    (instance,) = stage.instances()
    stage.minutes(4.5)
    stage.sandbox.world.machine(instance).impaired = True
    stage.minutes(3)
    stage.sandbox.world.machine(instance).impaired = False
    stage.minutes(3)
    failed = [value for _, value in stage.points("AWS/EC2", "StatusCheckFailed", {"InstanceId": instance}, "Maximum")]
    assert failed == [0, 0, 0, 0, 1, 1, 1, 0, 0]
    assert all(value == 0 for _, value in stage.points("AWS/EC2", "StatusCheckFailed_System", {"InstanceId": instance}, "Maximum"))


@rule("EC2-40")
@pytest.mark.parametrize("saved", [False, True], ids=["the same state", "a saved and loaded state"])
def test_publishers_that_begin_anew_publish_nothing_twice(stage: Stage, saved: bool, tmp_path: Path) -> None:
    web = front(stage)
    stage.client("autoscaling").enable_metrics_collection(AutoScalingGroupName="web", Granularity="1Minute")
    stage.minutes(3.4)
    if saved:
        state.save(tmp_path / "state")
        state.load(tmp_path / "state")
    publish(stage.sandbox)
    stage.minutes(3)
    counts = {
        1.0: [
            *stage.points("AWS/EC2", "CPUUtilization", {"InstanceId": members(stage)[0]}, "SampleCount"),
            *stage.points("AWS/EC2", "StatusCheckFailed", {"InstanceId": members(stage)[0]}, "SampleCount"),
            *stage.points("AWS/AutoScaling", "GroupInServiceInstances", {"AutoScalingGroupName": "web"}, "SampleCount"),
            *stage.points("AWS/ApplicationELB", "HealthyHostCount", web.where, "SampleCount")[3:],
        ],
        3.0: stage.points("AWS/EC2", "CPUUtilization", {"AutoScalingGroupName": "web"}, "SampleCount")[1:],
    }
    assert all(count == wanted for wanted, points in counts.items() for _, count in points)
    assert all(len(points) >= 3 for points in counts.values())


# ---- groups


@rule("EC2-41", "EC2-43")
def test_a_load_that_is_shared_shows_as_the_average_of_the_group(stage: Stage) -> None:
    front(stage)
    world = stage.sandbox.world
    world.load = shared_load(world, lambda now: 0.9, idle=3.0)
    stage.minutes(3.2)
    points = stage.points("AWS/EC2", "CPUUtilization", {"AutoScalingGroupName": "web"})
    assert [value for _, value in points[-2:]] == pytest.approx([63.0, 63.0])


@rule("ASG-118")
def test_group_metrics_are_off_until_they_are_enabled_and_stop_when_they_are_disabled(stage: Stage) -> None:
    front(stage)
    autoscaling, where = stage.client("autoscaling"), {"AutoScalingGroupName": "web"}
    assert stage.points("AWS/AutoScaling", "GroupDesiredCapacity", where) == []
    autoscaling.enable_metrics_collection(AutoScalingGroupName="web", Granularity="1Minute")
    (group,) = autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert {metric["Granularity"] for metric in group["EnabledMetrics"]} == {"1Minute"}
    stage.minutes(2)
    assert [value for _, value in stage.points("AWS/AutoScaling", "GroupInServiceInstances", where)] == [3, 3, 3]
    autoscaling.disable_metrics_collection(AutoScalingGroupName="web")
    stage.minutes(5)
    assert len(stage.points("AWS/AutoScaling", "GroupInServiceInstances", where)) == 3


# ---- load balancers


@rule("LBM-1", "LBM-2")
def test_counts_are_those_of_the_client(stage: Stage) -> None:
    web = front(stage)
    got = web.ask(100)
    world = stage.sandbox.world
    world.machine(members(stage)[0]).status_code = 500
    got += web.ask(50)
    world.machine(members(stage)[1]).app = App.DOWN
    got += web.ask(20)
    stage.minutes(0.1)
    assert web.total("RequestCount") == web.total("RequestCount", web.where) == got.total() == 170
    assert web.total("HTTPCode_Target_2XX_Count") == got[200]
    assert web.total("HTTPCode_Target_5XX_Count") == got[500] > 0
    assert web.total("HTTPCode_ELB_502_Count") == web.total("HTTPCode_ELB_5XX_Count") == got[502] > 0
    assert web.total("TargetConnectionErrorCount") == got[502]


@rule("LBM-2", "LBM-3", "AZ-7")
def test_requests_are_counted_in_the_zone_of_their_target_and_per_target(stage: Stage) -> None:
    web = front(stage)
    got = web.ask(90)
    stage.minutes(0.1)
    zonal = [web.total("RequestCount", {"LoadBalancer": web.balancer, "AvailabilityZone": zone}) for zone in ZONES]
    assert zonal == [30.0] * 3
    assert web.total("RequestCountPerTarget", {"TargetGroup": web.group}) == pytest.approx(got.total() / 3)
    assert web.total("RequestCountPerTarget", {"TargetGroup": web.group, "AvailabilityZone": ZONES[0]}) == pytest.approx(30)


@rule("LBM-2", "CW-5")
def test_response_times_have_percentiles(stage: Stage) -> None:
    web = front(stage)
    world = stage.sandbox.world
    web.ask(95)
    world.request_time = timedelta(seconds=1.25)
    web.ask(5)
    stage.minutes(0.2)
    times = {p: stage.points("AWS/ApplicationELB", "TargetResponseTime", web.where, p, 3600)[0][1] for p in ("p50", "p90", "p99")}
    assert times == {"p50": pytest.approx(0.005), "p90": pytest.approx(0.005), "p99": pytest.approx(1.25, rel=0.01)}


@rule("LBM-1")
def test_a_load_balancer_without_requests_publishes_no_request_metrics(stage: Stage) -> None:
    web = front(stage)
    stage.minutes(5)
    assert stage.points("AWS/ApplicationELB", "RequestCount", {"LoadBalancer": web.balancer}, "Sum") == []


@rule("LBM-4")
def test_an_outage_of_a_target_shows_in_the_host_counts_of_its_minute_and_zone(stage: Stage) -> None:
    web = front(stage)
    lost = members(stage)[0]
    zone = stage.sandbox.world.machine(lost).zone
    stage.sandbox.world.machine(lost).app = App.DOWN
    stage.minutes(0.7)
    zonal = {**web.where, "AvailabilityZone": zone}
    assert stage.points("AWS/ApplicationELB", "UnHealthyHostCount", web.where, "Maximum")[-1][1] == 1
    assert stage.points("AWS/ApplicationELB", "HealthyHostCount", web.where, "Minimum")[-1][1] == 2
    assert stage.points("AWS/ApplicationELB", "HealthyHostCount", zonal, "Minimum")[-1][1] == 0
    assert stage.points("AWS/ApplicationELB", "HealthyHostCount", web.where, "Maximum")[-1][1] == 3  # at the start of the minute


def test_without_requests_the_loop_of_requests_sleeps(stage: Stage) -> None:
    front(stage)
    (loop,) = [loop for loop in stage.sandbox.engine.loops() if loop.key == REQUESTS]
    before = loop.runs
    stage.minutes(10)
    assert loop.runs - before <= 12  # the resync of each minute and no more
