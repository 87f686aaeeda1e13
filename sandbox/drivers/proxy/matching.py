"""Chooses the rule of a listener for a request, in plain Python: the same result as Envoy with conditions.match(). Used by the simulated
proxy. Pure.

Envoy matches conditions as regular expressions of RE2, which never backtracks. Python's re does, so it is not used here.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from sandbox.core import wildcards
from sandbox.drivers.proxy.base import Conditions, ListenerConfig, RuleConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    method: str = "GET"
    host: str = ""  # as in the Host header
    path: str = "/"  # with its query
    headers: Mapping[str, str] = field(default_factory=dict)
    source_ip: str = "127.0.0.1"  # the connection's peer, not what X-Forwarded-For says (ALB-22)

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), None)


def choose(listener: ListenerConfig, request: Request) -> RuleConfig | None:
    """The first rule, in the listener's order, whose conditions all match (ALB-21); None: there is no such rule and no default rule."""
    return next((rule for rule in listener.rules if matches(rule.conditions, request)), None)


def matches(wanted: Conditions, request: Request) -> bool:
    path, mark, query = request.path.partition("?")
    parameters = query.split("&") if mark else []
    return (
        (not wanted.path_patterns or any(_fits(pattern, path) for pattern in wanted.path_patterns))
        and (not wanted.host_headers or _host(wanted.host_headers, request.host))
        and (not wanted.request_methods or request.method in wanted.request_methods)
        and all(_header(request.header(name), values) for name, values in wanted.http_headers)
        and all(_query(pairs, parameters) for pairs in wanted.query_strings)
        and (not wanted.source_ips or any(_inside(request.source_ip, cidr) for cidr in wanted.source_ips))
    )


def _fits(pattern: str, text: str) -> bool:
    return wildcards.matches(pattern, text, wildcards.RULE_CONDITION)


def _fits_in_any_case(pattern: str, text: str) -> bool:
    return _fits(pattern.lower(), text.lower())


def _host(patterns: Iterable[str], host: str) -> bool:
    """The Host header may carry a port."""
    name, colon, port = host.rpartition(":")
    hosts = [host, name] if colon and port.isascii() and port.isdigit() else [host]
    return any(_fits_in_any_case(pattern, each) for pattern in patterns for each in hosts)


def _header(value: str | None, patterns: Iterable[str]) -> bool:
    return value is not None and any(_fits_in_any_case(pattern, value) for pattern in patterns)


def _query(pairs: Iterable[tuple[str | None, str]], parameters: Collection[str]) -> bool:
    """Whether one of the parameters is one of the pairs."""
    return any(_parameter(key, value, parameter) for key, value in pairs for parameter in parameters)


def _parameter(key: str | None, value: str, parameter: str) -> bool:
    """Without a key, the value matches under any key, and as a parameter without a key."""
    its_key, equals, its_value = parameter.partition("=")
    if key is None:
        return _fits_in_any_case(value, parameter) or (bool(equals) and _fits_in_any_case(value, its_value))
    return bool(equals) and _fits_in_any_case(key, its_key) and _fits_in_any_case(value, its_value)


def _inside(address: str, cidr: str) -> bool:
    return ip_address(address) in ip_network(cidr, strict=False)
