"""B3: the ready template "AZ Availability: Power Interruption" on a group of six in three zones, in virtual time: what happens when."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.aws import state
from sandbox.cli.fis import power
from sandbox.cli.fis.document import Wanted
from tests.support import AMI, Fleet, VirtualSandbox, rule
from tests.support.services import fis
from tests.support.services.fis_stage import make_stage

DARK = "us-east-1a"
TAG = "AzImpairmentPower"
NO_CAPACITY = "We currently do not have sufficient t3.micro capacity in the Availability Zone you requested (us-east-1a)."


@dataclass
class Outage:
    """A fleet that the experiment finds by its tags, and what happened since it began, in seconds."""

    on: VirtualSandbox
    fleet: Fleet
    victims: list[str] = field(default_factory=list)  # instances in the zone
    zero: datetime = field(init=False)
    experiment: str = ""

    @property
    def fis(self) -> Any:
        return self.on.client("fis")

    def begin(self) -> None:
        members = self.fleet.described()["Instances"]
        self.victims = [each["InstanceId"] for each in members if each["AvailabilityZone"] == DARK]
        wanted = Wanted(zone=DARK, role=fis.ROLE, duration=timedelta(minutes=30))
        self.zero = self.on.now()
        self.experiment = fis.started(self.fis, power.document(wanted).request)

    def at(self, second: float) -> None:
        self.on.run(second - (self.on.now() - self.zero).total_seconds())

    def actions(self) -> dict[str, str]:
        return fis.actions(self.fis, self.experiment)

    def activities(self) -> list[tuple[int, str, str]]:
        """(second, first words of the description, status) of the group's activities since the beginning, oldest first."""
        found = sorted(self.fleet.activities(), key=lambda each: (each["StartTime"], each["Description"].startswith("Launching")))
        since = [each for each in found if each["StartTime"] >= self.zero]
        return [(int((e["StartTime"] - self.zero).total_seconds()), e["Description"].split(" EC2")[0], e["StatusCode"]) for e in since]

    def happened(self, *detail_types: str) -> list[tuple[int, str]]:
        """(second, summary) of the events of these types, oldest first."""
        found = [each for each in self.on.sandbox.journal.events() if each.detail_type in detail_types and each.at >= self.zero]
        return [(int((each.at - self.zero).total_seconds()), each.summary) for each in found]

    def shifts(self) -> list[tuple[int, str]]:
        found = [each for each in self.on.sandbox.journal.events() if each.source == "aws.arc-zonal-shift" and each.at >= self.zero]
        return [(int((each.at - self.zero).total_seconds()), each.summary) for each in found]

    def after(self, restarted: VirtualSandbox) -> "Outage":
        made = Outage(restarted, self.fleet.after(restarted), self.victims, self.experiment)
        made.zero, made.experiment = self.zero, self.experiment
        return made


@pytest.fixture
def outage() -> Iterator[Outage]:
    on = make_stage().on
    fleet = Fleet(on).make(
        MinSize=6, MaxSize=9, DesiredCapacity=6, Tags=[{"Key": TAG, "Value": "IceAsg", "PropagateAtLaunch": True}]
    )  # fmt: skip
    on.client("ec2").create_launch_template(LaunchTemplateName="web", LaunchTemplateData={"ImageId": AMI, "InstanceType": "t3.micro"})
    on.client("autoscaling").update_auto_scaling_group(AutoScalingGroupName="web", LaunchTemplate={"LaunchTemplateName": "web"})
    on.client("ec2").create_tags(Resources=fleet.subnets(3), Tags=[{"Key": TAG, "Value": "DisruptSubnet"}])
    _shift_automatically(on)
    on.run(300)
    assert fleet.well()
    made = Outage(on, fleet)
    made.begin()
    yield made
    made.on.sandbox.close()
    state.reset()


