"""CloudFormation's answers and texts as AWS gave them (capture X64): what a stack and a change set look like, and what is refused how.

Names, ids and times of the recording are replaced by ours.
"""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support import rule
from tests.support.services.stacks import Stacks, make, refusal

TOPIC = {"Resources": {"Foo": {"Type": "AWS::SNS::Topic"}}}
NAMED = {
    "Parameters": {"TopicName": {"Type": "String", "Default": "one"}},
    "Resources": {"topic123": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Ref": "TopicName"}}}},
}
ALWAYS = {"CreationTime", "DisableRollback", "DriftInformation", "NotificationARNs", "RollbackConfiguration"}
ALWAYS |= {"StackId", "StackName", "StackStatus", "Tags"}


@pytest.fixture
def on() -> Stacks:
    return make()


def with_topic(**more: Any) -> dict[str, Any]:
    return {**TOPIC, **more}


def property_of_topic(value: Any, **more: Any) -> dict[str, Any]:
    return {"Resources": {"Foo": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": value}}}, **more}


UNRESOLVED = "Unresolved resource dependencies [Bar] in the {} block of the template"
SPLIT = (
    "Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be split or a function that"
    " returns a string to be split."
)
SELECT = "Template error: Fn::Select requires a list argument with two elements: an integer index and a list"
GET_ATT = "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute"
NO_BAR = {"Conditions": {"Never": {"Fn::Equals": ["a", "b"]}}}
SKIPPED = {"Type": "AWS::SNS::Topic", "Condition": "Never"}


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ({"Resources": {}}, "Template format error: At least one Resources member must be defined."),
        ({"Resources": {"A": "x"}}, "Template format error: Any Resources member must be an object."),
        ({"Resources": {"A": {}}}, "Template format error: [/Resources/A] Every Resources object must contain a Type member."),
        ({"Resources": {"A": {"Type": "AWS::SNS::Topic", "Invalid": 1}}}, "Invalid template resource property 'Invalid'"),
        ({"Resources": {"AWS::NoValue": {}}}, "Template format error: Resource name AWS::NoValue is non alphanumeric."),
        (with_topic(Parameters={"AWS::NoValue": {}}), "Template format error: Parameter name AWS::NoValue is non alphanumeric."),
        (with_topic(Outputs={"MyOutput": {"Value": None}}), "[/Outputs/MyOutput/Value] 'null' values are not allowed in templates"),
        (with_topic(Outputs={"MyOutput": {}}), "Template format error: Every Outputs member must contain a Value object"),
        (with_topic(Mappings={"A": {"B": "C"}}), "Template format error: Every Mappings member A must be a map"),
        (
            with_topic(Mappings={"A": {"B": {"C": {"Ref": "Foo"}}}}),
            "Template format error: Every Mappings attribute must be a String or a List.",
        ),
        (property_of_topic({"Ref": "Bar"}), f"Template format error: {UNRESOLVED.format('Resources')}"),
        (
            {"Resources": {"Foo": {"Type": "AWS::SNS::Topic", "DependsOn": "Bar"}}},
            f"Template format error: {UNRESOLVED.format('Resources')}",
        ),
        (
            {"Resources": {**TOPIC["Resources"], "Bar": SKIPPED}, "Outputs": {"O": {"Value": {"Ref": "Bar"}}}, **NO_BAR},
            UNRESOLVED.format("Outputs"),
        ),
        (
            property_of_topic({"Fn::If": ["MissingCondition", "a", "b"]}),
            "Template error: unresolved condition dependency MissingCondition in Fn::If",
        ),
        (
            with_topic(Conditions={"A": {"Fn::Equals": ["x"]}}),
            "Template error: every Fn::Equals object requires a list of 2 string parameters.",
        ),
        (
            property_of_topic({"Fn::FindInMap": ["Map", "C", "Suffix"]}, Mappings={"Map": {"A": {"Suffix": "a"}}}),
            "Template error: Unable to get mapping for Map::C::Suffix",
        ),
        (property_of_topic({"Fn::GetAtt": "Foo"}), GET_ATT),
    ],
)
@rule("CFN-4")
def test_a_wrong_template_is_refused_in_these_words(on: Stacks, template: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError) as caught:
        on.cfn.create_stack(StackName="s", TemplateBody=json.dumps(template))
    assert refusal(caught.value) == ("ValidationError", message)


@pytest.mark.parametrize(
    ("value", "message"),
    [({"Fn::Split": ["|"]}, SPLIT), ({"Fn::Select": ["x", ["a"]]}, SELECT)],
)
def test_a_wrong_function_fails_in_these_words(on: Stacks, value: Any, message: str) -> None:
    on.create("s", json.dumps(property_of_topic(value)), DisableRollback=True)
    assert message in [reason for _, _, reason in on.events("s")]


@pytest.mark.parametrize(
    ("operation", "given", "code", "message"),
    [
        ("describe_stacks", {"StackName": "none"}, "ValidationError", "Stack with id none does not exist"),
        ("describe_stack_events", {"StackName": "none"}, "ValidationError", "Stack [none] does not exist"),
        ("get_template", {"StackName": "none"}, "ValidationError", "Stack with id none does not exist"),
        ("get_template", {}, "ValidationError", "StackName is required if ChangeSetName is not specified."),
        ("get_template", {"ChangeSetName": "c"}, "ValidationError", "StackName is a required parameter."),
        (
            "delete_change_set",
            {"ChangeSetName": "c"},
            "ValidationError",
            "StackName must be specified if ChangeSetName is not specified as an ARN.",
        ),
        ("delete_change_set", {"ChangeSetName": "c", "StackName": "none"}, "ValidationError", "Stack [none] does not exist"),
        ("describe_change_set", {"ChangeSetName": "c", "StackName": "s"}, "ChangeSetNotFound", "ChangeSet [c] does not exist"),
        (
            "describe_stack_resource",
            {"StackName": "s", "LogicalResourceId": "X"},
            "ValidationError",
            "Resource X does not exist for stack s",
        ),
        ("create_stack", {"StackName": "s", "TemplateBody": json.dumps(TOPIC)}, "AlreadyExistsException", "Stack [s] already exists"),
        ("create_stack", {"StackName": "t"}, "ValidationError", "Either Template URL or Template Body must be specified."),
        (
            "create_change_set",
            {"StackName": "s", "ChangeSetName": "c", "ChangeSetType": "CREATE", "TemplateBody": json.dumps(TOPIC)},
            "ValidationError",
            "Stack [s] already exists and cannot be created again with the changeSet [c].",
        ),
        (
            "update_stack",
            {"StackName": "s", "TemplateBody": json.dumps(with_topic(Description="d")), "ResourceTypes": ["AWS::EC2::*"]},
            "ValidationError",
            "Resource type AWS::SNS::Topic is not allowed by parameter ResourceTypes [AWS::EC2::*]",
        ),
        ("update_stack", {"StackName": "s", "UsePreviousTemplate": True}, "ValidationError", "No updates are to be performed."),
        (
            "set_stack_policy",
            {"StackName": "s", "StackPolicyBody": "{}", "StackPolicyURL": "u"},
            "ValidationError",
            "You cannot specify both StackPolicyURL and StackPolicyBody",
        ),
        (
            "set_stack_policy",
            {"StackName": "s", "StackPolicyBody": "x"},
            "ValidationError",
            "Error validating stack policy: Invalid stack policy",
        ),
        ("validate_template", {"TemplateURL": "ftp://x"}, "ValidationError", "TemplateURL must be a supported URL."),
    ],
)
@rule("CFN-20", "CFN-30")
def test_a_wrong_call_is_refused_in_these_words(on: Stacks, operation: str, given: dict[str, Any], code: str, message: str) -> None:
    on.create("s", json.dumps(TOPIC))
    with pytest.raises(ClientError) as caught:
        getattr(on.cfn, operation)(**given)
    assert refusal(caught.value) == (code, message)


def test_a_stack_has_these_members(on: Stacks) -> None:
    stack_id = on.create("s", json.dumps(TOPIC))
    assert on.described("s").keys() == ALWAYS | {"EnableTerminationProtection"}
    on.delete("s")
    assert on.described(stack_id).keys() == ALWAYS | {"DeletionTime"}


def test_a_stack_of_a_change_set_has_these_members(on: Stacks) -> None:
    made = on.cfn.create_change_set(StackName="s", ChangeSetName="c", ChangeSetType="CREATE", TemplateBody=json.dumps(TOPIC))
    assert on.described("s").keys() == ALWAYS | {"EnableTerminationProtection", "StackStatusReason"}
    with pytest.raises(ClientError, match="GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks"):
        on.cfn.get_template_summary(StackName="s")
    change_set = on.cfn.describe_change_set(ChangeSetName=made["Id"])
    expected = {"Capabilities", "ChangeSetId", "ChangeSetName", "Changes", "CreationTime", "ExecutionStatus", "IncludeNestedStacks"}
    expected |= {"NotificationARNs", "RollbackConfiguration", "StackId", "StackName", "Status"}
    assert change_set.keys() - {"ResponseMetadata"} == expected
    assert change_set["Changes"] == [
        {
            "Type": "Resource",
            "ResourceChange": {"Action": "Add", "Details": [], "LogicalResourceId": "Foo", "ResourceType": "AWS::SNS::Topic", "Scope": []},
        }
    ]
    on.cfn.execute_change_set(ChangeSetName=made["Id"])
    on.sandbox.run(30)
    assert on.described("s").keys() == ALWAYS | {"EnableTerminationProtection", "ChangeSetId", "LastUpdatedTime"}


@rule("CFN-30")
def test_a_change_by_a_parameter_has_two_details(on: Stacks) -> None:
    on.create("s", json.dumps(NAMED))
    changed = [{"ParameterKey": "TopicName", "ParameterValue": "two"}]
    made = on.cfn.create_change_set(StackName="s", ChangeSetName="c", UsePreviousTemplate=True, Parameters=changed)
    target = {"Attribute": "Properties", "Name": "TopicName", "RequiresRecreation": "Always"}
    assert on.cfn.describe_change_set(ChangeSetName=made["Id"])["Changes"][0]["ResourceChange"] == {
        "Action": "Modify",
        "Details": [
            {"CausingEntity": "TopicName", "ChangeSource": "ParameterReference", "Evaluation": "Static", "Target": target},
            {"ChangeSource": "DirectModification", "Evaluation": "Dynamic", "Target": target},
        ],
        "LogicalResourceId": "topic123",
        "PhysicalResourceId": "arn:aws:sns:us-east-1:123456789012:one",
        "PolicyAction": "ReplaceAndDelete",
        "Replacement": "True",
        "ResourceType": "AWS::SNS::Topic",
        "Scope": ["Properties"],
    }


@rule("CFN-30")
def test_a_change_shows_its_values_when_asked(on: Stacks) -> None:
    topics = {
        "One": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "one", "DisplayName": "old"}},
        "Two": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::GetAtt": ["One", "TopicName"]}}},
    }
    on.create("s", json.dumps({"Resources": topics}))
    topics["One"]["Properties"] = {"TopicName": "renamed", "DisplayName": "new"}
    made = on.cfn.create_change_set(StackName="s", ChangeSetName="c", TemplateBody=json.dumps({"Resources": topics}))
    first, second = (
        c["ResourceChange"] for c in on.cfn.describe_change_set(ChangeSetName=made["Id"], IncludePropertyValues=True)["Changes"]
    )
    assert json.loads(first["BeforeContext"]) == {"Properties": {"TopicName": "one", "DisplayName": "old"}}
    assert json.loads(first["AfterContext"]) == {"Properties": {"TopicName": "renamed", "DisplayName": "new"}}
    assert first["Details"][1]["Target"] == {
        "AfterValue": "new",
        "Attribute": "Properties",
        "AttributeChangeType": "Modify",
        "BeforeValue": "old",
        "Name": "DisplayName",
        "Path": "/Properties/DisplayName",
        "RequiresRecreation": "Never",
    }
    assert json.loads(second["AfterContext"]) == {"Properties": {"DisplayName": "{{changeSet:KNOWN_AFTER_APPLY}}"}}


