"""The metadata service: how long a read takes, and what 200 instances that poll every second cost.

The server is the one of the process runtime, in a process of its own, with a document for each instance. Each poll is what an agent
does: a connection of its own and a read of the Spot notice with a token that it already has.
"""

import asyncio
import http.client
import tempfile
import time
from contextlib import closing
from pathlib import Path

import psutil

from bench.kit.figure import Figure, at_most, percentile, without_goal
from bench.kit.sandboxes import until
from sandbox.drivers.metadata.base import IDENTITY_DOCUMENT, MetadataDocument
from sandbox.drivers.metadata.served import Place, ServedMetadata
from sandbox.drivers.metadata.server_process import ServerProcess
from sandbox.drivers.runtime.process.loopback import loopback_of

INSTANCES, SECONDS, READS = 200, 20, 400
GOAL_READ, GOAL_SHARE = 3.0, 10.0  # ms (p50); percent of one core
PORT = 4589
PATH = "/latest/meta-data/spot/instance-action"
TOKEN, TTL = "X-aws-ec2-metadata-token", "X-aws-ec2-metadata-token-ttl-seconds"


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        place = Place(url=lambda address: f"http://{loopback_of(address)}:{PORT}/", known_by=loopback_of)
        service = ServedMetadata(folder, place, ServerProcess(folder, ["--port", str(PORT)]))
        try:
            for number in range(INSTANCES):
                service.publish(_document(number))
            until("all documents are served", lambda: len(service.served()) == INSTANCES, 60, 0.05)
            return [*_reads(), *_polls(_server(folder))]
        finally:
            service.close(keep_serving=False)


def _reads() -> list[Figure]:
    """One after the other, over all instances: none of them is throttled."""
    took = []
    for number in range(READS):
        host, began = loopback_of(_address(number % INSTANCES)), time.perf_counter()
        with closing(http.client.HTTPConnection(host, PORT, timeout=10)) as connection:
            connection.request("GET", "/latest/meta-data/instance-id")
            assert connection.getresponse().read()
        took.append(1000 * (time.perf_counter() - began))
    method = f"{READS} reads, each on a connection of its own"
    return [
        at_most("metadata read, p50", percentile(took, 50), "ms", GOAL_READ, method),
        without_goal("the same, p99", percentile(took, 99), "ms", method),
    ]


def _polls(server: psutil.Process) -> list[Figure]:
    tokens = [_token(number) for number in range(INSTANCES)]
    before, began = server.cpu_times(), time.monotonic()
    answered = asyncio.run(_poll_all(tokens))
    used, passed = server.cpu_times(), time.monotonic() - began
    share = 100 * (used.user + used.system - before.user - before.system) / passed
    assert answered == INSTANCES * SECONDS, f"{answered} of {INSTANCES * SECONDS} polls were answered"
    method = f"{answered} polls in {passed:.0f} s, each on a connection of its own, with a token"
    memory = server.memory_info().rss / (1 << 20)
    return [
        at_most(f"{INSTANCES} instances polling every second", share, "% of a core", GOAL_SHARE, method),
        without_goal("memory of the metadata server meanwhile", memory, "MiB", method),
    ]


async def _poll_all(tokens: list[str]) -> int:
    return sum(await asyncio.gather(*(_poll(number, token) for number, token in enumerate(tokens))))


async def _poll(number: int, token: str) -> int:
    """→ how many polls were answered (404: there is no notice)."""
    answered, begin = 0, time.monotonic() + number / INSTANCES
    request = f"GET {PATH} HTTP/1.1\r\nHost: imds\r\n{TOKEN}: {token}\r\nConnection: close\r\n\r\n".encode()
    for second in range(SECONDS):
        await asyncio.sleep(max(0.0, begin + second - time.monotonic()))
        reader, writer = await asyncio.open_connection(loopback_of(_address(number)), PORT)
        writer.write(request)
        answered += (await reader.read()).startswith(b"HTTP/1.1 404 ")
        writer.close()
    return answered


def _token(number: int) -> str:
    with closing(http.client.HTTPConnection(loopback_of(_address(number)), PORT, timeout=10)) as connection:
        connection.request("PUT", "/latest/api/token", headers={TTL: "21600"})
        return connection.getresponse().read().decode()


def _server(folder: Path) -> psutil.Process:
    return next(each for each in psutil.process_iter(["cmdline"]) if str(folder) in (each.info["cmdline"] or ()))


def _address(number: int) -> str:
    return f"10.232.{number // 250}.{number % 250 + 4}"


def _document(number: int) -> MetadataDocument:
    """About as large as that of a usual instance."""
    entries = {f"meta-data/category-{index}": "text of a category" for index in range(50)}
    own = {"meta-data/instance-id": f"i-{number:017x}", IDENTITY_DOCUMENT: "{}"}
    return MetadataDocument(instance_id=own["meta-data/instance-id"], private_ip_addresses=(_address(number),), entries=entries | own)
