"""The p99 duration of calls beside 1,000 idle connections and 200 long polls, compared with calls without them.

Rounds with and without them alternate, so that both run under the same conditions. Another process holds the connections and polls. One
call in eight changes something, which is sent to every follower of the events at once.
"""

import asyncio
import http.client
import itertools
import json
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from typing import Any

from bench.kit.child import Child, obey
from bench.kit.figure import Figure, at_most, percentile, without_goal
from bench.kit.sandboxes import PORT, sandbox, until

IDLE, POLLS, FOLLOWERS = 1_000, 100, 100
ROUNDS, CALLS, RATE = 3, 500, 20.0  # calls of a round, and calls a second
WAIT = 20  # seconds of an SQS long poll, the maximum; each ends, and is started again, once per round
SETTLE = 1.0  # seconds to wait after opening or closing the connections, which is not measured
LONGEST = 300.0
GOAL = 2.0

Request = tuple[str, str, bytes, dict[str, str]]
"""Method, path, body, header fields."""


def measure() -> list[Figure]:
    with sandbox("process"):
        held = Child(_work, PORT)
        try:
            without, beside, answered = _rounds(held)
        finally:
            held.close()
    slow, slow_beside = percentile(without, 99), percentile(beside, 99)
    method = (
        f"p99 of {len(beside)} and {len(without)} calls, {RATE:g} a second, beside {IDLE} idle connections, {POLLS} SQS long polls and "
        f"{FOLLOWERS} of events (answered {answered} times meanwhile)"
    )
    return [
        at_most("calls beside held connections ÷ calls without", slow_beside / slow, "", GOAL, method),
        without_goal("p99 of calls beside held connections", slow_beside * 1e3, "ms", f"median {percentile(beside, 50) * 1e3:.1f} ms"),
        without_goal("p99 of calls without", slow * 1e3, "ms", f"median {percentile(without, 50) * 1e3:.1f} ms"),
    ]


def _rounds(held: Child) -> tuple[list[float], list[float], int]:
    """→ seconds of each call without and beside the held connections, and how many long polls were answered."""
    client = http.client.HTTPConnection("127.0.0.1", PORT, timeout=LONGEST)
    requests = _requests(client)
    _timed(client, requests)  # warm
    without, beside, answered = list[float](), list[float](), 0
    for _ in range(ROUNDS):
        without += _timed(client, requests)
        held.ask("hold")
        until("all are held", lambda: held.ask("waiting") == IDLE + POLLS + FOLLOWERS, 60)
        time.sleep(SETTLE)
        beside += _timed(client, requests)
        answered += held.ask("release")
        time.sleep(SETTLE)
    return without, beside, answered


def _timed(client: http.client.HTTPConnection, requests: list[Request]) -> list[float]:
    began, seconds = time.monotonic(), []
    for number, request in enumerate(itertools.islice(itertools.cycle(requests), CALLS)):
        time.sleep(max(0.0, began + number / RATE - time.monotonic()))  # the rate
        moment = time.monotonic()
        _answer(client, request)
        seconds.append(time.monotonic() - moment)
    return seconds


def _requests(client: http.client.HTTPConnection) -> list[Request]:
    vpc = re.findall(r"<vpcId>(vpc-\w+)", _answer(client, _query("ec2", "2016-11-15", "DescribeVpcs")))[0]
    queue = json.loads(_answer(client, _sqs("CreateQueue", QueueName="calls")))["QueueUrl"]
    return [
        _query("ec2", "2016-11-15", "DescribeInstances"),
        _query("ec2", "2016-11-15", "DescribeSubnets"),
        _query("autoscaling", "2011-01-01", "DescribeAutoScalingGroups"),
        _sqs("SendMessage", QueueUrl=queue, MessageBody="hello"),
        _query("monitoring", "2010-08-01", "DescribeAlarms"),
        _query("ec2", "2016-11-15", "CreateTags", **{"ResourceId.1": vpc, "Tag.1.Key": "bench", "Tag.1.Value": "1"}),
        ("GET", "/_sandbox/clock", b"", {}),
        _sqs("ListQueues"),
    ]


def _answer(client: http.client.HTTPConnection, request: Request) -> str:
    method, path, body, headers = request
    client.request(method, path, body, headers)
    with client.getresponse() as response:
        text = response.read().decode()
    assert response.status == 200, (request, text)
    return text


def _query(service: str, version: str, action: str, **parameters: str) -> Request:
    body = "&".join(f"{name}={value}" for name, value in {"Action": action, "Version": version, **parameters}.items())
    return "POST", "/", body.encode(), _signed(service, "application/x-www-form-urlencoded")


def _sqs(operation: str, **parameters: object) -> Request:
    headers = _signed("sqs", "application/x-amz-json-1.0") | {"X-Amz-Target": f"AmazonSQS.{operation}"}
    return "POST", "/", json.dumps(parameters).encode(), headers


def _signed(service: str, kind: str) -> dict[str, str]:
    credential = f"test/20260507/us-east-1/{service}/aws4_request"
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0", "Content-Type": kind}


# ---- what is held, in a process of its own -----------------------------------------------------------------------------------------------


def _work(connection: Connection, port: int) -> None:
    asyncio.run(_hold(connection, port))


async def _hold(connection: Connection, port: int) -> None:
    held: list[_Held] = []

    def answer(word: str, value: Any) -> Any:
        if word == "hold":
            held.append(_Held(port))
            return None
        if word == "waiting":
            return held[-1].waiting()
        return held.pop().release()

    await obey(connection, answer, None)
    for each in held:
        each.release()


class _Held:
    """Idle connections, and long polls that are repeated as soon as they are answered, from its creation to `release`."""

    def __init__(self, port: int) -> None:
        self._port, self._answers, self._opened = port, 0, 0
        self._tasks = [asyncio.create_task(self._idle()) for _ in range(IDLE)]
        self._tasks += [asyncio.create_task(self._receive()) for _ in range(POLLS)]
        self._tasks += [asyncio.create_task(self._follow()) for _ in range(FOLLOWERS)]

    def waiting(self) -> int:
        """How many are open and have sent their request. Raises the error of one that failed."""
        for task in self._tasks:
            if task.done():
                task.result()
        return self._opened

    def release(self) -> int:
        """→ how many polls were answered."""
        self.waiting()
        for task in self._tasks:
            task.cancel()
        return self._answers

    async def _idle(self) -> None:
        async with _connection(self._port):
            self._opened += 1
            await asyncio.sleep(LONGEST)

    async def _receive(self) -> None:
        async with _connection(self._port) as ask:
            queue = json.loads(await ask(_sqs("CreateQueue", QueueName="polled")))["QueueUrl"]
            self._opened += 1
            while True:
                await ask(_sqs("ReceiveMessage", QueueUrl=queue, WaitTimeSeconds=WAIT))
                self._answers += 1

    async def _follow(self) -> None:
        async with _connection(self._port) as ask:
            last = json.loads(await ask(("GET", "/_sandbox/events?newest=1", b"", {})))["last"]
            self._opened += 1
            while True:
                last = json.loads(await ask(("GET", f"/_sandbox/events?after={last}&wait=30", b"", {})))["last"]
                self._answers += 1


@asynccontextmanager
async def _connection(port: int) -> AsyncIterator[Callable[[Request], Awaitable[bytes]]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def ask(request: Request) -> bytes:
        method, path, body, fields = request
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in fields.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        answer = await reader.readexactly(int(head.split(b"content-length:")[1].split()[0]))
        assert head.split()[1] == b"200", answer
        return answer

    try:
        yield ask
    finally:
        writer.close()
