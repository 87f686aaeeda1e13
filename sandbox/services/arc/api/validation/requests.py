"""Validation of requests (ARC-2, ARC-3): each function returns the checked value, or raises AWS's error with its reason.

The model of the API is checked before (sandbox/aws/requests/); parameters in the path and the query string are checked here.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from enum import Enum
from typing import Any, TypeVar

from sandbox.core.control import Scope
from sandbox.services.arc import errors
from sandbox.services.arc.model import LONGEST, Resource
from sandbox.services.arc.state import resources

E = TypeVar("E", bound=Enum)

EXPIRES_IN = re.compile(r"([1-9][0-9]*)([mh])")
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1)}
LONGEST_COMMENT = 128
MOST_RESULTS = 100


def expires_in(given: str) -> timedelta:
    """ARC-2: `90m` or `3h`, at most three days."""
    found = EXPIRES_IN.fullmatch(given)
    if found is None or len(given) > 5:
        raise errors.invalid_expiry(given)
    duration = int(found[1]) * UNITS[found[2]]
    if duration > LONGEST:
        raise errors.invalid_expiry(given)
    return duration


def resource(identifier: str, scope: Scope) -> Resource:
    """The resource with this ARN in the account and Region, whether it opted in or not."""
    if resources.scope_of(identifier) is None:
        raise errors.invalid_resource(identifier)
    found = resources.find(identifier) if resources.scope_of(identifier) == scope else None
    if found is None:
        raise errors.not_managed(identifier)
    return found


def comment(given: Mapping[str, Any]) -> str:
    """ARC-2: required; an empty one is none."""
    found = str(given.get("comment") or "")
    if not found.strip():
        raise errors.missing("comment")
    return found


def word(values: type[E], given: str | None) -> E | None:
    """A word of an enumeration in the query string; None: it is absent."""
    if not given:
        return None
    try:
        return values(given)
    except ValueError:
        raise errors.invalid_status(given, [each.value for each in values]) from None


def page(given: Mapping[str, Any], count: int) -> tuple[int, int]:
    """→ the first and the last + 1 index of a page of `count` items."""
    size, token = given.get("maxResults", MOST_RESULTS), str(given.get("nextToken") or "0")
    if not 1 <= int(size) <= MOST_RESULTS:
        raise errors.invalid_page_size(int(size))
    if not token.isascii() or not token.isdigit() or int(token) > count:
        raise errors.invalid_token(token)
    return int(token), min(int(token) + int(size), count)
