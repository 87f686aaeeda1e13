"""Access logs of load balancers in a bucket of the sandbox's own S3, in virtual time."""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from sandbox.aws import state
from sandbox.settings import Settings
from sandbox.wiring import build
from tests.support import rule
from tests.support.services.security_groups import admit_everything
from tests.support.virtual import VirtualSandbox

BEGIN = datetime(2026, 5, 7, 17, 2, 30, tzinfo=UTC)
FOLDER = "web/AWSLogs/123456789012"


@pytest.fixture
def sandbox() -> Iterator[VirtualSandbox]:
    made = VirtualSandbox(build(Settings(), virtual=True, start=BEGIN))
    yield made
    made.sandbox.close()
    state.reset()


@pytest.fixture
def balancer(sandbox: VirtualSandbox) -> str:
    """An ARN. Its listener answers by itself."""
    subnets = [s["SubnetId"] for s in sandbox.client("ec2").describe_subnets()["Subnets"]][:2]
    elbv2 = sandbox.client("elbv2")
    admit_everything(sandbox.client("ec2"))
    arn: str = elbv2.create_load_balancer(Name="shop", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    fixed = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}]
    elbv2.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=fixed)
    sandbox.run(10)
    return arn


def configure(sandbox: VirtualSandbox, balancer: str, **logs: str) -> None:
    given = [{"Key": f"access_logs.s3.{name}", "Value": value} for name, value in logs.items()]
    sandbox.client("elbv2").modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=given)


def ask(sandbox: VirtualSandbox, path: str) -> None:
    name = sandbox.client("elbv2").describe_load_balancers()["LoadBalancers"][0]["DNSName"]
    sandbox.sandbox.simulated.proxy.request(name, path=path)
    sandbox.run(1)


def files(sandbox: VirtualSandbox, bucket: str = "logs") -> dict[str, list[str]]:
    """Key of each log file → the paths that were asked for."""
    s3 = sandbox.client("s3")
    found = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", []) if each["Key"].endswith(".log.gz")]
    bodies = {key: gzip.decompress(s3.get_object(Bucket=bucket, Key=key)["Body"].read()).decode() for key in found}
    return {key: [line.split('"')[1].split(":80")[1].split(" ")[0] for line in body.splitlines()] for key, body in bodies.items()}


@rule("LBM-7")
def test_requests_are_in_the_file_of_their_five_minutes(sandbox: VirtualSandbox, balancer: str) -> None:
    sandbox.client("s3").create_bucket(Bucket="logs")
    ask(sandbox, "/before")
    configure(sandbox, balancer, enabled="true", bucket="logs", prefix="web")
    assert sandbox.client("s3").get_object(Bucket="logs", Key=f"{FOLDER}/ELBAccessLogTestFile")["Body"].read()
    sandbox.run(1)
    ask(sandbox, "/one")
    ask(sandbox, "/two")
    assert files(sandbox) == {}
    sandbox.run(180)
    identifier = balancer.rpartition("/")[2]
    (first,) = files(sandbox)
    name = f"123456789012_elasticloadbalancing_us-east-1_app.shop.{identifier}_20260507T1705Z_127.0.0.1_"
    assert first.startswith(f"{FOLDER}/elasticloadbalancing/us-east-1/2026/05/07/{name}")
    sandbox.run(600)  # nothing was asked: no file
    ask(sandbox, "/three")
    sandbox.run(300)
    assert sorted(files(sandbox).values()) == [["/one", "/two"], ["/three"]]
    configure(sandbox, balancer, enabled="false")
    ask(sandbox, "/after")
    sandbox.run(600)
    assert len(files(sandbox)) == 2


@pytest.mark.parametrize(
    ("logs", "text"),
    [
        ({"bucket": "none"}, "Access Denied for bucket: none. Please check S3bucket permission"),
        ({}, "The access log bucket must be specified when access logs are enabled"),
        ({"bucket": "logs", "prefix": "AWSLogs"}, "The access log prefix cannot include 'AWSLogs'"),
    ],
)
def test_a_bucket_that_cannot_be_written_is_refused_and_nothing_changes(
    sandbox: VirtualSandbox, balancer: str, logs: dict[str, str], text: str
) -> None:
    elbv2 = sandbox.client("elbv2")
    before = elbv2.describe_load_balancer_attributes(LoadBalancerArn=balancer)["Attributes"]
    with pytest.raises(ClientError) as caught:
        configure(sandbox, balancer, enabled="true", **logs)
    assert caught.value.response["Error"]["Code"] == "InvalidConfigurationRequest"
    assert caught.value.response["Error"]["Message"] == text
    assert elbv2.describe_load_balancer_attributes(LoadBalancerArn=balancer)["Attributes"] == before


def test_a_bucket_that_is_deleted_later_is_an_event_and_the_next_file_is_written_again(sandbox: VirtualSandbox, balancer: str) -> None:
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="logs")
    configure(sandbox, balancer, enabled="true", bucket="logs", prefix="web")
    s3.delete_object(Bucket="logs", Key=f"{FOLDER}/ELBAccessLogTestFile")
    s3.delete_bucket(Bucket="logs")
    ask(sandbox, "/lost")
    sandbox.run(300)
    (event,) = [e for e in sandbox.sandbox.journal.events() if e.detail_type == "Access Log Not Written"]
    assert event.summary.startswith("1 requests of app/shop/") and event.cause is not None
    s3.create_bucket(Bucket="logs")
    ask(sandbox, "/kept")
    sandbox.run(300)
    assert list(files(sandbox).values()) == [["/kept"]]
