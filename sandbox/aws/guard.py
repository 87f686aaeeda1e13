"""Who may speak to the gateway: programs on this machine, and in compose those that know the service by name.

The sandbox can start containers, so a page open in a browser must not reach it. Two doors are shut: a page whose own name was pointed at
127.0.0.1 (DNS rebinding) shows in the Host header, and a page of another site that sends a form shows in Origin or Sec-Fetch-Site.
"""

from collections.abc import Collection, Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

SAME_SITE = ("same-origin", "same-site", "none")


def refusal(environ: Mapping[str, Any], allowed_hosts: Collection[str]) -> str | None:
    """The sentence to answer with, or None: let it in."""
    host = environ.get("HTTP_HOST", "localhost")
    if not _known(_name(f"//{host}"), allowed_hosts):
        return f"The sandbox answers on this machine only, and {host!r} is not a name of it: use http://127.0.0.1."
    origin = environ.get("HTTP_ORIGIN")
    if origin is not None and not _known(_name(origin), allowed_hosts):
        return f"The sandbox takes no requests from web pages of {origin!r}."
    if environ.get("HTTP_SEC_FETCH_SITE", "none") not in SAME_SITE:
        return "The sandbox takes no requests from web pages of other sites."
    return None


def _name(url: str) -> str:
    """Host name of a URL, in lower case; empty when there is none (Origin: null)."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _known(name: str, allowed_hosts: Collection[str]) -> bool:
    if name == "localhost" or name.endswith(".localhost") or name in allowed_hosts:
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
