"""Stacks in virtual time: what is made, in which order and with which events, what a failure leaves, and what a restart does not lose."""

from pathlib import Path

import pytest

from tests.support import AMI, rule
from tests.support.services.stacks import NETWORK, Stacks, make, with_broken_subnet


@pytest.fixture
def on() -> Stacks:
    return make()


RENAMED = NETWORK.replace("Default: net}", "Default: other}")
MOVED = NETWORK.replace("!Select [0, !Cidr", "!Select [1, !Cidr")


@rule("CFN-12")
def test_a_stack_is_made_in_the_order_of_its_dependencies(on: Stacks) -> None:
    on.create()
    initiated = "Resource creation Initiated"
    assert on.events() == [
        ("net", "CREATE_IN_PROGRESS", "User Initiated"),
        ("Net", "CREATE_IN_PROGRESS", None),
        ("Net", "CREATE_IN_PROGRESS", initiated),
        ("Gateway", "CREATE_IN_PROGRESS", None),
        ("Gateway", "CREATE_IN_PROGRESS", initiated),
        ("Net", "CREATE_COMPLETE", None),
        ("Gateway", "CREATE_COMPLETE", None),
        ("Zone", "CREATE_IN_PROGRESS", None),
        ("Zone", "CREATE_IN_PROGRESS", initiated),
        ("Attachment", "CREATE_IN_PROGRESS", None),
        ("Attachment", "CREATE_IN_PROGRESS", initiated),
        ("Zone", "CREATE_COMPLETE", None),
        ("Attachment", "CREATE_COMPLETE", None),
        ("net", "CREATE_COMPLETE", None),
    ]


def test_create_stack_returns_before_anything_is_made(on: Stacks) -> None:
    on.create(seconds=0)
    assert on.status()[0] in ("CREATE_IN_PROGRESS", "CREATE_COMPLETE")
    assert len(on.events()) >= 1


@rule("CFN-17")
def test_outputs_exports_and_tags_are_what_the_template_says(on: Stacks) -> None:
    stack_id = on.create(Tags=[{"Key": "team", "Value": "blue"}])
    made = on.physical_ids()
    output = on.described()["Outputs"]
    assert output == [{"OutputKey": "NetId", "OutputValue": made["Net"], "ExportName": "net-net"}]
    assert on.cfn.list_exports()["Exports"] == [{"ExportingStackId": stack_id, "Name": "net-net", "Value": made["Net"]}]
    tags = on.ec2.describe_vpcs(VpcIds=[made["Net"]])["Vpcs"][0]["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {
        "Name": "net",
        "team": "blue",
        "aws:cloudformation:stack-name": "net",
        "aws:cloudformation:stack-id": stack_id,
        "aws:cloudformation:logical-id": "Net",
    }


@rule("CFN-12")
def test_a_failed_creation_leaves_nothing(on: Stacks) -> None:
    on.create(template=with_broken_subnet())
    assert on.status() == ("ROLLBACK_COMPLETE", None)
    assert on.vpcs() == []
    reasons = [reason for _, status, reason in on.events() if status == "ROLLBACK_IN_PROGRESS"]
    assert len(reasons) == 1 and "failed to create: [" in str(reasons[0]) and str(reasons[0]).endswith(" Rollback requested by user.")
    assert "Broken" in str(reasons[0])


@pytest.mark.parametrize(
    ("options", "status", "blocks"),
    [
        ({"OnFailure": "DO_NOTHING"}, "CREATE_FAILED", ["10.1.0.0/16"]),
        ({"DisableRollback": True}, "CREATE_FAILED", ["10.1.0.0/16"]),
        ({"OnFailure": "DELETE"}, "DELETE_COMPLETE", []),
        ({"OnFailure": "ROLLBACK"}, "ROLLBACK_COMPLETE", []),
    ],
)
@rule("CFN-12")
def test_what_follows_a_failure_is_the_callers_choice(on: Stacks, options: dict[str, object], status: str, blocks: list[str]) -> None:
    stack_id = on.create(template=with_broken_subnet(), **options)
    assert (on.status(stack_id)[0], on.vpcs()) == (status, blocks)


