"""CloudFormation by its API: boto3 on a sandbox in virtual time. What is refused, in AWS's words, and what the answers look like."""

import importlib.util
import json
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support import AMI, rule
from tests.support.aws import request
from tests.support.services.stacks import NETWORK, Stacks, make, refusal, with_broken_subnet

TOPIC = "Resources: {T: {Type: 'AWS::SNS::Topic'}}"
Request = Callable[[Stacks], object]


@pytest.fixture
def on() -> Stacks:
    return make()


def create(template: str = TOPIC, **more: Any) -> Request:
    return lambda on: on.cfn.create_stack(**({"StackName": "new", "TemplateBody": template} | more))


def of_net(operation: str, **more: Any) -> Request:
    """Of the stack that exists."""
    return lambda on: getattr(on.cfn, operation)(StackName="net", **more)


def typed(parameter_type: str, value: str) -> Request:
    template = f"Parameters: {{P: {{Type: '{parameter_type}'}}}}\n{TOPIC}"
    return create(template, Parameters=[{"ParameterKey": "P", "ParameterValue": value}])


ROLE = "Resources: {R: {Type: 'AWS::IAM::Role', Properties: {AssumeRolePolicyDocument: {}%s}}}"


@pytest.mark.parametrize(
    ("call", "code", "message"),
    [
        (create(StackName="1st"), "ValidationError", "1 validation error detected: Value '1st' at 'stackName' failed to satisfy"),
        (create(StackName="net"), "AlreadyExistsException", "Stack [net] already exists"),
        (create("a: [1"), "ValidationError", "Template format error: YAML not well-formed. (line 2, column 1)"),
        (create("Resources: {}"), "ValidationError", "Template format error: At least one Resources member must be defined."),
        pytest.param(
            create("Resources: {T: {Type: Nonsense}}"),
            "ValidationError",
            "Template format error: Unrecognized resource types: [Nonsense]",
            marks=rule("CFN-6"),
        ),
        pytest.param(create(TOPIC + "#" * 51_200), "ValidationError", "1 validation error detected: Value", marks=rule("CFN-3")),
        (
            create(Parameters=[{"ParameterKey": "Q", "ParameterValue": "1"}]),
            "ValidationError",
            "Parameters: [Q] do not exist in the template",
        ),
        (create(OnFailure="DELETE", DisableRollback=True), "ValidationError", "You cannot specify both OnFailure and DisableRollback."),
        pytest.param(
            typed("AWS::EC2::VPC::Id", "vpc-none"),
            "ValidationError",
            "Parameter validation failed: parameter value vpc-none for parameter name P does not exist",
            marks=rule("CFN-9"),
        ),
        (typed("List<AWS::EC2::Subnet::Id>", "subnet-none"), "ValidationError", "Parameter validation failed: parameter value subnet-none"),
        (
            typed("AWS::SSM::Parameter::Value<String>", "/none"),
            "ValidationError",
            "Unable to fetch parameters [/none] from parameter store for this account.",
        ),
        (create(ROLE % ""), "InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_IAM]"),
        (
            create(ROLE % ", RoleName: r", Capabilities=["CAPABILITY_IAM"]),
            "InsufficientCapabilitiesException",
            "Requires capabilities : [CAPABILITY_NAMED_IAM]",
        ),
        (create(StackPolicyBody="{}"), "ValidationError", "Error validating stack policy: Invalid stack policy"),
        (create(Tags=[{"Key": "aws:x", "Value": "1"}]), "ValidationError", "Tag keys that begin with aws: are reserved"),
        (lambda on: on.cfn.create_stack(StackName="new"), "ValidationError", "Either Template URL or Template Body must be specified."),
        (create("Resources: {T: {Type: 'AWS::Batch::JobQueue'}}"), "NotImplemented", "resource type AWS::Batch::JobQueue (of T)"),
        (
            create("Resources: {T: {Type: 'AWS::SNS::Topic', Properties: {Colour: red}}}"),
            "NotImplemented",
            "property Colour of AWS::SNS::Topic (of T)",
        ),
        (create(f"Transform: AWS::Serverless-2016-10-31\n{TOPIC}"), "NotImplemented", "the section Transform"),
        (create(RollbackConfiguration={"RollbackTriggers": [{"Arn": "a", "Type": "b"}]}), "NotImplemented", "RollbackTriggers"),
        (lambda on: on.cfn.detect_stack_drift(StackName="net"), "NotImplemented", "drift detection"),
        (lambda on: on.cfn.list_stack_sets(), "NotImplemented", "a stack set"),
        (lambda on: on.cfn.list_types(), "NotImplemented", "a registry of types"),
        pytest.param(
            of_net("update_stack", UsePreviousTemplate=True),
            "ValidationError",
            "No updates are to be performed.",
            marks=rule("CFN-23"),
        ),
        pytest.param(
            of_net("update_stack", TemplateBody=NETWORK.replace("AWS::EC2::InternetGateway", "AWS::SNS::Topic")),
            "ValidationError",
            "Update of resource type is not permitted. The new template modifies resource type of the following resources: [Gateway]",
            marks=rule("CFN-26"),
        ),
        (of_net("cancel_update_stack"), "ValidationError", "CancelUpdateStack cannot be called from current stack status CREATE_COMPLETE"),
        (of_net("continue_update_rollback"), "ValidationError", "Stack:arn:aws:cloudformation:us-east-1:123456789012:stack/net/"),
        (of_net("delete_stack", RetainResources=["Net"]), "ValidationError", "Invalid operation on stack [arn:aws:cloudformation:"),
        (of_net("describe_stack_resource", LogicalResourceId="None"), "ValidationError", "Resource None does not exist for stack net"),
        (
            of_net("signal_resource", LogicalResourceId="Net", UniqueId="u", Status="SUCCESS"),
            "ValidationError",
            "is in CREATE_COMPLETE state and cannot be signaled",
        ),
        (of_net("describe_change_set", ChangeSetName="none"), "ChangeSetNotFound", "ChangeSet [none] does not exist"),
        (of_net("describe_stacks", NextToken="x"), "ValidationError", "NextToken is not valid."),
        (lambda on: on.cfn.describe_stacks(StackName="none"), "ValidationError", "Stack with id none does not exist"),
        (lambda on: on.cfn.describe_stack_events(StackName="none"), "ValidationError", "Stack [none] does not exist"),
        (lambda on: on.cfn.update_stack(StackName="none", TemplateBody=TOPIC), "ValidationError", "Stack [none] does not exist"),
        (lambda on: on.cfn.list_imports(ExportName="none"), "ValidationError", "Export 'none' does not exist."),
        (lambda on: on.cfn.describe_stack_resources(), "ValidationError", "Exactly one of StackName or PhysicalResourceId"),
        (lambda on: on.cfn.validate_template(TemplateURL="ftp://x/y"), "ValidationError", "TemplateURL must be a supported URL."),
    ],
)
@rule("CFN-20", "CFN-21", "CFN-24")
def test_a_refused_call_says_why_and_changes_nothing(on: Stacks, call: Request, code: str, message: str) -> None:
    on.create()
    before = (on.cfn.list_stacks()["StackSummaries"], on.events(), on.vpcs())
    with pytest.raises(ClientError) as caught:
        call(on)
    found, text = refusal(caught.value)
    assert found == code and message in text, text
    assert (on.cfn.list_stacks()["StackSummaries"], on.events(), on.vpcs()) == before


