"""What every Deliverer does, real or simulated: a started delivery ends in one result under its key; a forgotten one has none."""

import asyncio
import base64
import contextlib
import heapq
import itertools
import json
import random
import ssl
import tempfile
import threading
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sandbox.aws import seams, state
from sandbox.aws.context import LOCK
from sandbox.aws.hosting import moto_time
from sandbox.aws.http.gateway import Gateway
from sandbox.aws.http.server import Server
from sandbox.aws.http.transport import Transport
from sandbox.core.clock import VirtualClock, WallClock
from sandbox.core.control import Scope
from sandbox.core.journal import Journal
from sandbox.core.own_ports import OwnPort
from sandbox.drivers.delivery import courier
from sandbox.drivers.delivery.base import DeliveryOutcome, DeliveryRequest, DeliveryResult
from sandbox.drivers.delivery.courier import Courier
from sandbox.drivers.delivery.http import HttpDeliverer
from sandbox.drivers.delivery.posting import PostRequest
from sandbox.drivers.delivery.simulated import Behaviour, SimulatedDeliverer
from sandbox.drivers.world import World
from sandbox.engine import Engine
from sandbox.services.sns.controller import SnsController
from sandbox.services.sns.state.signing import signer
from sandbox.settings import Settings
from tests.support import rule
from tests.support.drivers.http_targets import Target
from tests.support.ports import use_ports
from tests.support.waiting import until

SIMULATED_URL = "http://127.0.0.1:9999/alarms?a=1"


class Simulated:
    def __init__(self) -> None:
        self.clock = VirtualClock()
        self._timers: list[tuple[datetime, int, Callable[[], None]]] = []
        count = itertools.count()
        world = World(clock=self.clock, at=lambda at, do: heapq.heappush(self._timers, (at, next(count), do)), random=random.Random(1))
        self.deliverer = SimulatedDeliverer(world)

    def subscriber(self, behaves: str) -> str:
        there = self.deliverer.subscriber(SIMULATED_URL)
        there.behaviour = {"refused": Behaviour.DOWN, "hang": Behaviour.SILENT}.get(behaves, Behaviour.ANSWERS)
        there.status_code = int(behaves) if behaves.isdigit() else 200
        return SIMULATED_URL

    def received(self) -> list[str]:
        return [each.body for each in self.deliverer.subscriber(SIMULATED_URL).received]

    def wait_for(self, key: str, number: int) -> DeliveryResult:
        self.finish()
        result = self.deliverer.latest(key)
        assert result is not None and result.number == number
        return result

    def finish(self) -> None:
        while self._timers:
            at, _, do = heapq.heappop(self._timers)
            self.clock.advance_to(at)
            do()

    def close(self) -> None:
        self.deliverer.close()


class Real:
    socket: Path | None = None  # the courier's

    def __init__(self) -> None:
        self.clock = WallClock(speed=20)
        self.deliverer = HttpDeliverer(self.clock, shortest=0.05)
        self.target = Target("subscriber", "127.0.2.1").start()

    def subscriber(self, behaves: str) -> str:
        self.target.mode, self.target.status = ("status", int(behaves)) if behaves.isdigit() else (behaves, 200)
        if behaves == "refused":
            self.target.stop()
        return f"http://{self.target.address}:{self.target.port}/alarms?a=1"

    def received(self) -> list[str]:
        return [each["body"] for each in self.target.requests]

    def wait_for(self, key: str, number: int) -> DeliveryResult:
        found: DeliveryResult = until(lambda: (r := self.deliverer.latest(key)) and r.number == number and r)
        return found

    def own(self, *ports: OwnPort) -> None:
        """They are the sandbox's own from now on."""
        self.deliverer.close()
        self.deliverer = HttpDeliverer(self.clock, shortest=0.05, courier_at=self.socket, own_ports=ports)

    def finish(self) -> None:
        self.deliverer.start(post("last", 1, f"http://{self.target.address}:{self.target.port}/"))
        self.wait_for("last", 1)

    def close(self) -> None:
        self.deliverer.close()
        self.target.stop()


