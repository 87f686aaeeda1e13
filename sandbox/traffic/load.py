"""Open-loop traffic in real time: each request is sent at its planned time, whatever happened to earlier requests.

One thread runs an asyncio loop. Each request has its own connection and its own deadline. Traffic goes to loopback only, and ends at the
plan's limits even if the caller never stops it.
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
from sandbox.traffic.plan import Failure, Plan, Record, RequestOutcome, classify


def loopback(url: str) -> str:
    """Returns the URL. Raises UserError when its host is not loopback."""
    host = urlsplit(url).hostname or ""
    with suppress(ValueError):
        if ipaddress.ip_address("127.0.0.1" if host == "localhost" else host).is_loopback:
            return url
    raise UserError(f"Cannot send traffic to {url}: only loopback addresses are allowed.", "sandbox status")


class Load:
    """Sends a plan's requests, starting now. `started_at`: the current sandbox time; `speed`: sandbox seconds per real second."""

    def __init__(self, plan: Plan, started_at: datetime, speed: float) -> None:
        loopback(plan.url)
        self._plan, self._started_at, self._speed = plan, started_at, speed
        self._timeout = plan.timeout.total_seconds() / speed
        self._records: list[Record] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="traffic", daemon=True)
        self._thread.start()
        self._ready.wait()

    def records(self) -> tuple[Record, ...]:
        return tuple(sorted(self._records, key=lambda record: record.number))

    def join(self) -> tuple[Record, ...]:
        """Waits until the plan reaches its limits."""
        self._thread.join()
        return self.records()

    def stop(self) -> tuple[Record, ...]:
        assert self._loop is not None and self._stopping is not None
        with suppress(RuntimeError):  # the loop has already ended
            self._loop.call_soon_threadsafe(self._stopping.set)
        return self.join()

    async def _run(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self._ready.set()
        # No proxy from the environment, no redirects, no connection reuse: each request represents one user.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        transport = httpx.AsyncHTTPTransport(limits=limits, trust_env=False)
        async with httpx.AsyncClient(transport=transport, timeout=None, trust_env=False) as client:
            begin = time.monotonic()
            tasks = [asyncio.create_task(self._request(client, number, begin)) async for number in self._numbers(begin)]
            await asyncio.gather(*tasks)

    async def _numbers(self, begin: float) -> AsyncIterator[int]:
        """Yields 0, 1, 2, …, each at its planned time, until the plan's limits or `stop`."""
        assert self._loop is not None and self._stopping is not None
        loop_offset = self._loop.time() - time.monotonic()
        for number in range(self._plan.count):
            with suppress(TimeoutError):
                async with asyncio.timeout_at(begin + loop_offset + self._plan.send_offset(number)):
                    await self._stopping.wait()
            if self._stopping.is_set():
                return
            yield number

    async def _request(self, client: httpx.AsyncClient, number: int, begin: float) -> None:
        offset = self._plan.send_offset(number)
        left = begin + offset + self._timeout - time.monotonic()
        outcome = await send(client, self._plan.url, left)
        self._records.append(
            Record(
                number=number,
                send_offset=offset,
                at=self._started_at + timedelta(seconds=offset * self._speed),
                latency=time.monotonic() - begin - offset,
                outcome=outcome,
            )
        )


async def send(client: httpx.AsyncClient, url: str, seconds: float) -> RequestOutcome:
    """Sends one request. `seconds` is the deadline for the whole exchange."""
    connected = False

    async def trace(event: str, _: object) -> None:
        nonlocal connected
        connected = connected or event == "connection.connect_tcp.complete"

    try:
        async with asyncio.timeout(seconds):
            response = await client.get(url, headers={"Accept": "application/json"}, extensions={"trace": trace})
    except TimeoutError:
        return RequestOutcome(failure=Failure.CLIENT_TIMEOUT if connected else Failure.CONNECT_TIMEOUT)
    except httpx.TransportError as error:
        return RequestOutcome(failure=_failure_of(error, connected))
    return classify(response.status_code, _instance_id(response))


def _failure_of(error: httpx.TransportError, connected: bool) -> Failure:
    causes = tuple(_causes(error))
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return Failure.REFUSED
    if isinstance(error, httpx.RemoteProtocolError) and "disconnected" not in str(error) and "incomplete" not in str(error):
        return Failure.INVALID_RESPONSE
    return Failure.RESET if connected else Failure.REFUSED


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _instance_id(response: httpx.Response) -> str | None:
    """The instance id that the application reports (app/app.py); None for any other response."""
    try:
        body = response.json()
    except ValueError:
        return None
    return body.get("instance_id") if isinstance(body, dict) else None
