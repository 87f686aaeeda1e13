"""The EC2 loop: one key for each instance of every account and Region, and one for each container that belongs to none.

The runtime wakes it when a machine changes, the gateway after each request.
"""

from collections.abc import Iterable
from datetime import datetime

from sandbox.aws.context import context
from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.journal import Journal
from sandbox.drivers.runtime.base import Runtime
from sandbox.services.ec2.actions import (
    LaunchContainer,
    Purge,
    RebootContainer,
    RecordBoot,
    RecordUserData,
    SetScheduledEvents,
    SetState,
    SetStatus,
    StartContainer,
    StopContainer,
    TerminateContainer,
)
from sandbox.services.ec2.decide.instances import decide
from sandbox.services.ec2.model import Memory, Observed, Reboot
from sandbox.services.ec2.state import snapshot

ORPHANS = Scope("-", "-")  # containers without an instance have no account that we know


class Ec2Controller(Shell[Observed, Memory]):
    name = "ec2"

    def __init__(self, journal: Journal, runtime: Runtime) -> None:
        super().__init__(journal)
        self._runtime = runtime
        self._keys: dict[str, str] = {}  # instance id → key, replaced as a whole: the runtime's thread reads it
        runtime.on_change(self._wake)

    def keys(self) -> Iterable[str]:
        self._keys = {instance.id: scope.key(instance.id) for scope, instance in snapshot.known()}
        orphans = [i for i in self._runtime.containers() if i not in self._keys]
        return (*self._keys.values(), *(ORPHANS.key(i) for i in sorted(orphans)))

    def has(self, key: str) -> bool:
        scope, instance_id = Scope.split(key)
        return instance_id in self._runtime.containers() if scope == ORPHANS else snapshot.find(scope, instance_id) is not None

    def _wake(self, instance_id: str) -> None:
        """The runtime calls it, in its own thread, when the machine of the instance changed."""
        context().wake(self.name, self._keys.get(instance_id) or ORPHANS.key(instance_id))

    def observe(self, key: str, now: datetime) -> Observed | None:
        scope, instance_id = Scope.split(key)
        cause = self.journal.latest(instance_id)
        if scope != ORPHANS:
            instance = snapshot.find(scope, instance_id)
            return snapshot.read(instance, self._runtime, cause) if instance else None
        container = self._runtime.containers().get(instance_id)
        if container is None or any(instance.id == instance_id for _, instance in snapshot.known()):
            return None
        lost = snapshot.state_lost()
        return Observed(instance_id=instance_id, state=None, state_since=now, container=container, state_lost=lost, cause=cause)

    def decide(self, observed: Observed, memory: Memory | None, now: datetime) -> Decision[Memory]:
        return decide(observed, memory, now)

    def act(self, key: str, action: Action, now: datetime) -> None:
        scope, instance_id = Scope.split(key)
        instance = snapshot.find(scope, instance_id)
        match action:
            case LaunchContainer():
                self._runtime.launch(action.spec)
            case StartContainer():
                self._runtime.start(instance_id)
                instance.sandbox.start_asked = False
            case StopContainer():
                self._runtime.stop(instance_id, force=action.force)
            case RebootContainer():
                self._runtime.reboot(instance_id)
                instance.sandbox.reboot_asked = False
                instance.sandbox.reboot = Reboot(boots=action.boots, asked_at=now)
            case TerminateContainer():
                self._runtime.terminate(instance_id)
            case RecordBoot():
                instance.note_boot(action.boots)
            case RecordUserData():
                instance.note_user_data(action.finished)
            case SetStatus():
                instance.set_checks(action.system, action.instance, action.next_check)
            case SetState():
                instance.advance(action.move, action.why, action.reason)
            case SetScheduledEvents():
                instance.sandbox.scheduled_events = action.events
            case Purge():
                instance.ec2_backend.purge(instance_id)
