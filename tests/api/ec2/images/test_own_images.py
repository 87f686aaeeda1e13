"""Own images: RegisterImage, CopyImage, DeregisterImage and ModifyImageAttribute, and launches from what they make."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.backends import find_instance
from sandbox.core.control import Scope
from sandbox.drivers.runtime.process.runtime import NO_DISK
from sandbox.services.ec2.model import InstanceEvent
from sandbox.services.ec2.state import launch_spec
from tests.support import rule
from tests.support.aws import Aws

NAMES = "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', '-', '/' and '_'"
WEST = Scope("123456789012", "eu-west-1")
MISSING, MALFORMED = "ami-0123456789abcdef0", "ami-xyz"


def register(aws: Aws, name: str = "web", location: str = "docker://my/service:1", **more: Any) -> str:
    return str(aws("ec2").register_image(Name=name, ImageLocation=location, **more)["ImageId"])


def refused(call: Any, **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as failed:
        call(**parameters)
    error = failed.value.response["Error"]
    return error["Code"], error["Message"]


def machine(aws: Aws, image_id: str, scope: Scope | None = None) -> Any:
    """The LaunchSpec of an instance that is launched from it."""
    from moto.ec2.models import ec2_backends

    scope = scope or Scope("123456789012", "us-east-1")
    [instance] = aws("ec2", scope).run_instances(ImageId=image_id, MinCount=1, MaxCount=1)["Instances"]
    return launch_spec.launch_spec(ec2_backends[scope.account][scope.region].get_instance(instance["InstanceId"]))


@rule("EC2-70")
@pytest.mark.parametrize("name", ["what?", "tab\tname"])
def test_a_name_that_aws_does_not_allow_is_malformed(aws: Aws, name: str) -> None:
    code, text = refused(aws("ec2").register_image, Name=name, ImageLocation="docker://my/service:1")
    assert (code, text) == ("InvalidAMIName.Malformed", NAMES)


@rule("EC2-70")
def test_a_name_is_used_once_in_a_region_and_is_free_again_after_deregister(aws: Aws) -> None:
    first = register(aws)
    again = {"Name": "web", "ImageLocation": "docker://my/other"}
    taken = ("InvalidAMIName.Duplicate", f"AMI name web is already in use by AMI {first}")
    assert refused(aws("ec2").register_image, **again) == taken
    aws("ec2", WEST).register_image(**again)
    aws("ec2").deregister_image(ImageId=first)
    assert register(aws) != first


@rule("EC2-70")
@pytest.mark.parametrize("location", ["bucket/image.manifest.xml", "docker://", "docker://UPPER/case", "docker://a b", "command://  "])
def test_a_location_that_the_sandbox_cannot_boot_is_an_invalid_manifest(aws: Aws, location: str) -> None:
    code, text = refused(aws("ec2").register_image, Name="web", ImageLocation=location)
    assert code == "InvalidManifest"
    assert "docker://<container image>" in text
    assert aws("ec2").describe_images(Owners=["self"])["Images"] == []


@rule("EC2-70")
def test_devices_need_a_root_snapshot_that_exists(aws: Aws) -> None:
    call = aws("ec2").register_image
    assert refused(call, Name="web")[0] == "MissingParameter"
    without = [{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 8}}]
    code, text = refused(call, Name="web", RootDeviceName="/dev/sda1", BlockDeviceMappings=without)
    assert (code, text) == ("InvalidBlockDeviceMapping", "No root snapshot specified in device mapping.")
    unknown = [{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": "snap-0123456789abcdef0"}}]
    assert refused(call, Name="web", RootDeviceName="/dev/sda1", BlockDeviceMappings=unknown)[0] == "InvalidSnapshot.NotFound"


@rule("EC2-70")
def test_an_image_of_the_root_snapshot_of_another_boots_the_same(aws: Aws) -> None:
    first = register(aws)
    [shown] = aws("ec2").describe_images(ImageIds=[first])["Images"]
    devices = [{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": shown["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]}}]
    second = aws("ec2").register_image(Name="web-2", RootDeviceName="/dev/sda1", BlockDeviceMappings=devices)["ImageId"]
    aws("ec2").deregister_image(ImageId=first)
    assert machine(aws, second).image == "my/service:1"


def test_a_registered_image_is_described_as_it_was_registered(aws: Aws) -> None:
    more = {"Architecture": "arm64", "RootDeviceName": "/dev/xvda", "Description": "ours", "ImdsSupport": "v2.0", "EnaSupport": False}
    tags = [{"ResourceType": "image", "Tags": [{"Key": "team", "Value": "web"}]}]
    image_id = register(aws, TagSpecifications=tags, **more)
    [image] = aws("ec2").describe_images(Owners=["self"])["Images"]
    expected = more | {"ImageId": image_id, "Name": "web", "ImageLocation": "docker://my/service:1", "State": "available", "Public": False}
    assert {name: image[name] for name in expected} == expected
    assert (image["Tags"], image["RootDeviceType"]) == ([{"Key": "team", "Value": "web"}], "ebs")


def test_a_container_image_and_a_command_are_what_the_machine_boots(aws: Aws) -> None:
    spec = machine(aws, register(aws))
    assert (spec.image, spec.command, spec.own_application, spec.port) == ("my/service:1", None, True, 80)
    ported = [{"ResourceType": "image", "Tags": [{"Key": "sandbox:port", "Value": "8000"}]}]
    spec = machine(aws, register(aws, "cmd", "command://python -m http.server $PORT", TagSpecifications=ported))
    assert (spec.image, spec.command) == (None, ("/bin/sh", "-c", "python -m http.server $PORT"))
    assert (spec.own_application, spec.port) == (True, 8000)


@rule("EC2-71")
def test_an_instance_keeps_what_it_was_launched_from(aws: Aws) -> None:
    from moto.ec2.models import ec2_backends

    image_id = register(aws)
    [instance] = aws("ec2").run_instances(ImageId=image_id, MinCount=1, MaxCount=1)["Instances"]
    answer = aws("ec2").deregister_image(ImageId=image_id, DeleteAssociatedSnapshots=True)
    assert [one["ReturnCode"] for one in answer["DeleteSnapshotResults"]] == ["success"]
    backend = ec2_backends["123456789012"]["us-east-1"]
    assert launch_spec.launch_spec(backend.get_instance(instance["InstanceId"])).image == "my/service:1"
    gone = ("InvalidAMIID.Unavailable", f"The image ID '{image_id}' is no longer available")
    assert refused(aws("ec2").run_instances, ImageId=image_id, MinCount=1, MaxCount=1) == gone


@rule("EC2-71")
def test_the_snapshot_of_an_image_is_in_use_until_the_image_is_gone(aws: Aws) -> None:
    image_id = register(aws)
    [shown] = aws("ec2").describe_images(ImageIds=[image_id])["Images"]
    snapshot = shown["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    assert refused(aws("ec2").delete_snapshot, SnapshotId=snapshot)[0] == "InvalidSnapshot.InUse"
    aws("ec2").deregister_image(ImageId=image_id)
    aws("ec2").delete_snapshot(SnapshotId=snapshot)


@rule("EC2-72")
def test_a_copy_in_another_region_boots_the_same(aws: Aws) -> None:
    source = register(aws)
    ec2 = aws("ec2", WEST)
    copy = ec2.copy_image(Name="copied", SourceImageId=source, SourceRegion="us-east-1")["ImageId"]
    aws("ec2").deregister_image(ImageId=source, DeleteAssociatedSnapshots=True)
    [image] = ec2.describe_images(ImageIds=[copy])["Images"]
    assert (image["SourceImageId"], image["SourceImageRegion"], image["State"]) == (source, "us-east-1", "available")
    assert machine(aws, copy, WEST).image == "my/service:1"
    assert refused(ec2.copy_image, Name="again", SourceImageId=source, SourceRegion="us-east-1")[0] == "InvalidAMIID.NotFound"


CHANGES = ["deregister_image", "disable_image", "enable_image", "modify_image_attribute"]


@pytest.mark.parametrize("change", CHANGES)
def test_an_image_that_cannot_be_or_does_not_exist_is_refused_by_name(aws: Aws, change: str) -> None:
    call = getattr(aws("ec2"), change)
    assert refused(call, ImageId=MALFORMED) == ("InvalidAMIID.Malformed", f'Invalid id: "{MALFORMED}" (expecting "ami-...")')
    code, _ = refused(call, ImageId=MISSING)
    assert code == "InvalidAMIID.NotFound"
    image_id = register(aws)
    aws("ec2").deregister_image(ImageId=image_id)
    assert refused(call, ImageId=image_id)[0] == "InvalidAMIID.Unavailable"


def test_launch_permissions_are_kept_and_shown(aws: Aws) -> None:
    image_id = register(aws)
    aws("ec2").modify_image_attribute(ImageId=image_id, LaunchPermission={"Add": [{"UserId": "210987654321"}, {"Group": "all"}]})
    shown = aws("ec2").describe_image_attribute(ImageId=image_id, Attribute="launchPermission")["LaunchPermissions"]
    assert shown == [{"UserId": "210987654321"}, {"Group": "all"}]
    [image] = aws("ec2").describe_images(ImageIds=[image_id])["Images"]
    assert image["Public"] is True


@rule("EC2-74")
def test_a_disabled_image_cannot_be_run(aws: Aws) -> None:
    image_id = register(aws)
    aws("ec2").disable_image(ImageId=image_id)
    code, text = refused(aws("ec2").run_instances, ImageId=image_id, MinCount=1, MaxCount=1)
    assert (code, text) == ("InvalidAMIID.Unavailable", f"AMI '{image_id}' is disabled, and cannot be run")
    aws("ec2").enable_image(ImageId=image_id)
    assert machine(aws, image_id).image == "my/service:1"


def options(aws: Aws, image_id: str) -> tuple[str, int]:
    """HttpTokens and HttpPutResponseHopLimit of an instance that is launched from it."""
    [instance] = aws("ec2").run_instances(ImageId=image_id, MinCount=1, MaxCount=1)["Instances"]
    return instance["MetadataOptions"]["HttpTokens"], instance["MetadataOptions"]["HttpPutResponseHopLimit"]


def imds_support(aws: Aws, image_id: str) -> tuple[str | None, str | None]:
    """As DescribeImages and DescribeImageAttribute have it."""
    [shown] = aws("ec2").describe_images(ImageIds=[image_id])["Images"]
    attribute = aws("ec2").describe_image_attribute(ImageId=image_id, Attribute="imdsSupport").get("ImdsSupport", {})
    return shown.get("ImdsSupport"), attribute.get("Value")


@rule("IMDS-7", "IMDS-6")
@pytest.mark.parametrize("change", [{"ImdsSupport": {"Value": "v2.0"}}, {"Attribute": "imdsSupport", "Value": "v2.0"}])
def test_an_image_that_is_marked_for_imdsv2_makes_its_instances_require_it_and_so_does_its_copy(aws: Aws, change: dict[str, Any]) -> None:
    image_id = register(aws)
    assert (options(aws, image_id), imds_support(aws, image_id)) == (("optional", 1), (None, None))
    aws("ec2").modify_image_attribute(ImageId=image_id, **change)
    copy = aws("ec2").copy_image(Name="copied", SourceImageId=image_id, SourceRegion="us-east-1")["ImageId"]
    for each in (image_id, copy):
        assert (options(aws, each), imds_support(aws, each)) == (("required", 2), ("v2.0", "v2.0"))


@rule("IMDS-7")
def test_an_image_that_is_registered_for_imdsv2_says_so(aws: Aws) -> None:
    image_id = register(aws, ImdsSupport="v2.0")
    assert (options(aws, image_id), imds_support(aws, image_id)) == (("required", 2), ("v2.0", "v2.0"))


def test_the_description_of_an_image_is_changed(aws: Aws) -> None:
    image_id = register(aws, Description="old")
    aws("ec2").modify_image_attribute(ImageId=image_id, Description={"Value": "new"})
    assert aws("ec2").describe_images(ImageIds=[image_id])["Images"][0]["Description"] == "new"


BAD_CHANGES = {
    "an IMDS version": ({"ImdsSupport": {"Value": "v1.0"}}, "InvalidParameterValue"),
    "the end of IMDSv2": ({"Attribute": "imdsSupport", "Value": ""}, "InvalidParameterValue"),
    "an unknown attribute": ({"Attribute": "color", "Value": "red"}, "InvalidParameterValue"),
    "a product code": ({"ProductCodes": ["abc"]}, "NotImplemented"),
}


@pytest.mark.parametrize("what", BAD_CHANGES)
def test_a_change_that_an_image_cannot_have_is_refused_and_changes_nothing(aws: Aws, what: str) -> None:
    change, code = BAD_CHANGES[what]
    image_id = register(aws, ImdsSupport="v2.0", Description="old")
    assert refused(aws("ec2").modify_image_attribute, ImageId=image_id, **change)[0] == code
    assert imds_support(aws, image_id)[0] == "v2.0"
    assert aws("ec2").describe_images(ImageIds=[image_id])["Images"][0]["Description"] == "old"


@rule("EC2-75")
def test_create_image_is_refused_where_instances_have_no_disk_of_their_own(aws: Aws) -> None:
    aws.machines.images.refusal = NO_DISK  # of the process runtime
    image_id = register(aws)
    [instance] = aws("ec2").run_instances(ImageId=image_id, MinCount=1, MaxCount=1)["Instances"]
    from moto.ec2.models import ec2_backends

    backend = ec2_backends["123456789012"]["us-east-1"]
    find_instance(backend, instance["InstanceId"]).advance(InstanceEvent.BOOTED, "its machine runs")
    code, text = refused(aws("ec2").create_image, InstanceId=instance["InstanceId"], Name="golden")
    assert (code, text) == ("UnsupportedOperation", f"CreateImage: {NO_DISK}.")
    assert [image["ImageId"] for image in aws("ec2").describe_images(Owners=["self"])["Images"]] == [image_id]
