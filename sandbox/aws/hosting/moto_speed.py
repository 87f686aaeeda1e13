"""Replaces the slow parts of moto's handling of a request: what it computes anew each time is cached, and XML is written directly.

Responses stay the same (tests/seams/test_moto_speed.py compares them); a call takes about half of the time.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import accumulate
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core import serialize
from moto.core.utils import MISSING, get_value

from sandbox.aws.function_seams import swap_function, wrap_function
from sandbox.aws.hosting.moto_patterns import tags_of

KEPT_KEYS = "sandbox_keys"  # attribute of a botocore shape
KEPT_PREFIXES = "sandbox_prefixes"  # attribute of a parser
_OPERATIONS: dict[object, list[str]] = {}


@wrap_function("moto.core.utils", "method_names_from_class", why="each call inspected hundreds of methods")
def kept_method_names(theirs: Callable[[object], list[str]], clazz: object) -> list[str]:
    if clazz not in _OPERATIONS:
        _OPERATIONS[clazz] = theirs(clazz)
    return _OPERATIONS[clazz]


@wrap_function(
    "moto.core.serialize", "XFormedAttributePicker.get_possible_keys", why="worked out for each attribute of each object of each answer"
)
def kept_possible_keys(theirs: Callable[..., Iterable[str]], self: Any, context: Any) -> Iterable[str]:
    """They follow from the shape, which has one parent, and from the class of the object."""
    if context.shape is None or self.alias_providers is not serialize.DEFAULT_ALIAS_PROVIDERS:
        return theirs(self, context)
    kept: dict[tuple[str, type], tuple[str, ...]] = vars(context.shape).setdefault(KEPT_KEYS, {})
    known = (context.key, type(context.obj))
    if known not in kept:
        kept[known] = tuple(dict.fromkeys(theirs(self, context)))
    return kept[known]


@swap_function("moto.core.serialize", "AttributePicker.__call__", why="tried each transformation of a service on each attribute")
def pick(self: Any, context: Any) -> Any:
    value = None
    for possible_key in self.get_possible_keys(context):
        found = get_value(context.obj, possible_key, MISSING)
        if found is not MISSING:
            value = found
            break
    if not self.response_transformers:
        return value
    transform = _transformation(tuple(self.response_transformers), f"{context.key_path}.{context.key}")
    return value if transform is None else self.response_transformers[transform](value)


@cache
def _transformation(paths: tuple[str, ...], key_path: str) -> str | None:
    """The first of the paths with which the key path ends."""
    return next((path for path in paths if key_path.endswith(path)), None)


# ---- parameters of forms


@swap_function(
    "moto.core.parse",
    "QueryParser._gonna_recurse",
    why="compared each structure with every parameter: seconds for PutMetricData of 1,000 data",
)
def ends_here(self: Any, query_params: Iterable[str], prefix: str) -> bool:
    """Whether no parameter is below the prefix. A parser reads one request."""
    if prefix == "":
        return False
    kept: set[str] | None = vars(self).get(KEPT_PREFIXES)
    if kept is None:
        kept = vars(self)[KEPT_PREFIXES] = {prefix for name in query_params for prefix in _prefixes(name)}
    return prefix not in kept


def _prefixes(name: str) -> Iterable[str]:
    """`A`, `A.member`, `A.member.1` of `A.member.1`."""
    return accumulate(name.split("."), lambda above, part: f"{above}.{part}")


# ---- the request id

REQUEST_ID = "<RequestId>"


@wrap_function(
    "moto.core.responses", "BaseResponse._enrich_response", why="a look-behind at each character: half of the time of a long answer"
)
def with_request_id(theirs: Callable[..., Any], headers: dict[str, str], body: Any) -> Any:
    if not isinstance(body, str) or body.count(REQUEST_ID) != 1:
        return theirs(headers, body)
    before, _, after = body.partition(REQUEST_ID)
    old, close, rest = after.partition("</RequestId>")
    if not close or "\n" in old or "</RequestId>" in rest:
        return theirs(headers, body)
    enriched, _ = theirs(headers, "")
    return enriched, f"{before}{REQUEST_ID}{enriched['x-amzn-requestid']}{close}{rest}"


@swap_function("moto.ec2.models.core", "TaggedEC2Resource.get_tags", why="looked through the tags of all resources for those of each one")
def get_tags(self: Any) -> list[dict[str, str]]:
    return tags_of(self.ec2_backend, self.id) if self.id else []


# ---- XML


class Unusual(Exception):
    """A value that moto's own writer has to write."""


@wrap_function("moto.core.serialize", "BaseXMLSerializer._serialize_body", why="xmltodict took a fifth of the time of a call")
def written(theirs: Callable[..., str], self: Any, body: Any) -> str:
    xml = None if self.pretty_print else _written(body)
    return theirs(self, body) if xml is None else xml


@wrap_function("moto.core.serialize", "EC2Serializer._serialize_body", why="xmltodict took a fifth of the time of a call")
def written_as_document(theirs: Callable[..., str], self: Any, body: Any) -> str:
    xml = None if self.pretty_print or len(body) != 1 else _written(body)
    return theirs(self, body) if xml is None else f'<?xml version="1.0" encoding="utf-8"?>\n{xml}'


def _written(body: Mapping[str, Any]) -> str | None:
    """None: it holds what only moto's writer can write."""
    parts: list[str] = []
    try:
        for name, value in body.items():
            _write(name, value, parts)
    except Unusual:
        return None
    return "".join(parts)


def _write(name: str, value: Any, parts: list[str]) -> None:
    """An element, or one for each value of a list. Empty ones are `<name/>`."""
    if isinstance(value, list):
        for each in value:
            if isinstance(each, list):
                raise Unusual
            _write(name, each, parts)
    elif isinstance(value, dict):
        _write_structure(name, value, parts)
    else:
        text = "" if value is None else escape(_text(value))
        parts.append(f"<{name}>{text}</{name}>" if text else f"<{name}/>")


def _write_structure(name: str, value: Mapping[str, Any], parts: list[str]) -> None:
    start = len(parts)
    parts.append("")
    attributes = ""
    for key, child in value.items():
        if key.startswith("#"):
            raise Unusual
        if key.startswith("@"):
            attributes += f" {key[1:]}={quoteattr(_text(child))}"
        else:
            _write(key, child, parts)
    if len(parts) > start + 1:
        parts[start] = f"<{name}{attributes}>"
        parts.append(f"</{name}>")
    else:
        parts[start] = f"<{name}{attributes}/>"


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise Unusual
