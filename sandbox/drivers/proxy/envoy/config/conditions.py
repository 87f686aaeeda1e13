"""Renders a rule's conditions as Envoy's route match, with RE2 expressions for whole strings. The simulated proxy makes the same choice
(proxy/matching.py); tests compare them.

ALB-22: wildcards are `*` (any characters) and `?` (exactly one). Paths are compared with regard to case; hosts, header values and query
strings without.
"""

import re
from collections.abc import Iterable
from ipaddress import ip_network
from typing import Any

from sandbox.drivers.proxy.base import Conditions

Json = dict[str, Any]

NOTHING = r"[^\s\S]"  # matches no text
PEER = "sandbox.peer"  # filter state: the client's address, set when its connection is accepted


def path_regex(patterns: Iterable[str]) -> str:
    """For the path without its query."""
    return _any(_wildcard(p) for p in patterns)


def host_regex(patterns: Iterable[str]) -> str:
    """For the Host header, which may carry a port."""
    return "(?i)" + _any(_wildcard(p) for p in patterns) + "(?::[0-9]+)?"


def header_regex(patterns: Iterable[str]) -> str:
    return "(?i)" + _any(_wildcard(p) for p in patterns)


def query_regex(pairs: Iterable[tuple[str | None, str]]) -> str:
    """For the path with its query: one of the parameters is one of the pairs. Without a key, a value matches under any key."""
    possible = [_parameter(key, value) for key, value in pairs if not _has_separator(key, value)]
    return r"(?i)[^?]*\?(?:.*&)?" + _any(possible or [NOTHING]) + "(?:&.*)?"


def match(conditions: Conditions) -> Json:
    """Envoy's RouteMatch: all its parts must match."""
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
    """`\\*` and `\\?` are the characters themselves."""
    parts = re.findall(r"\\[*?\\]|.", pattern, re.DOTALL)
    return "".join({"*": many, "?": one}.get(part) or re.escape(part[-1]) for part in parts)


def _has_separator(key: str | None, value: str) -> bool:
    """Whether the pair contains & (or = in its key), which no parameter of a query does."""
    return "&" in value or bool({"&", "="} & set(key or ""))


def _parameter(key: str | None, value: str) -> str:
    name = "(?:[^&=]*=)?" if key is None else _wildcard(key, "[^&=]*", "[^&=]") + "="
    return name + _wildcard(value, "[^&]*", "[^&]")
