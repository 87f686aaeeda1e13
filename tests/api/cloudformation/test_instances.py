"""CloudFormation's resource types of instances and of what they launch from."""

import base64
from typing import Any

import pytest

from sandbox.core.errors import ApiError
from tests.support import rule
from tests.support.aws import IMAGE
from tests.support.services.cloudformation import Made, Workbench

SCRIPT = base64.b64encode(b"#!/bin/bash\necho one\n").decode()
OTHER_SCRIPT = base64.b64encode(b"#!/bin/bash\necho two\n").decode()
KEY = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDusXfgTE4eBP50NglSzCSEGnIL6+cr6m3H6cZANOQ+P1o/W4BdtcAL3sor4iGi7SOeJgo8kweyMQrhrt6HaKGgromRiz37LQx+4YIAcBi4Zd023mO/V7Rc2Chh18mWgLSmA6ng+j37ip6452zxtv0jHAz9pJolbKBpJzbZlPN45ZCTk9ck0fSVHRl6VRSSPQcpqi65XpRf+35zNOCGCc1mAOOTmw59Q2a6A3t8mL7r91aM5q6QOQm219lctFM8O7HRJnDgmhGpnjRwE1LyKktWTbgFZ4SNWU2XqusUO07jKuSxzPumXBeU+JEtx0J1tqZwJlpGt2R+0qN7nKnPl2+hx"  # noqa: E501


def ec2(bench: Workbench) -> Any:
    return bench.sandbox.client("ec2")


def described(bench: Workbench, instance: Made) -> dict[str, Any]:
    found: dict[str, Any] = ec2(bench).describe_instances(InstanceIds=[instance.ref])["Reservations"][0]["Instances"][0]
    return found


@pytest.fixture
def instance(bench: Workbench) -> Made:
    return bench.make("AWS::EC2::Instance", ImageId=IMAGE, InstanceType="t3.micro", UserData=SCRIPT, Monitoring="true")


@rule("CFN-63")
def test_an_instance_is_ready_when_it_runs(bench: Workbench, instance: Made) -> None:
    found = described(bench, instance)
    assert found["State"]["Name"] == "running"
    assert found["Monitoring"]["State"] == "enabled"
    assert instance.attributes["PrivateIp"] == found["PrivateIpAddress"]
    assert instance.attributes["AvailabilityZone"] == found["Placement"]["AvailabilityZone"]
    sent = ec2(bench).describe_instance_attribute(InstanceId=instance.ref, Attribute="userData")["UserData"]["Value"]
    assert sent == SCRIPT


@rule("CFN-63")
def test_a_new_type_and_user_data_stop_the_instance_and_start_it_again(bench: Workbench, instance: Made) -> None:
    bench.change(instance, InstanceType="t3.small", UserData=OTHER_SCRIPT)
    found = described(bench, instance)
    assert (found["InstanceType"], found["State"]["Name"]) == ("t3.small", "running")
    sent = ec2(bench).describe_instance_attribute(InstanceId=instance.ref, Attribute="userData")["UserData"]["Value"]
    assert sent == OTHER_SCRIPT


def test_other_changes_leave_it_running(bench: Workbench, instance: Made) -> None:
    vpc = described(bench, instance)["VpcId"]
    group = bench.make("AWS::EC2::SecurityGroup", VpcId=vpc, GroupDescription="web")
    launched = described(bench, instance)["LaunchTime"]
    tags = [{"Key": "Name", "Value": "a"}]
    metadata = {"HttpTokens": "required"}
    bench.change(instance, SecurityGroupIds=[group.ref], Monitoring=False, SourceDestCheck="false", MetadataOptions=metadata, Tags=tags)

    found = described(bench, instance)
    assert [each["GroupId"] for each in found["SecurityGroups"]] == [group.ref]
    assert (found["Monitoring"]["State"], found["SourceDestCheck"], found["LaunchTime"]) == ("disabled", False, launched)
    assert {"Key": "Name", "Value": "a"} in found["Tags"]
    assert found["MetadataOptions"]["HttpTokens"] == "required"
    bench.delete(instance)