@rule("CFN-13")
def test_an_update_without_interruption_keeps_the_resource(on: Stacks) -> None:
    on.create()
    before = on.physical_ids()
    on.update(template=RENAMED, Parameters=[{"ParameterKey": "Name", "ParameterValue": "other"}])
    assert on.status() == ("UPDATE_COMPLETE", None) and on.physical_ids() == before
    tags = on.ec2.describe_vpcs(VpcIds=[before["Net"]])["Vpcs"][0]["Tags"]
    assert {"Key": "Name", "Value": "other"} in tags


@rule("CFN-13")
def test_a_replacement_is_made_before_the_old_one_goes(on: Stacks) -> None:
    on.create()
    before = on.physical_ids()
    on.update(template=MOVED)
    after = on.physical_ids()
    assert after["Zone"] != before["Zone"] and after["Net"] == before["Net"]
    events = on.events()
    cleanup = events.index(("net", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", None))
    assert ("Zone", "UPDATE_COMPLETE", None) in events[:cleanup] and ("Zone", "DELETE_COMPLETE", None) in events[cleanup:]
    assert [s["SubnetId"] for s in on.ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [after["Net"]]}])["Subnets"]] == [
        after["Zone"]
    ]


@rule("CFN-13")
def test_a_failed_update_brings_everything_back(on: Stacks) -> None:
    on.create()
    before = on.physical_ids()
    on.update(template=with_broken_subnet(MOVED))
    assert on.status() == ("UPDATE_ROLLBACK_COMPLETE", None)
    assert on.physical_ids() == before
    subnets = on.ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [before["Net"]]}])["Subnets"]
    assert [(s["SubnetId"], s["CidrBlock"]) for s in subnets] == [(before["Zone"], "10.1.0.0/24")]
    assert on.cfn.get_template(StackName="net")["TemplateBody"] == NETWORK


def test_removed_resources_are_deleted_after_the_update(on: Stacks) -> None:
    on.create()
    on.update(
        template=NETWORK.replace("  Attachment:\n    Type: AWS::EC2::VPCGatewayAttachment\n", "").replace(
            "    Properties: {VpcId: !Ref Net, InternetGatewayId: !Ref Gateway}\n", ""
        )
    )
    assert on.status()[0] == "UPDATE_COMPLETE" and "Attachment" not in on.physical_ids()
    assert on.ec2.describe_internet_gateways()["InternetGateways"][0]["Attachments"] == []


@rule("CFN-16")
def test_a_deleted_stack_leaves_nothing_and_is_found_by_its_id(on: Stacks) -> None:
    stack_id = on.create()
    on.delete()
    assert on.status(stack_id)[0] == "DELETE_COMPLETE" and on.vpcs() == []
    order = [logical_id for logical_id, status, _ in on.events(stack_id) if status == "DELETE_COMPLETE"]
    assert order.index("Zone") < order.index("Net") and order.index("Attachment") < order.index("Gateway")
    with pytest.raises(on.cfn.exceptions.ClientError, match="Stack with id net does not exist"):
        on.described()


@rule("CFN-16")
def test_what_a_policy_retains_is_left_alone(on: Stacks) -> None:
    stack_id = on.create(template=NETWORK.replace("  Net:\n", "  Net:\n    DeletionPolicy: Retain\n"))
    on.delete()
    assert ("Net", "DELETE_SKIPPED", None) in on.events(stack_id)
    assert on.vpcs() == ["10.1.0.0/16"]


@rule("CFN-16")
def test_a_delete_that_something_else_prevents_fails_and_can_retain(on: Stacks) -> None:
    stack_id = on.create()
    on.ec2.create_subnet(VpcId=on.physical_ids()["Net"], CidrBlock="10.1.200.0/24")
    on.delete(seconds=900)
    assert on.status() == ("DELETE_FAILED", "The following resource(s) failed to delete: [Net]. ")
    on.delete(RetainResources=["Net"])
    assert on.status(stack_id)[0] == "DELETE_COMPLETE" and on.vpcs() == ["10.1.0.0/16"]


