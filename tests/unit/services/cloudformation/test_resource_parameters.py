"""Properties of a template as parameters of an API operation, by botocore's models; tables of values, names and rules."""

from typing import Any

import pytest
from moto.core.utils import get_service_model

import tools.templates
from sandbox.services.cloudformation.resources.base import Requires, Wanted
from sandbox.services.cloudformation.resources.parameters import Unfit, changed, document, fitted, pick
from sandbox.services.cloudformation.resources.registry import TYPES, find
from sandbox.services.cloudformation.resources.tags import as_map, merged
from sandbox.services.cloudformation.resources.types.groups import _tags
from sandbox.services.cloudformation.resources.types.security_groups import _steps, permission
from tests.support import rule
from tools.reference.written import ROOT

STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/0a1b2c3d"


def shape(service: str, operation: str) -> Any:
    return get_service_model(service).operation_model(operation).input_shape


def wanted(properties: dict[str, Any] | None = None, token: str = "1", **others: Any) -> Wanted:
    return Wanted("MyThing", "shop", STACK_ID, properties or {}, token=token, **others)


@rule("CFN-60")
@pytest.mark.parametrize(
    ("service", "operation", "given", "expected"),
    [
        ("elbv2", "CreateListener", {"Port": "80"}, {"Port": 80}),
        ("elbv2", "CreateTargetGroup", {"HealthCheckEnabled": "True", "Port": 80.0}, {"HealthCheckEnabled": True, "Port": 80}),
        ("elbv2", "CreateTargetGroup", {"Matcher": {"HttpCode": 200}}, {"Matcher": {"HttpCode": "200"}}),
        ("cloudwatch", "PutMetricAlarm", {"Threshold": "70.5", "AlarmDescription": 5}, {"Threshold": 70.5, "AlarmDescription": "5"}),
        (
            "elbv2",
            "ModifyTargetGroupAttributes",
            {"Attributes": [{"Key": "a", "Value": True}]},
            {"Attributes": [{"Key": "a", "Value": "true"}]},
        ),
        ("ec2", "AuthorizeSecurityGroupIngress", {"IpPermissions": [{"FromPort": "-1"}]}, {"IpPermissions": [{"FromPort": -1}]}),
        ("sqs", "CreateQueue", {"Tags": {"a": 1}}, {"tags": {"a": "1"}}),
    ],
)
def test_values_get_the_type_that_the_operation_has(service: str, operation: str, given: Any, expected: Any) -> None:
    assert fitted(given, shape(service, operation)) == expected


@rule("CFN-60")
@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"Port": "eighty"}, "#/Port: expected type: Integer, found: String"),
        ({"Port": 80.5}, "#/Port: expected type: Integer, found: Number"),
        ({"Port": True}, "#/Port: expected type: Integer, found: Boolean"),
        ({"Protocol": ["HTTP"]}, "#/Protocol: expected type: String, found: JSONArray"),
        ({"Protocol": None}, "#/Protocol: expected type: String, found: Null"),
        ({"DefaultActions": {"Type": "forward"}}, "#/DefaultActions: expected type: JSONArray, found: JSONObject"),
        ({"DefaultActions": ["forward"]}, "#/DefaultActions/0: expected type: JSONObject, found: String"),
        ({"Colour": "red"}, "#: extraneous key [Colour] is not permitted"),
        ({"DefaultActions": [{"Kind": "forward"}]}, "#/DefaultActions/0: extraneous key [Kind] is not permitted"),
    ],
)
def test_what_does_not_fit_is_named_with_its_place(given: Any, text: str) -> None:
    with pytest.raises(Unfit) as refused:
        fitted(given, shape("elbv2", "CreateListener"))
    assert str(refused.value) == text


@rule("CFN-60")
@pytest.mark.parametrize(
    ("type_name", "given", "expected"),
    [
        ("AWS::EC2::VPC", {"Tags": [{"Key": "a", "Value": 1}], "EnableDnsSupport": "True"}, []),
        ("AWS::EC2::VPC", {"Tags": ["x"]}, ["#/Tags/0: expected type: JSONObject, found: String"]),
        ("AWS::EC2::VPC", {"Tags": [{}]}, ["#/Tags/0: required key [Key] not found"]),
        ("AWS::EC2::VPC", {"Tags": {"a": "b"}}, ["#/Tags: expected type: JSONArray, found: JSONObject"]),
        ("AWS::EC2::VPC", {"Tags": [{"Key": ["a"]}]}, ["#/Tags/0/Key: expected type: String, found: JSONArray"]),
        ("AWS::EC2::VPC", {"EnableDnsSupport": "maybe"}, ["#/EnableDnsSupport: expected type: Boolean, found: String"]),
        ("AWS::EC2::RouteTable", {}, ["#: required key [VpcId] not found"]),
        ("AWS::SSM::Parameter", {"Type": "String", "Value": "a", "Tags": {"a": "b"}}, []),
        ("AWS::SSM::Parameter", {"Type": "String", "Value": "a", "Tags": []}, ["#/Tags: expected type: JSONObject, found: JSONArray"]),
        ("AWS::SNS::TopicPolicy", {"PolicyDocument": {}, "Topics": "x"}, ["#/Topics: expected type: JSONArray, found: String"]),
        ("AWS::AutoScaling::AutoScalingGroup", {"MinSize": 1, "MaxSize": 1, "VPCZoneIdentifier": "subnet-1,subnet-2"}, []),
    ],
)
def test_the_structure_of_properties_is_checked_before_a_type_reads_them(
    type_name: str, given: dict[str, Any], expected: list[str]
) -> None:
    assert list(TYPES[type_name].problems(given)) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"Port": 80}, {"Port": "80"}, set()),
        ({"On": True}, {"On": "true"}, set()),
        ({"A": [1, {"b": 2}]}, {"A": ["1", {"b": "2"}]}, set()),
        ({"A": [1, 2]}, {"A": [2, 1]}, {"A"}),
        ({"A": 1}, {}, {"A"}),
        ({}, {"A": ""}, {"A"}),
    ],
)
def test_changed_properties(old: dict[str, Any], new: dict[str, Any], expected: set[str]) -> None:
    assert changed(old, new) == expected


