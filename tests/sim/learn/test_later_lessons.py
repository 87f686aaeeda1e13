"""The later lessons can be done, and their steps stay open while the thing is not done."""

from datetime import timedelta
from typing import Any

import pytest

from sandbox.traffic.plan import Plan
from tests.support.learn.learner import Learner

MINUTE = 60
SLOW_BOOT = "IyEvYmluL3NoCnNsZWVwIDE1MAo="  # a script that sleeps for 150 s; how long simulated machines boot is said below
NO_SCRIPT = "bm8gc2NyaXB0"


def version_2(learner: Learner, user_data: str) -> None:
    data = {"UserData": user_data}
    learner.ec2.create_launch_template_version(LaunchTemplateName="web", SourceVersion="1", LaunchTemplateData=data)


VERSION_2 = {"LaunchTemplate": {"LaunchTemplateName": "web", "Version": "2"}}


def test_wrong_health_check(learner: Learner) -> None:
    target_group = learner.service(2)
    assert learner.steps("wrong_health_check") == [1]
    learner.elb.modify_target_group(TargetGroupArn=target_group, HealthCheckPort="8080", HealthCheckIntervalSeconds=10)
    learner.wait(5)
    assert learner.steps("wrong_health_check") == [1]
    learner.wait(MINUTE)
    assert learner.steps("wrong_health_check") == [1, 2, 3]
    learner.elb.modify_target_group(TargetGroupArn=target_group, HealthCheckPort="traffic-port")
    learner.wait(20)
    assert learner.steps("wrong_health_check") == [1, 2, 3]
    learner.wait(2 * MINUTE)
    assert learner.steps("wrong_health_check") == [1, 2, 3, 4]


def test_one_target_that_fails_is_no_wrong_health_check(learner: Learner) -> None:
    """The load balancer does not fail open, and nothing was repaired."""
    learner.service(2)
    learner.steps("wrong_health_check")
    learner.fault("process-kill", learner.member())
    learner.wait(3 * MINUTE)
    assert learner.steps("wrong_health_check") == [1, 2]


def test_killed_while_booting(learner: Learner) -> None:
    learner.service(2, HealthCheckType="ELB", HealthCheckGracePeriod=120)
    assert learner.steps("killed_while_booting") == [1]
    version_2(learner, SLOW_BOOT)
    learner.client.sandbox.world.app_start_time = timedelta(seconds=150)
    learner.update(HealthCheckGracePeriod=0, **VERSION_2)
    assert learner.steps("killed_while_booting") == [1, 2]
    learner.ec2.terminate_instances(InstanceIds=[learner.member()])
    learner.wait(100)
    assert learner.steps("killed_while_booting") == [1, 2]
    learner.wait(15 * MINUTE)
    assert learner.steps("killed_while_booting") == [1, 2, 3]
    learner.update(HealthCheckGracePeriod=300)
    learner.wait(2 * MINUTE)
    assert learner.steps("killed_while_booting") == [1, 2, 3]
    learner.wait(15 * MINUTE)
    assert learner.steps("killed_while_booting") == [1, 2, 3, 4]


def test_a_grace_period_that_was_right_from_the_beginning_is_no_lesson(learner: Learner) -> None:
    learner.service(2, HealthCheckType="ELB", HealthCheckGracePeriod=300)
    learner.steps("killed_while_booting")
    learner.ec2.terminate_instances(InstanceIds=[learner.member()])
    learner.wait(10 * MINUTE)
    assert learner.steps("killed_while_booting") == [1]


def test_draining(learner: Learner) -> None:
    target_group = learner.service(2)
    assert learner.steps("draining") == [1]
    learner.update(MinSize=1, DesiredCapacity=1)
    learner.wait(10)
    assert learner.steps("draining") == [1, 2]
    delay = [{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}]
    learner.elb.modify_target_group_attributes(TargetGroupArn=target_group, Attributes=delay)
    learner.wait(10)
    assert learner.steps("draining") == [1, 2, 3]
    learner.wait(6 * MINUTE)
    assert learner.steps("draining") == [1, 2, 3, 4]


def test_an_instance_that_is_terminated_by_hand_does_not_drain_first(learner: Learner) -> None:
    learner.service(2)
    learner.steps("draining")
    learner.ec2.terminate_instances(InstanceIds=[learner.member()])
    learner.wait(1)
    assert 4 not in learner.steps("draining")


