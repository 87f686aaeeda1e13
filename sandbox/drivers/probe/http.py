"""The Prober that really asks: one asyncio loop in one thread, h11 for the protocol, a connection of its own for each probe (TG-2).

Only addresses of this machine's loopback or of networks that the sandbox made are asked: a misrouted address of a subnet would leave by the
host's default route. Timeouts are sandbox time, with a floor in real seconds.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from ipaddress import ip_address

import h11

from sandbox.core.clock import Clock
from sandbox.drivers.asking import LoopThread
from sandbox.drivers.probe.base import Outcome, ProbeRequest, ProbeResult

AT_ONCE = 64
SHORTEST_TIMEOUT = 0.05  # real seconds, whatever the clock's speed: a machine's own delays are no failure of the target
LARGEST_BODY = 64 * 1024
_CHUNK = 16 * 1024

Allowed = Callable[[str], bool]


def loopback(host: str) -> bool:
    return ip_address(host).is_loopback


class HttpProber(LoopThread[ProbeResult]):
    def __init__(self, clock: Clock, allowed: Allowed = loopback, at_once: int = AT_ONCE, shortest: float = SHORTEST_TIMEOUT) -> None:
        """`allowed` tells whether an address may be asked; loopback always may."""
        super().__init__("prober")
        self._clock, self._allowed, self._shortest = clock, allowed, shortest
        self._places = asyncio.Semaphore(at_once)

    def start(self, request: ProbeRequest) -> None:
        self._results.begin(request)
        if not _safe(request.host, self._allowed):
            detail = f"not asked: {request.host} is neither loopback nor in a network of the sandbox"
            self._loop.call_soon_threadsafe(self._finish, request, Outcome.FAILED, None, detail)
        else:
            self._soon(partial(self._probe, request))

    # ---- in the loop's thread ------------------------------------------------------------------------------------------------------

    async def _probe(self, request: ProbeRequest) -> None:
        timeout = max(self._clock.real(request.timeout), self._shortest)
        async with self._places:
            try:
                async with asyncio.timeout(timeout):
                    status = await ask(request)
                self._finish(request, Outcome.ANSWERED, status, "")
            except TimeoutError:
                self._finish(request, Outcome.TIMED_OUT, None, f"no complete answer within {timeout:.2f} real seconds")
            except (OSError, h11.RemoteProtocolError, EOFError) as error:
                self._finish(request, Outcome.FAILED, None, _reason(error))
            except Exception as error:  # every probe ends in a result; what is left is the request's own fault
                self._finish(request, Outcome.FAILED, None, f"{type(error).__name__}: {error}")

    def _finish(self, request: ProbeRequest, outcome: Outcome, status: int | None, detail: str) -> None:
        now = self._clock.now()
        self._results.end(ProbeResult(key=request.key, number=request.number, at=now, outcome=outcome, status_code=status, detail=detail))


async def ask(request: ProbeRequest) -> int:
    """The status of the answer, read to its end (a body of up to LARGEST_BODY bytes). Redirects are answers like others.

    → OSError, h11.RemoteProtocolError, EOFError."""
    reader, writer = await asyncio.open_connection(request.host, request.port)
    try:
        return await _talk(request, reader, writer)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def _talk(request: ProbeRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
    protocol = h11.Connection(h11.CLIENT)
    headers = [("Host", request.host_header), ("User-Agent", "ELB-HealthChecker/2.0"), ("Connection", "close")]
    question = protocol.send(h11.Request(method="GET", target=request.path, headers=headers)) or b""
    writer.write(question + (protocol.send(h11.EndOfMessage()) or b""))
    await writer.drain()
    status, size = 0, 0
    while size <= LARGEST_BODY:
        event = protocol.next_event()
        if event is h11.NEED_DATA:
            protocol.receive_data(await reader.read(_CHUNK))
        elif isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            size += len(event.data)
        elif isinstance(event, h11.EndOfMessage):
            break
        elif isinstance(event, h11.ConnectionClosed):
            raise EOFError("the target closed the connection without an answer")
    return status


def _safe(host: str, allowed: Allowed) -> bool:
    try:
        return loopback(host) or allowed(host)
    except ValueError:  # a name, not an address
        return False


def _reason(error: Exception) -> str:
    match error:
        case ConnectionRefusedError():
            return "connection refused"
        case ConnectionResetError() | BrokenPipeError():
            return "connection reset"
        case h11.RemoteProtocolError():
            return f"malformed response: {error}"
        case OSError(strerror=str() as text):
            return text.lower()
    return str(error)
