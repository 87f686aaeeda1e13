"""Actions that concern the callers of the API: only the calls of the targeted roles fail, and only while the action lasts."""

import re

import pytest

from tests.support import AMI, rule
from tests.support.aws import request
from tests.support.services.fis import make_role, on
from tests.support.services.fis_stage import Stage

LAUNCH = f"Action=RunInstances&Version=2016-11-15&MinCount=1&MaxCount=1&InstanceType=t3.micro&ImageId={AMI}&Placement.AvailabilityZone="


def caller(stage: Stage, role: str) -> str:
    """The access key of somebody who assumed the role."""
    assumed = stage.on.client("sts").assume_role(RoleArn=role, RoleSessionName="me")
    return str(assumed["Credentials"]["AccessKeyId"])


def launch(stage: Stage, key: str, zone: str = "us-east-1a") -> tuple[int, str]:
    """Status and error code of a RunInstances with that access key."""
    signature = f"AWS4-HMAC-SHA256 Credential={key}/20260507/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=0"
    more = {"HTTP_AUTHORIZATION": signature, "CONTENT_TYPE": "application/x-www-form-urlencoded"}
    status, _, body = request(stage.on.sandbox.gateway, "POST", "/", (LAUNCH + zone).encode(), **more)
    found = re.search(rb"<Code>(\w+)</Code>", body)
    return status, found[1].decode() if found else ""


@rule("FIS-25")
def test_launches_of_a_role_in_a_zone_find_no_capacity(stage: Stage) -> None:
    iam = stage.on.client("iam")
    targeted, other = (caller(stage, make_role(iam, name)) for name in ("targeted", "other"))
    role = {"resourceArns": ["arn:aws:iam::123456789012:role/targeted"]}
    given = {"duration": "PT2M", "availabilityZoneIdentifiers": "use1-az6"}
    experiment = stage.start(on("aws:ec2:api-insufficient-instance-capacity-error", "Roles", "aws:iam:role", role, **given))
    stage.on.run(5)
    assert launch(stage, targeted)[1] == "InsufficientInstanceCapacity"
    assert [launch(stage, targeted, "us-east-1b")[0], launch(stage, other)[0], launch(stage, "test")[0]] == [200, 200, 200]
    stage.on.run(120)
    assert (launch(stage, targeted)[0], stage.state(experiment)) == (200, "completed")


@rule("FIS-33")
@pytest.mark.parametrize(
    ("what", "status", "code"),
    [("internal", 500, "InternalError"), ("throttle", 503, "RequestLimitExceeded"), ("unavailable", 503, "Unavailable")],
)
def test_calls_of_a_role_fail_with_the_services_own_error(stage: Stage, what: str, status: int, code: str) -> None:
    key = caller(stage, make_role(stage.on.client("iam"), "targeted"))
    role = {"resourceArns": ["arn:aws:iam::123456789012:role/targeted"]}
    given = {"duration": "PT2M", "service": "ec2", "percentage": "100", "operations": "RunInstances,StartInstances"}
    experiment = stage.start(on(f"aws:fis:inject-api-{what}-error", "Roles", "aws:iam:role", role, **given))
    stage.on.run(5)
    assert launch(stage, key) == (status, code) and launch(stage, "test")[0] == 200
    stage.fis.stop_experiment(id=experiment)
    stage.on.run(2)
    assert launch(stage, key)[0] == 200
