"""Bad requests of all kinds get an answer that AWS could give, and change nothing. `make badrequests` sends many more."""

import io
import re
from urllib.parse import quote

import pytest

from tests.support.aws import Aws, signed
from tests.support.bad_requests.run import run

FORM = "application/x-www-form-urlencoded"


def test_bad_requests_are_refused_as_aws_refuses_them_and_change_nothing() -> None:
    report = run(seed=1, count=1000)
    assert [str(failure) for failure in report.failures] == []
    assert report.aftermath == []
    assert report.statuses[200] > 100, "some are to be accepted: otherwise a refusal proves nothing"


@pytest.mark.parametrize(
    ("service", "body", "code", "text"),
    [
        ("ec2", "Action=CreateTags&ResourceId.1=x&Tag.1.Value=v", "MissingParameter", "must contain the parameter Tag.1.Key"),
        ("ec2", "Action=DescribeSecurityGroupRules&Filter.1.Name=colour&Filter.1.Value.1=x", "InvalidParameterValue", "filter 'colour'"),
        ("ec2", "Action=DescribeLaunchTemplateVersions&MinVersion=x", "InvalidParameterValue", "(x) for parameter minVersion is invalid"),
        ("autoscaling", "Action=DescribeLaunchConfigurations&NextToken=x", "InvalidNextToken", "The token provided is not valid."),
        ("sns", "Action=DeletePlatformApplication&PlatformApplicationArn=x", "NotFound", "PlatformApplicationArn does not exist"),
        (
            "elasticloadbalancing",
            "Action=DescribeRules&Version=1999-01-01",
            "InvalidAction",
            "DescribeRules for version 1999-01-01",
        ),
        ("elasticloadbalancing", "Action=DescribeRules", "InvalidAction", "DescribeRules for version NO_VERSION_SPECIFIED"),
    ],
)
def test_what_is_not_there_is_not_found(aws: Aws, service: str, body: str, code: str, text: str) -> None:
    status, answer = post(aws, service, body.encode())
    assert (status // 100, re.findall("<Code>(.*?)</Code>", answer)) == (4, [code])
    assert text in answer


def test_what_is_named_twice_is_described_once(aws: Aws) -> None:
    """moto compares the number of names with that of what it found, and failed."""
    ec2 = aws("ec2")
    table = ec2.describe_route_tables()["RouteTables"][0]["RouteTableId"]
    assert [found["RouteTableId"] for found in ec2.describe_route_tables(RouteTableIds=[table, table])["RouteTables"]] == [table]


def test_a_long_value_that_is_no_number_is_refused(aws: Aws) -> None:
    """Python's error shows the beginning of it only."""
    status, answer = post(aws, "ec2", b"Action=DescribeLaunchTemplateVersions&MinVersion=" + b"a" * 5_000)
    assert (status, re.findall("<Code>(.*?)</Code>", answer)) == (400, ["InvalidParameterValue"])


@pytest.mark.parametrize("value", ["' OR 1=1 --", '"', "a\\b", "\n", "é", "\u2028", "1_0'"])
def test_a_value_that_is_no_number_is_refused_whatever_its_characters(aws: Aws, value: str) -> None:
    """Python's error shows it with quotes and escapes that depend on it."""
    status, answer = post(aws, "ec2", f"Action=DescribeLaunchTemplateVersions&MinVersion={quote(value)}".encode())
    assert (status, re.findall("<Code>(.*?)</Code>", answer)) == (400, ["InvalidParameterValue"])


def test_a_query_string_that_is_no_text_is_refused(aws: Aws) -> None:
    status, answer = post(aws, "ec2", b"", "Action=DescribeVpcs\xa4")
    assert (status, re.findall("<Code>(.*?)</Code>", answer)) == (400, ["MalformedQueryString"])


def test_a_fault_of_our_own_stays_a_fault(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: object, *_: object, **__: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr("moto.sns.models.SNSBackend.delete_platform_application", broken)
    status, answer = post(aws, "sns", b"Action=DeletePlatformApplication&PlatformApplicationArn=x")
    assert (status, re.findall("<Code>(.*?)</Code>", answer)) == (500, ["InternalFailure"])


def post(aws: Aws, service: str, body: bytes, query: str = "") -> tuple[int, str]:
    environ = {
        "REQUEST_METHOD": "POST" if body else "GET",
        "PATH_INFO": "/",
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "4566",
        "HTTP_HOST": "localhost:4566",
        "HTTP_AUTHORIZATION": signed(service),
        "CONTENT_TYPE": FORM,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
    }
    status: list[int] = []
    answer = b"".join(aws.gateway(environ, lambda line, headers, exc_info=None: status.append(int(line[:3]))))
    return status[0], answer.decode()