@rule("CFN-18")
def test_an_export_in_use_cannot_go(on: Stacks) -> None:
    on.create()
    importing = """
Resources:
  Zone:
    Type: AWS::EC2::Subnet
    Properties: {VpcId: !ImportValue net-net, CidrBlock: 10.1.77.0/24}
"""
    on.create("user", importing)
    assert on.status("user")[0] == "CREATE_COMPLETE"
    assert on.cfn.list_imports(ExportName="net-net")["Imports"] == ["user"]
    on.delete()
    assert on.status() == ("CREATE_COMPLETE", "Export net-net cannot be deleted as it is in use by user")
    on.update(template=NETWORK.replace("${AWS::StackName}-net", "${AWS::StackName}-other"))
    assert on.status()[0] == "UPDATE_ROLLBACK_COMPLETE"
    assert "Export net-net cannot be deleted as it is in use by user" in [reason for _, _, reason in on.events()]


@rule("CFN-12")
@pytest.mark.parametrize("moments", [0, 1, 2, 3])
def test_a_restart_in_the_middle_loses_nothing(on: Stacks, tmp_path: Path, moments: int) -> None:
    on.create(seconds=moments / 1000)
    again = Stacks(on.sandbox.restart(tmp_path / "state.bin"))
    again.sandbox.run(60)
    assert again.status()[0] == "CREATE_COMPLETE" and again.vpcs() == ["10.1.0.0/16"]
    assert len(again.ec2.describe_internet_gateways()["InternetGateways"]) == 1
    again.delete()
    assert again.vpcs() == []


def test_explain_tells_the_story_of_a_stack(on: Stacks) -> None:
    on.create(template=with_broken_subnet())
    events = {event.id: event for event in on.sandbox.sandbox.journal.events()}
    mine = [event for event in events.values() if event.detail_type.startswith("CloudFormation ") and "net" in event.resources]
    assert mine and all(event.cause in events for event in mine)
    made = next(event for event in events.values() if event.summary == "CloudFormation called CreateVpc" or "CreateVpc" in event.summary)
    chain = [event.detail_type for event in on.sandbox.sandbox.journal.chain(made)]
    assert chain[0] == "AWS API Call via CloudTrail" and "CloudFormation Stack Status Change" in chain


# ---- what protects a stack ---------------------------------------------------------------------------------------------------------------

POLICY = """{"Statement": [
  {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
  {"Effect": "Deny", "Action": "%s", "Principal": "*", "Resource": "LogicalResourceId/%s"}]}"""


@pytest.mark.parametrize(
    ("action", "resource", "change", "status"),
    [
        ("Update:Replace", "Zone", MOVED, "UPDATE_ROLLBACK_COMPLETE"),
        ("Update:*", "Zone", MOVED, "UPDATE_ROLLBACK_COMPLETE"),
        ("Update:Modify", "Zone", MOVED, "UPDATE_COMPLETE"),
        ("Update:Replace", "Net", MOVED, "UPDATE_COMPLETE"),
        ("Update:Modify", "N*", RENAMED, "UPDATE_ROLLBACK_COMPLETE"),
    ],
)
@rule("CFN-28")
def test_a_stack_policy_denies_updates(on: Stacks, action: str, resource: str, change: str, status: str) -> None:
    on.create(StackPolicyBody=POLICY % (action, resource))
    before = on.physical_ids()
    on.update(template=change)
    assert on.status()[0] == status
    if status == "UPDATE_ROLLBACK_COMPLETE":
        assert on.physical_ids() == before
        assert any("Action denied by stack policy: Statement [#2] does not allow" in str(reason) for _, _, reason in on.events())


@rule("CFN-29")
def test_a_resource_is_not_replaced_under_its_own_name(on: Stacks) -> None:
    queue = "Resources: {Q: {Type: 'AWS::SQS::Queue', Properties: {QueueName: orders%s}}}"
    on.create(template=queue % ".fifo, FifoQueue: true")
    assert on.status()[0] == "CREATE_COMPLETE"
    on.update(template="Resources: {Q: {Type: 'AWS::SQS::Queue', Properties: {QueueName: orders.fifo, FifoQueue: false}}}")
    why = "CloudFormation cannot update a stack when a custom-named resource requires replacing."
    text = f"{why} Rename orders.fifo and update the stack again."
    assert ("Q", "UPDATE_FAILED", text) in on.events() and on.status()[0] == "UPDATE_ROLLBACK_COMPLETE"


