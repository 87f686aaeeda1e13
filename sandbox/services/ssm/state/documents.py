"""Documents: AWS's own that are offered here, and those of the account, which moto keeps. Reads only."""

import json
from collections.abc import Mapping
from typing import Any

import yaml

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ssm.exceptions import InvalidDocument
from moto.ssm.models import ssm_backends

from sandbox.core.control import Scope
from sandbox.services.ssm import errors
from sandbox.services.ssm.decide import content
from sandbox.services.ssm.document_model import AWS_PREFIXES, OFFERED, Document

DEFAULT, LATEST = "$DEFAULT", "$LATEST"
VERSIONS = (None, "1", DEFAULT, LATEST)
"""Names of the one version that a document of AWS's has."""


def plain_name(given: str) -> str:
    """A document is named by its name or its ARN."""
    return given.rpartition("document/")[2] if given.startswith("arn:") else given


def offered(given: str, version: str | None) -> Mapping[str, Any] | None:
    """The content of a document of AWS's. None: it is none. Raises ApiError: it is one, and not here, or not in that version."""
    name = plain_name(given)
    if name in OFFERED:
        if version not in VERSIONS:
            raise errors.invalid_version(name, str(version))
        return OFFERED[name]
    if name.startswith(AWS_PREFIXES):
        raise errors.absent_document(name, OFFERED)
    return None


def find(scope: Scope, given: str, version: str | None) -> Document:
    """Raises ApiError: it does not exist, or the sandbox cannot run it."""
    name = plain_name(given)
    known = offered(given, version)
    if known is not None:
        return content.document(name, "1", known)
    backend = ssm_backends[scope.account][scope.region]
    try:
        found = backend.get_document(name, None if version == DEFAULT else version, None, "JSON")
    except InvalidDocument as error:
        exists = version is not None and _exists(backend, name)
        raise (errors.invalid_version(name, str(version)) if exists else errors.invalid_document(name)) from error
    if found["DocumentType"] != "Command":
        raise errors.unsupported_document(name, f"it is of type {found['DocumentType']}, and not of type Command.")
    told = found["Content"]
    return content.document(name, found["DocumentVersion"], told if isinstance(told, dict) else json.loads(told))


def exists(scope: Scope, name: str) -> bool:
    """Whether the account has a document with this name."""
    return _exists(ssm_backends[scope.account][scope.region], name)


def _exists(backend: Any, name: str) -> bool:
    try:
        backend.get_document(name, None, None, "JSON")
    except InvalidDocument:
        return False
    return True


def as_text(told: Mapping[str, Any], form: str) -> str:
    """The content in the format that GetDocument was asked for."""
    return yaml.safe_dump(dict(told), sort_keys=False) if form == "YAML" else json.dumps(told, indent=2)
