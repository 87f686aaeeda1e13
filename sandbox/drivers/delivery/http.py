"""The Deliverer that really posts: one asyncio loop in one thread, a connection of its own for each delivery, no redirects, no proxies.

Names are resolved here and the connection goes to the address that was checked, so a name cannot point elsewhere a moment later.
A subscriber that never answers holds only its own places: the limit of deliveries under way is for each host and port.
"""

import asyncio
import socket
from functools import partial
from urllib.parse import SplitResult, urlsplit

import httpx

from sandbox.core.clock import Clock
from sandbox.drivers.asking import LoopThread
from sandbox.drivers.delivery.addresses import usable
from sandbox.drivers.delivery.base import DeliveryRequest, DeliveryResult, Outcome

AT_ONCE = 32  # to one host and port
SHORTEST_TIMEOUT = 1.0  # real seconds, whatever the clock's speed: a subscriber is a program of the real world


class HttpDeliverer(LoopThread[DeliveryResult]):
    def __init__(self, clock: Clock, at_once: int = AT_ONCE, shortest: float = SHORTEST_TIMEOUT) -> None:
        self._clock, self._at_once, self._shortest = clock, at_once, shortest
        self._places: dict[str, asyncio.Semaphore] = {}
        self._client = httpx.AsyncClient(
            verify=False,  # subscribers on this machine have certificates that nobody else signed
            trust_env=False,
            timeout=None,  # ours is over the whole attempt
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        )
        super().__init__("deliverer")

    def start(self, request: DeliveryRequest) -> None:
        self._results.begin(request)
        self._soon(partial(self._deliver, request))

    # ---- in the loop's thread ------------------------------------------------------------------------------------------------------

    async def _give_up(self) -> None:
        await super()._give_up()
        await self._client.aclose()
        await self._loop.shutdown_default_executor()

    async def _deliver(self, request: DeliveryRequest) -> None:
        timeout = max(self._clock.real(request.timeout), self._shortest)
        try:
            parts = urlsplit(request.url)
            async with self._places.setdefault(parts.netloc, asyncio.Semaphore(self._at_once)):
                async with asyncio.timeout(timeout):
                    outcome, status, detail = await self._post(request, parts)
        except TimeoutError:
            seconds = request.timeout.total_seconds()
            outcome, status, detail = Outcome.TIMED_OUT, None, f"no answer within {seconds:g} s"
        except (OSError, httpx.HTTPError, ValueError) as error:
            outcome, status, detail = Outcome.FAILED, None, _reason(error)
        except Exception as error:  # every delivery ends in a result; what is left is the request's own fault
            outcome, status, detail = Outcome.FAILED, None, f"{type(error).__name__}: {error}"
        now = self._clock.now()
        self._results.end(
            DeliveryResult(key=request.key, number=request.number, at=now, outcome=outcome, status_code=status, detail=detail)
        )

    async def _post(self, request: DeliveryRequest, parts: SplitResult) -> tuple[Outcome, int | None, str]:
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        found = await self._loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        address = usable(str(each[4][0]) for each in found)
        if address is None:
            return Outcome.REFUSED, None, f"not sent: {host} is outside this machine and its private networks"
        url = httpx.URL(request.url).copy_with(host=address, port=port)
        headers = [*request.headers, ("Host", parts.netloc.rpartition("@")[2]), ("Connection", "close")]
        async with self._client.stream(
            "POST", url, headers=headers, content=request.body.encode(), extensions={"sni_hostname": host}
        ) as response:
            return Outcome.ANSWERED, response.status_code, ""  # the body is nobody's business


def _reason(error: Exception) -> str:
    """In a few words, from the innermost error: httpx wraps those of the socket."""
    inner: BaseException = error
    while inner.__cause__ is not None or inner.__context__ is not None:
        inner = inner.__cause__ or inner.__context__ or inner
    match inner:
        case ConnectionRefusedError():
            return "connection refused"
        case ConnectionResetError() | BrokenPipeError():
            return "connection reset"
        case socket.gaierror():
            return "nobody has this name"
        case OSError(strerror=str() as text):
            return text.lower()
    return str(error) or type(error).__name__
