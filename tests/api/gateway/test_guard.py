"""Whom the gateway lets in: this machine, its own pages, and instances as far as the settings allow."""

import json
from typing import Any

import pytest
from moto.moto_api._internal import urls as moto_api_urls

from sandbox.aws.http.gateway import Gateway
from sandbox.aws.http.guard import MOTO_READS, InstanceAccess
from tests.support.api.gateway import CLIENT, FORM, called
from tests.support.aws import Aws, request, signed

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
