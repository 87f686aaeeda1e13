"""Where sessions are kept, and what changes them. Each start and each end is an event."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.base_backend import BackendDict, BaseBackend

from sandbox.aws import backends, state
from sandbox.aws.context import context
from sandbox.core.control import Scope
from sandbox.core.machine import move
from sandbox.core.persisted import persisted
from sandbox.services.ssm.decide import sessions
from sandbox.services.ssm.session_model import TRANSITIONS, EndSession, Session, SessionObserved
from sandbox.services.ssm.state import nodes

KEPT = 1_000
"""Sessions in the history; the oldest are dropped. AWS keeps them for 30 days."""


@persisted("ssm.SessionBackend")
class SessionBackend(BaseBackend):
    """`sessions`: by id, in the order of their start."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.sessions: dict[str, Session] = {}


session_backends: Any = BackendDict(SessionBackend, "ssm")
state.keep("ssm-sessions", __name__, "session_backends")


def keys() -> Iterator[str]:
    """Of the active sessions of all accounts."""
    for scope, backend in backends.walk(session_backends):
        yield from (scope.key(each.id) for each in tuple(backend.sessions.values()) if each.active)


def targets() -> frozenset[str]:
    """Of the active sessions of all accounts."""
    return frozenset(each.target for each in map(find, tuple(keys())) if each is not None)


def find(key: str) -> Session | None:
    scope, session_id = Scope.split(key)
    backend = backends.find(session_backends, scope)
    return backend.sessions.get(session_id) if backend else None


def read(key: str, session: Session) -> SessionObserved:
    scope, _ = Scope.split(key)
    node = nodes.node(scope, session.target)
    return SessionObserved(session=session, node_runs=node is not None and node.running, seen=context().channels.seen(session.id))


def add(backend: SessionBackend, session: Session) -> None:
    """A new one. Its event is the cause of what becomes of it."""
    event = context().journal.record(sessions.started(session))
    backend.sessions[session.id] = replace(session, event=event.id)
    past = [each.id for each in backend.sessions.values() if not each.active]
    for each in past[: max(0, len(backend.sessions) - KEPT)]:
        del backend.sessions[each]


def end(scope: Scope, session: Session, why: EndSession, cause: str | None) -> None:
    """Also tells the client, and ends what runs in the session."""
    state_after = move(TRANSITIONS, f"session {session.id}", session.state, why.how)
    after = replace(session, state=state_after, ended=context().clock.now(), details=why.details)
    event = context().journal.record(sessions.ended(after, cause))
    session_backends[scope.account][scope.region].sessions[session.id] = replace(after, event=event.id)
    context().channels.end(session.id, why.told)