def test_deleting_what_does_not_exist_succeeds(on: Stacks) -> None:
    on.cfn.delete_stack(StackName="none")
    on.cfn.delete_change_set(StackName=on.create(), ChangeSetName="none")


@rule("CFN-22")
def test_a_stack_in_progress_is_not_updated(on: Stacks) -> None:
    stack_id = on.cfn.create_stack(StackName="net", TemplateBody=NETWORK)["StackId"]
    with pytest.raises(ClientError) as caught:
        on.cfn.update_stack(StackName="net", TemplateBody=NETWORK)
    assert refusal(caught.value)[1] == f"Stack:{stack_id} is in CREATE_IN_PROGRESS state and can not be updated."
    on.sandbox.run(60)
    on.update(template=NETWORK.replace("Default: net}", "Default: other}"), seconds=0)
    with pytest.raises(ClientError) as caught:
        on.delete()
    assert refusal(caught.value)[1] == f"Stack [{stack_id}] cannot be deleted while in status UPDATE_IN_PROGRESS"


@rule("CFN-27")
def test_a_repeated_request_does_nothing_twice(on: Stacks) -> None:
    given = {"StackName": "net", "TemplateBody": NETWORK, "ClientRequestToken": "once"}
    assert on.cfn.create_stack(**given)["StackId"] == on.cfn.create_stack(**given)["StackId"]
    with pytest.raises(ClientError) as caught:
        on.cfn.create_stack(**given, DisableRollback=True)
    assert refusal(caught.value)[0] == "TokenAlreadyExistsException"
    on.sandbox.run(30)
    assert {e["ClientRequestToken"] for e in on.cfn.describe_stack_events(StackName="net")["StackEvents"]} == {"once"}


