"""What a rule's conditions mean to Envoy: its route match, with regular expressions of RE2 that match whole strings. The simulated proxy
chooses alike (proxy/matching.py), which tests check.

ALB-22: wildcards are `*` (any characters) and `?` (exactly one); hosts, header values and query strings are compared without case,
paths with it.
"""

import re
from collections.abc import Iterable
from ipaddress import ip_network
from typing import Any

from sandbox.drivers.proxy.base import Conditions

Json = dict[str, Any]

NOTHING = r"[^\s\S]"  # matches no text
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
    possible = [_parameter(key, value) for key, value in pairs if not _has_separator(key, value)]
    return r"(?i)[^?]*\?(?:.*&)?" + _any(possible or [NOTHING]) + "(?:&.*)?"


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


def _has_separator(key: str | None, value: str) -> bool:
    """A pair with & in it, or with = in its key, is no parameter of any query."""
    return "&" in value or bool({"&", "="} & set(key or ""))


def _parameter(key: str | None, value: str) -> str:
    name = "(?:[^&=]*=)?" if key is None else _wildcard(key, "[^&=]*", "[^&=]") + "="
    return name + _wildcard(value, "[^&]*", "[^&]")
