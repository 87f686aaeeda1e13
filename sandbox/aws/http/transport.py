"""How controllers (and tests) call the AWS API: real boto3 clients whose requests go directly to the gateway, without a socket.

An EC2 call by Auto Scaling is therefore handled like a user's: parsed, journalled and refused in the same way. The caller's name and the
account are passed in the WSGI environ, where no request from outside can set them.
"""

import io
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from functools import cache
from typing import Any
from urllib.parse import unquote, urlsplit

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
import boto3
import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from moto.moto_api._internal import mock_random

from sandbox.aws.http.wsgi import ACCOUNT, CALLER
from sandbox.core.control import Scope

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

ENDPOINT = "http://localhost"
NO_RETRIES = Config(retries={"total_max_attempts": 1, "mode": "standard"})
"""The controller sees each failed request and decides what to do."""


class Transport:
    """One per sandbox. A client is created once per service, scope and caller; like all boto3 clients, it is thread-safe."""

    def __init__(self, gateway: Wsgi) -> None:
        self._gateway = gateway
        self._clients: dict[tuple[str, Scope, str | None], Any] = {}
        self._lock = threading.Lock()

    def client(self, service: str, scope: Scope, caller: str | None = None) -> Any:
        """A boto3 client. `caller`: the AWS service that calls ("autoscaling"), for the journal; None: a user."""
        with self._lock:  # boto3 does not create clients thread-safely
            key = (service, scope, caller)
            if key not in self._clients:
                self._clients[key] = self._make(service, scope, caller)
            return self._clients[key]

    def _make(self, service: str, scope: Scope, caller: str | None) -> Any:
        client = _copy(_client(service, scope.region))

        def send(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
            return _call(self._gateway, request, {ACCOUNT: scope.account, CALLER: caller})

        client.meta.events.register("before-send", send)
        client.meta.events.register_first("before-parameter-build", _tokens)
        return client


@cache
def _session() -> boto3.Session:
    """One for the process. It caches the parsed service models; parsing EC2's alone takes a third of a second.

    It ignores the user's ~/.aws and AWS_PROFILE: nothing here calls the real AWS."""
    core = botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
    )
    core.set_credentials("SANDBOX", "SANDBOX")
    return boto3.Session(botocore_session=core)


@cache
def _client(service: str, region: str) -> Any:
    """What each client of the service is a copy of: making one takes 16 ms for EC2, for each of its 750 operations becomes a method."""
    return _session().client(service, region_name=region, endpoint_url=ENDPOINT, config=NO_RETRIES)


def _copy(client: Any) -> Any:
    """The client with event handlers of its own: botocore (1.44) emits events on its client and on the client's endpoint."""
    made = object.__new__(type(client))
    vars(made).update(vars(client))
    made.meta, made._endpoint = copy(client.meta), copy(client._endpoint)
    made.meta.events = made._endpoint._event_emitter = copy(client.meta.events)
    return made


def _tokens(params: dict[str, Any], model: Any, **_: Any) -> None:
    """Sets idempotency tokens (ClientToken) that the caller omits, from moto's seeded generator: botocore's differ in each replay."""
    for name in model.idempotent_members:
        params.setdefault(name, str(mock_random.uuid4()))


class _Raw(io.BytesIO):
    """The part of urllib3's response that botocore uses."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        while piece := self.read():
            yield piece


def _call(gateway: Wsgi, request: AWSPreparedRequest, extra: dict[str, Any]) -> AWSResponse:
    answer: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        answer.update(status=int(status.split(" ", 1)[0]), headers=dict(headers))

    body = b"".join(gateway(_environ(request) | extra, start_response))
    return AWSResponse(request.url, answer["status"], answer["headers"], _Raw(body))


def _environ(request: AWSPreparedRequest) -> dict[str, Any]:
    url = urlsplit(request.url)
    body = request.body or b""
    if hasattr(body, "read"):
        body = body.read()
    if isinstance(body, str):
        body = body.encode()
    environ = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(url.path, "latin-1") or "/",
        "RAW_URI": url.path or "/",
        "QUERY_STRING": url.query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": url.netloc,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        if key == "CONTENT_LENGTH":
            continue
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value.decode("latin-1") if isinstance(value, bytes) else value
    return environ
