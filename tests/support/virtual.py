"""A whole sandbox in virtual time.

moto's state is one for the whole process, so there is one virtual sandbox at a time: making another empties it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sandbox.aws import state
from sandbox.core.clock import VirtualClock
from sandbox.core.control import Scope
from sandbox.drivers.runtime.simulated import SimulatedRuntime
from sandbox.drivers.world import World
from sandbox.parts import Sandbox
from sandbox.settings import Settings
from sandbox.wiring import build

HERE = Scope("123456789012", "us-east-1")


@dataclass
class VirtualSandbox:
    """Everything that a live sandbox has but real drivers and a port. Time stands still until `run`."""

    sandbox: Sandbox
    scope: Scope = HERE

    def client(self, service: str) -> Any:
        """boto3 in process, as a user."""
        return self.sandbox.transport.client(service, self.scope)

    def of(self, account: str) -> "VirtualSandbox":
        """The same sandbox, as a user of another account."""
        return VirtualSandbox(self.sandbox, Scope(account, self.scope.region))

    @property
    def world(self) -> World:
        return self.sandbox.world

    @property
    def runtime(self) -> SimulatedRuntime:
        return self.sandbox.simulated.runtime

    def now(self) -> datetime:
        return self.sandbox.clock.now()

    def run(self, seconds: float, at_each_moment: Callable[[], None] = lambda: None) -> None:
        """Lets so much time pass, from due moment to due moment; `at_each_moment` is called when all that was due has been done."""
        clock, engine = self.sandbox.clock, self.sandbox.engine
        assert isinstance(clock, VirtualClock)
        end = clock.now() + timedelta(seconds=seconds)
        while (due := engine.run_due()) <= end:
            at_each_moment()
            clock.advance_to(max(due, clock.now()))
        at_each_moment()
        clock.advance_to(end)

    def until(self, condition: Callable[[], bool], limit: float, step: float = 1) -> float | None:
        """Runs until it holds. → the virtual seconds that took, or None when it does not hold within `limit` of them."""
        began = self.now()
        while not condition():
            if self.now() - began >= timedelta(seconds=limit):
                return None
            self.run(step)
        return (self.now() - began).total_seconds()

    def restart(self, saved: Path) -> "VirtualSandbox":
        """The control plane dies after its last save, and another one takes up what it left: state, journal and the world's machines."""
        state.save(saved)
        self.sandbox.close()
        kept = self.sandbox.faults.store
        again = build(self.sandbox.settings, virtual=True, start=self.now(), world=self.world, fault_store=kept)
        again.journal.load(self.sandbox.journal.events())
        state.load(saved)
        again.injector.take_up()
        return VirtualSandbox(again)


def virtual_sandbox(**settings: object) -> VirtualSandbox:
    """With the defaults, or with settings as the environment would give them: `seed=7`."""
    return VirtualSandbox(build(Settings.from_environment({}, **settings), virtual=True))
