"""Requests that name a resource of another account: the answer is that of AWS, and nothing changes there."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from sandbox.virtual.client import VirtualClient
from tests.support import VirtualSandbox, virtual_sandbox
from tests.support.elb import error_of

ANN, BEN = "111122223333", "444455556666"
TRUST = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ANN}:root"}, "Action": "sts:AssumeRole"}]}
NOBODY = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}


@pytest.fixture
def sandbox() -> VirtualSandbox:
    made = virtual_sandbox()
    VirtualClient(made.sandbox).post("reset")
    return made


def test_a_queue_of_another_account_does_not_exist_for_a_caller_even_with_one_of_that_name(sandbox: VirtualSandbox) -> None:
    ann, ben = sandbox.of(ANN).client("sqs"), sandbox.of(BEN).client("sqs")
    own, theirs = (each.create_queue(QueueName="jobs")["QueueUrl"] for each in (ann, ben))
    assert own != theirs
    code, text = error_of(ann.send_message, QueueUrl=theirs, MessageBody="hello")
    assert code == "AWS.SimpleQueueService.NonExistentQueue" and "do not have access" in text
    assert error_of(ann.get_queue_url, QueueName="jobs", QueueOwnerAWSAccountId=BEN)[0] == code
    assert "Messages" not in ben.receive_message(QueueUrl=theirs) and "Messages" not in ann.receive_message(QueueUrl=own)


Calls = tuple[Any, dict[str, str]]


@dataclass(frozen=True)
class Kept:
    """A resource of a service, and a call that names it by its ARN."""

    service: str
    make: Callable[[Any], str]
    use: Callable[[Any, str], Calls]
    code: str = "AccessDeniedException"


KEPT = (
    Kept("sns", lambda c: c.create_topic(Name="ops")["TopicArn"], lambda c, a: (c.delete_topic, {"TopicArn": a}), "AuthorizationError"),
    Kept("kms", lambda c: c.create_key()["KeyMetadata"]["Arn"], lambda c, a: (c.describe_key, {"KeyId": a})),
    Kept(
        "secretsmanager",
        lambda c: c.create_secret(Name="key", SecretString="s")["ARN"],
        lambda c, a: (c.get_secret_value, {"SecretId": a}),
    ),
)


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: kept.service)
def test_a_resource_of_another_account_is_out_of_reach_by_its_arn(sandbox: VirtualSandbox, kept: Kept) -> None:
    ann, ben = sandbox.of(ANN).client(kept.service), sandbox.of(BEN).client(kept.service)
    arn = kept.make(ben)
    call, parameters = kept.use(ann, arn)
    found, text = error_of(call, **parameters)
    assert found == kept.code
    assert f"arn:aws:iam::{ANN}:root is not authorized to perform: {kept.service}:" in text and arn in text
    own, parameters = kept.use(ben, arn)
    own(**parameters)


def test_a_bucket_of_another_account_is_out_of_reach_and_its_name_is_taken(sandbox: VirtualSandbox) -> None:
    ann, ben = sandbox.of(ANN).client("s3"), sandbox.of(BEN).client("s3")
    ben.create_bucket(Bucket="shop")
    ben.put_object(Bucket="shop", Key="a", Body=b"1")
    assert error_of(ann.get_object, Bucket="shop", Key="a")[0] == "AccessDenied"
    assert error_of(ann.create_bucket, Bucket="shop")[0] == "BucketAlreadyExists"
    assert ann.list_buckets()["Buckets"] == []
    assert ben.get_object(Bucket="shop", Key="a")["Body"].read() == b"1"


@pytest.mark.parametrize(("policy", "admitted"), [(TRUST, True), (NOBODY, False), (None, False)])
def test_a_role_of_another_account_is_assumed_only_by_whom_it_trusts(sandbox: VirtualSandbox, policy: Any, admitted: bool) -> None:
    ann, ben = sandbox.of(ANN), sandbox.of(BEN)
    if policy:
        ben.client("iam").create_role(RoleName="reader", AssumeRolePolicyDocument=json.dumps(policy))
    asked = {"RoleArn": f"arn:aws:iam::{BEN}:role/reader", "RoleSessionName": "ann"}
    if admitted:
        assert ann.client("sts").assume_role(**asked)["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{BEN}:assumed-role/reader/ann"
        return
    code, text = error_of(ann.client("sts").assume_role, **asked)
    assert (code, text) == (
        "AccessDenied",
        f"User: arn:aws:iam::{ANN}:root is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::{BEN}:role/reader",
    )
