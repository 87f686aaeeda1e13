"""The Prober that sends real requests: one asyncio loop in one thread, h11 for the protocol, a new connection for each probe (TG-2).

Requests go only to loopback addresses and to networks that the sandbox created: a packet to any other address would leave this machine by
its default route. Timeouts are sandbox time, with a minimum in real seconds.
"""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from ipaddress import ip_address

import h11

from sandbox.core.clock import Clock
from sandbox.drivers.probe.base import ProbeOutcome, ProbeRequest, ProbeResult, Trouble
from sandbox.drivers.requester import AsyncRequester

AT_ONCE = 64
SHORTEST_TIMEOUT = 0.05  # real seconds, at any speed of the clock: the delays of this machine are not failures of the target
LARGEST_BODY = 64 * 1024
_CHUNK = 16 * 1024

Allowed = Callable[[str], bool]


def loopback(host: str) -> bool:
    return ip_address(host).is_loopback


class HttpProber(AsyncRequester[ProbeResult]):
    def __init__(
        self,
        clock: Clock,
        allowed: Allowed = loopback,
        *,
        at_once: int = AT_ONCE,
        shortest: float = SHORTEST_TIMEOUT,
        in_vpc: bool = False,
    ) -> None:
        """`allowed`: whether a request may go to this address; loopback addresses are always allowed. `in_vpc`: this process is in the VPC
        router's namespace, so a request can leave from its `source`."""
        super().__init__("prober")
        self._clock, self._allowed, self._shortest, self._in_vpc = clock, allowed, shortest, in_vpc
        self._slots = asyncio.Semaphore(at_once)

    def start(self, request: ProbeRequest) -> None:
        self._results.begin(request)
        if not _permitted(request.host, self._allowed):
            detail = f"not sent: {request.host} is neither a loopback address nor in a network of the sandbox"
            self._loop.call_soon_threadsafe(self._end, request, ProbeOutcome.FAILED, Trouble.OTHER, detail)
        else:
            self._schedule(partial(self._probe, request))

    # ---- in the loop's thread ------------------------------------------------------------------------------------------------------

    async def _probe(self, request: ProbeRequest) -> None:
        timeout = max(self._clock.real(request.timeout), self._shortest)
        late = Trouble.NO_CONNECTION
        async with self._slots:
            try:
                async with asyncio.timeout(timeout):
                    reader, writer = await _connect(request, request.source if self._in_vpc else None)
                    late = Trouble.NO_RESPONSE
                    status = await _converse(request, reader, writer)
                self._answered(request, status)
            except TimeoutError:
                self._end(request, ProbeOutcome.TIMED_OUT, late, f"no complete response within {timeout:.2f} real seconds")
            except (OSError, h11.RemoteProtocolError, EOFError) as error:
                self._end(request, ProbeOutcome.FAILED, _trouble(error), _reason(error))
            except Exception as error:  # every probe ends in a result
                self._end(request, ProbeOutcome.FAILED, Trouble.OTHER, f"{type(error).__name__}: {error}")

    def _answered(self, request: ProbeRequest, status: int) -> None:
        now = self._clock.now()
        self._results.end(ProbeResult(key=request.key, number=request.number, at=now, outcome=ProbeOutcome.ANSWERED, status_code=status))

    def _end(self, request: ProbeRequest, outcome: ProbeOutcome, trouble: Trouble, detail: str) -> None:
        now = self._clock.now()
        self._results.end(ProbeResult(key=request.key, number=request.number, at=now, outcome=outcome, detail=detail, trouble=trouble))


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _connect(request: ProbeRequest, source: str | None) -> Streams:
    """`source`: the address that the connection leaves from; None: the system chooses. Raises OSError."""
    local = (source, 0) if source else None
    return await asyncio.open_connection(request.host, request.port, local_addr=local, ssl=_any_certificate() if request.tls else None)


async def _converse(request: ProbeRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
    """Sends the request and reads the whole response (a body of up to LARGEST_BODY bytes). Redirects are not followed. → its status.

    Raises OSError, h11.RemoteProtocolError, EOFError."""
    try:
        return await _exchange(request, reader, writer)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


@cache
def _any_certificate() -> ssl.SSLContext:
    """Of a client that encrypts and believes any server, as EC2's checks do (EC2-83)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


async def _exchange(request: ProbeRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
    protocol = h11.Connection(h11.CLIENT)
    headers = [("Host", request.host_header), ("User-Agent", request.user_agent), ("Connection", "close")]
    message = protocol.send(h11.Request(method="GET", target=request.path, headers=headers)) or b""
    writer.write(message + (protocol.send(h11.EndOfMessage()) or b""))
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
            raise EOFError("the target closed the connection without a response")
    return status


def _permitted(host: str, allowed: Allowed) -> bool:
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


def _trouble(error: Exception) -> Trouble:
    match error:
        case ConnectionRefusedError():
            return Trouble.REFUSED
        case ConnectionResetError() | BrokenPipeError() | EOFError():
            return Trouble.RESET
        case TimeoutError():  # of the system's, which gave up before the probe did
            return Trouble.NO_CONNECTION
    return Trouble.OTHER
