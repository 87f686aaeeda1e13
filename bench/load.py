"""What the load generator adds to latency at 2,000 requests per second, and its CPU time, against a bare client of the same target.

The target is a small server in a separate process. Beside the load, a bare client (one blocking socket, no HTTP library) sends 200
requests per second, each at its planned time. What its requests take is the target's and this machine's time; the generator adds the rest.
"""

import ipaddress
import resource
import socket
import statistics
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection

from bench.kit.child import Child
from bench.kit.figure import Figure, at_least, at_most, not_measured, percentile, without_goal
from bench.kit.targets import Targets
from sandbox.traffic.load import Load
from sandbox.traffic.plan import KeepAlive, Plan
from sandbox.traffic.records import Records

RATE, SECONDS = 2000.0, 10.0
BARE_RATE = 200.0
PORT = 8090
HOST = "127.77.0.1"
ROUNDS = 3
BUSY = 3.0  # ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    added: float  # ms at the 99th percentile
    load: float  # ms at the 99th percentile, from the planned send
    bare: float  # the same, of the bare client
    cpu: float  # share of one core
    rate: float  # requests per second that were sent and answered
    lost: int


def send_bare(connection: Connection, address: tuple[str, int], keep_alive: bool) -> None:
    """In a process of its own, for SECONDS. Then answers its parent: seconds from each planned send to the response."""
    assert ipaddress.ip_address(address[0]).is_loopback
    connection.send(None)
    began, latencies, client = time.monotonic(), list[float](), None
    for number in range(int(SECONDS * BARE_RATE)):
        planned = began + number / BARE_RATE
        time.sleep(max(0.0, planned - time.monotonic()))  # the rate
        client = client or socket.create_connection(address)
        client.sendall(b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n")
        assert client.recv(4096).startswith(b"HTTP/1.1 200")
        latencies.append(time.monotonic() - planned)
        if not keep_alive:
            client.close()
            client = None
    connection.recv()
    connection.send(latencies)


def one_round(url: str, *, keep_alive: bool) -> Round:
    plan = Plan(url=url, rate=RATE, max_duration=SECONDS, max_requests=1_000_000, keep_alive=KeepAlive() if keep_alive else None)
    before = _children_cpu()
    load = Load(plan, datetime.now(UTC), 1.0)
    bare = Child(send_bare, (HOST, PORT), keep_alive)
    records = load.join()
    used = _children_cpu() - before
    beside = [1000 * latency for latency in bare.ask("latencies")]
    bare.close()
    took = [1000 * float(latency) for latency in records.intents["latency"]]
    return Round(
        added=percentile(took, 99) - percentile(beside, 99),
        load=percentile(took, 99),
        bare=percentile(beside, 99),
        cpu=used / SECONDS,
        rate=_answered(records) / SECONDS,
        lost=len(records) - _answered(records),
    )


def _answered(records: Records) -> int:
    return sum(record.outcome.failure is None for record in records)


def _children_cpu() -> float:
    """CPU seconds of the child processes that have ended: the generator's."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _figures(name: str, rounds: list[Round]) -> list[Figure]:
    def median(field: str) -> float:
        return float(statistics.median(getattr(each, field) for each in rounds))

    method = f"median of {len(rounds)} rounds of {SECONDS:g} s"
    return [
        at_least(f"load generator, {name}: requests answered", median("rate"), "/s", 0.999 * RATE, method),
        _added(name, median("added"), median("bare"), method),
        without_goal(f"load generator, {name}: p99 of the bare client", median("bare"), "ms", f"{BARE_RATE:g} requests per second"),
        at_most(f"load generator, {name}: CPU", median("cpu"), "cores", 1.0, f"of its process, start included; {method}"),
    ]


def _added(name: str, added: float, bare: float, method: str) -> Figure:
    """A difference of two latencies that are mostly the wait for a CPU says nothing."""
    what = f"load generator, {name}: added at p99"
    if bare > BUSY:
        return not_measured(
            what, f"not measured: the machine was busy, so that the bare client's own p99 was {bare:.1f} ms (at most {BUSY:g})"
        )
    return at_most(what, added, "ms", 1.0, f"p99 less that of a bare client beside it; {method}")


def measure() -> list[Figure]:
    targets = Targets([(HOST, PORT)])
    try:
        url = f"http://{HOST}:{PORT}/"
        rounds = {keep: [one_round(url, keep_alive=keep) for _ in range(ROUNDS)] for keep in (False, True)}
    finally:
        targets.close()
    return [*_figures("new connections", rounds[False]), *_figures("kept connections", rounds[True])]
