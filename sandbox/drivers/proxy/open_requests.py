"""Requests of the simulated proxy that take long, while they are open: they end with their target. Whoever sent them asks when each ended,
and settles them; then they are in the access records.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.drivers.proxy.recording import Recording
from sandbox.drivers.proxy.repeats import Repeat
from sandbox.drivers.proxy.responses import Parts, own_response
from sandbox.drivers.world import World

LONG = timedelta(seconds=1)  # a shorter request is over before its target can be gone


@dataclass(eq=False, slots=True)
class OpenRequests:
    """Equal requests that one target works on."""

    parts: Parts
    boots: int  # of the machine, when they began
    cut_at: datetime | None = None  # when their connections ended before their responses; None: they did not

    @property
    def target_id(self) -> str:
        return self.parts[3].worker or ""

    @property
    def address(self) -> tuple[str, int]:
        endpoint = self.parts[3].endpoint
        return (endpoint.host, endpoint.port) if endpoint else ("", 0)


@dataclass
class Pending:
    """All open requests of a proxy."""

    world: World
    recording: Recording
    _open: list[OpenRequests] = field(default_factory=list)

    def begin(self, parts: Parts) -> OpenRequests:
        machine = self.world.machines.get(parts[3].worker or "")
        made = OpenRequests(parts, machine.boots if machine else 0)
        self._open.append(made)
        return made

    def cut(self, host: str, port: int) -> None:
        """TG-20: at the end of the deregistration delay."""
        self._cut([each for each in self._open if each.address == (host, port)])

    def machine_changed(self, instance_id: str) -> None:
        """A machine that stops takes its connections along."""
        machine = self.world.machines.get(instance_id)
        serving = machine is not None and machine.running
        boots = machine.boots if machine else -1
        self._cut([each for each in self._open if each.target_id == instance_id and not (serving and each.boots == boots)])

    def _cut(self, found: list[OpenRequests]) -> None:
        now = self.world.clock.now()
        for each in found:
            each.cut_at = each.cut_at or now

    def settle(self, ended: OpenRequests, answered: int, cut: int) -> None:
        """How many got their response, and how many a 502 (ALB-45)."""
        self._open.remove(ended)
        listener, rule, request, handled = ended.parts
        if answered:
            self.recording.many(Repeat.of(ended.parts), handled.response.latency, answered, over=True)
        if cut:
            failed = own_response(502)._replace(node=handled.response.node, zone=handled.response.zone)
            unanswered = Repeat.of((listener, rule, request, handled._replace(response=failed, answered=False)))
            self.recording.many(unanswered, failed.latency, cut, over=True)
