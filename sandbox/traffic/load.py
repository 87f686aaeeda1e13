"""Open-loop traffic in real time: each request is sent at its planned moment, whatever became of those before it.

One thread with an asyncio loop of its own, each request on its own connection with its own deadline. It sends to this machine only, and
stops at the plan's count or time even when nobody stops it.
"""

import asyncio
import ipaddress
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import httpx

from sandbox.core.errors import UserError
from sandbox.traffic.plan import Failure, Outcome, Plan, Record, judge


def loopback(url: str) -> str:
    """The URL, when it leads to this machine; UserError before anything is sent when it does not."""
    host = urlsplit(url).hostname or ""
    with suppress(ValueError):
        if ipaddress.ip_address("127.0.0.1" if host == "localhost" else host).is_loopback:
            return url
    raise UserError(f"Traffic goes to this machine only, and {url} is not an address of it.", "sandbox status")


class Load:
    """Carries a plan out from now on. `started_at` is the sandbox's time now; `speed` tells sandbox seconds per real second."""

    def __init__(self, plan: Plan, started_at: datetime, speed: float) -> None:
        loopback(plan.url)
        self._plan, self._started_at, self._speed = plan, started_at, speed
        self._patience = plan.patience.total_seconds() / speed
        self._done: list[Record] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="traffic", daemon=True)
        self._thread.start()
        self._ready.wait()

    def records(self) -> tuple[Record, ...]:
        return tuple(sorted(self._done, key=lambda record: record.number))

    def join(self) -> tuple[Record, ...]:
        """Waits until the plan has ended by itself."""
        self._thread.join()
        return self.records()

    def stop(self) -> tuple[Record, ...]:
        assert self._loop is not None and self._stopping is not None
        with suppress(RuntimeError):  # the loop has ended by itself
            self._loop.call_soon_threadsafe(self._stopping.set)
        return self.join()

    async def _run(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self._ready.set()
        # No proxy from the environment, no redirects, no connection used twice: each request stands for one user.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        transport = httpx.AsyncHTTPTransport(limits=limits, trust_env=False)
        async with httpx.AsyncClient(transport=transport, timeout=None, trust_env=False) as client:
            begin = time.monotonic()
            tasks = [asyncio.create_task(self._request(client, number, begin)) async for number in self._numbers(begin)]
            await asyncio.gather(*tasks)

    async def _numbers(self, begin: float) -> AsyncIterator[int]:
        """0, 1, 2, … each at its planned moment, until the plan or somebody ends it."""
        assert self._loop is not None and self._stopping is not None
        offset = self._loop.time() - time.monotonic()
        for number in range(self._plan.count):
            with suppress(TimeoutError):
                async with asyncio.timeout_at(begin + offset + self._plan.planned(number)):
                    await self._stopping.wait()
            if self._stopping.is_set():
                return
            yield number

    async def _request(self, client: httpx.AsyncClient, number: int, begin: float) -> None:
        planned = self._plan.planned(number)
        left = begin + planned + self._patience - time.monotonic()
        outcome = await ask(client, self._plan.url, left)
        self._done.append(
            Record(
                number=number,
                planned=planned,
                at=self._started_at + timedelta(seconds=planned * self._speed),
                latency=time.monotonic() - begin - planned,
                outcome=outcome,
            )
        )


async def ask(client: httpx.AsyncClient, url: str, seconds: float) -> Outcome:
    """One request with one deadline over all of it."""
    connected = False

    async def trace(event: str, _: object) -> None:
        nonlocal connected
        connected = connected or event == "connection.connect_tcp.complete"

    try:
        async with asyncio.timeout(seconds):
            response = await client.get(url, headers={"Accept": "application/json"}, extensions={"trace": trace})
    except TimeoutError:
        return Outcome(failure=Failure.CLIENT_TIMEOUT if connected else Failure.CONNECT_TIMEOUT)
    except httpx.TransportError as error:
        return Outcome(failure=_why(error, connected))
    return judge(response.status_code, _instance_id(response))


def _why(error: httpx.TransportError, connected: bool) -> Failure:
    causes = tuple(_causes(error))
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return Failure.REFUSED
    if isinstance(error, httpx.RemoteProtocolError) and "disconnected" not in str(error) and "incomplete" not in str(error):
        return Failure.BROKEN
    return Failure.RESET if connected else Failure.REFUSED


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _instance_id(response: httpx.Response) -> str | None:
    """The application's own word (app/app.py); None when the answer is of somebody else."""
    try:
        told = response.json()
    except ValueError:
        return None
    return told.get("instance_id") if isinstance(told, dict) else None