# ---- a group that waits for signals ------------------------------------------------------------------------------------------------------

GROUP = f"""
Resources:
  Template:
    Type: AWS::EC2::LaunchTemplate
    Properties: {{LaunchTemplateData: {{ImageId: {AMI}, InstanceType: t3.micro}}}}
  Group:
    Type: AWS::AutoScaling::AutoScalingGroup
    CreationPolicy:
      ResourceSignal: {{Count: 2, Timeout: PT10M}}
      AutoScalingCreationPolicy: {{MinSuccessfulInstancesPercent: PERCENT}}
    Properties:
      MinSize: 2
      MaxSize: 4
      AvailabilityZones: !GetAZs ""
      LaunchTemplate: {{LaunchTemplateId: !Ref Template, Version: !GetAtt Template.LatestVersionNumber}}
Outputs:
  Name: {{Value: !Ref Group}}
"""


@pytest.mark.parametrize(
    ("percent", "signals", "status"),
    [
        (100, ["SUCCESS", "SUCCESS"], "CREATE_COMPLETE"),
        (50, ["SUCCESS"], "CREATE_COMPLETE"),
        (100, ["SUCCESS", "FAILURE"], "ROLLBACK_COMPLETE"),
        (100, ["SUCCESS"], "ROLLBACK_COMPLETE"),
        (100, [], "ROLLBACK_COMPLETE"),
    ],
)
@rule("CFN-14", "CFN-15")
def test_a_group_is_complete_when_enough_of_its_instances_signal(on: Stacks, percent: int, signals: list[str], status: str) -> None:
    on.create("web", GROUP.replace("PERCENT", str(percent)))
    group = on.sandbox.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"][0]
    assert on.status("web")[0] == "CREATE_IN_PROGRESS" and group["AutoScalingGroupName"].startswith("web-Group-")
    for instance, signal in zip(group["Instances"], signals, strict=False):
        on.cfn.signal_resource(StackName="web", LogicalResourceId="Group", UniqueId=instance["InstanceId"], Status=signal)
    on.sandbox.run(900)
    assert on.status("web")[0] == status
    left = on.sandbox.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    assert len(left) == (1 if status == "CREATE_COMPLETE" else 0)
    reasons = [reason for logical_id, state, reason in on.events("web") if (logical_id, state) == ("Group", "CREATE_FAILED")]
    failed, succeeded = signals.count("FAILURE"), signals.count("SUCCESS")
    counted = f"Received {failed} FAILURE" if failed else f"Received {succeeded} SUCCESS"
    expected = f"{counted} signal(s) out of 2. Unable to satisfy 100% MinSuccessfulInstancesPercent requirement"
    assert reasons == ([expected] if status == "ROLLBACK_COMPLETE" else [])


def test_a_deleted_group_takes_its_instances_along(on: Stacks) -> None:
    stack_id = on.create("web", GROUP.replace("Count: 2", "Count: 0").replace("PERCENT", "100"), seconds=120)
    assert on.status("web")[0] == "CREATE_COMPLETE"
    on.delete("web", seconds=900)
    assert on.status(stack_id)[0] == "DELETE_COMPLETE"
    instances = [i["State"]["Name"] for r in on.ec2.describe_instances()["Reservations"] for i in r["Instances"]]
    assert set(instances) <= {"terminated"}


# ---- rollbacks by hand -------------------------------------------------------------------------------------------------------------------


@rule("CFN-13")
def test_an_update_in_progress_can_be_cancelled(on: Stacks) -> None:
    on.create("web", GROUP.replace("Count: 2", "Count: 0").replace("PERCENT", "100"), seconds=120)
    waiting = "  Box:\n    Type: AWS::EC2::Instance\n    CreationPolicy: {ResourceSignal: {Count: 1}}\n"
    box = f"{waiting}    Properties: {{ImageId: {AMI}, InstanceType: t3.micro}}\nOutputs:"
    on.update("web", GROUP.replace("Count: 2", "Count: 0").replace("PERCENT", "100").replace("Outputs:", box), seconds=30)
    assert on.status("web")[0] == "UPDATE_IN_PROGRESS"
    on.cfn.cancel_update_stack(StackName="web")
    on.sandbox.run(120)
    assert on.status("web")[0] == "UPDATE_ROLLBACK_COMPLETE" and "Box" not in on.physical_ids("web")
    assert ("web", "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated") in on.events("web")


