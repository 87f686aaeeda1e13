"""CloudFormation's resource types of IAM, SSM and S3."""

import json
from typing import Any

import pytest

from sandbox.core.errors import ApiError
from tests.support.aws import IMAGE
from tests.support.services.cloudformation import Made, Workbench

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
WRITE = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}]}


def iam(bench: Workbench) -> Any:
    return bench.sandbox.client("iam")


@pytest.fixture
def role(bench: Workbench) -> Made:
    managed = bench.make("AWS::IAM::ManagedPolicy", PolicyDocument=READ)
    policies = [{"PolicyName": "read", "PolicyDocument": READ}]
    return bench.make("AWS::IAM::Role", "App", AssumeRolePolicyDocument=TRUST, ManagedPolicyArns=[managed.ref], Policies=policies)


def test_a_role_has_its_policies_and_loses_them(bench: Workbench, role: Made) -> None:
    assert iam(bench).list_role_policies(RoleName=role.ref)["PolicyNames"] == ["read"]
    bench.change(
        role, {"team": "web"}, ManagedPolicyArns=None, Policies=[{"PolicyName": "write", "PolicyDocument": WRITE}], Description="app"
    )
    assert iam(bench).list_role_policies(RoleName=role.ref)["PolicyNames"] == ["write"]
    assert iam(bench).list_attached_role_policies(RoleName=role.ref)["AttachedPolicies"] == []
    found = iam(bench).get_role(RoleName=role.ref)["Role"]
    assert found["Description"] == "app"
    assert {"Key": "team", "Value": "web"} in found["Tags"]
    assert role.attributes["Arn"] == found["Arn"]


def test_an_instance_has_the_role_of_its_profile(bench: Workbench, role: Made) -> None:
    profile = bench.make("AWS::IAM::InstanceProfile", Roles=[role.ref])
    instance = bench.make("AWS::EC2::Instance", ImageId=IMAGE, InstanceType="t3.micro", IamInstanceProfile=profile.ref)
    found = bench.sandbox.client("ec2").describe_instances(InstanceIds=[instance.ref])["Reservations"][0]["Instances"][0]
    assert found["IamInstanceProfile"]["Arn"] == profile.attributes["Arn"]
    bench.change(instance, IamInstanceProfile=None)
    found = bench.sandbox.client("ec2").describe_instances(InstanceIds=[instance.ref])["Reservations"][0]["Instances"][0]
    assert "IamInstanceProfile" not in found


def test_a_profile_changes_its_role(bench: Workbench, role: Made) -> None:
    other = bench.make("AWS::IAM::Role", AssumeRolePolicyDocument=json.dumps(TRUST))
    profile = bench.make("AWS::IAM::InstanceProfile", Roles=[role.ref])
    bench.change(profile, Roles=[other.ref])
    found = iam(bench).get_instance_profile(InstanceProfileName=profile.ref)["InstanceProfile"]["Roles"]
    assert [each["RoleName"] for each in found] == [other.ref]


def test_an_inline_policy_is_renamed(bench: Workbench, role: Made) -> None:
    policy = bench.make("AWS::IAM::Policy", PolicyName="a", PolicyDocument=WRITE, Roles=[role.ref])
    bench.change(policy, PolicyName="b")
    assert sorted(iam(bench).list_role_policies(RoleName=role.ref)["PolicyNames"]) == ["b", "read"]
    bench.delete(policy)
    assert iam(bench).list_role_policies(RoleName=role.ref)["PolicyNames"] == ["read"]


def test_a_managed_policy_keeps_five_versions_at_most(bench: Workbench, role: Made) -> None:
    policy = bench.make("AWS::IAM::ManagedPolicy", PolicyDocument=READ, Roles=[role.ref])
    for number in range(6):
        bench.change(policy, PolicyDocument=WRITE if number % 2 == 0 else READ)
    assert len(iam(bench).list_policy_versions(PolicyArn=policy.ref)["Versions"]) == 5
    assert policy.attributes["DefaultVersionId"] == "v7"
    attached = iam(bench).list_attached_role_policies(RoleName=role.ref)["AttachedPolicies"]
    assert policy.ref in [each["PolicyArn"] for each in attached]
    bench.change(policy, Roles=None)
    assert len(iam(bench).list_attached_role_policies(RoleName=role.ref)["AttachedPolicies"]) == 1


def test_a_role_that_exists_is_not_taken_over(bench: Workbench) -> None:
    iam(bench).create_role(RoleName="app", AssumeRolePolicyDocument=json.dumps(TRUST))
    with pytest.raises(ApiError, match="app already exists"):
        bench.make("AWS::IAM::Role", RoleName="app", AssumeRolePolicyDocument=TRUST)


def test_a_parameter_has_its_value_as_an_attribute(bench: Workbench) -> None:
    parameter = bench.make("AWS::SSM::Parameter", "Colour", Type="String", Value="red", Tags={"team": "web"})
    bench.change(parameter, {"stage": "test"}, Value="blue", Tags=None)
    assert (parameter.attributes["Type"], parameter.attributes["Value"]) == ("String", "blue")
    assert parameter.ref.startswith("CFN-Colour-")
    tags = bench.sandbox.client("ssm").list_tags_for_resource(ResourceType="Parameter", ResourceId=parameter.ref)["TagList"]
    assert {tag["Key"]: tag["Value"] for tag in tags if not tag["Key"].startswith("aws:")} == {"stage": "test"}


def test_a_bucket_is_deleted_only_when_it_is_empty(bench: Workbench) -> None:
    bucket = bench.make("AWS::S3::Bucket", "Files", VersioningConfiguration={"Status": "Enabled"}, Tags=[{"Key": "a", "Value": "b"}])
    s3 = bench.sandbox.client("s3")
    assert s3.get_bucket_versioning(Bucket=bucket.ref)["Status"] == "Enabled"
    bench.change(bucket, VersioningConfiguration=None, Tags=None)
    assert s3.get_bucket_versioning(Bucket=bucket.ref)["Status"] == "Suspended"
    assert bucket.attributes["Arn"] == f"arn:aws:s3:::{bucket.ref}"
    s3.put_object(Bucket=bucket.ref, Key="a", Body=b"x")
    with pytest.raises(ApiError, match="BucketNotEmpty"):
        bucket.kind.delete(bench.call, bucket.physical_id, bucket.wanted)
    s3.delete_object(Bucket=bucket.ref, Key="a")
    for version in s3.list_object_versions(Bucket=bucket.ref).get("Versions", []):
        s3.delete_object(Bucket=bucket.ref, Key="a", VersionId=version["VersionId"])
    for marker in s3.list_object_versions(Bucket=bucket.ref).get("DeleteMarkers", []):
        s3.delete_object(Bucket=bucket.ref, Key="a", VersionId=marker["VersionId"])