class ByCourier(Real):
    """As a control plane in a container posts to the loopback of its user."""

    socket: Path

    def __init__(self, host: str = "") -> None:
        super().__init__()
        self.deliverer.close()
        self._folder = tempfile.TemporaryDirectory()
        self.socket = Path(self._folder.name) / "courier.sock"
        self._serving: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[None]]] = Future()
        self._thread = threading.Thread(target=self._serve, args=[Courier(host)], daemon=True)
        self._thread.start()
        self._loop, self.courier = self._serving.result()
        until(self.socket.exists)
        self.deliverer = HttpDeliverer(self.clock, shortest=0.05, courier_at=self.socket)

    def _serve(self, courier: Courier) -> None:
        """With asyncio.run, as the service does: POSTs in progress are cancelled and their connections closed."""

        async def serve() -> None:
            task = asyncio.ensure_future(courier.serve(self.socket))
            self._serving.set_result((asyncio.get_running_loop(), task))
            await task

        with contextlib.suppress(asyncio.CancelledError):
            asyncio.run(serve())

    def end(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.courier.cancel)
        self._thread.join()

    def close(self) -> None:
        super().close()
        self.end()
        self._folder.cleanup()


REAL = [pytest.param(Real, marks=pytest.mark.process, id="real"), pytest.param(ByCourier, marks=pytest.mark.process, id="courier")]


@pytest.fixture(params=[pytest.param(Simulated, id="simulated"), *REAL])
def world(request: pytest.FixtureRequest) -> Iterator[Simulated | Real]:
    made = request.param()
    yield made
    made.close()


def post(key: str, number: int, url: str, body: str = "{}", timeout: float = 15) -> DeliveryRequest:
    headers = (("x-amz-sns-message-type", "Notification"), ("Content-Type", "text/plain; charset=UTF-8"), ("User-Agent", "SNS"))
    return DeliveryRequest(key=key, number=number, url=url, headers=headers, body=body, timeout=timedelta(seconds=timeout))


@rule("SNS-9")
@pytest.mark.parametrize(
    ("behaves", "outcome", "status"),
    [
        ("ok", DeliveryOutcome.ANSWERED, 200),
        ("302", DeliveryOutcome.ANSWERED, 302),
        ("404", DeliveryOutcome.ANSWERED, 404),
        ("503", DeliveryOutcome.ANSWERED, 503),
        ("refused", DeliveryOutcome.FAILED, None),
        ("hang", DeliveryOutcome.TIMED_OUT, None),
    ],
)
def test_the_behaviour_of_the_subscriber_decides_the_result(world: Any, behaves: str, outcome: DeliveryOutcome, status: int | None) -> None:
    began = world.clock.now()
    world.deliverer.start(post("k", 1, world.subscriber(behaves)))
    result = world.wait_for("k", 1)
    assert (result.key, result.number, result.outcome, result.status_code) == ("k", 1, outcome, status)
    assert result.at > began
    if outcome is DeliveryOutcome.TIMED_OUT:
        assert result.at - began >= timedelta(seconds=14.5)  # timers of the loop may be a little early
        assert result.detail == "no response within 15 s"
    if outcome is DeliveryOutcome.FAILED:
        assert result.detail == "connection refused"


def test_each_attempt_has_a_callback_and_the_newest_is_the_latest(world: Any) -> None:
    called: list[str] = []
    world.deliverer.on_result(called.append)
    assert world.deliverer.latest("k") is None
    url = world.subscriber("ok")
    for number, body in ((1, "one"), (2, "zwölf")):
        world.deliverer.start(post("k", number, url, body))
        world.wait_for("k", number)
    until(lambda: called == ["k", "k"])
    assert world.received() == ["one", "zwölf"]


def test_a_forgotten_result_stays_forgotten(world: Any) -> None:
    url = world.subscriber("ok")
    world.deliverer.start(post("k", 1, url))
    world.deliverer.forget("k")
    world.finish()
    assert world.deliverer.latest("k") is None
    world.deliverer.start(post("k", 2, url))
    assert world.wait_for("k", 2).outcome is DeliveryOutcome.ANSWERED
    world.deliverer.forget("k")
    assert world.deliverer.latest("k") is None


# ---- only the real one -------------------------------------------------------------------------------------------------------------------


@pytest.fixture(params=REAL)
def real(request: pytest.FixtureRequest) -> Iterator[Real]:
    made = request.param()
    yield made
    made.close()


