"""Stacks in stacks: the parent waits for them, reads their outputs, and fails with them."""

import pytest

from tests.support import rule
from tests.support.services.stacks import Stacks, make, with_broken_subnet

INNER = """
Parameters: {Block: {Type: String}}
Resources:
  Net: {Type: "AWS::EC2::VPC", Properties: {CidrBlock: !Ref Block}}
Outputs:
  NetId: {Value: !Ref Net}
"""

PARENT = """
Parameters: {Block: {Type: String, Default: 10.1.0.0/16}, Key: {Type: String, Default: net.yaml}}
Resources:
  Inner:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: !Sub https://templates.s3.amazonaws.com/${Key}
      Parameters: {Block: !Ref Block}
  Zone:
    Type: AWS::EC2::Subnet
    Properties: {VpcId: !GetAtt Inner.Outputs.NetId, CidrBlock: !Select [9, !Cidr [!Ref Block, 10, 8]]}
Outputs:
  NetId: {Value: !GetAtt Inner.Outputs.NetId}
"""


@pytest.fixture
def on() -> Stacks:
    made = make()
    s3 = made.sandbox.client("s3")
    s3.create_bucket(Bucket="templates")
    s3.put_object(Bucket="templates", Key="net.yaml", Body=INNER.encode())
    s3.put_object(Bucket="templates", Key="broken.yaml", Body=with_broken_subnet(INNER).encode())
    s3.put_object(Bucket="templates", Key="itself.yaml", Body=PARENT.replace("${Key}", "itself.yaml").encode())
    return made


def key(name: str) -> list[dict[str, str]]:
    return [{"ParameterKey": "Key", "ParameterValue": name}]


@rule("CFN-34")
def test_a_nested_stack_is_made_changed_and_deleted_with_its_parent(on: Stacks) -> None:
    on.create("web", PARENT, Tags=[{"Key": "team", "Value": "blue"}])
    inner = on.physical_ids("web")["Inner"]
    assert on.status("web")[0] == "CREATE_COMPLETE" and inner.split("/")[1].startswith("web-Inner-")
    assert on.described("web")["Outputs"][0]["OutputValue"] == on.physical_ids(inner)["Net"]
    assert on.described(inner)["Tags"] == [{"Key": "team", "Value": "blue"}]
    on.update("web", Parameters=[{"ParameterKey": "Block", "ParameterValue": "10.2.0.0/16"}])
    assert on.status("web")[0] == "UPDATE_COMPLETE" and on.physical_ids("web")["Inner"] == inner
    assert on.vpcs() == ["10.2.0.0/16"] and on.described("web")["Outputs"][0]["OutputValue"] == on.physical_ids(inner)["Net"]
    on.delete("web")
    assert on.vpcs() == [] and on.status(inner)[0] == "DELETE_COMPLETE"


@rule("CFN-34")
def test_a_nested_stack_that_fails_fails_its_parent(on: Stacks) -> None:
    on.create("web", PARENT, Parameters=key("broken.yaml"))
    (reason,) = [reason for logical_id, status, reason in on.events("web") if (logical_id, status) == ("Inner", "CREATE_FAILED")]
    assert "was not successfully created: The following resource(s) failed to create: [" in str(reason)
    assert on.status("web")[0] == "ROLLBACK_COMPLETE" and on.vpcs() == []
    assert [s["StackName"] for s in on.cfn.describe_stacks()["Stacks"]] == ["web"]


@rule("CFN-34")
def test_an_update_of_a_nested_stack_that_fails_brings_both_back(on: Stacks) -> None:
    on.create("web", PARENT)
    inner = on.physical_ids("web")["Inner"]
    before = (on.physical_ids("web"), on.physical_ids(inner))
    on.update("web", Parameters=key("broken.yaml"))
    assert (on.status("web")[0], on.status(inner)[0]) == ("UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
    assert (on.physical_ids("web"), on.physical_ids(inner)) == before
    assert any("was not successfully updated. Currently in UPDATE_ROLLBACK_IN_PROGRESS" in str(reason) for _, _, reason in on.events("web"))


@rule("CFN-3")
def test_a_stack_that_contains_itself_ends(on: Stacks, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the quota of stacks; then all roll back."""
    monkeypatch.setattr("sandbox.services.cloudformation.api.stacks.MOST_STACKS", 6)
    on.create("web", PARENT, Parameters=key("itself.yaml"), seconds=300)
    assert on.status("web")[0] == "ROLLBACK_COMPLETE"
    assert [s["StackName"] for s in on.cfn.describe_stacks()["Stacks"]] == ["web"]
