"""The gateway: who may come in, what is recorded, and that every error is AWS-shaped in the protocol of the client."""

import gzip
import json
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.core.responses import ActionResult, BaseResponse
from moto.moto_api._internal import urls as moto_api_urls

from sandbox.aws.context import LOCK
from sandbox.aws.http.gateway import LARGEST_UNPACKED, Gateway
from sandbox.aws.http.guard import MOTO_READS, InstanceAccess
from sandbox.aws.http.server import Server
from sandbox.aws.protocols import cbor
from sandbox.core.control import Scope
from sandbox.core.errors import ApiError, UserError
from tests.support.aws import IMAGE, SCOPE, Aws, request, signed

FORM = "application/x-www-form-urlencoded"
JSON = "application/x-amz-json-1.0"
NO_RETRIES = Config(retries={"total_max_attempts": 1})


def error_of(failed: pytest.ExceptionInfo[ClientError]) -> tuple[int, str, str]:
    answer: Any = failed.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"], answer["Error"]["Message"]


# ---- errors in each protocol ---------------------------------------------------------------------------------------------------------

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


# ---- guard ---------------------------------------------------------------------------------------------------------------------------

GUARDED = [
    ({"HTTP_HOST": "localhost:4566"}, True),
    ({"HTTP_HOST": "127.0.0.1:4566"}, True),
    ({"HTTP_HOST": "[::1]:4566"}, True),
    ({"HTTP_HOST": "bucket.localhost:4566"}, True),
    ({"HTTP_HOST": "sandbox:4566"}, True),
    ({"HTTP_HOST": "evil.example"}, False),
    ({"HTTP_HOST": "localhost.evil.example"}, False),
    ({"HTTP_HOST": "127.0.0.1.evil.example"}, False),
    ({"HTTP_HOST": ""}, False),
    ({"HTTP_ORIGIN": "http://localhost:8080"}, True),
    ({"HTTP_ORIGIN": "https://evil.example"}, False),
    ({"HTTP_ORIGIN": "null"}, False),
    ({"HTTP_SEC_FETCH_SITE": "cross-site"}, False),
    ({"HTTP_SEC_FETCH_SITE": "same-origin"}, True),
]


