"""ClientRequestToken: a request that was carried out is not carried out again (CFN-27)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.core.errors import ApiError
from sandbox.services.cloudformation.model import Stack

Given = Mapping[str, Any]


def repeated(stack: Stack | None, given: Given, operation: str) -> bool:
    """Whether the same request was carried out before, by its ClientRequestToken. Raises ApiError if it was another request (CFN-27)."""
    token = given.get("ClientRequestToken")
    if stack is None or not token or token not in stack.tokens:
        return False
    if stack.tokens[token] != _digest(given, operation):
        raise ApiError("TokenAlreadyExistsException", f"A client request token {token} is already in use by another operation")
    return True


def with_token(stack: Stack, given: Given, operation: str) -> Stack:
    token = given.get("ClientRequestToken")
    return replace(stack, tokens={**stack.tokens, token: _digest(given, operation)}) if token else stack


def _digest(given: Given, operation: str) -> str:
    return hashlib.sha256(f"{operation} {json.dumps(given, sort_keys=True, default=str)}".encode()).hexdigest()