def test_a_resource_has_three_events(on: Stacks) -> None:
    on.create("s", json.dumps(NAMED))
    found = [e for e in reversed(on.cfn.describe_stack_events(StackName="s")["StackEvents"]) if e["LogicalResourceId"] == "topic123"]
    arn = "arn:aws:sns:us-east-1:123456789012:one"
    assert [(e["ResourceStatus"], e["PhysicalResourceId"], e.get("ResourceStatusReason")) for e in found] == [
        ("CREATE_IN_PROGRESS", "", None),
        ("CREATE_IN_PROGRESS", arn, "Resource creation Initiated"),
        ("CREATE_COMPLETE", arn, None),
    ]
    assert {e["ResourceProperties"] for e in found} == {'{"TopicName":"one"}'}
    assert found[0]["EventId"].startswith("topic123-CREATE_IN_PROGRESS-")


def test_a_template_is_summed_up_with_its_resources(on: Stacks) -> None:
    found = on.cfn.get_template_summary(TemplateBody=json.dumps({"AWSTemplateFormatVersion": "2010-09-09", **TOPIC}))
    assert found["Parameters"] == [] and found["Version"] == "2010-09-09"
    assert found["ResourceIdentifierSummaries"] == [{"LogicalResourceIds": ["Foo"], "ResourceType": "AWS::SNS::Topic"}]
