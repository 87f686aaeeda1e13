"""The gateway on a socket."""

import json
import socket
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox.aws.http.server import Server
from sandbox.core.errors import UserError
from tests.support.api.gateway import FORM, error_of
from tests.support.aws import SCOPE, Aws, signed


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
