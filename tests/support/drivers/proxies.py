"""Harnesses of the two proxies for the contract suite: the simulated world and a real Envoy on loopback, with the same methods."""

import heapq
import http.client
import itertools
import json
import os
import random
import signal
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from sandbox.core.clock import VirtualClock, WallClock
from sandbox.drivers.proxy.base import (
    AccessRecord,
    Conditions,
    Endpoint,
    FixedResponse,
    Forward,
    ListenerConfig,
    ProxyConfig,
    Redirect,
    RuleConfig,
    TargetGroupConfig,
)
from sandbox.drivers.proxy.envoy.proxy import EnvoyProxy
from sandbox.drivers.proxy.simulated import SimulatedProxy
from sandbox.drivers.world import App, Machine, World
from tests.support.drivers.http_targets import Target
from tests.support.waiting import until

ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/web/50dc6c495c0c9188/f2f7dc8efc522ab2"
DNS = "web-1.us-east-1.elb.amazonaws.com"
SPEED = 60.0  # a connect timeout of 10 s is the minimum of 0.25 s, an idle timeout of 60 s is 1 s


class Got(NamedTuple):
    status: int
    target: str | None
    headers: Mapping[str, str]
    body: str
    cookies: Mapping[str, str] = MappingProxyType({})  # that the response sets


def fixed(body: str, status: int = 200) -> FixedResponse:
    return FixedResponse(status_code=status, body=body)


def forward(*groups: str | tuple[str, int]) -> Forward:
    return Forward(target_groups=tuple((g, 1) if isinstance(g, str) else g for g in groups))


def rule(priority: int | None, action: Forward | Redirect | FixedResponse, **conditions: Any) -> RuleConfig:
    return RuleConfig(arn=f"{ARN}/{priority}", priority=priority, action=action, conditions=Conditions(**conditions))


def listener(*rules: RuleConfig, **changes: Any) -> ListenerConfig:
    given = {"arn": ARN, "load_balancer": "app/web/50dc6c495c0c9188", "name": "web", "dns_name": DNS, "port": 80, "rules": rules}
    return ListenerConfig(**{**given, **changes})


def group(name: str, *endpoints, algorithm: str = "round_robin", cross_zone: bool = True) -> TargetGroupConfig:
    return TargetGroupConfig(arn=name, endpoints=endpoints, algorithm=algorithm, cross_zone=cross_zone)


