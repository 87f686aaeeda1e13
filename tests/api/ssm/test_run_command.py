"""Run Command through the API, on instances that are records: what SendCommand answers, lists and refuses."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.ec2.models import ec2_backends

from sandbox.aws.backends import find_instance
from sandbox.services.ec2.model import InstanceEvent
from tests.support import rule
from tests.support.aws import IMAGE, SCOPE, Aws

SHELL = "AWS-RunShellScript"


@pytest.fixture
def instances(aws: Aws) -> list[str]:
    """Three, whose loops do not run: the third is still pending."""
    made = aws("ec2").run_instances(ImageId=IMAGE, InstanceType="t3.micro", MinCount=3, MaxCount=3)["Instances"]
    ids = [each["InstanceId"] for each in made]
    for each in ids[:2]:
        find_instance(ec2_backends[SCOPE.account][SCOPE.region], each).advance(InstanceEvent.BOOTED, "its machine runs")
    return ids


def send(aws: Aws, *instance_ids: str, **given: Any) -> dict[str, Any]:
    where = {"InstanceIds": list(instance_ids)} if instance_ids else {}
    wanted = {"DocumentName": SHELL, "Parameters": {"commands": ["uptime"]}, **where, **given}
    return dict(aws("ssm").send_command(**wanted)["Command"])


def refused(call: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as failed:
        call()
    return failed.value.response["Error"]["Code"], failed.value.response["Error"]["Message"]


@rule("SSM-3")
def test_a_command_is_pending_with_its_targets_and_limits(aws: Aws, instances: list[str]) -> None:
    made = send(aws, *instances[:2], Comment="look", TimeoutSeconds=60)
    assert (made["Status"], made["StatusDetails"], made["TargetCount"], made["CompletedCount"]) == ("Pending", "Pending", 2, 0)
    assert (made["MaxConcurrency"], made["MaxErrors"], made["TimeoutSeconds"], made["Comment"]) == ("50", "0", 60, "look")
    assert (made["ExpiresAfter"] - made["RequestedDateTime"]).total_seconds() == 3660
    assert made["Parameters"] == {"commands": ["uptime"]}
    [listed] = aws("ssm").list_commands()["Commands"]
    assert listed == made


@rule("SSM-2")
def test_instances_that_are_not_managed_nodes_are_refused_and_nothing_is_sent(aws: Aws, instances: list[str]) -> None:
    for unknown in (instances[2], "i-0123456789abcdef0"):
        code, text = refused(lambda unknown=unknown: send(aws, instances[0], unknown))
        assert (code, text) == ("InvalidInstanceId", f"Instances [[{unknown}]] not in a valid state for account 123456789012")
    assert aws("ssm").list_commands()["Commands"] == []


@rule("SSM-3")
@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "InvalidInstanceId"),
        ({"Targets": [{"Key": "resource-groups:Name", "Values": ["x"]}]}, "ValidationException"),
        ({"DocumentName": "AWS-RunPatchBaseline"}, "InvalidDocument"),
        ({"DocumentName": "mine"}, "InvalidDocument"),
        ({"DocumentVersion": "7"}, "InvalidDocumentVersion"),
        ({"Parameters": {"command": ["x"]}}, "InvalidParameters"),
        ({"Parameters": {"commands": ["x" * 70_000]}}, "MaxDocumentSizeExceeded"),
        ({"OutputS3BucketName": "logs"}, "NotImplemented"),
        ({"MaxErrors": "many"}, "ValidationException"),
        ({"MaxConcurrency": "0"}, "ValidationException"),
    ],
)
def test_what_cannot_be_sent_is_refused_and_changes_nothing(aws: Aws, instances: list[str], given: dict[str, Any], code: str) -> None:
    here = [] if not given or "Targets" in given else instances[:1]
    assert refused(lambda: send(aws, *here, **given))[0] == code
    assert aws("ssm").list_commands()["Commands"] == []


@rule("SSM-8")
def test_a_document_of_aws_that_is_not_here_is_refused_by_name_with_those_that_are(aws: Aws, instances: list[str]) -> None:
    _, text = refused(lambda: send(aws, instances[0], DocumentName="AWSFIS-Run-Disk-Fill"))
    assert text.startswith(
        "The sandbox does not have AWS's document AWSFIS-Run-Disk-Fill. It has AWS-RunShellScript, AWSFIS-Run-CPU-Stress"
    )


def test_an_instance_given_twice_is_refused(aws: Aws, instances: list[str]) -> None:
    assert refused(lambda: send(aws, instances[0], instances[0]))[0] == "DuplicateInstanceId"


@rule("SSM-6")
def test_what_is_asked_about_and_does_not_exist_is_told_apart(aws: Aws, instances: list[str]) -> None:
    command, ssm, none = send(aws, instances[0])["CommandId"], aws("ssm"), "11111111-2222-3333-4444-555555555555"
    get = ssm.get_command_invocation
    assert refused(lambda: get(CommandId=none, InstanceId=instances[0]))[0] == "InvalidCommandId"
    assert refused(lambda: get(CommandId=command, InstanceId=instances[1]))[0] == "InvocationDoesNotExist"
    assert refused(lambda: get(CommandId=command, InstanceId=instances[0], PluginName="aws:other"))[0] == "InvalidPluginName"
    assert refused(lambda: ssm.cancel_command(CommandId=none))[0] == "InvalidCommandId"
    found = get(CommandId=command, InstanceId=instances[0])
    assert (found["Status"], found["ResponseCode"], found["ExecutionStartDateTime"]) == ("Pending", -1, "")


def test_commands_are_listed_newest_first_by_filters_and_in_pages(aws: Aws, instances: list[str]) -> None:
    ssm, ids = aws("ssm"), []
    for number in range(3):
        aws.clock.advance_to(aws.clock.now().replace(hour=18 + number))
        ids.append(send(aws, instances[number % 2])["CommandId"])
    assert [each["CommandId"] for each in ssm.list_commands(MaxResults=2)["Commands"]] == ids[:0:-1]
    pages = ssm.get_paginator("list_commands").paginate(PaginationConfig={"PageSize": 1})
    assert [each["CommandId"] for page in pages for each in page["Commands"]] == ids[::-1]

    def by(key: str, value: str) -> list[str]:
        return [each["CommandId"] for each in ssm.list_commands(Filters=[{"key": key, "value": value}])["Commands"]]

    assert by("InvokedAfter", "2026-05-07T19:00:00Z") == ids[:0:-1]
    assert by("InvokedBefore", "2026-05-07T19:00:00Z") == ids[:1]
    assert (by("Status", "Success"), by("ExecutionStage", "Executing")) == ([], ids[::-1])
    assert [each["CommandId"] for each in ssm.list_commands(InstanceId=instances[1])["Commands"]] == ids[1:2]
    assert refused(lambda: by("Status", "Wrong"))[0] == "InvalidFilterKey"
    assert refused(lambda: ssm.list_commands(NextToken="x"))[0] == "InvalidNextToken"
    assert len(ssm.list_command_invocations()["CommandInvocations"]) == 3


@rule("SSM-1")
def test_managed_nodes_are_the_running_instances_with_whether_they_answer(aws: Aws, instances: list[str]) -> None:
    aws.machines.silent.add(instances[1])
    found = aws("ssm").describe_instance_information()["InstanceInformationList"]
    assert [(each["InstanceId"], each["PingStatus"]) for each in found] == [(instances[0], "Online"), (instances[1], "ConnectionLost")]
    assert (found[0]["PlatformType"], found[0]["ResourceType"]) == ("Linux", "EC2Instance")
    aws("ec2").create_tags(Resources=instances[:1], Tags=[{"Key": "team", "Value": "web"}])

    def by(key: str, *values: str) -> list[str]:
        filters = [{"Key": key, "Values": list(values)}]
        return [each["InstanceId"] for each in aws("ssm").describe_instance_information(Filters=filters)["InstanceInformationList"]]

    assert (by("tag:team", "web"), by("PingStatus", "ConnectionLost")) == (instances[:1], instances[1:2])
    assert by("InstanceIds", *instances) == instances[:2]
    assert refused(lambda: by("Colour", "red"))[0] == "InvalidFilterKey"
    assert refused(lambda: by("PingStatus", "Away"))[0] == "InvalidInstanceInformationFilterValue"


@rule("SSM-8")
def test_documents_of_aws_and_of_the_account_are_described_and_listed(aws: Aws) -> None:
    ssm = aws("ssm")
    content = '{"schemaVersion": "2.2", "mainSteps": []}'
    ssm.create_document(Name="mine", Content=content, DocumentType="Command", DocumentFormat="JSON")
    described = ssm.describe_document(Name=SHELL)["Document"]
    assert [each["Name"] for each in described["Parameters"]] == ["commands", "workingDirectory", "executionTimeout"]
    assert (described["Owner"], described["DocumentType"], described["Status"]) == ("Amazon", "Command", "Active")
    assert "aws:runShellScript" in ssm.get_document(Name=SHELL)["Content"]
    assert ssm.get_document(Name=SHELL, DocumentFormat="YAML")["Content"].startswith("schemaVersion: '1.2'")
    names = [each["Name"] for page in ssm.get_paginator("list_documents").paginate() for each in page["DocumentIdentifiers"]]
    assert SHELL in names and "AWSFIS-Run-CPU-Stress" in names and names[-1] == "mine"
    own = ssm.list_documents(Filters=[{"Key": "Owner", "Values": ["Self"]}])["DocumentIdentifiers"]
    assert [each["Name"] for each in own] == ["mine"]
    assert ssm.get_document(Name="mine")["Content"] == content
    assert refused(lambda: ssm.describe_document(Name="AWS-Nothing"))[0] == "InvalidDocument"


def test_parameter_store_works_as_before(aws: Aws) -> None:
    ssm = aws("ssm")
    ssm.put_parameter(Name="/a", Value="1", Type="String")
    assert ssm.get_parameter(Name="/a")["Parameter"]["Value"] == "1"
