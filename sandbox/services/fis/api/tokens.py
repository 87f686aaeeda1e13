"""clientToken: a request that was carried out is not carried out again, and its token cannot be used for another one (FIS-11)."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sandbox.services.fis import errors
from sandbox.services.fis.state.store import FisBackend


def known(backend: FisBackend, operation: str, given: Mapping[str, Any]) -> str | None:
    """The id that the same request made before; None: it is new. Raises ApiError if another request had the token."""
    kept = backend.tokens.get(_key(operation, given))
    if kept is None:
        return None
    digest, made = kept
    if digest != _digest(given):
        raise errors.token_in_use(given["clientToken"])
    return made


def keep(backend: FisBackend, operation: str, given: Mapping[str, Any], made: str) -> None:
    backend.tokens[_key(operation, given)] = (_digest(given), made)


def _key(operation: str, given: Mapping[str, Any]) -> str:
    return f"{operation} {given['clientToken']}"


def _digest(given: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(given, sort_keys=True, default=str).encode()).hexdigest()
