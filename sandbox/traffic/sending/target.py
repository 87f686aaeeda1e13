"""Where requests go: the socket address, and the bytes of a request. Made once for a plan."""

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from sandbox.traffic.addresses import loopback
from sandbox.traffic.plan import Plan

HTTP_PORT = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    family: socket.AddressFamily
    address: tuple[str, int]
    request: bytes

    @property
    def node(self) -> str:
        return self.address[0]


def target_of(plan: Plan) -> Target:
    """Raises UserError when the URL is not on loopback."""
    parts = urlsplit(loopback(plan.url))
    host = "127.0.0.1" if parts.hostname in (None, "localhost") else str(parts.hostname)
    family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = (
        f"GET {path} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Accept: application/json",
        "User-Agent: sandbox-traffic",
        f"Connection: {'keep-alive' if plan.keep_alive else 'close'}",
    )
    return Target(family=family, address=(host, parts.port or HTTP_PORT), request="\r\n".join((*lines, "", "")).encode())
