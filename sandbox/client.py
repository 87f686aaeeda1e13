"""What front ends use of a sandbox: boto3 clients of its endpoint, /_sandbox, its clock, and client traffic. They know nothing else of it.

`Client` talks to a sandbox that runs; sandbox/virtual/client.py has one in virtual time for the same scenarios. Errors are UserErrors that
name the next command. Nothing is tried again behind the caller's back: a scenario must see what a user would see.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import boto3
import botocore.config
import httpx

from sandbox.core.client_header import CLIENT_HEADER
from sandbox.core.errors import UserError
from sandbox.traffic.load import Load
from sandbox.traffic.plan import Plan, Stream
from sandbox.traffic.receiver import HttpReceiver, Receiver

__all__ = ["Client", "NotRunning", "Refused", "SandboxClient", "UserError"]

QUICK = botocore.config.Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=120, proxies={})


class NotRunning(UserError):
    """No sandbox answers at the endpoint."""


class Refused(UserError):
    """/_sandbox answered with an error: `status_code`, and its own sentence and next command."""

    def __init__(self, status_code: int, message: str, next_command: str | None) -> None:
        super().__init__(message, next_command)
        self.status_code = status_code


class SandboxClient(Protocol):
    endpoint: str
    region: str
    virtual: bool  # True: its time stands still but for `wait`

    @property
    def speed(self) -> float:
        """Sandbox seconds per real second."""
        ...

    def aws(self, service: str) -> Any:
        """A boto3 client: "ec2", "autoscaling", "elbv2", "cloudwatch", "sns"."""
        ...

    def get(self, path: str, **parameters: object) -> Any:
        """GET /_sandbox/<path>: the JSON answer."""
        ...

    def post(self, path: str, json: object = None) -> Any: ...

    def put(self, path: str, json: object = None) -> Any: ...

    def now(self) -> datetime:
        """Sandbox time."""
        ...

    def wait(self, duration: timedelta) -> None:
        """Lets so much sandbox time pass."""
        ...

    def traffic(self, plan: Plan) -> Stream:
        """Sends from now on."""
        ...

    def receiver(self) -> Receiver:
        """Listens from now on, on loopback, for what SNS posts."""
        ...


class Client:
    """Of the sandbox at `endpoint` ("http://127.0.0.1:4566"). Thread-safe. Closed by `close`, or never: it dies with the process."""

    virtual = False

    def __init__(self, endpoint: str, region: str = "us-east-1", timeout: float = 60.0) -> None:
        self.endpoint, self.region = endpoint.rstrip("/"), region
        headers = {CLIENT_HEADER: "sandbox"}
        self._http = httpx.Client(base_url=f"{self.endpoint}/_sandbox/", headers=headers, timeout=timeout, trust_env=False)
        self._aws: dict[str, Any] = {}
        self._clock: tuple[float, datetime, float] | None = None  # real moment, sandbox time then, speed

    def aws(self, service: str) -> Any:
        if service not in self._aws:
            session = boto3.session.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=self.region)
            self._aws[service] = session.client(service, endpoint_url=self.endpoint, config=QUICK)
        return self._aws[service]

    def get(self, path: str, **parameters: object) -> Any:
        given = {name: str(value) for name, value in parameters.items() if value is not None}
        return self._ask("GET", path, params=given)

    def post(self, path: str, json: object = None) -> Any:
        return self._ask("POST", path, json=json)

    def put(self, path: str, json: object = None) -> Any:
        return self._ask("PUT", path, json=json)

    def _ask(self, method: str, path: str, **how: Any) -> Any:
        try:
            response = self._http.request(method, path.removeprefix("/_sandbox/"), **how)
        except httpx.TransportError as error:
            raise NotRunning(f"No sandbox answers at {self.endpoint} ({type(error).__name__}).", "sandbox up") from error
        try:
            answer = response.json()
        except ValueError:
            raise NotRunning(f"What answers at {self.endpoint} is not a sandbox.", "SANDBOX_PORT=4567 sandbox up") from None
        if response.is_error and "error" in answer:
            raise Refused(response.status_code, answer["error"], answer.get("next"))
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
        """Asked again after a while: somebody else may have changed the speed."""
        if self._clock is None or time.monotonic() - self._clock[0] > 2:
            before = time.monotonic()
            answer = self.get("clock")
            middle = (before + time.monotonic()) / 2
            self._clock = (middle, datetime.fromisoformat(answer["now"]).astimezone(UTC), float(answer["speed"]))
        return self._clock

    def wait(self, duration: timedelta) -> None:
        time.sleep(duration.total_seconds() / self.speed)

    def traffic(self, plan: Plan) -> Stream:
        return Load(plan, self.now(), self.speed)

    def receiver(self) -> Receiver:
        return HttpReceiver()

    def close(self) -> None:
        self._http.close()
