"""Validation of Session Manager's requests (SSM-10, SSM-11): each function returns the checked value, or raises AWS's error."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.core.control import Scope
from sandbox.services.ssm import errors
from sandbox.services.ssm.api.validation import requests
from sandbox.services.ssm.model import Node, NodeState
from sandbox.services.ssm.session_model import FORWARD, KINDS, SHELL, SSH, Session
from sandbox.services.ssm.state import documents, nodes

Given = Mapping[str, Any]
DEFAULT_PORTS = {FORWARD: "80", SSH: "22"}
PARAMETERS = {SHELL: (), FORWARD: ("portNumber", "localPortNumber"), SSH: ("portNumber",)}
STATUSES = ("Connected", "Connecting", "Disconnected", "Terminated", "Terminating", "Failed")


def target(given: Given, scope: Scope) -> Node:
    found = nodes.node(scope, given["Target"])
    if found is None or found.state is not NodeState.ONLINE:
        raise errors.not_connected(given["Target"])
    return found


def document(given: Given, scope: Scope) -> str:
    name = documents.plain_name(given.get("DocumentName") or SHELL)
    if name not in KINDS:
        raise errors.no_session_document(name, given["Target"], KINDS)
    if name == SHELL and documents.exists(scope, SHELL):
        raise errors.not_supported(f"the preferences of sessions in a document {SHELL} of the account (delete it: it would have no effect)")
    return name


def properties(given: Given, name: str) -> dict[str, str]:
    """What the client is told about the session. Raises ApiError for parameters that the document does not have."""
    values = requests.parameters(given)
    if unknown := sorted(values.keys() - set(PARAMETERS[name])):
        raise errors.invalid_parameters(f"The document {name} has no parameter {', '.join(unknown)}.")
    if name == SHELL:
        return {}
    found = {"portNumber": _port(values, "portNumber", DEFAULT_PORTS[name])}
    if name == FORWARD:
        found |= {"localPortNumber": _port(values, "localPortNumber", "0", lowest=0), "type": "LocalPortForwarding"}
    return found


def _port(values: Mapping[str, tuple[str, ...]], name: str, default: str, lowest: int = 1) -> str:
    given = values.get(name) or (default,)
    if len(given) != 1 or not re.fullmatch(r"\d{1,5}", given[0]) or not lowest <= int(given[0]) <= 65_535:
        raise errors.invalid_parameters(f"The parameter {name} is a port from {lowest} to 65535, not {', '.join(given)}.")
    return given[0]


Fits = Callable[[Session, str], bool]
"""A session, and the status that is shown of it."""


def filters(given: Given) -> list[Fits]:
    return [_filter(str(each["key"]), str(each["value"])) for each in given.get("Filters") or ()]


def _filter(key: str, value: str) -> Fits:
    match key:
        case "InvokedAfter":
            after = requests.moment(key, value)
            return lambda session, status: session.started >= after
        case "InvokedBefore":
            before = requests.moment(key, value)
            return lambda session, status: session.started < before
        case "Target":
            return lambda session, status: session.target == value
        case "Owner":
            return lambda session, status: session.owner == value
        case "Status" if value in STATUSES:
            return lambda session, status: status == value
        case "SessionId":
            return lambda session, status: session.id == value
        case "AccessType" if value in ("Standard", "JustInTime"):
            return lambda session, status: value == "Standard"
        case _:
            raise errors.invalid_filter_key(f"{key}={value}")
