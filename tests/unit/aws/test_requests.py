"""The check of a request by its model: what is read, and each service's words for what is wrong. Input: forms and documents."""

from typing import Any

import pytest
from moto.core.utils import get_service_model

from sandbox.aws.requests import check, sqs
from sandbox.aws.requests.check import compiled, document_parameters
from sandbox.aws.requests.form import FormReader
from sandbox.aws.requests.words import error
from sandbox.core.errors import ApiError
from tests.support import rule


def form(service: str, operation: str, /, **values: str) -> dict[str, Any]:
    """`_` in a name stands for a point."""
    model = get_service_model(service).operation_model(operation)
    protocol = "ec2" if service == "ec2" else "query"
    reader = FormReader(strict=protocol == "ec2")
    found = reader.read(compiled(model, protocol), [(name.replace("_", "."), value) for name, value in values.items()])
    if reader.problems:
        raise error(reader.problems, service, protocol, operation)
    return found


def refusal(service: str, operation: str, values: dict[str, str]) -> tuple[str, str]:
    with pytest.raises(ApiError) as refused:
        form(service, operation, **values)
    return refused.value.code, refused.value.message


def test_a_form_is_read_as_the_model_says() -> None:
    assert form(
        "ec2", "RunInstances", MinCount="1", MaxCount="+2", EbsOptimized="True", SecurityGroupId_1="sg-1", SecurityGroupId_2="sg-2"
    ) == {
        "MinCount": 1,
        "MaxCount": 2,
        "EbsOptimized": True,
        "SecurityGroupIds": ["sg-1", "sg-2"],
    }
    tags = {"TagSpecification_1_ResourceType": "instance", "TagSpecification_1_Tag_1_Key": "k", "TagSpecification_1_Tag_1_Value": ""}
    assert form("ec2", "CreateVpc", **tags) == {"TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "k", "Value": ""}]}]}
    assert form("autoscaling", "DescribeAutoScalingGroups", AutoScalingGroupNames="") == {"AutoScalingGroupNames": []}
    attributes = {"Attributes_entry_1_key": "FifoTopic", "Attributes_entry_1_value": "true"}
    assert form("sns", "CreateTopic", Name="t", **attributes) == {"Name": "t", "Attributes": {"FifoTopic": "true"}}


EC2 = [
    ("TerminateInstances", {}, "InvalidParameterCombination", "No instances specified"),
    ("MonitorInstances", {}, "MissingParameter", "The request must contain the parameter InstanceId"),
    ("CreateTags", {"ResourceId_1": "vpc-1"}, "MissingParameter", "The request must contain the parameter tagSet"),
    ("DeleteTags", {}, "MissingParameter", "The request must contain the parameter resourceIdSet"),
    (
        "DescribeInstances",
        {"MaxResults": "many"},
        "InvalidParameterValue",
        "Value (many) for parameter maxResults is invalid. Expected an integer.",
    ),
    ("RunInstances", {"MinCount": "1", "MaxCount": "2147483648"}, "InvalidParameterValue", "Value (2147483648) for parameter maxCount"),
    ("RunInstances", {"MinCount": "1", "MaxCount": "1_0".replace("_", "٠")}, "InvalidParameterValue", "Expected an integer."),
    (
        "DescribeVpcs",
        {"MaxResults": "4"},
        "InvalidParameterValue",
        "Value ( 4 ) for parameter maxResults is invalid. Expecting a value gr",
    ),
    ("DescribeVpcs", {"Vpcs_1": "vpc-1"}, "UnknownParameter", "The parameter Vpcs.1 is not recognized"),
    ("DescribeVpcs", {"VpcId": "vpc-1"}, "UnknownParameter", "The parameter VpcId is not recognized"),
    ("DescribeVpcs", {"VpcId_x": "vpc-1"}, "UnknownParameter", "The parameter VpcId.x is not recognized"),
    ("DescribeVpcs", {"VpcId_1_Id": "vpc-1"}, "UnknownParameter", "The parameter VpcId.1.Id is not recognized"),
    ("DescribeVpcs", {"Filter_1": "vpc-1"}, "UnknownParameter", "The parameter Filter.1 is not recognized"),
    ("DescribeVpcs", {"VpcId_1": "vpc-1", "VpcId_3": "vpc-2"}, "InvalidParameterValue", "VpcId.3 is not the next member of its list"),
    ("DescribeVpcs", {"VpcId_99999999999999": "vpc-1"}, "InvalidParameterValue", "is not the next member of its list"),
    (
        "DescribeVpcs",
        {"DryRun": "perhaps"},
        "InvalidParameterValue",
        "(perhaps) for parameter dryRun is invalid. Expected a boolean.",
    ),
    ("CreateVpc", {"InstanceTenancy": "rented"}, "InvalidParameterValue", "Value (rented) for parameter instanceTenancy is invalid."),
    ("GetSpotPlacementScores", {"TargetCapacity": "x" * 3000}, "InvalidParameterValue", "…) for parameter targetCapacity is invalid."),
]


@rule("REQ-1", "REQ-2")
@pytest.mark.parametrize(("operation", "values", "code", "text"), EC2)
def test_ec2_names_the_first_problem(operation: str, values: dict[str, str], code: str, text: str) -> None:
    got = refusal("ec2", operation, values)
    assert got[0] == code
    assert text in got[1]


def test_a_name_of_a_thousand_parts_is_an_unknown_parameter() -> None:
    assert refusal("ec2", "DescribeVpcs", {"_".join("a" * 1000): "x"})[0] == "UnknownParameter"


FRAMEWORK = [
    (
        "SetDesiredCapacity",
        {"DesiredCapacity": "2"},
        "ValidationError",
        "Value null at 'autoScalingGroupName' failed to satisfy",
    ),
    (
        "CreateOrUpdateTags",
        {"Tags_member_1_Value": "v"},
        "ValidationError",
        "1 validation error detected: Value null at 'tags.1.member.key' failed to satisfy constraint: Member must not be null",
    ),
    ("SetDesiredCapacity", {}, "ValidationError", "2 validation errors detected: "),
    ("SetDesiredCapacity", {"DesiredCapacity": "1.5", "AutoScalingGroupName": "g"}, "MalformedInput", "'1.5' is not an integer"),
    ("SetDesiredCapacity", {"DesiredCapacity": "1", "AutoScalingGroupName": ""}, "ValidationError", "greater than or equal to 1"),
    (
        "SetDesiredCapacity",
        {"DesiredCapacity": "1", "AutoScalingGroupName": "a\x01"},
        "ValidationError",
        "regular expression pattern: [\\u0020",
    ),
    (
        "SetDesiredCapacity",
        {"DesiredCapacity": "1", "AutoScalingGroupName": "g", "HonorCooldown": "yes"},
        "MalformedInput",
        "boolean must follow xsd1.1 definition",
    ),
    (
        "PutNotificationConfiguration",
        {"AutoScalingGroupName": "g", "TopicARN": "t", "NotificationTypes_1": "x"},
        "MalformedInput",
        "NotificationTypes.1",
    ),
    ("DescribeTags", {"Filters_member_1": "x"}, "MalformedInput", "Filters.member.1: 'x' is not a structure"),
    ("DescribeScheduledActions", {"StartTime": "May"}, "MalformedInput", "StartTime: 'May' is not a timestamp"),
    ("DescribeScheduledActions", {"StartTime": "9" * 12}, "MalformedInput", "is not a timestamp"),
]


@rule("REQ-3", "REQ-4")
@pytest.mark.parametrize(("operation", "values", "code", "text"), FRAMEWORK)
def test_the_query_services_answer_with_the_text_of_their_framework(operation: str, values: dict[str, str], code: str, text: str) -> None:
    got = refusal("autoscaling", operation, values)
    assert got[0] == code
    assert text in got[1]


def test_a_query_service_ignores_parameters_that_it_does_not_have() -> None:
    assert form("autoscaling", "DescribeAutoScalingGroups", Colour="red", MaxRecords="5") == {"MaxRecords": 5}


DOCUMENTS = [
    ("sqs", "ReceiveMessage", {"QueueUrl": "q", "MaxNumberOfMessages": "9"}, "STRING_VALUE can not be converted to an Integer"),
    ("sqs", "ReceiveMessage", {"QueueUrl": 1}, "NUMBER_VALUE can not be converted to a String"),
    ("sqs", "ReceiveMessage", {"QueueUrl": ["q"]}, "Start of list found where not expected"),
    ("sqs", "ReceiveMessage", {"QueueUrl": {"q": 1}}, "Start of structure or map found where not expected."),
    ("sqs", "ReceiveMessage", {"QueueUrl": "q", "AttributeNames": "All"}, "STRING_VALUE can not be converted to a List"),
    ("sqs", "ReceiveMessage", {"QueueUrl": "q", "AttributeNames": [None]}, "NULL_VALUE can not be converted to a String"),
    ("sqs", "ReceiveMessage", {}, "The request must contain the parameter QueueUrl."),
    (
        "sqs",
        "SendMessageBatch",
        {"QueueUrl": "q", "Entries": [{"MessageBody": "b"}]},
        "must contain the parameter Entries.1.Id.",
    ),
    ("cloudwatch", "PutMetricData", {"Namespace": "n", "MetricData": [{}]}, "The parameter MetricData.member.1.MetricName is required."),
    ("cloudwatch", "PutMetricAlarm", {"AlarmName": "a", "Period": 10**12}, "NUMBER_VALUE can not be converted to an Integer"),
    ("cloudwatch", "PutMetricAlarm", {"AlarmName": "a", "ActionsEnabled": 1}, "NUMBER_VALUE can not be converted to a Boolean"),
    ("ssm", "PutParameter", {"Name": "n"}, "Value null at 'value' failed to satisfy constraint: Member must not be null"),
]


@rule("REQ-5", "REQ-6")
@pytest.mark.parametrize(("service", "operation", "document", "text"), DOCUMENTS)
def test_a_document_is_checked_like_a_form(service: str, operation: str, document: dict[str, Any], text: str) -> None:
    with pytest.raises(ApiError) as refused:
        document_parameters(get_service_model(service).operation_model(operation), "json", document)
    assert text in refused.value.message


@pytest.mark.parametrize("body", [b"{", b"", b"\xff\xfe", b'{"a": NaN}', b"[" * 100_000])
def test_a_body_that_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(ApiError) as refused:
        check.read_json(body)
    assert refused.value.code == "SerializationException"


QUEUES = [
    ({"DelaySeconds": "901"}, "InvalidAttributeValue", "Invalid value for the parameter DelaySeconds."),
    ({"DelaySeconds": "x"}, "InvalidAttributeValue", "Invalid value for the parameter DelaySeconds."),
    ({"FifoQueue": "yes"}, "InvalidAttributeValue", "Invalid value for the parameter FifoQueue."),
    ({"QueueArn": "arn:x"}, "InvalidAttributeName", "Unknown Attribute QueueArn."),
    ({"Policy": "{"}, "InvalidAttributeValue", "Invalid value for the parameter Policy."),
    ({"RedrivePolicy": "x"}, "InvalidParameterValue", "Reason: Redrive policy is not a valid JSON map."),
    ({"RedrivePolicy": '{"maxReceiveCount": 1}'}, "InvalidParameterValue", "mandatory attribute: deadLetterTargetArn."),
    (
        {"RedrivePolicy": '{"deadLetterTargetArn": "a", "maxReceiveCount": 1001}'},
        "InvalidParameterValue",
        "Invalid value for maxReceiveCount: 1001, valid values are from 1 to 1000 both inclusive.",
    ),
]


@pytest.mark.parametrize(("attributes", "code", "text"), QUEUES)
def test_attributes_of_a_queue_are_checked_before_any_is_set(attributes: dict[str, str], code: str, text: str) -> None:
    with pytest.raises(ApiError) as refused:
        sqs.check("SetQueueAttributes", {"Attributes": attributes})
    assert refused.value.code == code
    assert text in refused.value.message
