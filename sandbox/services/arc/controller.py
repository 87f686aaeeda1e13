"""The loop of ARC: one key for each account and Region in which ARC was used.

The gateway wakes it after each request, and it wakes itself when an alarm changes its state or a fault starts or ends. Times (expiry,
weekly runs, autoshifts) are due by look_again. ARC changes nothing but its own state: load balancers and groups follow its events.
"""

from collections.abc import Iterable
from datetime import datetime

from sandbox.aws.context import context
from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.events import Event
from sandbox.core.journal import Journal
from sandbox.services.arc.actions import ChangeAutoshift, EndShift, ForgetResource, ShiftTraffic, StartAutoshift, StartPracticeRun
from sandbox.services.arc.decide import shifts
from sandbox.services.arc.decide.shifts import Memory
from sandbox.services.arc.model import Observed
from sandbox.services.arc.state import snapshot, writes

ALARM_CHANGE = "CloudWatch Alarm State Change"
FAULTS = "sandbox.faults"


class ArcController(Shell[Observed, Memory]):
    name = "arc-zonal-shift"

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal)
        journal.on_event(self._on_event)

    def _on_event(self, event: Event) -> None:
        if event.detail_type == ALARM_CHANGE or event.source == FAULTS:
            context().wake(self.name)

    def keys(self) -> Iterable[str]:
        return tuple(scope.key("zonal-shifts") for scope in snapshot.scopes())

    def observe(self, key: str, now: datetime) -> Observed | None:
        scope, _ = Scope.split(key)
        backend = snapshot.backend_of(scope)
        return None if backend is None else snapshot.read(backend, scope, now)

    def decide(self, observed: Observed, memory: Memory | None, now: datetime) -> Decision[Memory]:
        return shifts.decide(observed, memory, now)

    def act(self, key: str, action: Action, now: datetime) -> None:
        scope, _ = Scope.split(key)
        backend = snapshot.backend_of(scope)
        assert backend is not None, f"{key} was just observed"
        match action:
            case EndShift():
                writes.end(backend, action.shift, action.move, action.why, outcome=action.outcome, comment=action.comment)
            case ShiftTraffic():
                writes.shift_traffic(backend, action.shift)
            case StartPracticeRun():
                writes.start_weekly_run(backend, action.start)
            case StartAutoshift():
                writes.start_autoshift(backend, action.away_from)
            case ChangeAutoshift():
                writes.change_autoshift(backend, action.before, action.after)
            case ForgetResource():
                writes.forget_resource(backend, action.arn)