@pytest.mark.parametrize(("environ", "let_in"), GUARDED)
def test_only_this_machine_and_its_own_pages_are_let_in(aws: Aws, environ: dict[str, str], let_in: bool) -> None:
    reached: list[str] = []

    def control(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        reached.append(environ["PATH_INFO"])
        start_response("200 OK", [])
        return [b"ok"]

    gateway = Gateway(control=control, allowed_hosts={"sandbox"})
    status, _, body = request(gateway, "GET", "/_sandbox/health", b"", **environ)
    assert (status, bool(reached)) == ((200, True) if let_in else (403, False))
    changed, _, _ = request(gateway, "POST", "/_sandbox/reset", b"", **CLIENT, **environ)
    assert let_in or changed == 403
    if not let_in:
        assert body.decode().count(".\n") == 1


INSTANCE = {"REMOTE_ADDR": "172.31.0.5", "HTTP_HOST": "169.254.169.250:4566"}
LISTS_QUEUES = b"Action=ListQueues&Version=2012-11-05"


def of_instances(allowed: str, control: Any = None) -> Gateway:
    def is_instance(address: str) -> bool:
        return address.startswith("172.31.")

    return Gateway(control=control, instances=InstanceAccess(allowed=allowed, is_instance=is_instance))


@pytest.mark.parametrize(
    ("allowed", "api", "control", "change"),
    [("aws", 200, 403, 403), ("none", 403, 403, 403), ("all", 200, 200, 200)],
)
def test_an_instance_reaches_what_the_setting_allows(aws: Aws, allowed: str, api: int, control: int, change: int) -> None:
    reached: list[str] = []

    def answers(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        reached.append(environ["PATH_INFO"])
        start_response("200 OK", [])
        return [b"ok"]

    gateway = of_instances(allowed, answers)
    form = {"CONTENT_TYPE": FORM, "HTTP_AUTHORIZATION": signed("sqs")}
    assert request(gateway, "POST", "/", LISTS_QUEUES, **form, **INSTANCE)[0] == api
    assert request(gateway, "GET", "/_sandbox/events", b"", **INSTANCE)[0] == control
    for host in ("localhost:4566", "127.0.0.1:4566"):  # a forged name does not help
        forged = {**INSTANCE, **CLIENT, "HTTP_HOST": host, "HTTP_X_FORWARDED_FOR": "127.0.0.1"}
        assert request(gateway, "POST", "/_sandbox/reset", b"", **forged)[0] == change
        assert request(gateway, "GET", "/_sandbox/console?instance_id=i-1", b"", **forged)[0] == (403 if allowed != "all" else 200)
    assert bool(reached) == (allowed == "all")


def test_a_refused_instance_is_told_the_setting_and_moto_s_own_api_is_refused_too(aws: Aws) -> None:
    aws("sqs").create_queue(QueueName="kept")
    for path in ("/_sandbox/health", "/moto-api/reset", "/moto-api/data.json"):
        status, _, body = request(of_instances("aws"), "POST", path, b"", **CLIENT, **INSTANCE)
        assert (status, body.decode()) == (403, f"{path} is not for instances: SANDBOX_INSTANCE_ACCESS is 'aws'.\n")
    assert len(aws("sqs").list_queues()["QueueUrls"]) == 1


def test_callers_on_this_machine_are_no_instances(aws: Aws) -> None:
    gateway = of_instances("none")
    assert request(gateway, "POST", "/", LISTS_QUEUES, CONTENT_TYPE=FORM, HTTP_AUTHORIZATION=signed("sqs"))[0] == 200


CLIENT = {"HTTP_X_SANDBOX_CLIENT": "curl"}
PAGE = {"HTTP_ORIGIN": "http://localhost:3000", "HTTP_SEC_FETCH_SITE": "same-site", "HTTP_REFERER": "http://localhost:3000/app"}
PLAIN = {"CONTENT_TYPE": "text/plain"}
CHANGES = [
    ("POST", "/_sandbox/reset"),
    ("PUT", "/_sandbox/clock"),
    ("PATCH", "/_sandbox/clock"),
    ("DELETE", "/_sandbox/anything"),
    ("OPTIONS", "/_sandbox/reset"),
    ("POST", "/_sandbox"),
    ("POST", "/_sandbox//reset"),
    ("POST", "/_sandbox/events"),
    ("POST", "/moto-api/reset"),
    ("POST", "/moto-api/reset-auth"),
    ("POST", "/moto-api/config"),
    ("POST", "/moto-api/data.json"),
    ("POST", "/moto-api/state-manager/set-transition"),
    ("GET", "/moto-api/seed?a=1"),
    ("HEAD", "/moto-api/seed?a=1"),
    ("GET", "/moto-api/recorder/start-recording"),
    ("GET", "/moto-api/recorder/replay-recording"),
    ("GET", "/moto-api/no-such-path"),
    ("OPTIONS", "/moto-api/reset"),
]
READS = [
    ("GET", "/_sandbox/health"),
    ("HEAD", "/_sandbox/health"),
    ("GET", "/_sandbox/events?newest=1"),
    ("GET", "/moto-api/data.json"),
    ("GET", "/moto-api/config"),
]


class Guarded:
    """A gateway whose control API says which requests reach it."""

    def __init__(self) -> None:
        self.reached: list[str] = []
        self.gateway = Gateway(control=self._control)

    def _control(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self.reached.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        start_response("200 OK", [])
        return [b"ok"]

    def ask(self, method: str, path: str, body: bytes = b"a=b", **environ: str) -> tuple[int, dict[str, str], bytes]:
        return request(self.gateway, method, path, body, **environ)


def refused(asked: tuple[int, dict[str, str], bytes]) -> dict[str, str]:
    """The error of a refused change, which is JSON with the next command."""
    status, headers, body = asked
    assert (status, headers["content-type"]) == (403, "application/json")
    found: dict[str, str] = json.loads(body)
    return found


@pytest.mark.parametrize(("method", "path"), CHANGES)
@pytest.mark.parametrize("sent", [{"CONTENT_TYPE": FORM}, PLAIN, {}, {"HTTP_X_SANDBOX_CLIENT": " "}], ids=["form", "text", "none", "blank"])
def test_a_change_without_the_header_is_refused_and_changes_nothing(aws: Aws, method: str, path: str, sent: dict[str, str]) -> None:
    aws("sqs").create_queue(QueueName="kept")
    before, guarded = len(aws.journal.events()), Guarded()
    answer = refused(guarded.ask(method, path, **sent))
    bare = path.partition("?")[0]
    assert answer["error"] == f"{method} {bare} can change the sandbox, so it needs the header X-Sandbox-Client (any value), " + (
        "which a web page cannot send."
    )
    assert (guarded.reached, len(aws.journal.events())) == ([], before)
    assert len(aws("sqs").list_queues()["QueueUrls"]) == 1


def test_the_refusal_says_the_command_to_type(aws: Aws) -> None:
    curl = "curl -X POST -H 'X-Sandbox-Client: curl' http://localhost:4566/_sandbox/reset"
    assert refused(Guarded().ask("POST", "/_sandbox/reset", b""))["next"] == curl
    with_query = "curl -X PUT -H 'X-Sandbox-Client: curl' 'http://127.0.0.1:4570/_sandbox/clock?a=1&b=2'"
    assert refused(Guarded().ask("PUT", "/_sandbox/clock?a=1&b=2", b"{}", HTTP_HOST="127.0.0.1:4570"))["next"] == with_query
    quoted = "curl -X POST -H 'X-Sandbox-Client: curl' http://localhost:4566/_sandbox/%24%28reboot%29%C3%A9"
    assert refused(Guarded().ask("POST", "/_sandbox/$(reboot)\xc3\xa9", b""))["next"] == quoted


@pytest.mark.parametrize(("method", "path"), CHANGES)
@pytest.mark.parametrize(
    "page",
    [
        PAGE,
        {"HTTP_ORIGIN": "http://localhost:3000"},
        {"HTTP_ORIGIN": "http://127.0.0.1:4566"},
        {"HTTP_SEC_FETCH_SITE": "same-site"},
        {"HTTP_REFERER": "http://localhost:3000/app"},
    ],
    ids=["browser", "origin", "another name of this machine", "fetch metadata", "referer"],
)
def test_a_page_of_another_port_cannot_change_anything_even_with_the_header(aws: Aws, method: str, path: str, page: dict[str, str]) -> None:
    guarded = Guarded()
    status, headers, body = guarded.ask(method, path, **page, **CLIENT)
    assert (status, guarded.reached, len(aws.journal.events())) == (403, [], 0)
    assert body.decode().endswith("is not accepted from a web page of another port.\n")
    assert not [name for name in headers if name.startswith("access-control-")]


@pytest.mark.parametrize(("method", "path"), [each for each in CHANGES if each[1].startswith("/_sandbox")])
@pytest.mark.parametrize(
    "sent",
    [{}, {"HTTP_ORIGIN": "http://localhost:4566", "HTTP_SEC_FETCH_SITE": "same-origin", "HTTP_REFERER": "http://localhost:4566/x"}],
    ids=["program", "own page"],
)
def test_with_the_header_a_change_reaches_the_control_api(aws: Aws, method: str, path: str, sent: dict[str, str]) -> None:
    guarded = Guarded()
    assert guarded.ask(method, path, **CLIENT, **sent)[0] == 200
    assert guarded.reached == [f"{method} {path}"]


@pytest.mark.parametrize(("method", "path"), READS)
@pytest.mark.parametrize(
    "sent", [{}, {"HTTP_SEC_FETCH_SITE": "same-site", "HTTP_REFERER": "http://localhost:3000/"}], ids=["curl", "a link"]
)
def test_reading_needs_no_header(aws: Aws, method: str, path: str, sent: dict[str, str]) -> None:
    status, headers, _ = Guarded().ask(method, path, b"", **sent)
    assert status in (200, 201)
    assert not [name for name in headers if name.startswith("access-control-")]
    assert aws.journal.events() == ()


def test_only_paths_of_moto_that_read_are_read_without_the_header(aws: Aws) -> None:
    """A new version of moto may add paths: each is a change until it is named as a read."""
    known = {path.removeprefix("{0}").removesuffix("$") for path in moto_api_urls.url_paths}
    assert known >= MOTO_READS


UNSIGNED = [
    ("POST", "/", b"Action=CreateDomain&DomainName=d&Version=2009-04-15", {"CONTENT_TYPE": FORM, "HTTP_USER_AGENT": "x/us-east-1"}),
    ("POST", "/", b"Action=CreateVpc&Version=2016-11-15&CidrBlock=10.0.0.0/16", {"CONTENT_TYPE": FORM}),
    ("POST", "/", b'{"QueueName": "q"}', PLAIN),
    ("POST", "/sqs_us-east-1/", b"Action=CreateQueue&Version=2012-11-05&QueueName=q", {"CONTENT_TYPE": FORM}),
    ("OPTIONS", "/", b"", {"HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "authorization"}),
    ("OPTIONS", "/s3_us-east-1/", b"", {"HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "authorization"}),
]


@pytest.mark.parametrize(("method", "path", "body", "sent"), UNSIGNED)
def test_a_page_reaches_the_aws_api_by_no_unsigned_request(
    aws: Aws, call: Any, method: str, path: str, body: bytes, sent: dict[str, str]
) -> None:
    status, headers, answer = call(method, path, body, **sent, **PAGE)
    assert (status, aws.journal.events()) == (403, ())
    assert answer.decode() == "The AWS API does not accept unsigned requests from web pages. Sign the request, as the AWS SDKs do.\n"
    assert not [name for name in headers if name.startswith("access-control-")]


def test_signed_requests_keep_the_rules_of_aws(aws: Aws, call: Any) -> None:
    """A page cannot send Authorization without a preflight, which is refused; a program may send what it likes."""
    body = b"Action=CreateVpc&Version=2016-11-15&CidrBlock=10.0.0.0/16"
    status, _, _ = call(body=body, CONTENT_TYPE=FORM, HTTP_AUTHORIZATION=signed("ec2"), **PAGE)
    assert (status, called(aws, "CreateVpc").summary) == (200, "a user called CreateVpc")


def test_a_header_cannot_pretend_to_be_a_service(aws: Aws, call: Any) -> None:
    body = b"Action=CreateVpc&Version=2016-11-15&CidrBlock=10.0.0.0/16"
    call(
        body=body,
        CONTENT_TYPE=FORM,
        HTTP_AUTHORIZATION=signed("ec2"),
        HTTP_SANDBOX_CALLER="autoscaling",
        HTTP_X_SANDBOX_CALLER="autoscaling",
    )
    assert aws.journal.events()[0].summary == "a user called CreateVpc"


# ---- events --------------------------------------------------------------------------------------------------------------------------


def run_instance(aws: Aws, **more: Any) -> str:
    answer = aws("ec2").run_instances(ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1, **more)
    return str(answer["Instances"][0]["InstanceId"])


def called(aws: Aws, name: str) -> Any:
    found = [e for e in aws.journal.events() if e.detail.get("eventName") == name and e.detail_type == "AWS API Call via CloudTrail"]
    assert len(found) == 1
    return found[0]


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


# ---- lock ----------------------------------------------------------------------------------------------------------------------------


def test_eight_threads_make_exactly_what_they_ask_for(aws: Aws) -> None:
    inside: list[int] = []
    most = 0

    def watch(service: str, operation: str) -> None:
        nonlocal most
        if operation == "CreateSecurityGroup":
            inside.append(1)
            most = max(most, len(inside))
            time.sleep(0)  # lets other threads run: they must not come in
            inside.pop()

    aws.faults.on_call = watch
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]

    def make(number: int) -> str:
        return str(ec2.create_security_group(GroupName=f"g{number}", Description="d", VpcId=vpc)["GroupId"])

    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(make, range(40)))
    there = {g["GroupId"] for g in ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]}
    assert (len(made), made <= there, most) == (40, True, 1)
    ids = [e.id for e in aws.journal.events()]
    assert ids == sorted(ids)


def test_a_request_waits_for_the_lock(aws: Aws) -> None:
    aws("ec2").describe_vpcs()
    done = threading.Event()

    def ask() -> None:
        aws("ec2").describe_vpcs()
        done.set()

    thread = threading.Thread(target=ask)
    with LOCK:
        thread.start()
        assert not done.wait(0.05)
    assert done.wait(10)
    thread.join()


def test_a_long_poll_ends_at_once_where_the_clock_stands_still(aws: Aws) -> None:
    queue = aws("sqs").create_queue(QueueName="q")["QueueUrl"]
    assert "Messages" not in aws("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=20)


# ---- on a socket ---------------------------------------------------------------------------------------------------------------------


def read_response(reader: Any) -> tuple[int, bytes]:
    status = int(reader.readline().split()[1])
    length = 0
    while (line := reader.readline().strip().lower()) != b"":
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return status, reader.read(length)


@pytest.mark.process
def test_one_connection_carries_many_requests_and_100_continue(aws: Aws) -> None:
    server = Server(aws.gateway, port=0)
    server.start()
    try:
        body = b"Action=DescribeVpcs&Version=2016-11-15&Filter.1.Name=tag:x&Filter.1.Value.1=" + b"y" * 300_000
        head = (
            f"POST / HTTP/1.1\r\nHost: localhost:{server.port}\r\nAuthorization: {signed('ec2')}\r\n"
            f"Content-Type: {FORM}\r\nContent-Length: {len(body)}\r\n"
        )
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection, connection.makefile("rb") as reader:
            for _ in range(2):
                connection.sendall(f"{head}\r\n".encode() + body)
                assert read_response(reader)[0] == 200
            connection.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
            assert reader.readline() == b"HTTP/1.1 100 Continue\r\n"
            assert reader.readline() == b"\r\n"
            connection.sendall(body)
            assert read_response(reader)[0] == 200
    finally:
        server.stop()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", server.port), timeout=1)


@pytest.mark.process
def test_boto3_over_a_socket_sees_an_unsupported_operation_once(aws: Aws) -> None:
    seen: list[str] = []
    aws.faults.on_call = lambda service, operation: seen.append(operation)
    server = Server(aws.gateway, port=0)
    server.start()
    try:
        client = boto3.client(
            "ec2",
            region_name=SCOPE.region,
            endpoint_url=f"http://127.0.0.1:{server.port}",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        with pytest.raises(ClientError) as failed:
            client.describe_fpga_images()
        client.close()
    finally:
        server.stop()
    assert (error_of(failed)[:2], seen) == ((501, "NotImplemented"), ["DescribeFpgaImages"])


@pytest.mark.process
def test_a_taken_port_is_said_with_what_to_type(aws: Aws) -> None:
    server = Server(aws.gateway, port=0)
    server.start()
    try:
        with pytest.raises(UserError) as taken:
            Server(aws.gateway, port=server.port)
    finally:
        server.stop()
    assert taken.value.message == f"Port {server.port} on 127.0.0.1 is in use by another program."
    assert taken.value.next_command == f"sandbox up --port {server.port + 1}"


def test_a_target_header_means_nothing_to_a_service_with_paths(call: Any) -> None:
    status, _, answer = call("GET", "/experimentTemplates", HTTP_AUTHORIZATION=signed("fis"), HTTP_X_AMZ_TARGET="AmazonSQS.Fly")
    assert (status, json.loads(answer)) == (200, {"experimentTemplates": []})
