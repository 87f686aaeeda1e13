"""One POST to one subscriber, and its result: a new connection to an address that was checked, no redirects, no proxies.

http.py posts from the control plane; courier.py posts for it from the machine's own network namespace.
"""

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from sandbox.core.own_ports import OwnPort, find
from sandbox.drivers.delivery.addresses import allowed_address
from sandbox.drivers.delivery.base import DeliveryOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRequest:
    url: str
    headers: tuple[tuple[str, str], ...]
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PostResult:
    outcome: DeliveryOutcome
    status_code: int | None = None
    detail: str = ""  # for people


class Poster:
    """Used in one asyncio loop."""

    def __init__(self, own_ports: Sequence[OwnPort] = ()) -> None:
        self._own_ports = own_ports
        self._client = httpx.AsyncClient(
            verify=False,  # subscribers on this machine have self-signed certificates
            trust_env=False,
            timeout=None,  # the caller limits the whole attempt
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def post(self, request: PostRequest, seconds: float, to: str = "") -> PostResult:
        """Posts within `seconds` of real time. Returns a result for every attempt; raises only when it is cancelled. `to`: a trusted
        host to connect to instead of the URL's; the request is the same."""
        try:
            async with asyncio.timeout(seconds):
                return await self._post(request, to or await destination(request.url, self._own_ports))
        except Exception as error:
            return failure(error)

    async def _post(self, request: PostRequest, address: str) -> PostResult:
        """Connects to the address that was checked, not to the name, which could resolve to another address a moment later."""
        parts = urlsplit(request.url)
        url = httpx.URL(request.url).copy_with(host=address, port=port_of(request.url))
        headers = [*request.headers, ("Host", parts.netloc.rpartition("@")[2]), ("Connection", "close")]
        extensions = {"sni_hostname": parts.hostname or ""}
        async with self._client.stream("POST", url, headers=headers, content=request.body.encode(), extensions=extensions) as response:
            return PostResult(outcome=DeliveryOutcome.ANSWERED, status_code=response.status_code)  # the body is not read


class NotAllowed(Exception):
    """The sandbox does not send to this address; the message says why."""


async def destination(url: str, own_ports: Sequence[OwnPort]) -> str:
    """The address to connect to. Raises OSError (unknown host name) or NotAllowed.

    Subscribe refuses the sandbox's own ports when the URL contains the address; here a name is resolved too. Ports of load balancers are
    allowed: on AWS an application behind a load balancer can be the endpoint too.
    """
    host, port, address = urlsplit(url).hostname or "", port_of(url), await resolve(url)
    if address is None:
        raise NotAllowed(f"{host} is outside this machine and its private networks")
    if own := find((each for each in own_ports if not each.of_load_balancer), address, port):
        raise NotAllowed(f"{host}:{port} is {own.what}")
    return address


async def resolve(url: str) -> str | None:
    """The address of its host; None: it is not allowed. Raises OSError for an unknown host name."""
    found = await asyncio.get_running_loop().getaddrinfo(urlsplit(url).hostname or "", port_of(url), type=socket.SOCK_STREAM)
    return allowed_address(str(each[4][0]) for each in found)


def port_of(url: str) -> int:
    """Raises ValueError when the port is not valid."""
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)


def failure(error: Exception) -> PostResult:
    if isinstance(error, TimeoutError):
        return PostResult(outcome=DeliveryOutcome.TIMED_OUT)
    if isinstance(error, NotAllowed):
        return PostResult(outcome=DeliveryOutcome.REFUSED, detail=f"not sent: {error}")
    known = isinstance(error, OSError | httpx.HTTPError | ValueError)
    return PostResult(outcome=DeliveryOutcome.FAILED, detail=_reason(error) if known else f"{type(error).__name__}: {error}")


def _reason(error: Exception) -> str:
    """A few words from the innermost exception: httpx wraps those of the socket."""
    inner: BaseException = error
    while inner.__cause__ is not None or inner.__context__ is not None:
        inner = inner.__cause__ or inner.__context__ or inner
    match inner:
        case ConnectionRefusedError():
            return "connection refused"
        case ConnectionResetError() | BrokenPipeError():
            return "connection reset"
        case socket.gaierror():
            return "unknown host name"
        case OSError(strerror=str() as text):
            return text.lower()
    return str(error) or type(error).__name__
