"""The DNS server as a process, asked over UDP and TCP at loopback addresses that stand for those of VPCs."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.rcode
import pytest

from sandbox.drivers.names import files
from sandbox.drivers.names.base import Name, Published
from tests.support import rule
from tests.support.drivers.proxies import free_ports
from tests.support.waiting import until

pytestmark = pytest.mark.process

VPC = "127.8.0.2"


class Server:
    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_ports(1).start
        command = [sys.executable, "-m", "sandbox.drivers.names.server", str(folder), "--port", str(self.port), "--always", "127.8.0.1"]
        self.process = subprocess.Popen(command)

    def publish(self, *names: Name, internet: bool = False) -> None:
        files.write(self.folder, "ec2", Published(names=names, servers=(VPC,), internet=internet))

    def ask(self, name: str, *, tcp: bool = False) -> tuple[str, list[str]] | None:
        """None: no answer."""
        send = dns.query.tcp if tcp else dns.query.udp
        with suppress(dns.exception.DNSException, OSError):
            answer = send(dns.message.make_query(name, "A"), VPC, timeout=5, port=self.port)
            return dns.rcode.to_text(answer.rcode()), [str(record) for each in answer.answer for record in each]
        return None

    def close(self) -> None:
        self.process.terminate()
        assert self.process.wait(10) == 0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path)
    yield made
    made.close()


@rule("DNS-3", "DNS-6")
def test_it_answers_at_the_address_of_the_vpc_what_was_published_last(server: Server) -> None:
    server.publish(Name("web.ec2.internal", ("10.0.1.17",)))
    until(lambda: server.ask("web.ec2.internal") == ("NOERROR", ["10.0.1.17"]), seconds=20)
    server.publish(Name("web.ec2.internal", ("10.0.1.18",)))
    for tcp in (False, True):
        assert server.ask("web.ec2.internal", tcp=tcp) == ("NOERROR", ["10.0.1.18"])
        assert server.ask("www.example.com", tcp=tcp) == ("NXDOMAIN", [])


def test_a_service_beside_the_instances_that_no_resolver_knows_does_not_exist(server: Server) -> None:
    server.publish()
    until(lambda: server.ask("database") == ("NXDOMAIN", []), seconds=20)


def test_garbage_and_idle_connections_harm_nothing(server: Server) -> None:
    server.publish(Name("web.ec2.internal", ("10.0.1.17",)))
    until(lambda: server.ask("web.ec2.internal"), seconds=20)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for data in (b"", b"\0", b"\xff" * 600, b"\0\1\1\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1"):
            sender.sendto(data, (VPC, server.port))
    with socket.create_connection((VPC, server.port)) as idle:
        idle.sendall(b"\xff\xff half")
        assert server.ask("web.ec2.internal", tcp=True) == ("NOERROR", ["10.0.1.17"])