def test_picked_properties_and_documents() -> None:
    assert pick({"A": 1, "B": 2, "C": 3}, "A", "D", X="B") == {"A": 1, "X": 2}
    assert [document(value) for value in ({"a": 1}, "{}")] == ['{"a": 1}', "{}"]


@rule("CFN-61")
@pytest.mark.parametrize("limit", [32, 64, 255])
def test_generated_names_fit_their_limit_and_keep_their_random_part(limit: int) -> None:
    long = Wanted("L" * 200, "s" * 100, STACK_ID, {}, token="1")
    name = long.generated_name(limit)
    assert len(name) <= limit
    stack, logical, random = name.split("-")
    assert (set(stack), set(logical), len(random)) == ({"s"}, {"L"}, 12)


def test_a_generated_name_belongs_to_its_attempt() -> None:
    assert wanted().generated_name() == wanted().generated_name()
    assert wanted().generated_name() != wanted(token="2").generated_name()
    assert wanted().generated_name().startswith("shop-MyThing-")
    assert wanted().client_token != wanted(token="2").client_token


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (
            {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "0.0.0.0/0", "Description": "web"},
            {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "web"}]},
        ),
        ({"IpProtocol": "-1", "CidrIpv6": "::/0"}, {"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}),
        ({"IpProtocol": -1, "DestinationPrefixListId": "pl-1"}, {"IpProtocol": -1, "PrefixListIds": [{"PrefixListId": "pl-1"}]}),
        (
            {"IpProtocol": "tcp", "SourceSecurityGroupId": "sg-1", "SourceSecurityGroupOwnerId": "1"},
            {"IpProtocol": "tcp", "UserIdGroupPairs": [{"GroupId": "sg-1", "UserId": "1"}]},
        ),
    ],
)
def test_rules_become_permissions(rule: dict[str, Any], expected: dict[str, Any]) -> None:
    assert permission(rule) == expected


def test_only_the_rules_that_differ_are_sent() -> None:
    web, ssh = ({"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIp": "0.0.0.0/0"} for port in (80, 22))
    told = web | {"Description": "web"}
    old, new = {"SecurityGroupIngress": [web, ssh]}, {"SecurityGroupIngress": [told], "SecurityGroupEgress": [web]}
    assert [operation for operation, _ in _steps(old, new)] == [
        "revoke_security_group_ingress",
        "update_security_group_rule_descriptions_ingress",
        "revoke_security_group_egress",
        "authorize_security_group_egress",
    ]
    assert list(_steps(new, new)) == []


def test_a_resource_s_own_tags_win() -> None:
    given = wanted({"Tags": [{"Key": "team", "Value": "own"}, {"Key": "n", "Value": 1}]}, tags={"team": "stack", "stage": "test"})
    assert merged(given) == {"team": "own", "stage": "test", "n": "1"}
    assert as_map({"a": True}) == {"a": "true"}
    own = [{"Key": "team", "Value": "own", "PropagateAtLaunch": "false"}]
    of_group = _tags("web", wanted({"Tags": own}, tags={"team": "stack", "stage": "test"}))
    assert {tag["Key"]: (tag["Value"], tag["PropagateAtLaunch"]) for tag in of_group} == {"team": ("own", False), "stage": ("test", True)}


@pytest.mark.parametrize("name", sorted(TYPES))
def test_a_type_requires_and_names_only_what_it_has(name: str) -> None:
    kind = find(name)
    assert kind is not None
    assert kind.required <= kind.properties.keys()
    assert kind.name_property is None or kind.properties[kind.name_property] is Requires.REPLACEMENT
    assert (kind.capability == "CAPABILITY_IAM") is name.startswith("AWS::IAM::")


@rule("CFN-62")
@pytest.mark.parametrize(
    ("type_name", "rules"),
    [
        ("AWS::EC2::VPC", {"CidrBlock": "Replacement", "EnableDnsSupport": "No interruption"}),
        ("AWS::EC2::Instance", {"ImageId": "Replacement", "InstanceType": "Some interruptions", "Tags": "No interruption"}),
        ("AWS::EC2::LaunchTemplate", {"LaunchTemplateName": "Replacement", "LaunchTemplateData": "No interruption"}),
        ("AWS::AutoScaling::AutoScalingGroup", {"AutoScalingGroupName": "Replacement", "LaunchTemplate": "No interruption"}),
        ("AWS::AutoScaling::LaunchConfiguration", {"UserData": "Replacement"}),
        ("AWS::ElasticLoadBalancingV2::TargetGroup", {"Port": "Replacement", "HealthCheckPath": "No interruption"}),
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", {"Scheme": "Replacement", "Subnets": "No interruption"}),
        ("AWS::CloudWatch::Alarm", {"AlarmName": "Replacement", "Threshold": "No interruption"}),
        ("AWS::SNS::Topic", {"TopicName": "Replacement", "DisplayName": "No interruption"}),
        ("AWS::SQS::Queue", {"FifoQueue": "Replacement", "VisibilityTimeout": "No interruption"}),
    ],
)
def test_what_an_update_requires(type_name: str, rules: dict[str, str]) -> None:
    assert {name: TYPES[type_name].properties[name].value for name in rules} == rules


def test_the_document_lists_every_type_and_property() -> None:
    assert (ROOT / tools.templates.DOCUMENT).read_text() == tools.templates.document()