@pytest.mark.process
def test_without_its_courier_nothing_is_delivered_and_the_result_names_it() -> None:
    real = ByCourier()
    try:
        url = real.subscriber("ok")
        real.end()
        real.deliverer.start(post("k", 1, url))
        result = real.wait_for("k", 1)
        assert (result.outcome, result.detail) == (DeliveryOutcome.FAILED, courier.COURIER_UNAVAILABLE)
        assert real.received() == []
    finally:
        real.close()


@pytest.mark.process
def test_the_courier_posts_to_loopback_only() -> None:
    """Clients of its socket must not reach the user's network through it."""
    real = ByCourier()
    try:
        request = PostRequest(url="http://10.255.255.1/", headers=(), body="")
        result = asyncio.run(courier.post_by_courier(real.socket, request, 1.0))
        assert (result.outcome, result.detail) == (DeliveryOutcome.REFUSED, "not sent: the courier posts to loopback addresses only")
    finally:
        real.close()


@pytest.mark.process
def test_a_courier_in_another_network_connects_to_the_host_that_it_was_given() -> None:
    """On Docker Desktop, the user's loopback has the name host.docker.internal. The request is the same."""
    real = ByCourier(host="127.0.2.1")
    try:
        real.subscriber("ok")
        real.deliverer.start(post("k", 1, f"http://127.0.0.1:{real.target.port}/alarms", "body"))
        assert real.wait_for("k", 1).outcome is DeliveryOutcome.ANSWERED
        (seen,) = real.target.requests
        assert (seen["body"], dict(seen["headers"])["Host"]) == ("body", f"127.0.0.1:{real.target.port}")
    finally:
        real.close()


@pytest.mark.process
@rule("SNS-6")
def test_the_request_is_a_post_with_the_given_headers(real: Real) -> None:
    url = real.subscriber("ok")
    real.deliverer.start(post("k", 1, url, "body"))
    real.wait_for("k", 1)
    (seen,) = real.target.requests
    headers = {name.lower(): value for name, value in seen["headers"]}
    assert (seen["line"], seen["body"]) == ("POST /alarms?a=1 HTTP/1.1", "body")
    assert headers["host"] == f"{real.target.address}:{real.target.port}"
    assert (headers["x-amz-sns-message-type"], headers["user-agent"]) == ("Notification", "SNS")
    assert headers["content-type"] == "text/plain; charset=UTF-8"


@pytest.mark.process
@pytest.mark.parametrize(("behaves", "detail"), [("reset", "connection reset"), ("garbage", "illegal status line")])
def test_failures_say_what_happened(real: Real, behaves: str, detail: str) -> None:
    real.deliverer.start(post("k", 1, real.subscriber(behaves)))
    result = real.wait_for("k", 1)
    assert result.outcome is DeliveryOutcome.FAILED and detail in result.detail


@pytest.mark.process
@pytest.mark.parametrize("url", ["http://192.0.2.1.invalid/", "http://8.8.8.8/", "http://169.254.169.254/latest/meta-data"])
def test_nothing_is_sent_to_an_address_outside(real: Real, url: str) -> None:
    real.deliverer.start(post("k", 1, url))
    result = real.wait_for("k", 1)
    if url.endswith(".invalid/"):
        assert (result.outcome, result.detail) == (DeliveryOutcome.FAILED, "unknown host name")
    else:
        assert result.outcome is DeliveryOutcome.REFUSED
        assert result.detail.endswith("is outside this machine and its private networks")


@pytest.mark.process
@pytest.mark.parametrize("host", ["127.0.2.1", "2130706945", "::ffff:127.0.2.1"])
def test_the_sandbox_does_not_post_to_its_own_api_whatever_it_is_called(real: Real, host: str) -> None:
    real.subscriber("ok")
    port = real.target.port
    real.own(OwnPort(what="the sandbox's API (SANDBOX_PORT)", host="127.0.2.1", ports=range(port, port + 1)))
    real.deliverer.start(post("k", 1, f"http://{f'[{host}]' if ':' in host else host}:{port}/_sandbox/reset"))
    result = real.wait_for("k", 1)
    assert (result.outcome, result.detail) == (DeliveryOutcome.REFUSED, f"not sent: {host}:{port} is the sandbox's API (SANDBOX_PORT)")
    assert real.received() == []


