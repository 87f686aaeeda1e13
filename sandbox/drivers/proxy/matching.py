"""Which rule of a listener a request meets, in plain Python: what Envoy does with conditions.match(), for the simulated proxy and for
whoever wants to explain a route. Pure.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address, ip_network

from sandbox.drivers.proxy.base import Conditions, Listener, Rule
from sandbox.drivers.proxy.envoy.config import conditions as regexes


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    method: str = "GET"
    host: str = ""  # as in the Host header
    path: str = "/"  # with its query
    headers: Mapping[str, str] = field(default_factory=dict)
    source_ip: str = "127.0.0.1"  # the connection's peer, not what X-Forwarded-For says (ALB-22)

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), None)


def choose(listener: Listener, request: Request) -> Rule | None:
    """The first rule, in the listener's order, whose conditions all hold (ALB-21); None: there is not even a default rule."""
    return next((rule for rule in listener.rules if matches(rule.conditions, request)), None)


def matches(wanted: Conditions, request: Request) -> bool:
    return (
        (not wanted.path_patterns or _full(regexes.path_regex(wanted.path_patterns), request.path.partition("?")[0]))
        and (not wanted.host_headers or _full(regexes.host_regex(wanted.host_headers), request.host))
        and (not wanted.request_methods or request.method in wanted.request_methods)
        and all(_header(request.header(name), values) for name, values in wanted.http_headers)
        and all(_full(regexes.query_regex(pairs), request.path) for pairs in wanted.query_strings)
        and (not wanted.source_ips or any(_inside(request.source_ip, cidr) for cidr in wanted.source_ips))
    )


def _header(value: str | None, patterns: tuple[str, ...]) -> bool:
    return value is not None and _full(regexes.header_regex(patterns), value)


def _inside(address: str, cidr: str) -> bool:
    return ip_address(address) in ip_network(cidr, strict=False)


def _full(regex: str, text: str) -> bool:
    return _compiled(regex).fullmatch(text) is not None


@lru_cache(maxsize=4096)
def _compiled(regex: str) -> re.Pattern[str]:
    return re.compile(regex)
