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
from sandbox.drivers.proxy.simulated import Outcome
from sandbox.parts import Sandbox
from sandbox.settings import Settings
from sandbox.traffic.plan import Plan
from sandbox.traffic.receiver import Receiver
from sandbox.traffic.records import Stream
from sandbox.virtual.load import VirtualLoad
from sandbox.virtual.receiver import VirtualReceiver
from sandbox.virtual.work import Work
from sandbox.wiring import build


class VirtualClient:
    virtual = True
    speed = 1.0
    endpoint = "virtual"

    def __init__(self, sandbox: Sandbox, account: str | None = None) -> None:
        """`account`: as in sandbox.client.Client."""
        self.sandbox, self.account = sandbox, account
        self.region = sandbox.settings.region
        self._scope = Scope(account or sandbox.settings.account, sandbox.settings.region)
        self._http = WsgiClient(sandbox.gateway)
        self._work = Work(sandbox.world)

    def aws(self, service: str) -> Any:
        return self.sandbox.transport.client(service, self._scope)

    def get(self, path: str, **parameters: object) -> Any:
        given = {name: str(value) for name, value in parameters.items() if value is not None}
        return _answer(self._http.get(_url(path), query_string=given | self._as_account()))

    def post(self, path: str, json: object = None) -> Any:
        return _answer(self._http.post(_url(path), json=json, query_string=self._as_account(), headers={CLIENT_HEADER: "virtual"}))

    def put(self, path: str, json: object = None) -> Any:
        return _answer(self._http.put(_url(path), json=json, query_string=self._as_account(), headers={CLIENT_HEADER: "virtual"}))

    def _as_account(self) -> dict[str, str]:
        return {"account": self.account} if self.account else {}

    def now(self) -> datetime:
        return self.sandbox.clock.now()

    def wait(self, duration: timedelta) -> None:
        self.sandbox.engine.run_until(self.now() + duration)

    def traffic(self, plan: Plan) -> Stream:
        where, node, path = self._address(plan.url)
        proxy = self.sandbox.simulated.proxy

        def send(count: int, kept: str | None, began: datetime) -> Mapping[Outcome, int]:
            return proxy.request_many(where, count, path, node or kept, began)

        return VirtualLoad(plan, self.sandbox.clock, self.sandbox.engine, send, proxy.pending.settle)

    def _address(self, url: str) -> tuple[str, str | None, str]:
        """Listener, zone of the node (None: the load balancer's own address) and path."""
        parts = urlsplit(url)
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        wanted = f"http://{parts.netloc}/"
        for endpoint in self.get("endpoints")["endpoints"]:
            if endpoint["url"] == wanted:
                return endpoint["listener_arn"], None, path
            for node in endpoint["nodes"]:
                if node["url"] == wanted:
                    return endpoint["listener_arn"], node["zone"], path
        return wanted, None, path

    def receiver(self) -> Receiver:
        return VirtualReceiver(self.sandbox.simulated.deliverer)


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
