"""The loop of key pairs: one key for each running instance that was launched with one. It installs the key once in each boot."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sandbox.aws.context import context
from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.events import Event
from sandbox.core.journal import Journal
from sandbox.drivers.commands.base import CommandRequest, Commands
from sandbox.services.instance_connect.actions import InstallKey
from sandbox.services.instance_connect.decide import key_pairs, script
from sandbox.services.instance_connect.model import Memory, Observed
from sandbox.services.instance_connect.state import hosts

STATE_CHANGE = "EC2 Instance State-change Notification"
LONGEST = timedelta(minutes=1)


class KeyPairController(Shell[Observed, Memory]):
    """`serves`: whether machines of this runtime can have an SSH server at all."""

    name = "ec2-key-pairs"

    def __init__(self, journal: Journal, commands: Commands, *, serves: bool) -> None:
        super().__init__(journal)
        self._commands, self._serves = commands, serves
        self._causes: dict[str, str] = {}  # instance id → id of its newest change of state
        commands.on_result(self._wake)
        journal.on_event(self._on_event)

    def _wake(self, start_key: str) -> None:
        scope, name = Scope.split(start_key)
        instance_id, _, rest = name.partition("/")
        if rest.startswith("ssh/"):
            context().wake(self.name, scope.key(instance_id))

    def _on_event(self, event: Event) -> None:
        if event.detail_type == STATE_CHANGE and self._serves:
            self._causes.update(dict.fromkeys(event.resources, event.id))
            context().wake(self.name)

    def keys(self) -> Iterable[str]:
        return tuple(hosts.keys()) if self._serves else ()

    def has(self, key: str) -> bool:
        return self._serves and hosts.has_key(key)

    def observe(self, key: str, now: datetime) -> Observed | None:
        _, instance_id = Scope.split(key)
        found = hosts.observe(key, self._commands, self._causes.get(instance_id))
        if found is None:
            self._causes.pop(instance_id, None)
        return found

    def decide(self, observed: Observed, memory: Memory | None, now: datetime) -> Decision[Memory]:
        return key_pairs.decide(observed, memory, now)

    def act(self, key: str, action: Action, now: datetime) -> None:
        match action:
            case InstallKey():
                known = hosts.start_key(key, action.boot)
                self._commands.forget(known)
                self._commands.start(
                    CommandRequest(key=known, instance_id=action.instance_id, argv=script.argv(action.login), timeout=LONGEST)
                )