@rule("CFN-25")
def test_a_protected_stack_is_not_deleted(on: Stacks) -> None:
    on.create(EnableTerminationProtection=True)
    with pytest.raises(ClientError) as caught:
        on.delete()
    assert refusal(caught.value)[1] == "Stack [net] cannot be deleted while TerminationProtection is enabled"
    on.cfn.update_termination_protection(StackName="net", EnableTerminationProtection=False)
    on.delete()
    assert on.vpcs() == []


# ---- templates ---------------------------------------------------------------------------------------------------------------------------

DECLARED = """
Description: what is declared
Metadata: {Version: 3}
Parameters:
  Size: {Type: Number, Default: 2, MinValue: 1, Description: how many}
  Word: {Type: String, NoEcho: true, AllowedPattern: "[a-z]+"}
Resources:
  Role: {Type: "AWS::IAM::Role", Properties: {AssumeRolePolicyDocument: {}}}
"""


def test_a_valid_template_is_summed_up(on: Stacks) -> None:
    found = on.cfn.validate_template(TemplateBody=DECLARED)
    assert found["Description"] == "what is declared" and found["Capabilities"] == ["CAPABILITY_IAM"]
    assert found["CapabilitiesReason"] == "The following resource(s) require capabilities: [AWS::IAM::Role]"
    assert [p["ParameterKey"] for p in found["Parameters"]] == ["Size", "Word"]
    summary = on.cfn.get_template_summary(TemplateBody=DECLARED)
    assert summary["ResourceTypes"] == ["AWS::IAM::Role"] and json.loads(summary["Metadata"]) == {"Version": 3}
    assert summary["Parameters"][0]["DefaultValue"] == "2" and summary["Parameters"][1]["NoEcho"] is True


def test_a_template_may_be_in_s3(on: Stacks) -> None:
    s3 = on.sandbox.client("s3")
    s3.create_bucket(Bucket="templates")
    s3.put_object(Bucket="templates", Key="net/one.yaml", Body=NETWORK.encode())
    for url in (
        "https://templates.s3.us-east-1.amazonaws.com/net/one.yaml",
        "https://s3.us-east-1.amazonaws.com/templates/net/one.yaml",
        "http://localhost:4566/templates/net/one.yaml",
    ):
        assert on.cfn.validate_template(TemplateURL=url)["Description"] == "a network"
    with pytest.raises(ClientError, match="S3 error: The specified key does not exist"):
        on.cfn.validate_template(TemplateURL="https://templates.s3.amazonaws.com/none")