@pytest.mark.process
def test_it_posts_to_its_own_load_balancers(real: Real) -> None:
    url, port = real.subscriber("ok"), real.target.port
    real.own(OwnPort(what="a listener", host="127.0.2.1", ports=range(port, port + 1), of_load_balancer=True))
    real.deliverer.start(post("k", 1, url))
    assert real.wait_for("k", 1).outcome is DeliveryOutcome.ANSWERED
    assert real.received() == ["{}"]


@pytest.mark.process
def test_a_subscriber_that_never_answers_does_not_delay_others(real: Real) -> None:
    hanging = Target("hanging", "127.0.2.2").start()
    hanging.mode = "hang"
    try:
        for n in range(40):
            real.deliverer.start(post(f"h{n}", 1, f"http://{hanging.address}:{hanging.port}/", timeout=600))
        real.deliverer.start(post("k", 1, real.subscriber("ok")))
        assert real.wait_for("k", 1).outcome is DeliveryOutcome.ANSWERED
        until(lambda: len(hanging.requests) == 32)
        threading.Event().wait(0.05)  # another request would arrive now
        assert len(hanging.requests) == 32
    finally:
        real.deliverer.close()
        hanging.stop()


@pytest.mark.process
def test_a_self_signed_certificate_is_accepted(real: Real, tmp_path: Path) -> None:
    ours = signer()
    kept = tmp_path / "both.pem"
    kept.write_bytes(ours.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + ours.certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(kept)
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """No log."""

    server = ThreadingHTTPServer(("127.0.2.4", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        real.deliverer.start(post("k", 1, f"https://127.0.2.4:{server.server_port}/alarms", "secret", timeout=60))
        assert real.wait_for("k", 1).status_code == 204
        assert seen == ["secret"]
    finally:
        server.shutdown()
        server.server_close()


# ---- SNS over real HTTP: confirmed by the subscriber, signed, verified -------------------------------------------------------------------


@pytest.mark.process
@rule("SNS-6", "SNS-7", "SNS-8")
def test_a_real_subscriber_confirms_and_verifies_what_it_gets() -> None:
    clock = WallClock(speed=10)
    journal = Journal(clock)
    engine = Engine(clock, journal, LOCK)
    state.reset(seed=1)
    gateway = Gateway()
    server = Server(gateway, "127.0.0.1", 0)
    settings = Settings.from_environment({}, port=server.port)
    use_ports(clock, journal, engine.wake, settings=settings, seed=1)
    moto_time.install(clock)
    seams.install()
    transport, deliverer, target = Transport(gateway), HttpDeliverer(clock), Target("subscriber", "127.0.2.3").start()
    engine.add([SnsController(journal, transport, deliverer)])
    server.start()
    engine.start()
    try:
        api = transport.client("sns", Scope("123456789012", "us-east-1"))
        topic = api.create_topic(Name="coinbase-alerts")["TopicArn"]
        api.subscribe(TopicArn=topic, Protocol="http", Endpoint=f"http://{target.address}:{target.port}/alarms")
        until(lambda: len(target.requests) == 1)
        asked = json.loads(target.requests[0]["body"])
        verify(asked, ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"))
        assert b"ConfirmSubscriptionResult" in fetch(asked["SubscribeURL"])
        api.publish(TopicArn=topic, Message="CPU über 70 %", Subject="ALARM")
        until(lambda: len(target.requests) == 2)
        message = json.loads(target.requests[1]["body"])
        verify(message, ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"))
        assert message["Message"] == "CPU über 70 %"
    finally:
        engine.stop()
        server.stop()
        deliverer.close()
        target.stop()
        state.reset()


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:
        body: bytes = answer.read()
        return body


def verify(message: dict[str, str], fields: tuple[str, ...]) -> None:
    key = x509.load_pem_x509_certificate(fetch(message["SigningCertURL"])).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    signed = "".join(f"{name}\n{message[name]}\n" for name in fields)
    key.verify(base64.b64decode(message["Signature"]), signed.encode(), padding.PKCS1v15(), hashes.SHA1())