@pytest.mark.parametrize("disable", [True, False])
def test_a_failed_creation_that_was_kept_can_be_rolled_back_or_repaired(on: Stacks, disable: bool) -> None:
    on.create(template=with_broken_subnet(), DisableRollback=True)
    assert on.status()[0] == "CREATE_FAILED"
    if disable:
        on.cfn.rollback_stack(StackName="net")
        on.sandbox.run(60)
        assert on.status()[0] == "ROLLBACK_COMPLETE" and on.vpcs() == []
        return
    before = on.physical_ids()["Net"]
    on.update(template=with_broken_subnet().replace("192.168.0.0/24", "10.1.50.0/24"))
    assert on.status()[0] == "UPDATE_COMPLETE" and on.physical_ids()["Net"] == before


def test_a_rollback_that_fails_can_be_continued(on: Stacks) -> None:
    """Somebody deleted what the rollback has to change."""
    queue = "Resources: {A: {Type: 'AWS::SQS::Queue', Properties: {DelaySeconds: %s}}%s}"
    on.create("q", queue % (1, ""))
    broken = ", B: {Type: 'AWS::EC2::Subnet', DependsOn: A, Properties: {VpcId: vpc-none, CidrBlock: 10.0.0.0/24}}"
    on.cfn.update_stack(StackName="q", TemplateBody=queue % (2, broken))
    on.sandbox.until(lambda: ("A", "UPDATE_COMPLETE", None) in on.events("q"), 60, step=0.001)
    on.sandbox.client("sqs").delete_queue(QueueUrl=on.physical_ids("q")["A"])
    on.sandbox.run(60)
    assert on.status("q") == ("UPDATE_ROLLBACK_FAILED", "The following resource(s) failed to update: [A]. ")
    on.cfn.continue_update_rollback(StackName="q", ResourcesToSkip=["A"])
    on.sandbox.run(60)
    assert on.status("q")[0] == "UPDATE_ROLLBACK_COMPLETE"


@rule("CFN-12")
def test_a_creation_that_takes_too_long_is_rolled_back(on: Stacks) -> None:
    on.create("web", GROUP.replace("PERCENT", "100"), seconds=200, TimeoutInMinutes=2)
    assert on.status("web")[0] in ("ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE")
    on.sandbox.run(600)
    assert on.status("web")[0] == "ROLLBACK_COMPLETE"


@rule("CFN-13")
def test_an_update_that_failed_and_was_kept_goes_back_to_what_was_well(on: Stacks) -> None:
    """Not to what failed: the replaced subnet returns."""
    on.create()
    before = on.physical_ids()
    on.update(template=with_broken_subnet(MOVED), DisableRollback=True)
    assert on.status() == ("UPDATE_FAILED", "The following resource(s) failed to create: [Broken]. ")
    assert on.physical_ids()["Zone"] != before["Zone"]
    on.cfn.rollback_stack(StackName="net")
    on.sandbox.run(60)
    assert on.status()[0] == "UPDATE_ROLLBACK_COMPLETE" and on.physical_ids() == before
    assert len(on.ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [before["Net"]]}])["Subnets"]) == 1


@rule("CFN-18")
def test_an_export_is_kept_for_a_stack_that_is_about_to_import_it(on: Stacks) -> None:
    on.create()
    waiting = f"""
Resources:
  Box:
    Type: AWS::EC2::Instance
    CreationPolicy: {{ResourceSignal: {{Count: 1}}}}
    Properties: {{ImageId: {AMI}, InstanceType: t3.micro, Tags: [{{Key: Net, Value: !ImportValue net-net}}]}}
"""
    on.create("user", waiting, seconds=1)
    on.delete(seconds=1)
    assert on.status() == ("CREATE_COMPLETE", "Export net-net cannot be deleted as it is in use by user")
