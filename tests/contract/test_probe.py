"""What every Prober does, real or simulated: each started probe ends in one result under its key; a forgotten one has none."""

import heapq
import itertools
import random
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sandbox.certificates import self_signed
from sandbox.core.clock import VirtualClock, WallClock
from sandbox.drivers.probe.base import ProbeOutcome, ProbeRequest, ProbeResult, Trouble
from sandbox.drivers.probe.http import HttpProber
from sandbox.drivers.probe.simulated import SimulatedProber
from sandbox.drivers.world import App, Machine, World
from tests.support import rule
from tests.support.drivers.http_targets import Target
from tests.support.waiting import until


class Simulated:
    def __init__(self) -> None:
        self.clock = VirtualClock()
        self._timers: list[tuple[datetime, int, Callable[[], None]]] = []
        count = itertools.count()
        self.world = World(clock=self.clock, at=lambda at, do: heapq.heappush(self._timers, (at, next(count), do)), random=random.Random(1))
        self.prober = SimulatedProber(self.world)

    def target(self, behaves: str) -> tuple[str, int]:
        machine = Machine(instance_id="i-a", address="172.31.0.5", zone="a", running=behaves != "blackhole", answers_from=self.clock.now())
        machine.app = {"refused": App.DOWN, "hang": App.HANGING}.get(behaves, App.UP)
        machine.status_code = int(behaves) if behaves.isdigit() else 200
        self.world.machines["i-a"] = machine
        return machine.address, 80

    def wait_for(self, key: str, number: int) -> ProbeResult:
        self.finish()
        result = self.prober.latest(key)
        assert result is not None and result.number == number
        return result

    def finish(self) -> None:
        while self._timers:
            at, _, do = heapq.heappop(self._timers)
            self.clock.advance_to(at)
            do()

    def close(self) -> None:
        self.prober.close()


class Real:
    def __init__(self) -> None:
        self.clock = WallClock(speed=10)
        self.prober = HttpProber(self.clock)
        self._target = Target("i-a", "127.0.2.1").start()
        self._held: list[socket.socket] = []

    def target(self, behaves: str) -> tuple[str, int]:
        self._target.mode, self._target.status = ("status", int(behaves)) if behaves.isdigit() else (behaves, 200)
        if behaves == "refused":
            self._target.stop()
        if behaves == "blackhole":
            return self._blackhole()
        return self._target.address, self._target.port

    def seen(self) -> dict[str, str]:
        return dict(self._target.requests[-1]["headers"])

    def wait_for(self, key: str, number: int) -> ProbeResult:
        return until(lambda: (r := self.prober.latest(key)) and r.number == number and r)

    def finish(self) -> None:
        """Returns when a probe that was started after all others has ended."""
        host, port = self._target.address, self._target.port
        self.prober.start(request("last", 1, host, port))
        self.wait_for("last", 1)

    def close(self) -> None:
        self.prober.close()
        self._target.stop()
        for held in self._held:
            held.close()

    def _blackhole(self) -> tuple[str, int]:
        hole = socket.create_server(("127.0.2.9", 0), backlog=0)
        self._held.append(hole)
        for _ in range(3):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(hole.getsockname())
            self._held.append(filler)
        return hole.getsockname()


@pytest.fixture(params=[Simulated, pytest.param(Real, marks=pytest.mark.process)], ids=["simulated", "real"])
def world(request: pytest.FixtureRequest) -> Iterator[Simulated | Real]:
    made = request.param()
    yield made
    made.close()


def request(key: str, number: int, host: str, port: int, path: str = "/health", timeout: float = 2.0) -> ProbeRequest:
    return ProbeRequest(
        key=key, number=number, host=host, port=port, host_header="172.31.0.5", path=path, timeout=timedelta(seconds=timeout)
    )


@rule("TG-2", "TG-11")
@pytest.mark.parametrize(
    ("behaves", "outcome", "status"),
    [
        ("ok", ProbeOutcome.ANSWERED, 200),
        ("404", ProbeOutcome.ANSWERED, 404),
        ("302", ProbeOutcome.ANSWERED, 302),
        ("503", ProbeOutcome.ANSWERED, 503),
        ("refused", ProbeOutcome.FAILED, None),
        ("hang", ProbeOutcome.TIMED_OUT, None),
        ("blackhole", ProbeOutcome.TIMED_OUT, None),
    ],
)
def test_the_behaviour_of_the_target_decides_the_result(world, behaves: str, outcome: ProbeOutcome, status: int | None) -> None:
    host, port = world.target(behaves)
    began = world.clock.now()
    world.prober.start(request("k", 1, host, port))
    result = world.wait_for("k", 1)
    assert (result.key, result.number, result.outcome, result.status_code) == ("k", 1, outcome, status)
    assert result.at > began
    if outcome is ProbeOutcome.TIMED_OUT:
        assert result.at - began >= timedelta(seconds=1.9)  # timers of the loop may be a little early
    if outcome is not ProbeOutcome.ANSWERED:
        assert result.detail


@rule("EC2-83")
@pytest.mark.parametrize(
    ("behaves", "trouble"),
    [
        ("ok", None),
        ("500", None),
        ("refused", Trouble.REFUSED),
        ("hang", Trouble.NO_RESPONSE),
        ("blackhole", Trouble.NO_CONNECTION),
    ],
)
def test_a_result_tells_the_reasons_of_an_application_status_check_apart(world, behaves: str, trouble: Trouble | None) -> None:
    host, port = world.target(behaves)
    world.prober.start(request("k", 1, host, port))
    assert world.wait_for("k", 1).trouble is trouble


