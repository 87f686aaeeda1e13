"""What the gateway records of calls, and how it reads requests."""

import gzip
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.http.gateway import LARGEST_UNPACKED
from sandbox.core.control import Scope
from tests.support.api.gateway import CLIENT, FORM, called
from tests.support.aws import IMAGE, Aws, signed


def run_instance(aws: Aws, **more: Any) -> str:
    answer = aws("ec2").run_instances(ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1, **more)
    return str(answer["Instances"][0]["InstanceId"])


def test_a_call_is_recorded_in_cloudtrails_words(aws: Aws) -> None:
    instance = run_instance(aws)
    aws("ec2", caller="autoscaling").terminate_instances(InstanceIds=[instance])
    event = called(aws, "TerminateInstances")
    assert (event.source, event.summary, event.resources) == (
        "aws.ec2",
        f"Auto Scaling called TerminateInstances on {instance}",
        (instance,),
    )
    assert event.at == aws.clock.now()
    assert event.detail["requestParameters"] == {"InstanceIds": [instance]}
    assert event.detail["sourceIPAddress"] == "autoscaling.amazonaws.com"


def test_reading_is_not_recorded_and_wakes_nobody(aws: Aws) -> None:
    aws("ec2").describe_instances()
    aws("cloudwatch").list_metrics()
    aws("sqs").list_queues()
    assert (aws.journal.events(), aws.woken) == ((), 0)


def test_a_change_wakes_the_loops(aws: Aws) -> None:
    aws("ec2").create_vpc(CidrBlock="10.0.0.0/16")
    assert aws.woken == 1


def test_metric_data_wakes_the_loops_but_is_not_recorded(aws: Aws) -> None:
    aws("cloudwatch").put_metric_data(Namespace="App", MetricData=[{"MetricName": "Errors", "Value": 1.0}])
    assert (aws.journal.events(), aws.woken) == ((), 1)


def test_what_is_recorded_during_a_call_has_the_call_as_its_cause(aws: Aws) -> None:
    causes: list[str | None] = []

    aws.faults.on_call = lambda service, operation: causes.append(aws.journal.current_cause)
    with aws.journal.because("e000000"):
        run_instance(aws)
    event = called(aws, "RunInstances")
    assert (causes, event.cause) == ([event.id], "e000000")
    assert aws.journal.current_cause is None


def test_a_call_that_fails_is_recorded_as_such(aws: Aws) -> None:
    with pytest.raises(ClientError):
        aws("ec2").terminate_instances(InstanceIds=["i-0123456789abcdef0"])
    call, failure = aws.journal.events()
    assert (failure.detail_type, failure.cause, failure.resources) == ("AWS API Call Failed", call.id, ("i-0123456789abcdef0",))
    assert failure.detail["errorCode"] == "InvalidInstanceID.NotFound"


def test_user_data_and_long_values_are_cut(aws: Aws) -> None:
    run_instance(aws, UserData="#!/bin/sh\n" + "x" * 500)
    parameters = called(aws, "RunInstances").detail["requestParameters"]
    assert re.fullmatch(r"\(\d+ characters\)", parameters["UserData"])


def test_a_target_group_is_named_by_arn_and_by_name(aws: Aws) -> None:
    vpc = aws("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    group = aws("elbv2").create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]["TargetGroupArn"]
    aws("elbv2").modify_target_group(TargetGroupArn=group, HealthCheckPath="/health")
    assert called(aws, "ModifyTargetGroup").resources == (group, "web")


def test_an_account_is_its_own_world(aws: Aws) -> None:
    aws("sqs", Scope("111111111111", "us-east-1")).create_queue(QueueName="theirs")
    assert aws("sqs", Scope("222222222222", "us-east-1")).list_queues().get("QueueUrls", []) == []
    assert aws("sts", Scope("111111111111", "us-east-1")).get_caller_identity()["Account"] == "111111111111"


def test_a_compressed_body_is_read(aws: Aws, call: Any) -> None:
    body = gzip.compress(b"Action=CreateVpc&Version=2016-11-15&CidrBlock=10.7.0.0/16", mtime=0)
    status, _, _ = call(body=body, CONTENT_TYPE=FORM, HTTP_CONTENT_ENCODING="gzip", HTTP_AUTHORIZATION=signed("ec2"))
    assert status == 200
    assert called(aws, "CreateVpc").detail["requestParameters"] == {"CidrBlock": "10.7.0.0/16"}


def test_a_body_that_is_not_what_it_says_is_refused(call: Any) -> None:
    status, _, answer = call(body=b"not gzip", CONTENT_TYPE=FORM, HTTP_CONTENT_ENCODING="gzip", HTTP_AUTHORIZATION=signed("ec2"))
    assert (status, b"<Code>SerializationException</Code>" in answer) == (400, True)


def test_a_few_packed_bytes_do_not_fill_the_memory(call: Any) -> None:
    body = gzip.compress(b"0" * (LARGEST_UNPACKED + 1))
    status, _, answer = call(body=body, CONTENT_TYPE=FORM, HTTP_CONTENT_ENCODING="gzip", HTTP_AUTHORIZATION=signed("ec2"))
    assert (status, b"<Code>RequestEntityTooLarge</Code>" in answer) == (413, True)


@pytest.mark.parametrize(
    ("authorization", "status", "code"),
    [
        ("foo", 400, "IncompleteSignature"),
        ("AWS4-HMAC-SHA256 Credential=test", 403, "MissingAuthenticationToken"),
        (signed("ec2", region=""), 403, "SignatureDoesNotMatch"),
    ],
)
def test_a_signature_that_cannot_be_read_is_refused_as_such(call: Any, authorization: str, status: int, code: str) -> None:
    answered, _, answer = call(body=b"Action=DescribeVpcs&Version=2016-11-15", CONTENT_TYPE=FORM, HTTP_AUTHORIZATION=authorization)
    assert (answered, re.findall("<Code>(.*?)</Code>", answer.decode())) == (status, [code])


@pytest.mark.parametrize("character", ["\x00", "\x1f", "\ufffe"])
@pytest.mark.parametrize(
    ("service", "operation", "parameter"),
    [
        ("ec2", "delete_key_pair", "KeyName"),
        ("ec2", "create_key_pair", "KeyName"),
        ("sns", "create_topic", "Name"),
        ("elbv2", "describe_load_balancers", "Names"),
    ],
)
def test_characters_that_xml_has_no_place_for_do_not_break_the_answer(
    aws: Aws, service: str, operation: str, parameter: str, character: str
) -> None:
    value = f"a{character}b"
    try:
        answer = getattr(aws(service), operation)(**{parameter: [value] if parameter == "Names" else value})
    except ClientError as error:
        answer = error.response
    assert ascii(character)[1:-1] not in ascii(answer)


def test_motos_dashboard_is_not_served(call: Any) -> None:
    status, headers, body = call("GET", "/moto-api/")
    assert (status, headers["content-type"], b"<" in body) == (404, "text/plain; charset=utf-8", False)


def test_motos_own_reset_empties_the_account(aws: Aws, call: Any) -> None:
    aws("sqs").create_queue(QueueName="q")
    status, _, _ = call("POST", "/moto-api/reset", **CLIENT)
    assert status == 200
    assert aws("sqs").list_queues().get("QueueUrls", []) == []


def test_each_change_by_motos_own_api_is_recorded(aws: Aws, call: Any) -> None:
    assert call("GET", "/moto-api/seed?a=1", **CLIENT)[0] == 200
    assert [event.summary for event in aws.journal.events()] == ["a user called /moto-api/seed"]