def test_an_instance_that_cannot_be_launched_fails_with_the_words_of_the_api(bench: Workbench) -> None:
    with pytest.raises(ApiError, match=r"InvalidAMIID\.NotFound"):
        bench.make("AWS::EC2::Instance", ImageId="ami-0123456789abcdef0")


def test_a_volume_is_attached_and_grows(bench: Workbench, instance: Made) -> None:
    zone = instance.attributes["AvailabilityZone"]
    volume = bench.make("AWS::EC2::Volume", AvailabilityZone=zone, Size="8", VolumeType="gp3")
    bench.make("AWS::EC2::VolumeAttachment", VolumeId=volume.ref, InstanceId=instance.ref, Device="/dev/sdf")
    bench.change(volume, Size=16)
    found = ec2(bench).describe_volumes(VolumeIds=[volume.ref])["Volumes"][0]
    assert (found["Size"], found["State"]) == (16, "in-use")
    with pytest.raises(ApiError, match=r"Update to resource type AWS::EC2::Volume is not supported\."):
        bench.change(volume, AvailabilityZone="us-east-1f")


@rule("CFN-68")
def test_a_key_pair_that_ec2_made_is_a_parameter(bench: Workbench) -> None:
    key = bench.make("AWS::EC2::KeyPair", KeyName="shop")
    name = f"/ec2/keypair/{key.attributes['KeyPairId']}"
    found = bench.sandbox.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    assert "PRIVATE KEY" in found
    bench.delete(key)
    assert bench.sandbox.client("ssm").get_parameters(Names=[name])["InvalidParameters"] == [name]


@rule("CFN-61")
def test_a_key_pair_of_the_same_name_is_not_taken_over(bench: Workbench) -> None:
    ec2(bench).create_key_pair(KeyName="shop")
    with pytest.raises(ApiError, match="shop already exists"):
        bench.make("AWS::EC2::KeyPair", KeyName="shop", PublicKeyMaterial=KEY)


@rule("CFN-66")
def test_changed_data_is_a_new_version_of_a_launch_template(bench: Workbench) -> None:
    data = {"ImageId": IMAGE, "InstanceType": "t3.micro", "UserData": SCRIPT, "Monitoring": {"Enabled": "true"}}
    template = bench.make("AWS::EC2::LaunchTemplate", LaunchTemplateData=data)
    bench.change(template, {"team": "web"}, LaunchTemplateData=data | {"InstanceType": "t3.small"}, VersionDescription="bigger")
    assert template.attributes["LatestVersionNumber"] == "2"
    assert template.attributes["DefaultVersionNumber"] == "1"
    newest = ec2(bench).describe_launch_template_versions(LaunchTemplateId=template.ref, Versions=["$Latest"])["LaunchTemplateVersions"][0]
    assert (newest["LaunchTemplateData"]["InstanceType"], newest["VersionDescription"]) == ("t3.small", "bigger")
    assert newest["LaunchTemplateData"]["Monitoring"] == {"Enabled": True}
    found = ec2(bench).describe_launch_templates(LaunchTemplateIds=[template.ref])["LaunchTemplates"][0]
    assert {"Key": "team", "Value": "web"} in found["Tags"]


def test_an_unknown_property_inside_another_is_refused_by_name(bench: Workbench) -> None:
    with pytest.raises(ApiError, match=r"#/LaunchTemplateData: extraneous key \[Colour\] is not permitted"):
        bench.make("AWS::EC2::LaunchTemplate", LaunchTemplateData={"ImageId": IMAGE, "Colour": "red"})


def test_a_launch_configuration_has_what_the_template_says(bench: Workbench) -> None:
    configuration = bench.make(
        "AWS::AutoScaling::LaunchConfiguration", ImageId=IMAGE, InstanceType="t3.micro", UserData=SCRIPT, InstanceMonitoring="false"
    )
    answer = bench.sandbox.client("autoscaling").describe_launch_configurations(LaunchConfigurationNames=[configuration.ref])
    found = answer["LaunchConfigurations"][0]
    assert (found["UserData"], found["InstanceMonitoring"]) == (SCRIPT, {"Enabled": False})
