"""The controller of Auto Scaling keeps the size of a group."""

from collections.abc import Callable

import pytest

from tests.support import rule
from tests.support.services.autoscaling_stage import Stage, causes, reports_no_fault


@rule("ASG-20", "ASG-25", "ASG-57")
def test_a_new_group_fills_itself_evenly_over_its_zones(stage: Stage) -> None:
    stage.group()
    stage.wait(4.9)
    assert stage.instances(None) == []
    stage.wait(0.2)
    assert len(stage.instances("Pending")) == 3
    stage.wait(2)
    assert (stage.zones(), len(stage.instances())) == (["a", "b", "c"], 3)
    newest = stage.activities()[0]
    assert newest["Cause"] == (
        "At 2026-05-07T12:00:00Z a user request created an AutoScalingGroup changing the desired capacity from 0 to 3."
        "  At 2026-05-07T12:00:05Z an instance was started in response to a difference between desired and actual capacity,"
        " increasing the capacity from 0 to 3."
    )
    assert (newest["StatusCode"], newest["Progress"]) == ("Successful", 100)
    assert f"Launching a new EC2 instance: {stage.instances()[2]}" == newest["Description"]
    tags = stage.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": stage.instances()}])["Tags"]
    assert {("aws:autoscaling:groupName", "web")} == {(t["Key"], t["Value"]) for t in tags}
    reports_no_fault(stage)


@rule("ASG-49", "ASG-53", "ASG-70")
def test_a_terminated_member_is_replaced_in_its_zone_within_seconds(stage: Stage) -> None:
    stage.ready()
    victim = stage.instances()[1]
    stage.ec2.terminate_instances(InstanceIds=[victim])
    stage.wait(0.1)
    assert next((i["HealthStatus"] for i in stage.described()["Instances"] if i["InstanceId"] == victim), "Unhealthy") == "Unhealthy"
    stage.wait(2)
    assert (stage.zones(), stage.described()["DesiredCapacity"]) == (["a", "b", "c"], 3)
    assert victim not in stage.instances(None)
    assert causes(stage, "Terminating")[0] == (
        "At 2026-05-07T12:00:20Z an instance was taken out of service in response to an EC2 health check"
        " indicating it has been terminated or stopped."
    )
    assert (
        causes(stage, "Launching")[0]
        == "At 2026-05-07T12:00:21Z an instance was launched in response to an unhealthy instance needing to be replaced."
    )
    reports_no_fault(stage)


@rule("ASG-93")
def test_the_causes_of_a_replacement_lead_back_to_the_user_s_request(stage: Stage) -> None:
    stage.ready()
    before = stage.instances()
    stage.ec2.terminate_instances(InstanceIds=before[:1])
    stage.wait(3)
    new = next(i for i in stage.instances() if i not in before)
    assert stage.chain(new) == [
        "AWS API Call via CloudTrail",
        "EC2 Instance State-change Notification",
        "Instance Health Status Change",
        "Scaling Activity Started",
        "Scaling Activity Started",
        "AWS API Call via CloudTrail",
        "EC2 Instance State-change Notification",
        "EC2 Instance State-change Notification",
        "EC2 Instance Launch Successful",
    ]


@pytest.mark.parametrize(
    "hurt",
    [
        lambda stage, i: stage.ec2.stop_instances(InstanceIds=[i]),
        lambda stage, i: stage.asg.set_instance_health(InstanceId=i, HealthStatus="Unhealthy"),
        lambda stage, i: stage.asg.terminate_instance_in_auto_scaling_group(InstanceId=i, ShouldDecrementDesiredCapacity=False),
    ],
    ids=["stopped", "marked by a user", "terminated through the group"],
)
@rule("ASG-41", "ASG-46", "ASG-69")
def test_a_lost_member_is_replaced(stage: Stage, hurt: Callable[[Stage, str], object]) -> None:
    stage.ready()
    victim = stage.instances()[0]
    hurt(stage, victim)
    stage.wait(5)
    assert victim not in stage.instances(None)
    assert stage.zones() == ["a", "b", "c"]
    assert stage.ec2.describe_instances(InstanceIds=[victim])["Reservations"][0]["Instances"][0]["State"]["Name"] == "terminated"
    reports_no_fault(stage)


