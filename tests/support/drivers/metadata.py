"""The metadata services as the contract suite drives them: the simulated one, and a server in a process of its own with real sockets."""

import http.client
import itertools
import os
import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sandbox.core.clock import VirtualClock
from sandbox.core.journal import Journal
from sandbox.drivers.metadata.base import IDENTITY_DOCUMENT, AccessOptions, Metadata, MetadataDocument
from sandbox.drivers.metadata.served import Place, ServedMetadata
from sandbox.drivers.metadata.server.answers import Request
from sandbox.drivers.metadata.server_process import ServerProcess
from sandbox.drivers.metadata.simulated import SimulatedMetadata
from sandbox.drivers.runtime.process.loopback import loopback_of
from sandbox.drivers.world import World
from sandbox.engine import Engine
from tests.support.waiting import until

ID, ADDRESS = "i-0a1b2c3d4e5f60718", "10.231.7.10"
DEFAULTS = AccessOptions()
TOKEN, TTL = "X-aws-ec2-metadata-token", "X-aws-ec2-metadata-token-ttl-seconds"
_ports = itertools.count(23_000 + os.getpid() % 2000)


def document(instance_id: str = ID, address: str = ADDRESS, options: AccessOptions = DEFAULTS, **entries: str) -> MetadataDocument:
    """`entries`: below meta-data/, with _ for -."""
    below = {f"meta-data/{name.replace('_', '-')}": text for name, text in entries.items()}
    own = {"meta-data/instance-id": instance_id, IDENTITY_DOCUMENT: f'{{"instanceId" : "{instance_id}"}}'}
    return MetadataDocument(instance_id=instance_id, private_ip_addresses=(address,), options=options, entries={**own, **below})


@dataclass(frozen=True)
class Answered:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case


class MetadataHarness(ABC):
    metadata: Metadata

    @abstractmethod
    def ask(self, method: str, path: str, headers: Mapping[str, str] = {}, address: str = ADDRESS) -> Answered:
        """A request of the instance with that private address."""

    @abstractmethod
    def hammer(self, count: int) -> set[int]:
        """The codes of so many reads, as fast as it goes."""

    @abstractmethod
    def pass_time(self, seconds: float) -> None: ...

    def get(self, path: str, address: str = ADDRESS, **headers: str) -> Answered:
        return self.ask("GET", path, {name.replace("_", "-"): value for name, value in headers.items()}, address)

    def token(self, ttl: str = "60", address: str = ADDRESS) -> str:
        answered = self.ask("PUT", "/latest/api/token", {TTL: ttl}, address)
        assert answered.status == 200, answered
        return answered.body.decode()

    def publish(self, published: MetadataDocument) -> None:
        """Returns when it is served."""
        self.metadata.publish(published)
        self.until(lambda: self.metadata.served().get(published.instance_id) == published)

    def until(self, condition: Callable[[], bool]) -> None:
        until(condition, 20)

    def close(self) -> None:
        self.metadata.close(keep_serving=False)


class SimulatedHarness(MetadataHarness):
    def __init__(self) -> None:
        self._clock = VirtualClock()
        world = World(self._clock, Engine(self._clock, Journal(self._clock), nullcontext()).at, random.Random(1))
        self.metadata: SimulatedMetadata = SimulatedMetadata(lambda: world.clock)

    def ask(self, method: str, path: str, headers: Mapping[str, str] = {}, address: str = ADDRESS) -> Answered:
        made = self.metadata.ask(address, Request(method, path, {name.lower(): value for name, value in headers.items()}))
        shown = {"content-type": made.content_type}
        if made.token_seconds is not None:
            shown["x-aws-ec2-metadata-token-ttl-seconds"] = str(made.token_seconds)
        return Answered(made.status, made.body, shown)

    def hammer(self, count: int) -> set[int]:
        return {self.get("/latest/meta-data/instance-id").status for _ in range(count)}

    def pass_time(self, seconds: float) -> None:
        self._clock.advance_to(self._clock.now() + timedelta(seconds=seconds))


class ServedHarness(MetadataHarness):
    """`again()`: another control plane for the same folder, as after a restart."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory()
        self.folder = Path(self._folder.name)
        self.port = next(_ports)
        self.metadata: Metadata = self.made()

    def made(self) -> ServedMetadata:
        place = Place(url=lambda address: f"http://{loopback_of(address)}:{self.port}/", known_by=loopback_of)
        return ServedMetadata(self.folder, place, ServerProcess(self.folder, ["--port", str(self.port)]))

    def ask(self, method: str, path: str, headers: Mapping[str, str] = {}, address: str = ADDRESS) -> Answered:
        with closing(http.client.HTTPConnection(loopback_of(address), self.port, timeout=10)) as connection:
            connection.request(method, path, headers=dict(headers))
            response = connection.getresponse()
            return Answered(response.status, response.read(), {name.lower(): value for name, value in response.getheaders()})

    def hammer(self, count: int) -> set[int]:
        with closing(http.client.HTTPConnection(loopback_of(ADDRESS), self.port, timeout=10)) as connection:
            return {_read_status(connection) for _ in range(count)}

    def pass_time(self, seconds: float) -> None:
        """Nothing to do: it passes by itself, and tests wait for a condition."""

    def close(self) -> None:
        super().close()
        self._folder.cleanup()


def _read_status(connection: http.client.HTTPConnection) -> int:
    connection.request("GET", "/latest/meta-data/instance-id")
    response = connection.getresponse()
    response.read()
    return response.status