def _shift_automatically(on: VirtualSandbox) -> None:
    """The load balancer opts in to zonal shifts and to zonal autoshift, which needs a practice run configuration (ARC-6)."""
    elbv2, arc, cloudwatch = (on.client(name) for name in ("elbv2", "arc-zonal-shift", "cloudwatch"))
    balancer = elbv2.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    elbv2.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=[{"Key": "zonal_shift.config.enabled", "Value": "true"}])
    elbv2.add_tags(ResourceArns=[balancer], Tags=[{"Key": TAG, "Value": "RecoverAutoshiftResources"}])
    own = {"Namespace": "Own", "MetricName": "Errors", "Period": 60, "Statistic": "Sum", "Threshold": 1.0, "EvaluationPeriods": 1}
    cloudwatch.put_metric_alarm(AlarmName="errors", ComparisonOperator="GreaterThanThreshold", **own)
    alarm = cloudwatch.describe_alarms(AlarmNames=["errors"])["MetricAlarms"][0]["AlarmArn"]
    outcome = {"type": "CLOUDWATCH", "alarmIdentifier": alarm}
    arc.create_practice_run_configuration(resourceIdentifier=balancer, outcomeAlarms=[outcome])
    arc.update_zonal_autoshift_configuration(resourceIdentifier=balancer, zonalAutoshiftStatus="ENABLED")


@rule("B3", "FIS-41", "FIS-42")
def test_b3_the_zone_loses_power_and_gets_it_back(outage: Outage) -> None:
    outage.at(5)
    begun = [
        summary.split("action ")[1].split(" (")[0] for _, summary in outage.happened("FIS Action State Change") if "is running" in summary
    ]
    assert begun == ["Stop-ASG-Instances", "Pause-ASG-Scaling", "Pause-network-connectivity", "Wait-ARC-Zonal-Autoshift"]
    assert outage.fleet.zones_cut_off() == [DARK]
    assert [(second, what) for second, what, _ in outage.activities()] == [(0, "Terminating")] * 2 + [(1, "Launching a new")] * 4
    assert sorted(status for second, _, status in outage.activities() if second == 1) == ["Failed"] * 2 + ["Successful"] * 2
    assert outage.fleet.zones() == ["b", "b", "b", "c", "c", "c"]

    outage.at(121)
    assert outage.fleet.zones_cut_off() == []
    assert outage.actions()["Pause-network-connectivity"] == "completed"
    outage.at(305)
    [(second, summary)] = outage.shifts()
    assert second == 300 and "web leaves us-east-1a" in summary
    assert outage.actions()["Start-ARC-Zonal-Autoshift"] == "running"

    outage.at(1799)
    assert outage.fleet.zones() == ["b", "b", "b", "c", "c", "c"]
    outage.at(1803)
    assert set(outage.actions().values()) == {"completed", "skipped"}
    assert fis.state(outage.fis, outage.experiment)["status"] == "completed"
    outage.at(2500)
    assert outage.fleet.zones() == ["a", "a", "b", "b", "c", "c"]


@rule("FIS-24")
def test_the_group_is_told_why_it_cannot_launch_in_the_zone(outage: Outage) -> None:
    outage.at(5)
    failed = [each for each in outage.fleet.activities() if each["StatusCode"] == "Failed"]
    assert all(each["StatusMessage"].startswith(NO_CAPACITY) for each in failed) and len(failed) == 2
    made = outage.on.client("ec2").run_instances(
        ImageId=AMI, InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=outage.fleet.subnets(1)[0]
    )
    assert made["Instances"][0]["Placement"]["AvailabilityZone"] == DARK  # the action is about the group only


@rule("FIS-9", "FIS-26")
def test_stopping_it_gives_network_and_capacity_back_at_once(outage: Outage) -> None:
    outage.at(30)
    outage.fis.stop_experiment(id=outage.experiment)
    outage.at(31)
    assert (outage.fleet.zones_cut_off(), outage.on.sandbox.faults.active()) == ([], ())
    assert fis.state(outage.fis, outage.experiment)["status"] == "stopped"
    outage.at(600)
    assert outage.fleet.zones() == ["a", "a", "b", "b", "c", "c"]


@rule("FIS-26")
def test_a_control_plane_that_was_killed_finds_the_outage_and_ends_it(outage: Outage, tmp_path: Path) -> None:
    outage.at(60)
    again = outage.after(outage.on.restart(tmp_path / "state.bin"))
    assert again.fleet.zones_cut_off() == [DARK]
    again.at(110)
    assert again.fleet.zones_cut_off() == [DARK]
    again.at(125)
    assert (again.fleet.zones_cut_off(), again.actions()["Pause-network-connectivity"]) == ([], "completed")
    again.at(1810)
    assert fis.state(again.fis, again.experiment)["status"] == "completed"
    assert again.on.sandbox.faults.active() == ()
