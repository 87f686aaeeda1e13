"""Launch configurations by the API, and what they say of instances."""

import pytest

from tests.support import rule
from tests.support.api.groups import asg, refusal
from tests.support.ports import change_settings
from tests.support.services.autoscaling_stage import Stage, make


@rule("ASG-17")
def test_a_launch_configuration_is_immutable_and_stays_while_it_is_used(stage: Stage) -> None:
    stage.group()
    code, message = refusal(lambda s: s.configuration(), stage)
    assert (code, message.startswith("Launch Configuration by this name already exists")) == ("AlreadyExists", True)
    assert refusal(asg("delete_launch_configuration", LaunchConfigurationName="lc"), stage)[0] == "ResourceInUse"
    assert refusal(asg("delete_launch_configuration", LaunchConfigurationName="none"), stage)[0] == "ValidationError"


@rule("ASG-15", "ASG-16")
def test_a_new_account_is_refused_launch_configurations() -> None:
    newcomer = make(launch_configurations="refused")
    text = (
        "The Launch Configuration creation operation is not available in your account."
        " Use launch templates to create configuration templates for your Auto Scaling groups."
    )
    assert ("UnsupportedOperation", text) == refusal(lambda s: s.configuration(), newcomer)


@rule("ASG-16")
def test_a_launch_configuration_is_created_with_a_note_that_new_accounts_are_refused(stage: Stage) -> None:
    stage.configuration()
    assert any("AWS refuses this to accounts created since 2024-10-01" in e.summary for e in stage.journal.about("lc"))


@rule("ASG-60")
def test_a_configuration_that_cannot_be_launched_is_found_at_the_launch(stage: Stage) -> None:
    wrong = {
        "ami": ({"ImageId": "ami-0bad0bad0bad0bad0"}, "The AMI ID ami-0bad0bad0bad0bad0 does not exist. Launching EC2 instance failed."),
        "key": ({"KeyName": "your-key-pair"}, "The key pair your-key-pair does not exist. Launching EC2 instance failed."),
        "sg": ({"SecurityGroups": ["your-group"]}, "The security group your-group does not exist. Launching EC2 instance failed."),
    }
    for name, (given, _) in wrong.items():
        stage.group(name, LaunchConfigurationName=stage.configuration(name, **given), DesiredCapacity=1)
    stage.wait(10)
    for name, (_, expected) in wrong.items():
        assert [("Failed", expected)] == [(a["StatusCode"], a["StatusMessage"]) for a in stage.activities(name)]


@rule("EC2-15", "ASG-60", "ASG-61")
@pytest.mark.parametrize("zones", [1, 3])
def test_a_group_gets_what_the_vCPU_quota_allows_and_the_rest_when_it_is_raised(zones: int) -> None:
    limited = make(vcpu_limit=6)  # three instances of two vCPUs
    limited.group(zones=zones, MinSize=1, MaxSize=8, DesiredCapacity=5)
    limited.wait(60)
    assert [m["LifecycleState"] for m in limited.described()["Instances"]] == ["InService"] * 3
    text = (
        "You have requested more vCPU capacity than your current vCPU limit of 6 allows for the instance bucket that the specified instance"
        " type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit."
        " Launching EC2 instance failed."
    )
    ended = [(a["StatusCode"], a.get("StatusMessage")) for a in limited.activities()]
    assert ended.count(("Successful", None)) == 3
    assert set(ended) == {("Successful", None), ("Failed", text)}
    change_settings(vcpu_limit=10)
    limited.wait(180)
    assert [m["LifecycleState"] for m in limited.described()["Instances"]] == ["InService"] * 5


def test_everything_that_a_configuration_says_reaches_the_instance(stage: Stage) -> None:
    stage.ec2.create_key_pair(KeyName="mine")
    vpc = stage.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = stage.ec2.create_security_group(GroupName="open", Description="open", VpcId=vpc)["GroupId"]
    said = {"KeyName": "mine", "SecurityGroups": ["open"], "UserData": "#!/bin/bash\necho hello", "InstanceMonitoring": {"Enabled": True}}
    stage.ready(LaunchConfigurationName=stage.configuration("full", **said), DesiredCapacity=1)
    one = stage.instances()[0]
    instance = stage.ec2.describe_instances(InstanceIds=[one])["Reservations"][0]["Instances"][0]
    assert ("mine", [group], "enabled") == (
        instance["KeyName"],
        [g["GroupId"] for g in instance["SecurityGroups"]],
        instance["Monitoring"]["State"],
    )
    assert stage.world.machine(one).user_data == b"#!/bin/bash\necho hello"
