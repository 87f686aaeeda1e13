"""AWS calls in process, by boto3 or as raw requests, with nothing of the product but sandbox.aws."""

import io
from typing import Any

from sandbox.aws.http.gateway import Gateway
from sandbox.aws.http.transport import Transport
from sandbox.core.clock import VirtualClock
from sandbox.core.control import Scope
from sandbox.core.journal import Journal
from tests.support.ports import FakeFaults, FakeMachines, FakeScripts

SCOPE = Scope("123456789012", "us-east-1")
IMAGE = "ami-0c047a86012500412"


class Aws:
    """`aws("ec2")` is a boto3 client; `aws.woken` counts how often the loops were woken."""

    def __init__(self, clock: VirtualClock, journal: Journal) -> None:
        self.clock, self.journal, self.woken = clock, journal, 0
        self.gateway = Gateway()
        self.transport = Transport(self.gateway)
        self.faults = FakeFaults()
        self.machines = FakeMachines()
        self.scripts = FakeScripts()

    def __call__(self, service: str, scope: Scope = SCOPE, caller: str | None = None) -> Any:
        return self.transport.client(service, scope, caller)

    def wake(self, controller: str | None = None, key: str | None = None) -> None:
        self.woken += 1


def request(app: Any, method: str, path: str, body: bytes, **environ: str) -> tuple[int, dict[str, str], bytes]:
    answer: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        answer.update(status=int(status[:3]), headers={name.lower(): value for name, value in headers})

    path, _, query = path.partition("?")
    given = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SCRIPT_NAME": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "4566",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost:4566",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
    }
    body_out = b"".join(app(given | environ, start_response))
    return answer["status"], answer["headers"], body_out


def signed(service: str, region: str = "us-east-1") -> str:
    """An Authorization header as SDKs send it; nobody checks its signature."""
    return f"AWS4-HMAC-SHA256 Credential=test/20260507/{region}/{service}/aws4_request, SignedHeaders=host, Signature=0"
