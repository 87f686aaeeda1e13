"""Unsigned requests that a service accepts: links that AWS sends to people and programs, and files that it publishes.

The link that confirms an SNS subscription is opened in a browser or fetched by a subscriber, neither of which signs requests. The ARN in
the link contains the account and Region. Services declare their links; the gateway checks them before it looks for a signature.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from sandbox.aws.http.answers import Answer
from sandbox.aws.http.wsgi import ACCOUNT

LINK_KEY = "LINK"
"""The access key of a request made from a link; no caller has it. It shows services that the caller did not sign."""

ARN = re.compile(r"arn:[\w-]+:[\w-]+:([a-z]{2}(?:-[a-z]+)+-\d):(\d{12}):.+")


@dataclass(frozen=True, slots=True)
class _Link:
    service: str
    arn_parameter: str


_links: dict[str, _Link] = {}
_files: dict[str, Callable[[str], bytes | None]] = {}


def declare(action: str, service: str, arn_parameter: str) -> None:
    """`GET /?Action=<action>&<arn_parameter>=arn:…` without a signature calls the service's operation of that name."""
    _links[action] = _Link(service, arn_parameter)


def publish(prefix: str, find: Callable[[str], bytes | None]) -> None:
    """`GET /<prefix>…` returns a file: `find` returns its content by name, or None."""
    _files[prefix] = find


def with_scope(environ: dict[str, Any]) -> dict[str, Any]:
    """The request with the account and Region of its link; other requests are returned unchanged."""
    if environ.get("REQUEST_METHOD") != "GET" or environ.get("HTTP_AUTHORIZATION"):
        return environ
    query = parse_qs(environ.get("QUERY_STRING", ""))
    link = _links.get(query.get("Action", [""])[0])
    if link is None:
        return environ
    found = ARN.fullmatch(query.get(link.arn_parameter, [""])[0])
    region, account = (found[1], found[2]) if found else ("us-east-1", None)
    credential = f"{LINK_KEY}/19700101/{region}/{link.service}/aws4_request"
    scope = {"HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"}
    return environ | scope | ({ACCOUNT: account} if account else {})


def file(environ: dict[str, Any]) -> Answer | None:
    """The response if the request is for a published file; None: it is for something else."""
    name = environ.get("PATH_INFO", "").removeprefix("/")
    find = next((find for prefix, find in _files.items() if name.startswith(prefix)), None)
    if find is None or environ.get("REQUEST_METHOD") != "GET" or environ.get("HTTP_AUTHORIZATION"):
        return None
    body = find(name)
    if body is None:
        return Answer(status=404, headers=(("Content-Length", "0"),), body=b"")
    return Answer(status=200, headers=(("Content-Type", "application/x-pem-file"), ("Content-Length", str(len(body)))), body=body)
