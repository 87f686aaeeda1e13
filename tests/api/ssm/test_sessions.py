"""Session Manager through the API, on instances that are records: what StartSession answers, what is listed, and what is refused."""

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.ec2.models import ec2_backends

from sandbox.aws import context as aws_context
from sandbox.aws.backends import find_instance
from sandbox.core.channels.protocols import MOST, ChannelKind
from sandbox.services.ec2.model import InstanceEvent
from tests.support import rule
from tests.support.aws import IMAGE, SCOPE, Aws
from tests.support.ports import FakeChannels

FORWARD, SSH = "AWS-StartPortForwardingSession", "AWS-StartSSHSession"


@pytest.fixture
def web(aws: Aws) -> str:
    return launched(aws)


@pytest.fixture
def channels(aws: Aws) -> FakeChannels:
    made = FakeChannels()
    aws_context.use(replace(aws_context.context(), channels=made))
    return made


def launched(aws: Aws, *, running: bool = True) -> str:
    instance_id = str(
        aws("ec2").run_instances(ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    )
    if running:
        find_instance(ec2_backends[SCOPE.account][SCOPE.region], instance_id).advance(InstanceEvent.BOOTED, "its machine runs")
    return instance_id


def refused(call: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as failed:
        call()
    return failed.value.response["Error"]["Code"], failed.value.response["Error"]["Message"]


@rule("SSM-10", "SSM-12")
def test_a_session_answers_its_id_a_token_and_the_url_of_its_data_channel(aws: Aws, channels: FakeChannels, web: str) -> None:
    made = aws("ssm").start_session(Target=web, Reason="a look")
    session_id = made["SessionId"]
    assert session_id.startswith("root-") and len(session_id) == len("root-") + 17
    assert made["TokenValue"] == "token-1"
    assert made["StreamUrl"] == f"ws://127.0.0.1:4566/v1/data-channel/{session_id}?role=publish_subscribe"
    request = channels.opened[session_id]
    assert (request.instance_id, request.kind, request.properties) == (web, ChannelKind.SHELL, {})
    [shown] = aws("ssm").describe_sessions(State="Active")["Sessions"]
    assert (shown["SessionId"], shown["Target"], shown["Status"], shown["Reason"]) == (session_id, web, "Connecting", "a look")
    assert (shown["DocumentName"], shown["Owner"]) == ("SSM-SessionManagerRunShell", "arn:aws:iam::123456789012:root")
    assert aws("ssm").describe_sessions(State="History")["Sessions"] == []


@rule("SSM-11")
@pytest.mark.parametrize(
    ("given", "port", "properties"),
    [
        ({"DocumentName": FORWARD}, 80, {"portNumber": "80", "localPortNumber": "0", "type": "LocalPortForwarding"}),
        (
            {"DocumentName": FORWARD, "Parameters": {"portNumber": ["8000"], "localPortNumber": ["9000"]}},
            8000,
            {"portNumber": "8000", "localPortNumber": "9000", "type": "LocalPortForwarding"},
        ),
        ({"DocumentName": SSH}, 22, {"portNumber": "22"}),
    ],
)
def test_sessions_to_ports_have_the_port_and_what_the_client_does_with_it(
    aws: Aws, channels: FakeChannels, web: str, given: dict[str, Any], port: int, properties: dict[str, str]
) -> None:
    aws("ssm").start_session(Target=web, **given)
    [request] = channels.opened.values()
    assert (request.kind, request.port, request.properties) == (ChannelKind.PORT, port, properties)
    assert request.address.startswith("172.31.")


@rule("SSM-10", "SSM-11")
@pytest.mark.parametrize(
    ("given", "code", "told"),
    [
        ({"Target": "i-0123456789abcdef0"}, "TargetNotConnected", "i-0123456789abcdef0 is not connected."),
        ({"DocumentName": "AWS-StartInteractiveCommand"}, "InvalidDocument", "sandbox ssh"),
        ({"DocumentName": "AWS-StartPortForwardingSessionToRemoteHost"}, "InvalidDocument", "It has SSM-SessionManagerRunShell, "),
        ({"DocumentName": "AWS-RunShellScript"}, "InvalidDocument", "no session document AWS-RunShellScript"),
        ({"Parameters": {"command": ["top"]}}, "InvalidParameters", "no parameter command"),
        ({"DocumentName": FORWARD, "Parameters": {"portNumber": ["0"]}}, "InvalidParameters", "a port from 1 to 65535, not 0"),
        ({"DocumentName": FORWARD, "Parameters": {"portNumber": ["http"]}}, "InvalidParameters", "not http"),
        ({"DocumentName": FORWARD, "Parameters": {"portNumber": ["1", "2"]}}, "InvalidParameters", "not 1, 2"),
        ({"DocumentName": SSH, "Parameters": {"localPortNumber": ["1"]}}, "InvalidParameters", "no parameter localPortNumber"),
        ({"Reason": "x" * 257}, "ValidationException", "reason"),
    ],
)
def test_what_cannot_be_started_is_refused_and_changes_nothing(
    aws: Aws, channels: FakeChannels, web: str, given: dict[str, Any], code: str, told: str
) -> None:
    found = refused(lambda: aws("ssm").start_session(**{"Target": web, **given}))
    assert found[0] == code and told in found[1]
    assert channels.opened == {} and aws("ssm").describe_sessions(State="Active")["Sessions"] == []


@rule("SSM-10")
def test_an_instance_that_does_not_run_is_not_connected(aws: Aws, channels: FakeChannels, web: str) -> None:
    pending = launched(aws, running=False)
    assert refused(lambda: aws("ssm").start_session(Target=pending)) == ("TargetNotConnected", f"{pending} is not connected.")
    status = {each: aws("ssm").get_connection_status(Target=each)["Status"] for each in (web, pending)}
    assert status == {web: "connected", pending: "notconnected"}


@rule("SSM-10")
def test_where_machines_have_no_shell_sessions_are_refused_by_name(aws: Aws, channels: FakeChannels, web: str) -> None:
    channels.why_not = "simulated instances have no shell"
    code, text = refused(lambda: aws("ssm").start_session(Target=web))
    assert code == "NotImplemented" and "simulated instances have no shell" in text and "aws ssm send-command" in text


@rule("SSM-10")
def test_the_account_s_preferences_of_sessions_are_refused_as_they_would_have_no_effect(aws: Aws, channels: FakeChannels, web: str) -> None:
    content = '{"schemaVersion": "1.0", "sessionType": "Standard_Stream", "inputs": {"idleSessionTimeout": "5"}}'
    aws("ssm").create_document(Name="SSM-SessionManagerRunShell", Content=content, DocumentType="Session")
    code, text = refused(lambda: aws("ssm").start_session(Target=web))
    assert code == "NotImplemented" and "preferences" in text


@rule("SSM-14")
def test_terminate_session_ends_it_once_with_the_call_as_cause(aws: Aws, channels: FakeChannels, web: str) -> None:
    session_id = aws("ssm").start_session(Target=web)["SessionId"]
    for _ in range(2):
        assert aws("ssm").terminate_session(SessionId=session_id)["SessionId"] == session_id
    assert channels.told == {session_id: "The session was terminated by a call of TerminateSession."}
    [shown] = aws("ssm").describe_sessions(State="History")["Sessions"]
    assert (shown["Status"], shown["Details"]) == ("Terminated", "TerminateSession") and shown["EndDate"] >= shown["StartDate"]
    assert aws("ssm").describe_sessions(State="Active")["Sessions"] == []
    events = {each.id: each for each in aws.journal.events()}
    [ended] = [each for each in events.values() if each.detail_type == "Session Manager Session Ended"]
    [started] = [each for each in events.values() if each.detail_type == "Session Manager Session Started"]
    assert "TerminateSession" in events[ended.cause or ""].summary and "StartSession" in events[started.cause or ""].summary


@rule("SSM-12")
def test_resume_session_gives_another_token_and_none_for_a_session_that_has_ended(aws: Aws, channels: FakeChannels, web: str) -> None:
    made = aws("ssm").start_session(Target=web)
    again = aws("ssm").resume_session(SessionId=made["SessionId"])
    assert (again["TokenValue"], again["StreamUrl"]) == ("token-2", made["StreamUrl"])
    aws("ssm").terminate_session(SessionId=made["SessionId"])
    assert "TokenValue" not in aws("ssm").resume_session(SessionId=made["SessionId"])


@pytest.mark.parametrize("operation", ["resume_session", "terminate_session"])
def test_an_unknown_session_does_not_exist(aws: Aws, operation: str) -> None:
    assert refused(lambda: getattr(aws("ssm"), operation)(SessionId="root-1"))[0] == "DoesNotExistException"


@rule("SSM-13")
def test_sessions_are_listed_newest_first_with_filters_and_pages(aws: Aws, channels: FakeChannels, web: str) -> None:
    ids = [aws("ssm").start_session(Target=web)["SessionId"] for _ in range(3)][::-1]

    def listed(**given: Any) -> list[str]:
        pages = aws("ssm").get_paginator("describe_sessions").paginate(State="Active", **given)
        return [each["SessionId"] for page in pages for each in page["Sessions"]]

    assert listed() == listed(PaginationConfig={"PageSize": 2}) == ids
    for key, value, found in (
        ("SessionId", ids[1], [ids[1]]),
        ("Target", "i-0123456789abcdef0", []),
        ("Status", "Connecting", ids),
        ("Status", "Connected", []),
        ("Owner", "arn:aws:iam::123456789012:root", ids),
        ("InvokedAfter", "2020-01-01T00:00:00Z", ids),
        ("InvokedBefore", "2020-01-01T00:00:00Z", []),
        ("AccessType", "JustInTime", []),
    ):
        assert listed(Filters=[{"key": key, "value": value}]) == found, key
    for key, value in (("Status", "Sleeping"), ("InvokedAfter", "yesterday"), ("AccessType", "Other")):
        assert refused(lambda key=key, value=value: listed(Filters=[{"key": key, "value": value}]))[0] == "InvalidFilterKey"


def test_there_are_only_so_many_sessions_at_a_time(aws: Aws, channels: FakeChannels, web: str) -> None:
    made = [aws("ssm").start_session(Target=web)["SessionId"] for _ in range(MOST)]
    code, text = refused(lambda: aws("ssm").start_session(Target=web))
    assert code == "ServiceQuotaExceededException" and "terminate-session" in text and len(channels.opened) == MOST
    aws("ssm").terminate_session(SessionId=made[0])
    aws("ssm").start_session(Target=web)
