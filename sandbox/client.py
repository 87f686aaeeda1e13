"""The client of a sandbox: boto3 clients of its endpoint, the control API /_sandbox, its clock, and client traffic. Front ends use no more.

`Client` talks to a running sandbox. sandbox/virtual/client.py has the same interface for a sandbox in virtual time. Errors are UserErrors
that name the next command. Nothing is retried, because a scenario must see what a user would see.
"""

import time
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

import boto3
import botocore.config
import httpx

from sandbox.core.client_header import CLIENT_HEADER
from sandbox.core.errors import UserError
from sandbox.traffic.plan import Plan
from sandbox.traffic.receiver import HttpReceiver, Receiver

if TYPE_CHECKING:
    from sandbox.traffic.records import Stream

__all__ = ["Client", "NotASandbox", "NotRunning", "SandboxApiError", "SandboxClient", "UserError"]

QUICK = botocore.config.Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=120, proxies={})


class NotRunning(UserError):
    """Nothing responds at the endpoint."""


class NotASandbox(UserError):
    """Another program responds at the endpoint."""


class SandboxApiError(UserError):
    """/_sandbox returned an error: its HTTP status, message and next command."""

    def __init__(self, status_code: int, message: str, next_command: str | None) -> None:
        super().__init__(message, next_command)
        self.status_code = status_code


class SandboxClient(Protocol):
    endpoint: str
    region: str
    virtual: bool  # True: time passes only during `wait`

    @property
    def speed(self) -> float:
        """Sandbox seconds per real second."""
        ...

    def aws(self, service: str) -> Any:
        """A boto3 client: "ec2", "autoscaling", "elbv2", "cloudwatch", "sns"."""
        ...

    def get(self, path: str, **parameters: object) -> Any:
        """GET /_sandbox/<path>. Returns the JSON response. Raises SandboxApiError."""
        ...

    def post(self, path: str, json: object = None) -> Any: ...

    def put(self, path: str, json: object = None) -> Any: ...

    def now(self) -> datetime:
        """Sandbox time."""
        ...

    def wait(self, duration: timedelta) -> None:
        """Returns after this much sandbox time."""
        ...

    def traffic(self, plan: Plan) -> "Stream":
        """Starts to send requests."""
        ...

    def receiver(self) -> Receiver:
        """Starts an HTTP subscriber on loopback, which records what SNS posts to it."""
        ...


class Client:
    """A client of the sandbox at `endpoint` ("http://127.0.0.1:4566"). Thread-safe. Calling `close` is optional. `account`: the AWS account
    that it uses and sees; None: the sandbox's own, and the events, mails and faults of all."""

    virtual = False

    def __init__(self, endpoint: str, region: str = "us-east-1", timeout: float = 60.0, account: str | None = None) -> None:
        self.endpoint, self.region, self.account = endpoint.rstrip("/"), region, account
        headers = {CLIENT_HEADER: "sandbox"}
        self._http = httpx.Client(base_url=f"{self.endpoint}/_sandbox/", headers=headers, timeout=timeout, trust_env=False)
        self._aws: dict[str, Any] = {}
        self._clock: tuple[float, datetime, float] | None = None  # real time of the reading, sandbox time then, speed

    def aws(self, service: str) -> Any:
        if service not in self._aws:
            key = self.account or "test"
            session = boto3.session.Session(aws_access_key_id=key, aws_secret_access_key="test", region_name=self.region)
            self._aws[service] = session.client(service, endpoint_url=self.endpoint, config=QUICK)
        return self._aws[service]

    def get(self, path: str, **parameters: object) -> Any:
        given = {name: str(value) for name, value in parameters.items() if value is not None}
        return self._ask("GET", path, params=given)

    def post(self, path: str, json: object = None) -> Any:
        return self._ask("POST", path, json=json, params={})

    def put(self, path: str, json: object = None) -> Any:
        return self._ask("PUT", path, json=json, params={})

    def _ask(self, method: str, path: str, params: dict[str, str], **how: Any) -> Any:
        given = params | ({"account": self.account} if self.account else {})
        try:
            response = self._http.request(method, path.removeprefix("/_sandbox/"), params=given, **how)
        except httpx.TransportError as error:
            raise NotRunning(f"No sandbox is running at {self.endpoint} ({type(error).__name__}).", "sandbox up") from error
        try:
            answer = response.json()
        except ValueError:
            raise NotASandbox(f"The program at {self.endpoint} is not a sandbox.", "SANDBOX_PORT=4567 sandbox up") from None
        if response.is_error and "error" in answer:
            raise SandboxApiError(response.status_code, answer["error"], answer.get("next"))
        if method != "GET":
            self._clock = None
        return answer

    @property
    def speed(self) -> float:
        return self._read_clock()[2]

    def now(self) -> datetime:
        real, then, speed = self._read_clock()
        return then + timedelta(seconds=(time.monotonic() - real) * speed)

    def _read_clock(self) -> tuple[float, datetime, float]:
        """Reads the clock again after two seconds, because another client may have changed the speed."""
        if self._clock is None or time.monotonic() - self._clock[0] > 2:
            before = time.monotonic()
            answer = self.get("clock")
            middle = (before + time.monotonic()) / 2
            self._clock = (middle, datetime.fromisoformat(answer["now"]).astimezone(UTC), float(answer["speed"]))
        return self._clock

    def wait(self, duration: timedelta) -> None:
        time.sleep(duration.total_seconds() / self.speed)

    def traffic(self, plan: Plan) -> "Stream":
        load = import_module("sandbox.traffic.load")  # with numpy: most commands of the CLI send no traffic
        stream: Stream = load.Load(plan, self.now(), self.speed)
        return stream

    def receiver(self) -> Receiver:
        return HttpReceiver()

    def close(self) -> None:
        self._http.close()