@rule("CFN-10", "CFN-31")
def test_values_of_ssm_parameters_are_used(on: Stacks) -> None:
    on.sandbox.client("ssm").put_parameter(Name="/net/block", Value="10.9.0.0/16", Type="String")
    on.sandbox.client("ssm").put_parameter(Name="/net/name", Value="by-reference", Type="String")
    template = NETWORK.replace("{Type: String, Default: 10.1.0.0/16}", "{Type: 'AWS::SSM::Parameter::Value<String>', Default: /net/block}")
    on.create(template=template.replace("Default: net}", "Default: '{{resolve:ssm:/net/name}}'}"))
    assert on.status()[0] == "CREATE_COMPLETE" and on.vpcs() == ["10.9.0.0/16"]
    shown = {p["ParameterKey"]: p for p in on.described()["Parameters"]}
    assert shown["Block"] == {"ParameterKey": "Block", "ParameterValue": "/net/block", "ResolvedValue": "10.9.0.0/16"}
    tags = on.ec2.describe_vpcs(VpcIds=[on.physical_ids()["Net"]])["Vpcs"][0]["Tags"]
    assert {"Key": "Name", "Value": "by-reference"} in tags


@rule("CFN-33")
def test_rules_are_asserted(on: Stacks) -> None:
    rules = """
Rules:
  Small:
    RuleCondition: !Equals [!Ref Name, small]
    Assertions:
      - {Assert: {"Fn::Contains": [["10.1.0.0/16"], !Ref Block]}, AssertDescription: only the usual block}
"""
    other = [{"ParameterKey": "Block", "ParameterValue": "10.2.0.0/16"}]
    with pytest.raises(ClientError, match="Rule Small failed: only the usual block"):
        on.create(template=NETWORK + rules, Parameters=[*other, {"ParameterKey": "Name", "ParameterValue": "small"}])
    on.create(template=NETWORK + rules, Parameters=other)
    assert on.vpcs() == ["10.2.0.0/16"]


@rule("CFN-8")
def test_a_hidden_value_is_shown_nowhere(on: Stacks) -> None:
    on.create(
        template=NETWORK.replace("Default: net}", "Default: net, NoEcho: true}"),
        Parameters=[{"ParameterKey": "Name", "ParameterValue": "hush"}],
    )
    events = on.cfn.describe_stack_events(StackName="net")
    assert {"ParameterKey": "Name", "ParameterValue": "****"} in on.described()["Parameters"]
    assert "hush" not in str(events) and "****" in str(events)


@rule("CFN-32")
def test_a_property_that_is_missing_fails_the_resource(on: Stacks) -> None:
    on.create(template="Resources: {Zone: {Type: 'AWS::EC2::Subnet', Properties: {CidrBlock: 10.0.0.0/24}}}")
    text = "Properties validation failed for resource Zone with message:\n#: required key [VpcId] not found"
    assert ("Zone", "CREATE_FAILED", text) in on.events()


# ---- change sets -------------------------------------------------------------------------------------------------------------------------