class SimulatedHarness:
    real = False

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self._timers: list[tuple[datetime, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self.world = World(clock=self.clock, at=self._at, random=random.Random(1))
        self.proxy = SimulatedProxy(self.world)
        self.records: list[AccessRecord] = []
        self.troubles: list[str] = []
        self.proxy.on_access(self.records.extend)
        self.proxy.on_trouble(self.troubles.append)

    def endpoint(self, name: str, *, healthy: bool = True, behaves: str = "ok", zone: str = "us-east-1a") -> Endpoint:
        address = f"172.31.0.{10 + len(self.world.machines)}"
        machine = self.world.machines.setdefault(name, Machine(instance_id=name, address=address, zone="us-east-1a"))
        machine.running, machine.answers_from = behaves != "blackhole", self.clock.now()
        machine.app = {"refused": App.DOWN, "hang": App.HANGING}.get(behaves, App.UP)
        machine.status_code = int(behaves) if behaves.isdigit() else 200
        return Endpoint(target_id=name, host=machine.address, port=80, target=f"{machine.address}:80", zone=zone, healthy=healthy)

    def apply(self, listener: ListenerConfig, *groups: TargetGroupConfig) -> None:
        self.proxy.apply(ProxyConfig(listeners=(listener,), target_groups=groups))

    def ask(
        self,
        path: str = "/",
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        source: str = "127.0.0.1",
        node: str | None = None,
    ) -> Got:
        """`node`: the zone of the node that is asked; None: the load balancer."""
        got = self.proxy.request(ARN, method, path, headers, source_ip=source, node=node)
        if not got.status:
            raise TimeoutError
        return Got(got.status, got.target_id, got.headers, got.body, got.cookies)

    def all_records(self, count: int) -> list[AccessRecord]:
        while self._timers:
            due, _, callback = heapq.heappop(self._timers)
            self.clock.advance_to(due)
            callback()
        return self.records

    def kill(self) -> None:
        self.proxy.crash()

    def close(self) -> None:
        self.proxy.close(keep_serving=False)

    def _at(self, when: datetime, callback: Callable[[], None]) -> None:
        heapq.heappush(self._timers, (when, next(self._count), callback))


class EnvoyHarness:
    real = True

    def __init__(self, directory: Path, *, in_vpc: bool = False) -> None:
        """`in_vpc`: nodes listen at their private addresses, which are loopback addresses here, and connect from them."""
        self.directory, self.ports, self.in_vpc = directory, free_ports(10), in_vpc
        self.held: frozenset[str] = frozenset()  # private addresses of nodes
        self.targets: dict[str, Target] = {}
        self.records: list[AccessRecord] = []
        self.troubles: list[str] = []
        self._holes: list[socket.socket] = []
        self.clock = WallClock(speed=SPEED)
        self.proxy = self.open()

    def open(self) -> EnvoyProxy:
        """Another control plane in the same directory."""
        front, names = self.ports.stop - 1, self.ports.stop - 2
        proxy = EnvoyProxy(
            clock=self.clock,
            directory=self.directory,
            ports=range(self.ports.start, names),
            front_port=front,
            names_port=names,
            hold_addresses=self._hold if self.in_vpc else None,
        )
        proxy.on_access(self.records.extend)
        proxy.on_trouble(self.troubles.append)
        return proxy

    def endpoint(self, name: str, *, healthy: bool = True, behaves: str = "ok", zone: str = "us-east-1a") -> Endpoint:
        if behaves == "blackhole":
            host, port = self._blackhole()
        else:
            target = self.targets.get(name) or self._target(name)
            target.mode, target.status = ("status", int(behaves)) if behaves.isdigit() else (behaves, 200)
            if behaves == "refused":
                target.stop()
            host, port = target.address, target.port
        return Endpoint(target_id=name, host=host, port=port, target=f"{name}:80", zone=zone, healthy=healthy)

    def apply(self, listener: ListenerConfig, *groups: TargetGroupConfig) -> None:
        self.proxy.apply(ProxyConfig(listeners=(listener,), target_groups=groups))
        until(self.proxy.settled)
        assert self.proxy.rejected() == ()

    def ask(
        self,
        path: str = "/",
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        source: str = "127.0.0.1",
        *,
        port: int | None = None,
        body: str | None = None,
        node: str | None = None,
    ) -> Got:
        """`node`: the zone of the node that is asked; None: the load balancer."""
        address = self.proxy.local_address(ARN) if node is None else self.address_of(node)
        assert address is not None
        connection = http.client.HTTPConnection(address[0], port or address[1], timeout=5, source_address=(source, 0))
        try:
            connection.request(method, path, body=body, headers={"Host": DNS, **(headers or {})})
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        pairs = (each.partition(";")[0].partition("=") for each in response.headers.get_all("Set-Cookie") or ())
        return Got(response.status, _target_in(text), dict(response.headers.items()), text, {name: value for name, _, value in pairs})

    def address_of(self, zone: str) -> tuple[str, int] | None:
        return next(each.address for each in self.proxy.nodes(ARN) if each.node.zone == zone)

    def all_records(self, count: int) -> list[AccessRecord]:
        """Waits for that many records, and then as long as one record too many would take."""
        until(lambda: len(self.records) >= count)
        threading.Event().wait(0.3)
        return self.records

    def kill(self) -> None:
        """Kills Envoy's process. Returns when another has replaced it."""
        killed = self.proxy.pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        until(lambda: self.proxy.pid not in (None, killed) and self._responds(), seconds=20)

    def close(self) -> None:
        self.proxy.close(keep_serving=False)
        for target in self.targets.values():
            target.stop()
        for hole in self._holes:
            hole.close()

    def _hold(self, addresses: frozenset[str]) -> None:
        self.held = addresses

    def _responds(self) -> bool:
        try:
            return self.proxy.local_address(ARN) is not None and self.ask().status > 0
        except (OSError, http.client.HTTPException):
            return False

    def _target(self, name: str) -> Target:
        self.targets[name] = Target(name, f"127.0.1.{len(self.targets) + 1}").start()
        return self.targets[name]

    def _blackhole(self) -> tuple[str, int]:
        """A listening socket with a full queue: further SYN packets are dropped."""
        hole = socket.socket()
        hole.bind(("127.0.1.200", 0))
        hole.listen(0)
        self._holes.append(hole)
        for _ in range(3):
            filler = socket.socket()
            filler.setblocking(False)
            with suppress(BlockingIOError):
                filler.connect(hole.getsockname())
            self._holes.append(filler)
        host, port = hole.getsockname()
        return host, port


Harness = SimulatedHarness | EnvoyHarness


class Load:
    """A small constant load over keep-alive connections; every response but 200 is a failure."""

    def __init__(self, address: tuple[str, int], clients: int = 2, pause: float = 0.004) -> None:
        self.address, self.pause = address, pause
        self.good, self.bad = 0, list[str]()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._work) for _ in range(clients)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        connection = http.client.HTTPConnection(*self.address, timeout=5)
        while not self._stop.wait(self.pause):
            try:
                connection.request("GET", "/load")
                response = connection.getresponse()
                response.read()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                self.bad.append(repr(error))
                continue
            if response.status == 200:
                self.good += 1
            else:
                self.bad.append(str(response.status))
        connection.close()


def free_ports(count: int) -> range:
    """A block below the ephemeral ports where nothing listens."""
    start = 20000 + (os.getpid() * 37) % 10000
    for first in itertools.count(start, count):
        if all(_free(port) for port in range(first, first + count)):
            return range(first, first + count)
    raise AssertionError


def _free(port: int) -> bool:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            trial.bind(("127.0.0.1", port))
            return True
    return False


def _target_in(text: str) -> str | None:
    with suppress(ValueError):
        return json.loads(text).get("target")
    return None
