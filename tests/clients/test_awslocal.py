"""awslocal (awscli-local): the AWS CLI with the endpoint of a local AWS, given by AWS_ENDPOINT_URL as `sandbox env` sets it."""

import json
from typing import Any

import pytest

from tests.support.clients import BIN, ClientSandbox, needs, program_apart

AWSLOCAL = program_apart("awslocal")
pytestmark = needs("awslocal", AWSLOCAL is not None)


def awslocal(sandbox: ClientSandbox, *arguments: str, check: bool = True) -> Any:
    """The JSON that the command printed, or its error."""
    path = f"{BIN}:{sandbox.environment['PATH']}"  # the `aws` that it runs is this environment's
    done = sandbox.command(str(AWSLOCAL), *arguments, check=check, more={"PATH": path})
    return json.loads(done.stdout) if done.returncode == 0 and done.stdout else done.stderr


@pytest.mark.usefixtures("nothing_left")
def test_a_topic_and_a_queue_are_made_again_changed_broken_and_deleted(sandbox: ClientSandbox) -> None:
    topic = awslocal(sandbox, "sns", "create-topic", "--name", "awslocal")["TopicArn"]
    assert awslocal(sandbox, "sns", "create-topic", "--name", "awslocal")["TopicArn"] == topic
    url = awslocal(sandbox, "sqs", "create-queue", "--queue-name", "awslocal")["QueueUrl"]
    assert awslocal(sandbox, "sqs", "create-queue", "--queue-name", "awslocal")["QueueUrl"] == url
    assert url.startswith(sandbox.endpoint)
    arn = awslocal(sandbox, "sqs", "get-queue-attributes", "--queue-url", url, "--attribute-names", "QueueArn")["Attributes"]["QueueArn"]
    awslocal(sandbox, "sns", "subscribe", "--topic-arn", topic, "--protocol", "sqs", "--notification-endpoint", arn)
    awslocal(sandbox, "sns", "set-topic-attributes", "--topic-arn", topic, "--attribute-name", "DisplayName", "--attribute-value", "Two")
    sent = awslocal(sandbox, "sns", "publish", "--topic-arn", topic, "--message", "hello")
    got = awslocal(sandbox, "sqs", "receive-message", "--queue-url", url, "--wait-time-seconds", "20")["Messages"]
    assert json.loads(got[0]["Body"])["MessageId"] == sent["MessageId"]

    awslocal(sandbox, "sqs", "delete-queue", "--queue-url", url)  # broken: the subscriber is gone
    assert "NonExistentQueue" in awslocal(sandbox, "sqs", "receive-message", "--queue-url", url, check=False)
    awslocal(sandbox, "sns", "delete-topic", "--topic-arn", topic)
    assert "Topic does not exist" in awslocal(sandbox, "sns", "get-topic-attributes", "--topic-arn", topic, check=False)


@pytest.mark.usefixtures("nothing_left")
def test_an_instance_is_launched_stopped_and_terminated(sandbox: ClientSandbox) -> None:
    launch = ("ec2", "run-instances", "--image-id", "ami-0c047a86012500412", "--instance-type", "t3.micro", "--client-token", "awslocal")
    [instance] = awslocal(sandbox, *launch)["Instances"]
    identity = instance["InstanceId"]
    assert [again["InstanceId"] for again in awslocal(sandbox, *launch)["Instances"]] == [identity]
    for command, state in (("stop-instances", "stopped"), ("start-instances", "running"), ("terminate-instances", "terminated")):
        awslocal(sandbox, "ec2", command, "--instance-ids", identity)
        awslocal(sandbox, "ec2", "wait", f"instance-{state}", "--instance-ids", identity)
