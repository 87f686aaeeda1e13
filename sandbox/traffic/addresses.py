"""Where client traffic may go: loopback addresses only."""

import ipaddress
from contextlib import suppress
from urllib.parse import urlsplit

from sandbox.core.errors import UserError


def loopback(url: str) -> str:
    """Returns the URL. Raises UserError when its host is not loopback."""
    host = urlsplit(url).hostname or ""
    with suppress(ValueError):
        if ipaddress.ip_address("127.0.0.1" if host == "localhost" else host).is_loopback:
            return url
    raise UserError(f"Cannot send traffic to {url}: only loopback addresses are allowed.", "sandbox status")
