"""The nouns of Session Manager (SSM-10 to SSM-14): a session is a connection of one client to one managed node."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from sandbox.core.channels.protocols import ChannelKind, ChannelSeen
from sandbox.core.control import Action
from sandbox.core.persisted import persisted

SHELL, FORWARD, SSH = "SSM-SessionManagerRunShell", "AWS-StartPortForwardingSession", "AWS-StartSSHSession"
KINDS = {SHELL: ChannelKind.SHELL, FORWARD: ChannelKind.PORT, SSH: ChannelKind.PORT}
"""The documents of sessions that are here."""
IDLE_TIMEOUT = timedelta(minutes=20)
"""Real time (SSM-14)."""


@persisted("ssm.SessionState")
class SessionState(Enum):
    ACTIVE = "active"
    TERMINATED = "Terminated"
    FAILED = "Failed"  # it ended because it could not begin


class SessionMove(Enum):
    END = "its client, its instance, TerminateSession or its idle timeout ended it"
    FAIL = "what it was for could not begin"


TRANSITIONS = {
    (SessionState.ACTIVE, SessionMove.END): SessionState.TERMINATED,
    (SessionState.ACTIVE, SessionMove.FAIL): SessionState.FAILED,
}


@persisted("ssm.Session")
@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    id: str
    target: str  # instance id
    document: str
    owner: str  # ARN
    started: datetime
    reason: str = ""
    state: SessionState = SessionState.ACTIVE
    ended: datetime | None = None
    details: str = ""  # why it ended
    event: str | None = None  # id of its newest event

    @property
    def active(self) -> bool:
        return self.state is SessionState.ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionObserved:
    session: Session
    node_runs: bool
    seen: ChannelSeen | None  # None: this control plane does not know its channel


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSession(Action):
    how: SessionMove
    details: str  # why, as the end of a sentence
    told: str  # what the client shows; empty: only that the session is over