def test_an_application_without_tls_fails_a_probe_by_https(world) -> None:
    host, port = world.target("ok")
    world.prober.start(replace(request("k", 1, host, port), tls=True))
    result = world.wait_for("k", 1)
    assert result.outcome is not ProbeOutcome.ANSWERED and result.detail


def test_no_result_before_the_first_and_a_callback_for_each(world) -> None:
    called: list[str] = []
    world.prober.on_result(called.append)
    assert world.prober.latest("k") is None
    host, port = world.target("ok")
    for number in (1, 2):
        world.prober.start(request("k", number, host, port))
        world.wait_for("k", number)
    until(lambda: called == ["k", "k"])


def test_a_forgotten_result_stays_forgotten(world) -> None:
    host, port = world.target("ok")
    world.prober.start(request("k", 1, host, port))
    world.prober.forget("k")
    world.finish()
    assert world.prober.latest("k") is None
    world.prober.start(request("k", 2, host, port))
    assert world.wait_for("k", 2).outcome is ProbeOutcome.ANSWERED
    world.prober.forget("k")
    assert world.prober.latest("k") is None


# ---- only the real one -------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def real() -> Iterator[Real]:
    made = Real()
    yield made
    made.close()


@pytest.mark.process
@rule("TG-2")
def test_the_request_is_that_of_the_elb_health_checker(real: Real) -> None:
    host, port = real.target("ok")
    real.prober.start(request("k", 1, host, port, path="/health?deep=1"))
    real.wait_for("k", 1)
    assert real.seen() == {"Host": "172.31.0.5", "User-Agent": "ELB-HealthChecker/2.0", "Connection": "close"}
    assert real._target.requests[-1]["line"] == "GET /health?deep=1 HTTP/1.1"


@pytest.mark.process
@rule("EC2-83")
def test_a_probe_by_https_believes_any_certificate(real: Real) -> None:
    key, certificate = self_signed("an application")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as pem:
        pem.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate.public_bytes(Encoding.PEM))
        pem.flush()
        tls.load_cert_chain(pem.name)
    with HTTPServer(("127.0.2.1", 0), Silent) as server:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.handle_request, daemon=True).start()
        real.prober.start(replace(request("k", 1, *server.server_address), tls=True, user_agent="EC2-ApplicationStatusCheck"))
        result = real.wait_for("k", 1)
    assert (result.outcome, result.status_code, Silent.agent) == (ProbeOutcome.ANSWERED, 204, "EC2-ApplicationStatusCheck")


class Silent(BaseHTTPRequestHandler):
    """Answers 204, and keeps who asked."""

    agent = ""

    def do_GET(self) -> None:
        Silent.agent = self.headers["User-Agent"]
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.mark.process
@rule("TG-11")
@pytest.mark.parametrize(
    ("behaves", "detail"), [("reset", "connection reset"), ("garbage", "malformed response"), ("refused", "connection refused")]
)
def test_failures_say_what_happened(real: Real, behaves: str, detail: str) -> None:
    host, port = real.target(behaves)
    real.prober.start(request("k", 1, host, port))
    result = real.wait_for("k", 1)
    assert result.outcome is ProbeOutcome.FAILED and detail in result.detail


@pytest.mark.process
def test_no_request_goes_to_an_address_outside() -> None:
    checked: list[str] = []
    prober = HttpProber(WallClock(), allowed=lambda host: bool(checked.append(host)))
    try:
        prober.start(request("k", 1, "192.0.2.1", 80))
        result = until(lambda: prober.latest("k"))
        assert (result.outcome, checked) == (ProbeOutcome.FAILED, ["192.0.2.1"])
        assert "192.0.2.1" in result.detail
    finally:
        prober.close()


@pytest.mark.process
def test_no_more_requests_than_the_limit_at_once() -> None:
    target = Target("i-a", "127.0.2.2").start()
    target.mode = "slow"
    prober = HttpProber(WallClock(), at_once=3)
    try:
        for n in range(7):
            prober.start(request(f"k{n}", 1, target.address, target.port, timeout=5))
        until(lambda: len(target.requests) == 3)
        threading.Event().wait(0.05)  # a fourth would come now
        assert len(target.requests) == 3
        target.go.set()
        until(lambda: all(prober.latest(f"k{n}") for n in range(7)))
        assert len(target.requests) == 7
    finally:
        prober.close()
        target.stop()


@pytest.mark.process
@rule("ALB-61")
def test_a_prober_in_the_vpc_checks_from_the_address_of_the_node() -> None:
    target = Target("i-a", "127.0.2.1").start()
    seen = []
    for in_vpc in (True, False):
        prober = HttpProber(WallClock(), in_vpc=in_vpc)
        prober.start(replace(request("k", 1, target.address, target.port), source="127.9.1.10"))
        until(lambda prober=prober: prober.latest("k"))  # type: ignore[misc]
        seen.append(target.requests[-1]["peer"][0])
        prober.close()
    target.stop()
    assert seen[0] == "127.9.1.10" and seen[1] != "127.9.1.10"
