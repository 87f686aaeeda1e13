"""The gateway's errors in each protocol of AWS."""

import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.core.responses import ActionResult, BaseResponse

from sandbox.aws.protocols import cbor
from sandbox.core.control import Scope
from sandbox.core.errors import ApiError
from tests.support.api.gateway import FORM, error_of
from tests.support.aws import Aws, signed

JSON = "application/x-amz-json-1.0"
NOT_SUPPORTED = [
    ("ec2", "ec2", "describe_fpga_images", {}),
    ("query", "elbv2", "describe_trust_store_associations", {"TrustStoreArn": "arn:aws:elasticloadbalancing:x"}),
    ("query", "sns", "get_data_protection_policy", {"ResourceArn": "arn:aws:sns:us-east-1:123456789012:t"}),
    ("json", "cloudwatch", "get_otel_enrichment", {}),
    ("json", "sqs", "start_message_move_task", {"SourceArn": "arn:aws:sqs:us-east-1:123456789012:q"}),
    ("rest-json", "eks", "list_insights", {"clusterName": "c"}),
    ("rest-xml", "route53", "list_cidr_collections", {}),
    ("a service that moto lacks", "chime", "list_accounts", {}),
]


@pytest.mark.parametrize(("protocol", "service", "operation", "arguments"), NOT_SUPPORTED, ids=[f"{r[0]}-{r[1]}" for r in NOT_SUPPORTED])
def test_an_operation_that_the_sandbox_lacks_says_so(
    aws: Aws, protocol: str, service: str, operation: str, arguments: dict[str, Any]
) -> None:
    client = aws(service)
    with pytest.raises(ClientError) as failed:
        getattr(client, operation)(**arguments)
    named = client.meta.method_to_api_mapping[operation]
    assert error_of(failed) == (
        501,
        "NotImplemented",
        f"The sandbox does not support {named} of {service}. See: sandbox services {service}",
    )


