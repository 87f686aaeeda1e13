"""Instance refreshes in a whole sandbox, behind a load balancer, in virtual time: six instances of template version 1 become version 2."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sandbox.drivers.world import App
from tests.support import Fleet, rule, virtual_sandbox
from tests.support.fleet import AMI

ENDED = ("Successful", "Failed", "Cancelled", "RollbackSuccessful", "RollbackFailed")
HOUR = 3600
VERSION_2 = {"DesiredConfiguration": {"LaunchTemplate": {"LaunchTemplateName": "web", "Version": "2"}}}


@dataclass
class Deployment:
    fleet: Fleet
    broken: bool = False  # the application of version 2 does not listen
    least: int = 99  # instances in service at any second
    most: int = 0  # instances in service and pending
    seen: list[tuple[str, int]] = field(default_factory=list)  # status and per cent, each change

    @property
    def asg(self) -> Any:
        return self.fleet.on.client("autoscaling")

    def start(self, **given: Any) -> str:
        preferences = {"InstanceWarmup": 30} | given.pop("Preferences", {})
        started = self.asg.start_instance_refresh(AutoScalingGroupName="web", Preferences=preferences, **(VERSION_2 | given))
        return str(started["InstanceRefreshId"])

    def refresh(self) -> dict[str, Any]:
        found = self.asg.describe_instance_refreshes(AutoScalingGroupName="web")["InstanceRefreshes"]
        return dict(found[0])

    def versions(self, *states: str) -> Counter[str]:
        """Of the instances in service, or in one of the states."""
        found = self.fleet.described()["Instances"]
        return Counter(i["LaunchTemplate"]["Version"] for i in found if i["LifecycleState"] in (states or ("InService",)))

    def run(self, until: Callable[[], bool], limit: float, step: float = 1) -> bool:
        """Until it holds; False: it does not within the limit. `step`: seconds between two looks."""
        for _ in range(int(limit / step)):
            self._look()
            if until():
                return True
            self.fleet.on.run(step)
        return False

    def run_to_the_end(self, limit: float = 1200, step: float = 1) -> dict[str, Any]:
        assert self.run(lambda: self.refresh()["Status"] in ENDED, limit, step)
        return self.refresh()

    def _look(self) -> None:
        instances = self.fleet.described()["Instances"]
        in_service = sum(i["LifecycleState"] == "InService" for i in instances)
        self.least = min(self.least, in_service)
        self.most = max(self.most, in_service + sum(i["LifecycleState"].startswith("Pending") for i in instances))
        refresh = self.refresh()
        status = (refresh["Status"], refresh["PercentageComplete"])
        if not self.seen or self.seen[-1] != status:
            self.seen.append(status)
        for each in instances:
            if self.broken and each["LaunchTemplate"]["Version"] == "2":
                self.fleet.on.world.machine(each["InstanceId"]).app = App.DOWN

    def events(self, detail_type: str) -> list[dict[str, Any]]:
        found = self.fleet.on.sandbox.journal.about("web")
        return [dict(e.detail) for e in found if e.detail_type == f"EC2 Auto Scaling Instance Refresh {detail_type}"]


def deploy(fleet: Fleet, **group: Any) -> Deployment:
    ec2 = fleet.on.client("ec2")
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData={"ImageId": AMI, "InstanceType": "t3.micro"})
    ec2.create_launch_template_version(LaunchTemplateName="web", SourceVersion="1", LaunchTemplateData={"InstanceType": "t3.small"})
    template = {"LaunchTemplateName": "web", "Version": "1"}
    fleet.make(LaunchTemplate=template, **({"MinSize": 1, "MaxSize": 12, "DesiredCapacity": 6} | group))
    assert fleet.on.until(fleet.well, 120) is not None
    fleet.on.run(60)
    return Deployment(fleet)


@pytest.fixture
def deployment() -> Deployment:
    return deploy(Fleet(virtual_sandbox()))


# ---- rolling -----------------------------------------------------------------------------------------------------------------------------


@rule("ASG-100", "ASG-101", "ASG-102")
def test_at_90_per_cent_one_of_six_is_replaced_at_a_time(deployment: Deployment) -> None:
    deployment.start()
    ended = deployment.run_to_the_end()
    assert [percent for _, percent in deployment.seen[1:]] == [0, 16, 33, 50, 66, 83, 100]
    assert (deployment.least, deployment.most) == (5, 6)
    assert (ended["Status"], ended["PercentageComplete"], ended["InstancesToUpdate"]) == ("Successful", 100, 0)
    assert deployment.versions() == {"2": 6} and deployment.fleet.on.until(deployment.fleet.well, 60) is not None
    assert deployment.fleet.described()["LaunchTemplate"]["Version"] == "2"
    assert len(deployment.events("Started")) == len(deployment.events("Succeeded")) == 1


@rule("ASG-57")
def test_activities_of_a_refresh_have_awss_causes(deployment: Deployment) -> None:
    deployment.start()
    deployment.run_to_the_end()
    causes = Counter(a["Cause"].split(" ", 2)[2].split("  ")[0] for a in deployment.fleet.activities()[:12])
    assert causes == {
        "an instance was taken out of service in response to an instance refresh.": 6,
        "an instance was launched in response to an instance refresh.": 6,
    }


@rule("ASG-102")
def test_with_room_above_the_desired_capacity_instances_are_launched_before_others_leave(deployment: Deployment) -> None:
    deployment.start(Preferences={"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150})
    assert deployment.run_to_the_end()["Status"] == "Successful"
    assert (deployment.least, deployment.most) == (6, 9)
    assert deployment.fleet.on.until(deployment.fleet.well, 60) is not None and deployment.versions() == {"2": 6}


@rule("ASG-102")
def test_while_it_runs_the_group_grows_by_the_desired_configuration_and_keeps_its_own(deployment: Deployment) -> None:
    deployment.start()
    assert deployment.run(lambda: deployment.refresh()["PercentageComplete"] >= 16, 120)
    assert deployment.fleet.described()["LaunchTemplate"]["Version"] == "1"
    deployment.asg.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=8)
    assert deployment.run_to_the_end()["Status"] == "Successful" and deployment.versions() == {"2": 8}
    assert deployment.most == 8


def test_instances_that_match_are_skipped(deployment: Deployment) -> None:
    deployment.start(
        Preferences={"SkipMatching": True}, DesiredConfiguration={"LaunchTemplate": {"LaunchTemplateName": "web", "Version": "1"}}
    )
    before = deployment.fleet.in_service()
    assert deployment.run_to_the_end()["Status"] == "Successful" and deployment.fleet.in_service() == before
    assert deployment.refresh()["InstancesToUpdate"] == 0


@rule("ASG-80", "ASG-79")
def test_lifecycle_hooks_run_for_replaced_instances(deployment: Deployment) -> None:
    for name, transition in (("boot", "EC2_INSTANCE_LAUNCHING"), ("drain", "EC2_INSTANCE_TERMINATING")):
        hook = {"LifecycleHookName": name, "LifecycleTransition": f"autoscaling:{transition}", "HeartbeatTimeout": 40}
        deployment.asg.put_lifecycle_hook(AutoScalingGroupName="web", DefaultResult="CONTINUE", **hook)
    deployment.start()
    assert deployment.run_to_the_end()["Status"] == "Successful"
    details = [e.detail_type for e in deployment.fleet.on.sandbox.journal.about("web")]
    assert details.count("EC2 Instance-launch Lifecycle Action") == 6
    assert details.count("EC2 Instance-terminate Lifecycle Action") in (5, 6)  # the last one may still drain


def test_a_refresh_outlives_the_control_plane(deployment: Deployment, tmp_path: Path) -> None:
    deployment.start()
    assert deployment.run(lambda: deployment.refresh()["PercentageComplete"] >= 33, 200)
    after = Deployment(deployment.fleet.after(deployment.fleet.on.restart(tmp_path / "state.bin")))
    assert after.run_to_the_end()["Status"] == "Successful" and after.versions() == {"2": 6}
    assert after.least >= 5


# ---- checkpoints and bake time -----------------------------------------------------------------------------------------------------------


@rule("ASG-103", "ASG-93")
def test_at_a_checkpoint_the_refresh_pauses_and_tells(deployment: Deployment) -> None:
    identifier = deployment.start(Preferences={"CheckpointPercentages": [50, 100], "CheckpointDelay": 300})
    assert deployment.run(lambda: bool(deployment.events("Checkpoint Reached")), 300)
    [told] = deployment.events("Checkpoint Reached")
    assert (told["InstanceRefreshId"], told["CheckpointPercentage"], told["CheckpointDelay"]) == (identifier, "50", "300")
    deployment.fleet.on.run(298)
    assert deployment.versions() == {"1": 3, "2": 3} and deployment.refresh()["StatusReason"].startswith("Waiting until")
    assert deployment.run_to_the_end()["Status"] == "Successful" and deployment.versions() == {"2": 6}
    assert len(deployment.events("Checkpoint Reached")) == 1


@rule("ASG-103")
def test_after_a_last_checkpoint_below_100_nothing_more_is_replaced(deployment: Deployment) -> None:
    deployment.start(Preferences={"CheckpointPercentages": [50]})
    ended = deployment.run_to_the_end()
    assert (ended["Status"], ended["PercentageComplete"], ended["InstancesToUpdate"]) == ("Successful", 50, 3)
    assert deployment.versions() == {"1": 3, "2": 3}


@rule("ASG-100", "ASG-101")
def test_a_bake_time_is_waited_for_and_an_alarm_in_it_fails_the_refresh(deployment: Deployment) -> None:
    alarm(deployment)
    deployment.start(Preferences={"BakeTime": 600, "AlarmSpecification": {"Alarms": ["unhealthy"]}})
    assert deployment.run(lambda: deployment.refresh()["Status"] == "Baking", 400)
    deployment.fleet.on.run(300)
    assert deployment.refresh()["Status"] == "Baking" and deployment.fleet.described()["LaunchTemplate"]["Version"] == "1"
    deployment.fleet.on.client("cloudwatch").set_alarm_state(AlarmName="unhealthy", StateValue="ALARM", StateReason="test")
    ended = deployment.run_to_the_end(30)
    assert ended["Status"] == "Failed" and "unhealthy is in the ALARM state" in ended["StatusReason"]
    assert deployment.versions() == {"2": 6} and len(deployment.events("Failed")) == 1


# ---- failure and rollback ----------------------------------------------------------------------------------------------------------------


def alarm(deployment: Deployment) -> None:
    """On a target that is not healthy for a minute; OK already."""
    fleet, cloudwatch = deployment.fleet, deployment.fleet.on.client("cloudwatch")
    described = fleet.on.client("elbv2").describe_target_groups(TargetGroupArns=[fleet.target_group])["TargetGroups"][0]
    balancer = described["LoadBalancerArns"][0].partition("loadbalancer/")[2]
    names = {"TargetGroup": fleet.target_group.rpartition(":")[2], "LoadBalancer": balancer}
    cloudwatch.put_metric_alarm(
        AlarmName="unhealthy",
        Namespace="AWS/ApplicationELB",
        MetricName="UnHealthyHostCount",
        Dimensions=[{"Name": name, "Value": value} for name, value in names.items()],
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
    )
    state = lambda: cloudwatch.describe_alarms(AlarmNames=["unhealthy"])["MetricAlarms"][0]["StateValue"]  # noqa: E731
    assert fleet.on.until(lambda: state() == "OK", 300) is not None


@rule("ASG-104", "ASG-101", "ASG-93")
def test_a_bad_version_sets_off_the_alarm_and_is_rolled_back(deployment: Deployment) -> None:
    alarm(deployment)
    deployment.broken = True
    deployment.start(Preferences={"AutoRollback": True, "AlarmSpecification": {"Alarms": ["unhealthy"]}, "InstanceWarmup": 60})
    ended = deployment.run_to_the_end()
    assert ended["Status"] == "RollbackSuccessful"
    assert "unhealthy is in the ALARM state" in ended["RollbackDetails"]["RollbackReason"]
    assert deployment.versions() == {"1": 6} and deployment.least == 5
    assert deployment.fleet.described()["LaunchTemplate"]["Version"] == "1"
    assert deployment.fleet.on.until(deployment.fleet.well, 120) is not None
    assert len(deployment.events("Rollback Started")) == len(deployment.events("Rollback Succeeded")) == 1
    [started] = [e for e in deployment.fleet.on.sandbox.journal.about("web") if e.detail_type.endswith("Rollback Started")]
    assert "CloudWatch Alarm State Change" in [e.detail_type for e in deployment.fleet.on.sandbox.journal.chain(started)]


@rule("ASG-103")
def test_a_bad_version_without_an_alarm_fails_after_an_hour_and_leaves_the_others_alone(deployment: Deployment) -> None:
    before, deployment.broken = set(deployment.fleet.in_service()), True
    deployment.start()
    began = deployment.fleet.on.now()
    ended = deployment.run_to_the_end(2 * HOUR, step=20)
    assert ended["Status"] == "Failed" and ended["StatusReason"].startswith("The instance refresh made no progress for 1 hour.")
    assert HOUR <= (deployment.fleet.on.now() - began).total_seconds() <= HOUR + 120
    assert len(before & set(deployment.fleet.in_service())) == 5 and ended["PercentageComplete"] == 0
    assert deployment.fleet.described()["LaunchTemplate"]["Version"] == "1"


@rule("ASG-104")
def test_a_user_rolls_back_what_was_deployed(deployment: Deployment) -> None:
    deployment.start()
    assert deployment.run(lambda: deployment.refresh()["PercentageComplete"] >= 50, 300)
    old = {i["InstanceId"] for i in deployment.fleet.described()["Instances"] if i["LaunchTemplate"]["Version"] == "1"}
    deployment.asg.rollback_instance_refresh(AutoScalingGroupName="web")
    seen = deployment.seen
    ended = deployment.run_to_the_end()
    assert ended["Status"] == "RollbackSuccessful" and deployment.versions() == {"1": 6}
    assert ended["RollbackDetails"]["PercentageCompleteOnRollback"] == 50
    going_back = [percent for status, percent in seen if status == "RollbackInProgress"]
    assert going_back == sorted(going_back, reverse=True) and ended["PercentageComplete"] == 0
    assert old & set(deployment.fleet.in_service()) and deployment.least == 5


# ---- cancellation ------------------------------------------------------------------------------------------------------------------------


@rule("ASG-100")
def test_a_cancelled_refresh_leaves_what_it_has_done(deployment: Deployment) -> None:
    identifier = deployment.start()
    assert deployment.run(lambda: deployment.refresh()["PercentageComplete"] >= 33, 300)
    deployment.fleet.on.run(2)
    assert deployment.asg.cancel_instance_refresh(AutoScalingGroupName="web")["InstanceRefreshId"] == identifier
    assert deployment.refresh()["Status"] == "Cancelling"
    ended = deployment.run_to_the_end()
    assert ended["Status"] == "Cancelled" and deployment.versions() == {"1": 3, "2": 3}
    assert len(deployment.events("Cancelled")) == 1
    deployment.fleet.on.run(120)
    assert deployment.versions() == {"1": 3, "2": 3} and deployment.fleet.described()["LaunchTemplate"]["Version"] == "1"
    deployment.start(Preferences={"SkipMatching": True})
    assert deployment.run_to_the_end()["Status"] == "Successful" and deployment.versions() == {"2": 6}


def test_a_cancellation_need_not_wait_and_a_surplus_is_scaled_in(deployment: Deployment) -> None:
    deployment.start(Preferences={"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150})
    assert deployment.run(lambda: deployment.most == 9, 10)
    deployment.asg.cancel_instance_refresh(AutoScalingGroupName="web", WaitForTransitioningInstances=False)
    assert deployment.run_to_the_end(5)["Status"] == "Cancelled"
    assert deployment.run(lambda: len(deployment.fleet.members()) == 6, 120)


# ---- what it waits for -------------------------------------------------------------------------------------------------------------------


@rule("ASG-101", "ASG-103")
def test_protected_and_standby_instances_are_waited_for_and_then_the_refresh_goes_on(deployment: Deployment) -> None:
    protected, aside, *_ = deployment.fleet.in_service()
    deployment.asg.set_instance_protection(AutoScalingGroupName="web", InstanceIds=[protected], ProtectedFromScaleIn=True)
    deployment.asg.enter_standby(AutoScalingGroupName="web", InstanceIds=[aside], ShouldDecrementDesiredCapacity=True)
    deployment.fleet.on.run(60)
    deployment.start()
    waits = f"For example: {protected} is protected. Remove instance scale-in protection to continue."
    assert deployment.run(lambda: waits in deployment.refresh().get("StatusReason", ""), 400)
    deployment.asg.set_instance_protection(AutoScalingGroupName="web", InstanceIds=[protected], ProtectedFromScaleIn=False)
    assert deployment.run(lambda: f"{aside} is in Standby" in deployment.refresh().get("StatusReason", ""), 400)
    deployment.asg.exit_standby(AutoScalingGroupName="web", InstanceIds=[aside])
    assert deployment.run_to_the_end()["Status"] == "Successful" and deployment.versions() == {"2": 6}


@rule("ASG-101")
@pytest.mark.parametrize(
    ("protected", "standby", "left"),
    [("Ignore", "Ignore", {"1": 2, "2": 4}), ("Refresh", "Terminate", {"2": 5}), ("Refresh", "Ignore", {"1": 1, "2": 5})],
)
def test_protected_and_standby_instances_are_replaced_or_ignored_as_asked(
    protected: str, standby: str, left: dict[str, int], deployment: Deployment
) -> None:
    one, two, *_ = deployment.fleet.in_service()
    deployment.asg.set_instance_protection(AutoScalingGroupName="web", InstanceIds=[one], ProtectedFromScaleIn=True)
    deployment.asg.enter_standby(AutoScalingGroupName="web", InstanceIds=[two], ShouldDecrementDesiredCapacity=True)
    deployment.fleet.on.run(60)
    deployment.start(Preferences={"ScaleInProtectedInstances": protected, "StandbyInstances": standby})
    assert deployment.run_to_the_end()["Status"] == "Successful"
    deployment.fleet.on.run(60)
    assert deployment.versions("InService", "Standby") == left


@rule("ASG-95", "ASG-103")
def test_a_suspended_process_stops_the_refresh_until_it_fails(deployment: Deployment) -> None:
    deployment.start()
    assert deployment.run(lambda: deployment.refresh()["PercentageComplete"] >= 16, 120)
    deployment.asg.suspend_processes(AutoScalingGroupName="web", ScalingProcesses=["InstanceRefresh"])
    deployment.fleet.on.run(120)
    percent = deployment.refresh()["PercentageComplete"]
    assert deployment.refresh()["StatusReason"] == "Waiting for the process InstanceRefresh to be resumed."
    ended = deployment.run_to_the_end(2 * HOUR, step=20)
    assert (ended["Status"], ended["PercentageComplete"]) == ("Failed", percent)
