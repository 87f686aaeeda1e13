"""Launch templates: what a request gave is what comes back, so that Terraform and Ansible find nothing to change."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support import VirtualSandbox, rule
from tests.support.services.ec2_calls import AMI

TAGS = [{"Key": "team", "Value": "a"}]
LEFT_OUT = ("ElasticGpuSpecifications", "ElasticInferenceAccelerators", "InstanceRequirements")
"""No longer offered by AWS, and a structure that the API answers with in another form."""


@pytest.fixture
def api(virtual: VirtualSandbox) -> Any:
    return virtual.client("ec2")


def sample(shape: Any, name: str) -> Any:
    """A value of a shape of botocore's model, with every member of every structure."""
    match shape.type_name:
        case "structure":
            return {member: sample(inner, member) for member, inner in shape.members.items()}
        case "list":
            return [sample(shape.member, name)]
        case "string":
            return base64.b64encode(b"#!/bin/sh\n").decode() if name == "UserData" else (shape.enum[0] if shape.enum else f"a-{name}")
        case "boolean":
            return True
        case "timestamp":
            return datetime(2026, 6, 1, tzinfo=UTC)
        case _:
            return 3


def described(api: Any, template_id: str, version: str = "1") -> dict[str, Any]:
    (found,) = api.describe_launch_template_versions(LaunchTemplateId=template_id, Versions=[version])["LaunchTemplateVersions"]
    return dict(found["LaunchTemplateData"])


@rule("EC2-52")
def test_a_templates_own_tags_are_not_what_it_launches(api: Any) -> None:
    given = {"ImageId": AMI, "TagSpecifications": [{"ResourceType": "instance", "Tags": TAGS}]}
    own = [{"ResourceType": "launch-template", "Tags": [{"Key": "Name", "Value": "web"}]}]
    made = api.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=given, TagSpecifications=own)["LaunchTemplate"]
    assert made["Tags"] == own[0]["Tags"]
    assert described(api, made["LaunchTemplateId"]) == given
    assert api.describe_launch_templates(LaunchTemplateIds=[made["LaunchTemplateId"]])["LaunchTemplates"][0]["Tags"] == own[0]["Tags"]


@rule("EC2-52")
def test_all_that_LaunchTemplateData_can_hold_comes_back(api: Any) -> None:
    members = api.meta.service_model.shape_for("RequestLaunchTemplateData").members
    given = {name: sample(shape, name) for name, shape in members.items() if name not in LEFT_OUT}
    made = api.create_launch_template(LaunchTemplateName="all", LaunchTemplateData=given)["LaunchTemplate"]
    assert described(api, made["LaunchTemplateId"]) == given
    second = api.create_launch_template_version(LaunchTemplateId=made["LaunchTemplateId"], LaunchTemplateData=given)
    assert second["LaunchTemplateVersion"]["LaunchTemplateData"] == given == described(api, made["LaunchTemplateId"], "2")


def test_a_version_made_from_another_leaves_that_one_as_it_is(api: Any) -> None:
    first = {"ImageId": AMI, "InstanceType": "t3.micro", "MetadataOptions": {"HttpTokens": "required"}}
    made = api.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=first)["LaunchTemplate"]["LaunchTemplateId"]
    api.create_launch_template_version(LaunchTemplateId=made, SourceVersion="1", LaunchTemplateData={"InstanceType": "t3.small"})
    assert described(api, made) == first
    assert described(api, made, "2") == first | {"InstanceType": "t3.small"}


@rule("EC2-52")
def test_tags_are_shown_as_they_are_now(api: Any) -> None:
    made = api.create_launch_template(LaunchTemplateName="web", LaunchTemplateData={"ImageId": AMI})["LaunchTemplate"]["LaunchTemplateId"]
    api.create_tags(Resources=[made], Tags=TAGS)
    assert api.describe_launch_templates()["LaunchTemplates"][0]["Tags"] == TAGS
    api.delete_tags(Resources=[made], Tags=[{"Key": "team"}])
    assert api.describe_launch_templates()["LaunchTemplates"][0]["Tags"] == []
    api.create_tags(Resources=[made], Tags=TAGS)
    api.delete_launch_template(LaunchTemplateId=made)
    assert api.describe_tags()["Tags"] == []


@pytest.mark.parametrize("version", ["2", "$Latest"])
def test_the_default_version_is_chosen_by_number_or_name(api: Any, version: str) -> None:
    api.create_launch_template(LaunchTemplateName="web", LaunchTemplateData={"ImageId": AMI})
    api.create_launch_template_version(LaunchTemplateName="web", LaunchTemplateData={"ImageId": AMI})
    changed = api.modify_launch_template(LaunchTemplateName="web", DefaultVersion=version)["LaunchTemplate"]
    assert (changed["DefaultVersionNumber"], changed["LatestVersionNumber"]) == (2, 2)
    with pytest.raises(ClientError) as caught:
        api.modify_launch_template(LaunchTemplateName="web", DefaultVersion="3")
    assert caught.value.response["Error"]["Code"] == "InvalidLaunchTemplateId.VersionNotFound"


@rule("EC2-66")
def test_versions_are_deleted_and_the_others_keep_their_numbers(api: Any) -> None:
    data = {"ImageId": AMI, "InstanceType": "t3.micro"}
    named = {"LaunchTemplateName": "versions"}
    api.create_launch_template(**named, LaunchTemplateData=data)
    for _ in range(3):
        api.create_launch_template_version(**named, LaunchTemplateData=data)
    answer = api.delete_launch_template_versions(**named, Versions=["1", "2", "4", "9"])
    assert [each["VersionNumber"] for each in answer["SuccessfullyDeletedLaunchTemplateVersions"]] == [2, 4]
    kept = answer["UnsuccessfullyDeletedLaunchTemplateVersions"]
    assert [(each["VersionNumber"], each["ResponseError"]["Code"]) for each in kept] == [
        (1, "unexpectedError"),
        (9, "launchTemplateVersionDoesNotExist"),
    ]

    def numbers(**more: Any) -> list[int]:
        found = api.describe_launch_template_versions(**named, **more)["LaunchTemplateVersions"]
        return [version["VersionNumber"] for version in found]

    assert (numbers(), numbers(Versions=["$Latest"]), numbers(Versions=["$Default"])) == ([1, 3], [3], [1])
    assert (numbers(MinVersion="2"), numbers(MaxVersion="2")) == ([3], [1])
    with pytest.raises(ClientError, match=r"InvalidLaunchTemplateId\.VersionNotFound"):
        numbers(Versions=["2"])
    made = api.create_launch_template_version(**named, LaunchTemplateData=data)["LaunchTemplateVersion"]
    assert made["VersionNumber"] == 5
    api.modify_launch_template(**named, DefaultVersion="5")
    api.delete_launch_template_versions(**named, Versions=["1", "3"])
    [launched] = api.run_instances(LaunchTemplate=named, MinCount=1, MaxCount=1)["Instances"]
    assert launched["InstanceType"] == "t3.micro"