def test_an_operation_whose_library_is_not_installed_says_so(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    def needs_a_library(self: Any) -> None:
        raise ModuleNotFoundError("No module named 'openapi_spec_validator'", name="openapi_spec_validator")

    monkeypatch.setattr("moto.ec2.responses.EC2Response.describe_vpc_endpoint_services", needs_a_library)
    with pytest.raises(ClientError) as failed:
        aws("ec2").describe_vpc_endpoint_services()
    status, code, text = error_of(failed)
    assert (status, code) == (501, "NotImplemented")
    assert "DescribeVpcEndpointServices of ec2 (the Python package openapi-spec-validator is not installed; pip install " in text


QUERY_ERRORS = [
    ("ec2", b"Action=FlyToTheMoon&Version=2016-11-15", 400, "InvalidAction"),
    ("autoscaling", b"Action=FlyToTheMoon&Version=2011-01-01", 400, "InvalidAction"),
    ("autoscaling", b"Version=2011-01-01", 400, "MissingAction"),
    ("autoscaling", b"", 400, "MissingAction"),
    ("autoscaling", b"Action=SetDesiredCapacity&Version=2011-01-01&AutoScalingGroupName=g&DesiredCapacity=lots", 400, "MalformedInput"),
    ("autoscaling", b"Action=SetDesiredCapacity&Version=2011-01-01&DesiredCapacity=3", 400, "ValidationError"),
    ("ec2", b"Action=RunInstances&Version=2016-11-15&MinCount=one&MaxCount=2", 400, "InvalidParameterValue"),
    ("ec2", b"Action=MonitorInstances&Version=2016-11-15", 400, "MissingParameter"),
]


@pytest.mark.parametrize(("service", "body", "status", "code"), QUERY_ERRORS)
def test_nonsense_in_a_form_gets_the_error_that_aws_gives(call: Any, service: str, body: bytes, status: int, code: str) -> None:
    got, headers, answer = call(body=body, CONTENT_TYPE=FORM, HTTP_AUTHORIZATION=signed(service))
    assert (got, headers["content-type"]) == (status, "text/xml")
    shape = (
        rb"<Response><Errors><Error><Code>(\w+)</Code>"
        if service == "ec2"
        else rb'<ErrorResponse xmlns="[^"]+"><Error><Type>Sender</Type><Code>(\w+)</Code>'
    )
    found = re.search(shape, answer)
    assert found is not None, answer
    assert found[1].decode() == code


JSON_ERRORS = [
    ("sqs", "AmazonSQS.FlyToTheMoon", b"{}", "UnknownOperationException"),
    ("sqs", "AmazonSQS.CreateQueue", b"{not json", "SerializationException"),
    ("sqs", "AmazonSQS.CreateQueue", b"[1]", "SerializationException"),
    ("sqs", "AmazonSQS.CreateQueue", b"{}", "MissingParameter"),
    ("sqs", "AmazonSQS.ReceiveMessage", b'{"QueueUrl": "q", "MaxNumberOfMessages": "many"}', "SerializationException"),
    ("monitoring", "GraniteServiceVersion20100801.FlyToTheMoon", b"{}", "UnknownOperationException"),
    ("monitoring", "GraniteServiceVersion20100801.PutMetricData", b'{"Namespace": "n", "MetricData": [null]}', "SerializationException"),
    ("monitoring", "GraniteServiceVersion20100801.PutMetricData", b'{"a": ' + b"[" * 100_000, "SerializationException"),
    ("nonesuch", "NoneSuch.DoIt", b"{}", "UnknownService"),
]


@pytest.mark.parametrize(("service", "target", "body", "code"), JSON_ERRORS, ids=range(len(JSON_ERRORS)))
def test_nonsense_in_json_gets_the_error_that_aws_gives(call: Any, service: str, target: str, body: bytes, code: str) -> None:
    status, headers, answer = call(body=body, CONTENT_TYPE=JSON, HTTP_X_AMZ_TARGET=target, HTTP_AUTHORIZATION=signed(service))
    assert (status, headers["x-amzn-query-error"]) == (400, f"{code};Sender")
    assert json.loads(answer)["__type"].rpartition("#")[2] == headers["x-amzn-errortype"]


def test_a_rest_path_without_an_operation_is_not_found(call: Any) -> None:
    status, headers, answer = call("GET", "/no/such/path", HTTP_AUTHORIZATION=signed("fis"))
    assert (status, headers["x-amzn-errortype"]) == (404, "UnknownOperationException")
    assert json.loads(answer)["message"] == "There is no operation at GET /no/such/path."


OVER_CBOR = {"CONTENT_TYPE": "application/cbor", "HTTP_SMITHY_PROTOCOL": "rpc-v2-cbor"}
MONITORING = "/service/GraniteServiceVersion20100801/operation/"


CBOR_ERRORS: list[tuple[str, bytes, dict[str, str], int, str]] = [  # path, body, headers, status, type
    (f"{MONITORING}ListMetrics", b"", {}, 200, ""),
    (f"{MONITORING}ListMetrics", b"", {"CONTENT_TYPE": ""}, 200, ""),
    (f"{MONITORING}ListMetrics", b"\xbf\xff", {}, 200, ""),
    (f"/a/prefix{MONITORING}ListMetrics", b"\xa0", {"HTTP_SMITHY_PROTOCOL": ""}, 200, ""),
    (f"{MONITORING}GetOTelEnrichment", b"\xa0", {}, 501, "NotImplemented"),
    (f"{MONITORING}FlyToTheMoon", b"\xa0", {}, 400, "UnknownOperationException"),
    ("/service/AmazonEC2/operation/DescribeAlarms", b"\xa0", {}, 400, "UnknownOperationException"),
    ("/", b"\xa0", {}, 404, "UnknownOperationException"),
    (f"{MONITORING}ListMetrics", b"\xa1", {}, 400, "SerializationException"),
    (f"{MONITORING}ListMetrics", b"not cbor", {}, 400, "SerializationException"),
    (f"{MONITORING}ListMetrics", b"\x81" * 100_000, {}, 400, "SerializationException"),
    (f"{MONITORING}ListMetrics", b"\x80", {}, 400, "SerializationException"),
    (f"{MONITORING}PutMetricData", b"\xa1\x6aMetricData\x63abc", {}, 400, "SerializationException"),
    (f"{MONITORING}DeleteAlarms", b"\xa0", {}, 400, "com.amazonaws.cloudwatch.v2010_08_01#MissingRequiredParameterException"),
    (f"{MONITORING}ListMetrics", b"{}", {"CONTENT_TYPE": "application/json"}, 415, "UnsupportedMediaTypeException"),
]


@pytest.mark.parametrize(("path", "body", "headers", "status", "error_type"), CBOR_ERRORS, ids=range(len(CBOR_ERRORS)))
def test_a_client_that_speaks_cbor_is_answered_in_cbor(
    call: Any, path: str, body: bytes, headers: dict[str, str], status: int, error_type: str
) -> None:
    got, given, answer = call("POST", path, body, **OVER_CBOR | headers, HTTP_AUTHORIZATION=signed("monitoring"))
    assert (got, given["content-type"], given["smithy-protocol"]) == (status, "application/cbor", "rpc-v2-cbor")
    document = cbor.decode(answer)
    assert document.get("__type", "") == error_type
    assert ("message" in document) == bool(error_type)


def test_an_unsigned_request_over_cbor_is_refused_in_cbor(call: Any) -> None:
    status, headers, answer = call("POST", f"{MONITORING}ListMetrics", b"\xa0", **OVER_CBOR)
    assert (status, headers["smithy-protocol"]) == (403, "rpc-v2-cbor")
    assert cbor.decode(answer)["__type"] == "MissingAuthenticationToken"


def test_only_post_calls_an_operation_over_cbor_and_only_of_a_service_that_speaks_it(call: Any) -> None:
    for method, service in (("GET", "monitoring"), ("POST", "ec2")):
        status, _, answer = call(method, f"{MONITORING}ListMetrics", b"", **OVER_CBOR, HTTP_AUTHORIZATION=signed(service))
        assert (status, cbor.decode(answer)["__type"]) == (400 if method == "POST" else 404, "UnknownOperationException")


def test_an_unknown_region_is_named(aws: Aws) -> None:
    with pytest.raises(ClientError) as failed:
        aws("ec2", Scope("123456789012", "eu-nowhere-1")).describe_instances()
    assert error_of(failed) == (400, "InvalidRegion", "There is no ec2 in a Region named 'eu-nowhere-1'.")


def test_an_unsigned_request_is_refused(call: Any) -> None:
    status, _, answer = call(body=b"Action=DescribeInstances&Version=2016-11-15", CONTENT_TYPE=FORM)
    assert status == 403
    assert b"<Code>MissingAuthenticationToken</Code>" in answer


def test_a_bug_is_an_internal_failure_with_its_traceback_in_the_journal(aws: Aws) -> None:
    class Broken(BaseResponse):
        def __init__(self) -> None:
            super().__init__(service_name="arc-zonal-shift")
            self.automated_parameter_parsing = True

        def list_zonal_shifts(self) -> ActionResult:
            return ActionResult({}["no such key"])

    aws.gateway.register_service("arc-zonal-shift", Broken)
    with pytest.raises(ClientError) as failed:
        aws("arc-zonal-shift").list_zonal_shifts()
    status, code, message = error_of(failed)
    fault = aws.journal.events()[-1]
    assert (status, code, fault.detail_type) == (500, "InternalFailure", "Sandbox Fault")
    assert fault.id in message
    assert "no such key" in fault.detail["traceback"]


def test_a_service_of_ours_answers_beside_motos(aws: Aws) -> None:
    class Shifts(BaseResponse):
        def __init__(self) -> None:
            super().__init__(service_name="arc-zonal-shift")
            self.automated_parameter_parsing = True

        def list_zonal_shifts(self) -> ActionResult:
            return ActionResult({"items": [], "nextToken": self.region})

    aws.gateway.register_service("arc-zonal-shift", Shifts)
    assert aws("arc-zonal-shift").list_zonal_shifts()["nextToken"] == "us-east-1"
    assert aws("ec2").describe_instances()["Reservations"] == []


def test_a_fault_of_the_api_is_answered_in_the_place_of_the_call(aws: Aws) -> None:
    throttled = ApiError("RequestLimitExceeded", "Request limit exceeded.", status=503)
    aws.faults.on_call = lambda service, operation: throttled if (service, operation) == ("ec2", "TerminateInstances") else None
    with pytest.raises(ClientError) as failed:
        aws("ec2").terminate_instances(InstanceIds=["i-0123456789abcdef0"])
    assert error_of(failed) == (503, "RequestLimitExceeded", "Request limit exceeded.")
    assert aws("ec2").describe_instances()["Reservations"] == []
