"""One POST to one subscriber, and what came of it: no redirects, no proxies, a connection of its own, to an address that was checked.

http.py posts from the control plane; courier.py posts for it from where this machine's own loopback is.
"""

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from sandbox.core.own_ports import OwnPort, find
from sandbox.drivers.delivery.addresses import usable
from sandbox.drivers.delivery.base import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    url: str
    headers: tuple[tuple[str, str], ...]
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    outcome: Outcome
    status_code: int | None = None
    detail: str = ""  # for people


class Poster:
    """Used in one asyncio loop."""

    def __init__(self, own_ports: Sequence[OwnPort] = ()) -> None:
        self._own_ports = own_ports
        self._client = httpx.AsyncClient(
            verify=False,  # subscribers on this machine have certificates that nobody else signed
            trust_env=False,
            timeout=None,  # the caller's is over the whole attempt
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def post(self, letter: Letter, seconds: float) -> Fate:
        """Within so many real seconds. Never raises but to be cancelled: every attempt has a fate."""
        try:
            async with asyncio.timeout(seconds):
                return await self._post(letter, await destination(letter.url, self._own_ports))
        except Exception as error:
            return fate_of(error)

    async def _post(self, letter: Letter, address: str) -> Fate:
        """Names were resolved before, and the connection goes to what was checked: a name cannot point elsewhere a moment later."""
        parts = urlsplit(letter.url)
        url = httpx.URL(letter.url).copy_with(host=address, port=port_of(letter.url))
        headers = [*letter.headers, ("Host", parts.netloc.rpartition("@")[2]), ("Connection", "close")]
        extensions = {"sni_hostname": parts.hostname or ""}
        async with self._client.stream("POST", url, headers=headers, content=letter.body.encode(), extensions=extensions) as response:
            return Fate(outcome=Outcome.ANSWERED, status_code=response.status_code)  # the body is nobody's business


class NotAllowed(Exception):
    """The sandbox does not send there; the message says why."""


async def destination(url: str, own_ports: Sequence[OwnPort]) -> str:
    """The address that a connection may go to. OSError: nobody has the name; NotAllowed.

    Subscribe has refused the sandbox's own ports as far as the URL shows them; here a name has its address. Ports of load balancers may
    subscribe: on AWS, too, an application behind one may be the endpoint.
    """
    host, port, address = urlsplit(url).hostname or "", port_of(url), await resolve(url)
    if address is None:
        raise NotAllowed(f"{host} is outside this machine and its private networks")
    if own := find((each for each in own_ports if not each.of_load_balancer), address, port):
        raise NotAllowed(f"{host}:{port} is {own.what}")
    return address


async def resolve(url: str) -> str | None:
    """The address of its host; None: it leads outside. OSError: nobody has the name."""
    found = await asyncio.get_running_loop().getaddrinfo(urlsplit(url).hostname or "", port_of(url), type=socket.SOCK_STREAM)
    return usable(str(each[4][0]) for each in found)


def port_of(url: str) -> int:
    """ValueError when the URL has none that can be."""
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)


def fate_of(error: Exception) -> Fate:
    if isinstance(error, TimeoutError):
        return Fate(outcome=Outcome.TIMED_OUT)
    if isinstance(error, NotAllowed):
        return Fate(outcome=Outcome.REFUSED, detail=f"not sent: {error}")
    known = isinstance(error, OSError | httpx.HTTPError | ValueError)
    return Fate(outcome=Outcome.FAILED, detail=_reason(error) if known else f"{type(error).__name__}: {error}")


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
