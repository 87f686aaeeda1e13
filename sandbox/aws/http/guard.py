"""Decides which requests the gateway refuses: what a page open in a browser could have sent, and what instances send to the control API.

The sandbox starts containers and one request can delete all its state. Loopback is not a single origin: the application under test and
every other page on localhost share it. There are four rules, in this order:

1. Host must name this machine. This detects a page whose domain name resolves to 127.0.0.1 (DNS rebinding).
2. Origin and Sec-Fetch-Site must not name another site.
3. A change through /_sandbox or /moto-api needs the header CLIENT_HEADER, and must not come from a page of another port. Every request that
   is not known to be a read counts as a change.
4. An unsigned request to the AWS API must not come from a page of another port. Signed requests follow AWS's rules: a page cannot send an
   Authorization header without a preflight request, which the sandbox refuses because it is not signed.

An instance is no browser, and may name this machine as it likes. It reaches what `InstanceAccess` says: by default the AWS API, and
neither /_sandbox nor /moto-api, by which it could change the clock, inject faults and read the console output of others.
"""

import shlex
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, urlsplit

from sandbox.core.client_header import CLIENT_HEADER

CONTROL, MOTO_API = "/_sandbox", "/moto-api/"
SAME_SITE = ("same-origin", "same-site", "none")
READS = ("GET", "HEAD")
MOTO_READS = frozenset(
    MOTO_API + path for path in ("", "lib.js", "data.json", "config", "state-manager/get-transition", "recorder/download-recording")
)
"""The paths that only read. moto changes state on a GET of its other paths (seed, recorder)."""

_HEADER = "HTTP_" + CLIENT_HEADER.upper().replace("-", "_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    message: str
    next_command: str | None = None  # to type instead; None: no form of the request is accepted


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceAccess:
    """What callers with the address of an instance may reach (SANDBOX_INSTANCE_ACCESS)."""

    allowed: str  # "aws" | "none" | "all"
    is_instance: Callable[[str], bool]  # by the address of the connection


NO_INSTANCES = InstanceAccess(allowed="all", is_instance=lambda address: False)
"""Where instances cannot be told from the users of this machine, as in the process runtime."""


def refusal(environ: Mapping[str, Any], allowed_hosts: Collection[str], instances: InstanceAccess = NO_INSTANCES) -> Refusal | None:
    """Why the gateway refuses the request; None: it does not."""
    if instances.is_instance(environ.get("REMOTE_ADDR", "127.0.0.1")):
        return _refused_to_instance(environ, instances.allowed)
    host = environ.get("HTTP_HOST", "localhost")
    if not _known(_name(f"//{host}"), allowed_hosts):
        return Refusal(message=f"The sandbox accepts only requests to this machine, and {host!r} does not name it. Use http://127.0.0.1.")
    origin = environ.get("HTTP_ORIGIN")
    if origin is not None and not _known(_name(origin), allowed_hosts):
        return Refusal(message=f"The sandbox does not accept requests from web pages of {origin!r}.")
    if environ.get("HTTP_SEC_FETCH_SITE", "none") not in SAME_SITE:
        return Refusal(message="The sandbox does not accept requests from web pages of other sites.")
    if is_control(environ) or is_moto_api(environ):
        return None if only_reads(environ) else _refused_change(environ)
    if environ.get("REQUEST_METHOD") not in READS and not environ.get("HTTP_AUTHORIZATION") and _from_another_port(environ):
        return Refusal(message="The AWS API does not accept unsigned requests from web pages. Sign the request, as the AWS SDKs do.")
    return None


def _refused_to_instance(environ: Mapping[str, Any], allowed: str) -> Refusal | None:
    control = is_control(environ) or is_moto_api(environ)
    if allowed == "none" or (allowed == "aws" and control):
        what = environ.get("PATH_INFO") if control else "The AWS API of the sandbox"
        return Refusal(message=f"{what} is not for instances: SANDBOX_INSTANCE_ACCESS is {allowed!r}.")
    return _refused_change(environ) if control and not only_reads(environ) else None


def is_control(environ: Mapping[str, Any]) -> bool:
    path = environ.get("PATH_INFO", "")
    return bool(path == CONTROL or path.startswith(CONTROL + "/"))


def is_moto_api(environ: Mapping[str, Any]) -> bool:
    return bool(environ.get("PATH_INFO", "").startswith(MOTO_API))


def only_reads(environ: Mapping[str, Any]) -> bool:
    """Whether a request to /_sandbox or /moto-api only reads."""
    return environ.get("REQUEST_METHOD") in READS and (is_control(environ) or environ.get("PATH_INFO") in MOTO_READS)


def _refused_change(environ: Mapping[str, Any]) -> Refusal | None:
    what = f"{environ.get('REQUEST_METHOD')} {environ.get('PATH_INFO')}"
    if _from_another_port(environ):
        return Refusal(message=f"{what} can change the sandbox, so it is not accepted from a web page of another port.")
    if environ.get(_HEADER, "").strip():
        return None
    message = f"{what} can change the sandbox, so it needs the header {CLIENT_HEADER} (any value), which a web page cannot send."
    return Refusal(message=message, next_command=_curl(environ))


def _curl(environ: Mapping[str, Any]) -> str:
    """A curl command for the same request with the header, without the body."""
    query = environ.get("QUERY_STRING", "")
    url = f"http://{environ.get('HTTP_HOST', 'localhost')}{_path(environ)}{'?' + query if query else ''}"
    return shlex.join(["curl", "-X", environ.get("REQUEST_METHOD", "POST"), "-H", f"{CLIENT_HEADER}: curl", url])


def _path(environ: Mapping[str, Any]) -> str:
    """The path, percent-encoded. WSGI decodes it and passes the bytes as Latin-1."""
    return quote(environ.get("PATH_INFO", "").encode("latin-1", "replace"))


def _from_another_port(environ: Mapping[str, Any]) -> bool:
    """Whether a page of this machine sent it that this port does not serve. Browsers that send no Origin with a form send a Referer."""
    if environ.get("HTTP_SEC_FETCH_SITE") == "same-site":
        return True
    own = environ.get("HTTP_HOST", "").lower()
    pages = (environ.get("HTTP_ORIGIN"), environ.get("HTTP_REFERER"))
    return any(page is not None and _netloc(page) != own for page in pages)


def _netloc(url: str) -> str:
    """Host and port of a URL, in lower case; empty if it has none."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""


def _name(url: str) -> str:
    """Host name of a URL, in lower case; empty if it has none (Origin: null)."""
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
