"""The loop of Session Manager: one key for each active session. It ends those whose instance, client or time is gone.

The data channels wake it when one has ended by itself, the journal when an instance changes its state.
"""

from collections.abc import Iterable
from datetime import datetime

from sandbox.aws.context import context
from sandbox.core.channels.protocols import DataChannels
from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.events import Event
from sandbox.core.journal import Journal
from sandbox.services.ssm.decide import sessions as decisions
from sandbox.services.ssm.session_model import EndSession, SessionObserved
from sandbox.services.ssm.state import sessions

STATE_CHANGE = "EC2 Instance State-change Notification"


class SessionsController(Shell[SessionObserved, None]):
    name = "ssm-sessions"

    def __init__(self, journal: Journal, channels: DataChannels) -> None:
        super().__init__(journal)
        self._changes: dict[str, str] = {}  # instance id → event of its newest change, the cause of what ends with it
        channels.on_change(lambda session_id: context().wake(self.name))
        journal.on_event(self._on_event)

    def _on_event(self, event: Event) -> None:
        if event.detail_type == STATE_CHANGE and event.resources and event.resources[0] in sessions.targets():
            self._changes[event.resources[0]] = event.id
            context().wake(self.name)

    def keys(self) -> Iterable[str]:
        return tuple(sessions.keys())

    def has(self, key: str) -> bool:
        session = sessions.find(key)
        return session is not None and session.active

    def observe(self, key: str, now: datetime) -> SessionObserved | None:
        session = sessions.find(key)
        return sessions.read(key, session) if session is not None and session.active else None

    def decide(self, observed: SessionObserved, memory: None, now: datetime) -> Decision[None]:
        return decisions.decide(observed, now)

    def act(self, key: str, action: Action, now: datetime) -> None:
        session = sessions.find(key)
        assert isinstance(action, EndSession) and session is not None, f"{key} was just observed"
        scope, _ = Scope.split(key)
        gone = not sessions.read(key, session).node_runs
        sessions.end(scope, session, action, self._changes.pop(session.target, None) if gone else None)
