"""A pytest plugin for moto's suites, which stay as they are: their calls of moto's own API (reset, seed) name a client.

The sandbox refuses calls that could come from any web page; this header cannot.
"""

import functools
from typing import Any

import requests

_request = requests.Session.request


@functools.wraps(_request)
def request(self: requests.Session, method: str, url: str, **options: Any) -> requests.Response:
    headers = {"X-Sandbox-Client": "conformance", **(options.pop("headers", None) or {})}
    return _request(self, method, url, headers=headers, **options)


requests.Session.request = request  # type: ignore[method-assign,assignment]