@rule("ASG-57", "ASG-65")
def test_the_desired_capacity_is_followed_up_and_down(stage: Stage) -> None:
    stage.ready()
    stage.asg.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=7)
    stage.wait(10)
    assert stage.zones() == ["a", "a", "a", "b", "b", "c", "c"]
    stage.asg.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=2)
    stage.wait(10)
    assert len(set(stage.zones())) == 2
    chosen = causes(stage, "Terminating")[0]
    assert chosen.startswith(
        "At 2026-05-07T12:00:30Z a user request explicitly set group desired capacity changing the desired capacity from 7 to 2."
        "  At 2026-05-07T12:00:33Z an instance was taken out of service in response to a difference between desired and actual capacity,"
        " shrinking the capacity from 7 to 2."
    )
    assert chosen.count("was selected for termination.") == 5
    reports_no_fault(stage)


@rule("ASG-4")
def test_new_bounds_carry_the_desired_capacity_with_them(stage: Stage) -> None:
    stage.ready()
    stage.asg.update_auto_scaling_group(AutoScalingGroupName="web", MinSize=4)
    stage.wait(10)
    assert (stage.described()["DesiredCapacity"], len(stage.instances())) == (4, 4)
    assert causes(stage, "Launching")[0].startswith(
        "At 2026-05-07T12:00:20Z a user request update of AutoScalingGroup constraints to min: 4, max: 10, desired: 4"
        " changing the desired capacity from 3 to 4."
    )
    stage.asg.update_auto_scaling_group(AutoScalingGroupName="web", MinSize=0, MaxSize=2)
    stage.wait(10)
    assert len(stage.instances()) == 2


@rule("ASG-62", "ASG-68")
def test_protected_members_stay_and_one_activity_says_so(stage: Stage) -> None:
    stage.ready(NewInstancesProtectedFromScaleIn=True)
    stage.asg.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=1)
    stage.wait(60)
    assert (len(stage.instances()), stage.described()["DesiredCapacity"]) == (3, 1)
    said = [a["StatusCode"] for a in stage.activities() if a["Description"].startswith("Could not scale to desired capacity")]
    assert said == ["Cancelled"]
    stage.asg.set_instance_protection(AutoScalingGroupName="web", InstanceIds=stage.instances()[:2], ProtectedFromScaleIn=False)
    stage.wait(5)
    assert len(stage.instances()) == 1


@rule("ASG-17", "ASG-18", "ASG-20")
def test_each_launch_resolves_the_template_again(stage: Stage) -> None:
    data = {"ImageId": "ami-0c047a86012500412", "InstanceType": "t3.micro"}
    template = stage.ec2.create_launch_template(LaunchTemplateName="shop", LaunchTemplateData=data)["LaunchTemplate"]["LaunchTemplateId"]
    stage.ready(LaunchTemplate={"LaunchTemplateName": "shop", "Version": "$Latest"}, DesiredCapacity=1)
    newer = data | {"InstanceType": "t3.small"}
    stage.ec2.create_launch_template_version(LaunchTemplateId=template, LaunchTemplateData=newer, SourceVersion="1")
    stage.asg.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=2)
    stage.wait(10)
    made = {i["InstanceType"]: i["LaunchTemplate"]["Version"] for i in stage.described()["Instances"]}
    assert made == {"t3.micro": "1", "t3.small": "2"}
    tags = stage.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": stage.instances()[1:]}])["Tags"]
    assert {"aws:ec2launchtemplate:id": template, "aws:ec2launchtemplate:version": "2", "aws:autoscaling:groupName": "web"} == {
        t["Key"]: t["Value"] for t in tags
    }
    stage.asg.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=1)
    stage.wait(10)
    assert [i["InstanceType"] for i in stage.described()["Instances"]] == ["t3.small"], "ASG-66: the older version goes first"


@rule("ASG-20")
def test_group_tags_that_propagate_are_on_the_instances(stage: Stage) -> None:
    stage.ready(
        Tags=[
            {"Key": "app", "Value": "shop", "PropagateAtLaunch": True},
            {"Key": "owner", "Value": "me", "PropagateAtLaunch": False},
        ]
    )
    tags = stage.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": stage.instances()[:1]}])["Tags"]
    assert {t["Key"]: t["Value"] for t in tags} == {"app": "shop", "aws:autoscaling:groupName": "web"}


@rule("ASG-58")
def test_a_warmup_keeps_the_launch_activity_open(stage: Stage) -> None:
    stage.ready(DefaultInstanceWarmup=60)
    assert {"WaitingForInstanceWarmup"} == {a["StatusCode"] for a in stage.activities()}
    stage.wait(60)
    assert {"Successful"} == {a["StatusCode"] for a in stage.activities()}
