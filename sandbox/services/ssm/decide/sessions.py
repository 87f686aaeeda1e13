"""Whether an active session goes on (SSM-14). Pure."""

from datetime import datetime, timedelta

from sandbox.core.control import Decision
from sandbox.core.events import Event
from sandbox.services.ssm.decide.events import SOURCE
from sandbox.services.ssm.session_model import IDLE_TIMEOUT, EndSession, Session, SessionMove, SessionObserved

STARTED, ENDED = "Session Manager Session Started", "Session Manager Session Ended"
LOOK_EVERY = timedelta(minutes=1)
"""Sandbox time, whatever the speed of the clock: the idle timeout is real time."""


def decide(observed: SessionObserved, now: datetime) -> Decision[None]:
    end = _end(observed)
    if end is not None:
        return Decision(memory=None, actions=(end,))
    assert observed.seen is not None
    return Decision(memory=None, look_again=min(LOOK_EVERY, IDLE_TIMEOUT - observed.seen.quiet))


def _end(observed: SessionObserved) -> EndSession | None:
    """None: it goes on."""
    seen = observed.seen
    if not observed.node_runs:
        return _because("its instance does not run any more", f"The instance {observed.session.target} does not run any more.")
    if seen is None:
        return _because("the sandbox was started again, which ends sessions", "")
    if seen.ended is not None:
        return EndSession(how=SessionMove.FAIL if seen.failed else SessionMove.END, details=seen.ended, told="")
    if seen.quiet >= IDLE_TIMEOUT:
        return _because("nothing passed for 20 minutes", "The session timed out: nothing passed for 20 minutes.")
    return None


def _because(details: str, told: str) -> EndSession:
    return EndSession(how=SessionMove.END, details=details, told=told)


def started(session: Session) -> Event:
    what = f"session {session.id} ({session.document}) to {session.target} started"
    return Event(
        source=SOURCE,
        detail_type=STARTED,
        summary=f"{what}: {session.reason}" if session.reason else what,
        resources=(session.target, session.id),
        detail=_detail(session),
    )


def ended(session: Session, cause: str | None) -> Event:
    """`cause`: id of the event that led to it; None: its own start."""
    return Event(
        source=SOURCE,
        detail_type=ENDED,
        summary=f"session {session.id} to {session.target} ended: {session.details}",
        resources=(session.target, session.id),
        detail={**_detail(session), "status": session.state.value, "details": session.details},
        cause=cause or session.event,
    )


def _detail(session: Session) -> dict[str, str]:
    return {
        "session-id": session.id,
        "instance-id": session.target,
        "document-name": session.document,
        "owner": session.owner,
        "reason": session.reason,
    }
