"""The client of a simulated sandbox in this process, in virtual time. For scenarios with `--virtual` and for tests.

Time passes only during `wait`. The client builds a whole sandbox with wiring; scenarios use only its SandboxClient interface.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from werkzeug.test import Client as WsgiClient
from werkzeug.test import TestResponse

from sandbox.client import SandboxApiError
from sandbox.core.client_header import CLIENT_HEADER
from sandbox.core.control import Scope
from sandbox.parts import Sandbox
from sandbox.settings import Settings
from sandbox.traffic.plan import Failure, Plan, RequestOutcome, Stream, classify
from sandbox.traffic.receiver import Receiver
from sandbox.virtual.load import VirtualLoad
from sandbox.virtual.receiver import VirtualReceiver
from sandbox.virtual.work import Work
from sandbox.wiring import build


class VirtualClient:
    virtual = True
    speed = 1.0
    endpoint = "virtual"

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.region = sandbox.settings.region
        self._scope = Scope(sandbox.settings.account, sandbox.settings.region)
        self._http = WsgiClient(sandbox.gateway)
        self._work = Work(sandbox.world)

    def aws(self, service: str) -> Any:
        return self.sandbox.transport.client(service, self._scope)

    def get(self, path: str, **parameters: object) -> Any:
        given = {name: str(value) for name, value in parameters.items() if value is not None}
        return _answer(self._http.get(_url(path), query_string=given))

    def post(self, path: str, json: object = None) -> Any:
        return _answer(self._http.post(_url(path), json=json, headers={CLIENT_HEADER: "virtual"}))

    def put(self, path: str, json: object = None) -> Any:
        return _answer(self._http.put(_url(path), json=json, headers={CLIENT_HEADER: "virtual"}))

    def now(self) -> datetime:
        return self.sandbox.clock.now()

    def wait(self, duration: timedelta) -> None:
        self.sandbox.engine.run_until(self.now() + duration)

    def traffic(self, plan: Plan) -> Stream:
        listeners = {e["url"]: e["listener_arn"] for e in self.get("endpoints")["endpoints"] if e["url"]}
        return VirtualLoad(plan, self.sandbox.clock, self.sandbox.engine.at, lambda url: self._send(listeners, url))

    def receiver(self) -> Receiver:
        return VirtualReceiver(self.sandbox.simulated.deliverer)

    def _send(self, listeners: Mapping[str, str], url: str) -> tuple[RequestOutcome, float]:
        parts = urlsplit(url)
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        try:
            response = self.sandbox.simulated.proxy.request(listeners[f"http://{parts.netloc}/"], path=path)
        except KeyError:
            return RequestOutcome(failure=Failure.REFUSED), 0.0
        worked = self._work.take(response.target_id, parts.query) if response.target_id else timedelta(0)
        return classify(response.status, response.target_id), (response.latency + worked).total_seconds()


def virtual_client(settings: Settings) -> VirtualClient:
    """A client of a new, empty sandbox."""
    client = VirtualClient(build(settings, virtual=True))
    client.post("reset")  # moto's state belongs to the process, and an earlier sandbox may have used it
    return client


def _url(path: str) -> str:
    return f"http://localhost/_sandbox/{path.removeprefix('/_sandbox/')}"


def _answer(response: TestResponse) -> Any:
    answer = response.get_json()
    if response.status_code >= 400 and "error" in answer:
        raise SandboxApiError(response.status_code, answer["error"], answer.get("next"))
    return answer