def test_bad_deploy(learner: Learner) -> None:
    learner.service(3, HealthCheckType="ELB", HealthCheckGracePeriod=600)
    assert learner.steps("bad_deploy") == [1]
    version_2(learner, NO_SCRIPT)
    preferences = {"InstanceWarmup": 60}
    learner.groups.start_instance_refresh(AutoScalingGroupName="web", DesiredConfiguration=VERSION_2, Preferences=preferences)
    learner.wait(5)
    assert learner.steps("bad_deploy") == [1, 2]
    learner.wait(5 * MINUTE)
    assert learner.steps("bad_deploy") == [1, 2, 3]
    learner.groups.rollback_instance_refresh(AutoScalingGroupName="web")
    learner.wait(5)
    assert learner.steps("bad_deploy") == [1, 2, 3, 4]
    learner.wait(20 * MINUTE)
    assert learner.steps("bad_deploy") == [1, 2, 3, 4, 5]


def test_a_good_version_is_nothing_to_roll_back(learner: Learner) -> None:
    learner.service(3, HealthCheckType="ELB", HealthCheckGracePeriod=60)
    learner.steps("bad_deploy")
    learner.ec2.create_launch_template_version(LaunchTemplateName="web", SourceVersion="1", LaunchTemplateData={"InstanceType": "t3.small"})
    learner.groups.start_instance_refresh(AutoScalingGroupName="web", DesiredConfiguration=VERSION_2, Preferences={"InstanceWarmup": 30})
    learner.wait(30 * MINUTE)
    assert learner.steps("bad_deploy") == [1, 2]


def policy(learner: Learner) -> None:
    configuration: dict[str, Any] = {
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
        "TargetValue": 50.0,
    }
    learner.groups.put_scaling_policy(
        AutoScalingGroupName="web", PolicyName="cpu", PolicyType="TargetTrackingScaling", TargetTrackingConfiguration=configuration
    )


def test_load_spike(learner: Learner) -> None:
    learner.service(2, template={"Monitoring": {"Enabled": True}})
    assert learner.steps("load_spike") == []
    policy(learner)
    assert learner.steps("load_spike") == [1]
    url = learner.client.get("endpoints")["endpoints"][0]["url"]
    traffic = learner.client.traffic(Plan(url=f"{url}burn?seconds=0.01", rate=150.0))
    learner.wait(2 * MINUTE)
    assert learner.steps("load_spike") == [1]
    learner.wait(4 * MINUTE)
    assert learner.steps("load_spike") == [1, 2, 3]
    traffic.stop()
    learner.update(MinSize=1)
    learner.wait(10 * MINUTE)
    assert learner.steps("load_spike") == [1, 2, 3]
    learner.wait(30 * MINUTE)
    assert learner.steps("load_spike") == [1, 2, 3, 4]


def test_capacity_that_somebody_sets_is_not_the_policys(learner: Learner) -> None:
    learner.service(2, template={"Monitoring": {"Enabled": True}})
    policy(learner)
    learner.steps("load_spike")
    learner.update(DesiredCapacity=4)
    learner.wait(5 * MINUTE)
    learner.update(DesiredCapacity=2)
    learner.wait(10 * MINUTE)
    assert learner.steps("load_spike") == [1]


def shift(learner: Learner, name: str) -> str:
    zones = {each["ZoneName"]: each["ZoneId"] for each in learner.ec2.describe_availability_zones()["AvailabilityZones"]}
    allowed = [{"Key": "zonal_shift.config.enabled", "Value": "true"}]
    learner.elb.modify_load_balancer_attributes(LoadBalancerArn=learner.arn(), Attributes=allowed)
    given = {"resourceIdentifier": learner.arn(), "awayFrom": zones[name], "expiresIn": "30m", "comment": "errors"}
    return str(learner.client.aws("arc-zonal-shift").start_zonal_shift(**given)["zonalShiftId"])


def test_zonal_shift(learner: Learner) -> None:
    learner.service(3)
    assert learner.steps("zonal_shift") == [1]
    learner.fault("error-rate", "us-east-1a", percent=30)
    learner.wait(2 * MINUTE)
    assert learner.steps("zonal_shift") == [1, 2]
    shift_id = shift(learner, "us-east-1a")
    learner.wait(MINUTE)
    assert learner.steps("zonal_shift") == [1, 2, 3]
    learner.heal()
    learner.wait(MINUTE)
    assert learner.steps("zonal_shift") == [1, 2, 3]
    learner.client.aws("arc-zonal-shift").cancel_zonal_shift(zonalShiftId=shift_id)
    learner.wait(MINUTE)
    assert learner.steps("zonal_shift") == [1, 2, 3, 4]


@pytest.mark.parametrize("kind", ["zone-power-off", "zone-blackhole"])
def test_a_zone_that_leaves_dns_by_itself_is_no_zonal_shift(learner: Learner, kind: str) -> None:
    learner.service(3)
    learner.steps("zonal_shift")
    learner.fault(kind, "us-east-1a")
    learner.wait(5 * MINUTE)
    learner.heal()
    learner.wait(20 * MINUTE)
    assert not {2, 3} & set(learner.steps("zonal_shift"))
