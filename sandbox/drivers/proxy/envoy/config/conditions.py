"""What a rule's conditions mean, as regular expressions: one source for the Envoy route match (here) and for the simulated proxy
(proxy/matching.py), so that both choose alike. The expressions use only what RE2 and Python's re read in the same way, and match whole
strings.

ALB-22: wildcards are `*` (any characters) and `?` (exactly one); hosts, header values and query strings are compared without case,
paths with it.
"""

import re
from collections.abc import Iterable
from ipaddress import ip_network
from typing import Any

from sandbox.drivers.proxy.base import Conditions

Json = dict[str, Any]

PEER = "sandbox.peer"  # filter state: the address of the connection's other end, set when it is accepted


def path_regex(patterns: Iterable[str]) -> str:
    """For the path without its query."""
    return _any(_wildcard(p) for p in patterns)


def host_regex(patterns: Iterable[str]) -> str:
    """For the Host header, which may carry a port."""
    return "(?i)" + _any(_wildcard(p) for p in patterns) + "(?::[0-9]+)?"


def header_regex(patterns: Iterable[str]) -> str:
    return "(?i)" + _any(_wildcard(p) for p in patterns)


def query_regex(pairs: Iterable[tuple[str | None, str]]) -> str:
    """For the path with its query: one of the parameters is one of the pairs. Without a key, a value is looked for under any key."""
    return r"(?i)[^?]*\?(?:.*&)?" + _any(_parameter(key, value) for key, value in pairs) + "(?:&.*)?"


def match(conditions: Conditions) -> Json:
    """Envoy's RouteMatch: everything in it must hold."""
    path = {"safe_regex": {"regex": path_regex(conditions.path_patterns)}} if conditions.path_patterns else {"prefix": ""}
    headers = _header_matchers(conditions)
    return {
        **path,
        **({"headers": headers} if headers else {}),
        **({"filter_state": [_from(conditions.source_ips)]} if conditions.source_ips else {}),
    }


def _header_matchers(conditions: Conditions) -> list[Json]:
    found = [_header(name, header_regex(values)) for name, values in conditions.http_headers]
    if conditions.host_headers:
        found.append(_header(":authority", host_regex(conditions.host_headers)))
    if conditions.request_methods:
        found.append(_header(":method", _any(re.escape(method) for method in conditions.request_methods)))
    return found + [_header(":path", query_regex(pairs)) for pairs in conditions.query_strings]


def _header(name: str, regex: str) -> Json:
    return {"name": name, "string_match": {"safe_regex": {"regex": regex}}}


def _from(cidrs: Iterable[str]) -> Json:
    networks = [ip_network(cidr, strict=False) for cidr in cidrs]
    ranges = [{"address_prefix": str(n.network_address), "prefix_len": n.prefixlen} for n in networks]
    return {"key": PEER, "address_match": {"ranges": ranges}}


def _any(regexes: Iterable[str]) -> str:
    return "(?:" + "|".join(regexes) + ")"


def _wildcard(pattern: str, many: str = ".*", one: str = ".") -> str:
    """`\\*` and `\\?` stand for the characters themselves."""
    parts = re.findall(r"\\[*?\\]|.", pattern, re.DOTALL)
    return "".join({"*": many, "?": one}.get(part) or re.escape(part[-1]) for part in parts)


def _parameter(key: str | None, value: str) -> str:
    name = "(?:[^&=]*=)?" if key is None else _wildcard(key, "[^&=]*", "[^&=]") + "="
    return name + _wildcard(value, "[^&]*", "[^&]")