def change_set(on: Stacks, template: str, **more: Any) -> dict[str, Any]:
    on.cfn.create_change_set(StackName="net", ChangeSetName="next", TemplateBody=template, **more)
    found: dict[str, Any] = on.cfn.describe_change_set(StackName="net", ChangeSetName="next")
    return found


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (NETWORK.replace("Default: net}", "Default: other}"), [("Modify", "Net", "False", ["Properties"])]),
        (NETWORK.replace("!Select [0, !Cidr", "!Select [1, !Cidr"), [("Modify", "Zone", "True", ["Properties"])]),
        (
            NETWORK.replace("Default: 10.1.0.0/16", "Default: 10.3.0.0/16"),
            [
                ("Modify", "Net", "True", ["Properties"]),
                ("Modify", "Zone", "Conditional", ["Properties"]),
                ("Modify", "Attachment", "Conditional", ["Properties"]),
            ],
        ),
        (with_broken_subnet(), [("Add", "Broken", None, [])]),
        (NETWORK.replace("  Gateway:\n", "  More: {Type: 'AWS::SNS::Topic'}\n  Gateway:\n"), [("Add", "More", None, [])]),
    ],
)
@rule("CFN-30")
def test_a_change_set_says_what_would_change(on: Stacks, template: str, expected: list[tuple[Any, ...]]) -> None:
    on.create()
    found = change_set(on, template)
    changes = [each["ResourceChange"] for each in found["Changes"]]
    assert (found["Status"], found["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    assert [(c["Action"], c["LogicalResourceId"], c.get("Replacement"), c["Scope"]) for c in changes] == expected


def test_what_causes_a_change_is_named(on: Stacks) -> None:
    on.create()
    by_parameter = change_set(on, NETWORK, Parameters=[{"ParameterKey": "Name", "ParameterValue": "other"}])
    details = by_parameter["Changes"][0]["ResourceChange"]["Details"]
    assert [(d["Evaluation"], d["ChangeSource"], d.get("CausingEntity")) for d in details] == [
        ("Static", "ParameterReference", "Name"),
        ("Dynamic", "DirectModification", None),
    ]


@rule("CFN-30")
def test_a_change_set_without_changes_has_failed(on: Stacks) -> None:
    on.create()
    found = change_set(on, NETWORK)
    assert (found["Status"], found["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert found["StatusReason"].startswith("The submitted information didn't contain changes.")
    with pytest.raises(ClientError, match="cannot be executed in its current status of"):
        on.cfn.execute_change_set(StackName="net", ChangeSetName="next")


@rule("CFN-30")
def test_a_change_set_creates_a_stack(on: Stacks) -> None:
    """As `aws cloudformation deploy` does."""
    made = on.cfn.create_change_set(StackName="net", ChangeSetName="first", ChangeSetType="CREATE", TemplateBody=NETWORK)
    assert on.status()[0] == "REVIEW_IN_PROGRESS" and on.vpcs() == []
    on.cfn.get_waiter("change_set_create_complete").wait(ChangeSetName=made["Id"])
    assert [s["ChangeSetName"] for s in on.cfn.list_change_sets(StackName="net")["Summaries"]] == ["first"]
    on.cfn.execute_change_set(ChangeSetName=made["Id"])
    on.sandbox.run(30)
    assert on.status()[0] == "CREATE_COMPLETE" and on.described()["ChangeSetId"] == made["Id"]
    assert on.cfn.describe_change_set(ChangeSetName=made["Id"])["ExecutionStatus"] == "EXECUTE_COMPLETE"
    on.cfn.create_change_set(
        StackName="net", ChangeSetName="second", TemplateBody=NETWORK, Parameters=[{"ParameterKey": "Name", "ParameterValue": "other"}]
    )
    on.cfn.execute_change_set(StackName="net", ChangeSetName="second")
    on.sandbox.run(30)
    assert on.status()[0] == "UPDATE_COMPLETE"


# ---- waiters and pages -------------------------------------------------------------------------------------------------------------------


def test_waiters_and_paginators_read_stacks(on: Stacks) -> None:
    stack_id = on.create()
    on.cfn.get_waiter("stack_exists").wait(StackName="net")
    on.cfn.get_waiter("stack_create_complete").wait(StackName="net")
    for name in ("describe_stacks", "list_stacks", "list_exports"):
        assert len(list(on.cfn.get_paginator(name).paginate())) == 1
    for name in ("describe_stack_events", "list_stack_resources", "list_change_sets"):
        assert list(on.cfn.get_paginator(name).paginate(StackName="net"))
    on.update(template=NETWORK.replace("Default: net}", "Default: other}"))
    on.cfn.get_waiter("stack_update_complete").wait(StackName="net")
    on.delete()
    on.cfn.get_waiter("stack_delete_complete").wait(StackName=stack_id)


def test_long_answers_have_pages(on: Stacks) -> None:
    topics = "\n".join(f"  T{n}: {{Type: 'AWS::SNS::Topic'}}" for n in range(120))
    on.create("many", f"Resources:\n{topics}\n")
    pages = list(on.cfn.get_paginator("list_stack_resources").paginate(StackName="many"))
    assert [len(page["StackResourceSummaries"]) for page in pages] == [100, 20]
    assert sum(len(page["StackEvents"]) for page in on.cfn.get_paginator("describe_stack_events").paginate(StackName="many")) == 362


def test_resources_are_described_by_stack_or_physical_id(on: Stacks) -> None:
    on.create(template=NETWORK.replace("  Gateway:\n", "  Gateway:\n    Metadata: {Note: mine}\n"))
    gateway = on.physical_ids()["Gateway"]
    found = on.cfn.describe_stack_resources(PhysicalResourceId=gateway)["StackResources"]
    assert {r["StackName"] for r in found} == {"net"} and gateway in {r["PhysicalResourceId"] for r in found}
    detail = on.cfn.describe_stack_resource(StackName="net", LogicalResourceId="Gateway")["StackResourceDetail"]
    assert json.loads(detail["Metadata"]) == {"Note": "mine"}


@rule("CFN-19")
def test_stack_events_are_published(on: Stacks) -> None:
    sqs, sns = on.sandbox.client("sqs"), on.sandbox.client("sns")
    topic = sns.create_topic(Name="stacks")["TopicArn"]
    url = sqs.create_queue(QueueName="stacks")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    on.create(NotificationARNs=[topic])
    bodies = [json.loads(m["Body"]) for m in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]]
    assert {body["Subject"] for body in bodies} == {"AWS CloudFormation Notification"}
    assert "ResourceStatus='CREATE_IN_PROGRESS'\n" in bodies[0]["Message"] and "StackName='net'\n" in bodies[0]["Message"]


# ---- signals -----------------------------------------------------------------------------------------------------------------------------

BOX = f"""
Resources:
  Box:
    Type: AWS::EC2::Instance
    CreationPolicy: {{ResourceSignal: {{Count: 1, Timeout: PT10M}}}}
    Properties: {{ImageId: {AMI}, InstanceType: t3.micro}}
"""


def cfn_signal(*options: str) -> Any:
    """The request that the script of an instance sends."""
    path = str(Path(__file__).resolve().parents[3] / "sandbox/images/machine/image/cfn-signal")
    spec = importlib.util.spec_from_loader("cfn_signal", SourceFileLoader("cfn_signal", path))
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script.request(script.arguments(options))


@pytest.mark.parametrize(
    ("options", "status", "reason"),
    [
        (("--success", "true"), "CREATE_COMPLETE", None),
        (("-e", "0"), "CREATE_COMPLETE", None),
        (("-e", "1"), "CREATE_FAILED", "Received FAILURE signal with UniqueId i-7"),
        (("-s", "false"), "CREATE_FAILED", "Received FAILURE signal with UniqueId i-7"),
    ],
)
@rule("CFN-14", "CFN-15")
def test_an_instance_signals_with_cfn_signal(on: Stacks, options: tuple[str, ...], status: str, reason: str | None) -> None:
    on.create(template=BOX, OnFailure="DO_NOTHING")
    assert on.status()[0] == "CREATE_IN_PROGRESS"
    sent = cfn_signal("--stack", "net", "--resource", "Box", "--id", "i-7", *options)
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in sent.header_items() if name != "Content-type"}
    answer = request(
        on.sandbox.sandbox.gateway,
        "POST",
        "/",
        sent.data,
        **headers,
        CONTENT_TYPE=sent.get_header("Content-type"),
        REMOTE_ADDR="172.31.0.9",
    )
    assert answer[0] == 200, answer
    on.sandbox.run(10)
    assert on.status()[0] == status and ("Box", status, reason) in on.events()


@rule("CFN-15")
def test_a_signal_that_does_not_come_fails_the_resource(on: Stacks) -> None:
    on.create(template=BOX, seconds=700)
    assert ("Box", "CREATE_FAILED", "Failed to receive 1 resource signal(s) within the specified duration") in on.events()
    assert on.status()[0] == "ROLLBACK_COMPLETE"
