"""StartSession, ResumeSession, TerminateSession and what reads sessions: what they check and change (SSM-10 to SSM-14)."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.moto_api._internal import mock_random

from sandbox.aws.context import calling_role, context
from sandbox.core.channels.protocols import MOST, ChannelRequest
from sandbox.core.control import Scope
from sandbox.services.ssm import errors
from sandbox.services.ssm.api.validation import sessions as requests
from sandbox.services.ssm.model import NodeState
from sandbox.services.ssm.session_model import KINDS, EndSession, Session, SessionMove
from sandbox.services.ssm.state import nodes, sessions
from sandbox.services.ssm.state.sessions import SessionBackend

Given = Mapping[str, Any]
BY_CALL = EndSession(how=SessionMove.END, details="TerminateSession", told="The session was terminated by a call of TerminateSession.")


def start(backend: SessionBackend, scope: Scope, given: Given, host: str) -> dict[str, Any]:
    """`host`: by which the caller reaches the API; its client finds the data channel there."""
    node = requests.target(given, scope)
    document = requests.document(given, scope)
    properties = requests.properties(given, document)
    if why := context().channels.refusal(KINDS[document]):
        raise errors.no_sessions(node.instance_id, why)
    if len(tuple(sessions.keys())) >= MOST:
        raise errors.too_many_sessions(MOST)
    owner = calling_role() or f"arn:aws:iam::{scope.account}:root"
    session = Session(
        id=f"{owner.rpartition(':')[2].rpartition('/')[2]}-{mock_random.uuid4().hex[:17]}",
        target=node.instance_id,
        document=document,
        owner=owner,
        started=context().clock.now(),
        reason=given.get("Reason") or "",
    )
    request = ChannelRequest(
        session_id=session.id,
        instance_id=node.instance_id,
        kind=KINDS[document],
        address=node.address,
        port=int(properties.get("portNumber", 0)),
        properties=properties,
    )
    sessions.add(backend, session)
    return _answer(session.id, context().channels.open(request), host)


def resume(backend: SessionBackend, given: Given, host: str) -> dict[str, Any]:
    """SSM-12: another token. A session that has ended has none, which tells the client so."""
    session = _find(backend, given)
    token = context().channels.renew(session.id) if session.active else None
    return {"SessionId": session.id} if token is None else _answer(session.id, token, host)


def terminate(backend: SessionBackend, scope: Scope, given: Given) -> dict[str, Any]:
    """No effect on a session that has ended."""
    session = _find(backend, given)
    if session.active:
        sessions.end(scope, session, BY_CALL, context().journal.current_cause)
    return {"SessionId": session.id}


def described(backend: SessionBackend, given: Given) -> list[dict[str, Any]]:
    """The newest first."""
    wanted, active = requests.filters(given), given["State"] == "Active"
    known = [(each, status(each)) for each in list(backend.sessions.values())[::-1] if each.active == active]
    return [_shown(each, told) for each, told in known if all(fits(each, told) for fits in wanted)]


def connection(scope: Scope, given: Given) -> dict[str, Any]:
    online = nodes.state(scope, given["Target"]) is NodeState.ONLINE
    return {"Target": given["Target"], "Status": "connected" if online else "notconnected"}


def status(session: Session) -> str:
    """SSM-13."""
    if not session.active:
        return session.state.value
    seen = context().channels.seen(session.id)
    if seen is None or seen.ended is not None:
        return "Terminating"
    if seen.attached:
        return "Connected"
    return "Disconnected" if seen.used else "Connecting"


def _find(backend: SessionBackend, given: Given) -> Session:
    found = backend.sessions.get(given["SessionId"])
    if found is None:
        raise errors.unknown_session(given["SessionId"])
    return found


def _answer(session_id: str, token: str, host: str) -> dict[str, Any]:
    url = f"ws://{host}/v1/data-channel/{quote(session_id)}?role=publish_subscribe"
    return {"SessionId": session_id, "TokenValue": token, "StreamUrl": url}


def _shown(session: Session, told: str) -> dict[str, Any]:
    found = {
        "SessionId": session.id,
        "Target": session.target,
        "Status": told,
        "StartDate": session.started,
        "EndDate": session.ended,
        "DocumentName": session.document,
        "Owner": session.owner,
        "Reason": session.reason,
        "Details": session.details,
        "AccessType": "Standard",
        "OutputUrl": {"S3OutputUrl": "", "CloudWatchOutputUrl": ""},
    }
    return {name: value for name, value in found.items() if value not in (None, "")}
