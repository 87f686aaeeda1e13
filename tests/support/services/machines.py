"""A runtime for the tests of EC2 alone: machines in virtual time that boot in two seconds and stop in one.

An honest one: verbs only ask, what came of them is seen in `containers()`, each change calls back. Tests break things by its last methods.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

from sandbox.core.clock import Clock
from sandbox.core.errors import DriverUnavailable
from sandbox.drivers.runtime.base import Container, ContainerState, LaunchSpec
from sandbox.engine import Engine

BOOT = timedelta(seconds=2)
HALT = timedelta(seconds=1)


class Machines:
    name = "machines"

    def __init__(self, clock: Clock, engine: Engine) -> None:
        self._clock, self._engine = clock, engine
        self._containers: dict[str, Container] = {}
        self._told: list[Callable[[str], None]] = []
        self.specs: dict[str, LaunchSpec] = {}
        self.output: dict[str, bytes] = {}
        self.unreachable: set[str] = set()
        self._away: str | None = None
        self.overlaps: Callable[[str], str | None] = lambda cidr: None  # what check_cidr returns
        self._last_seen: dict[str, Container] = {}  # while away
        self.launch_error: str | None = None
        self.asked: list[tuple[str, str]] = []  # (verb, instance id), in order

    # ---- what the controller asks -----------------------------------------------------------------------------------------------------

    def launch(self, spec: LaunchSpec) -> None:
        if self._away or spec.instance_id in self._containers:
            return
        self.asked.append(("launch", spec.instance_id))
        self.specs[spec.instance_id] = spec
        self._set(Container(instance_id=spec.instance_id, state=ContainerState.STARTING))
        self._later(BOOT, spec.instance_id, self._booted)

    def start(self, instance_id: str) -> None:
        if self._away:
            return
        self.asked.append(("start", instance_id))
        if self._containers[instance_id].state in (ContainerState.EXITED, ContainerState.FAILED):
            self._change(instance_id, ContainerState.STARTING)
            self._later(BOOT, instance_id, self._booted)

    def stop(self, instance_id: str, *, force: bool = False) -> None:
        if self._away:
            return
        self.asked.append(("force-stop" if force else "stop", instance_id))
        if self._containers[instance_id].state in (ContainerState.RUNNING, ContainerState.STARTING):
            self._change(instance_id, ContainerState.STOPPING)
            self._later(HALT, instance_id, lambda i: self._change(i, ContainerState.EXITED, exit_code=0))

    def reboot(self, instance_id: str) -> None:
        if self._away:
            return
        self.asked.append(("reboot", instance_id))
        self._change(instance_id, ContainerState.EXITED, exit_code=0)
        self._later(BOOT, instance_id, self._booted)

    def terminate(self, instance_id: str) -> None:
        if instance_id in self._containers and not self._away:
            self.asked.append(("terminate", instance_id))
            self._change(instance_id, ContainerState.REMOVING)
            self._later(HALT, instance_id, self.remove)

    def containers(self) -> Mapping[str, Container]:
        return MappingProxyType(self._last_seen if self._away else self._containers)

    def endpoint(self, private_ip_address: str, port: int) -> tuple[str, int]:
        return private_ip_address, port

    def console_output(self, instance_id: str) -> bytes:
        if self.away:
            raise DriverUnavailable(self.away)
        if instance_id not in self._containers:
            raise KeyError(instance_id)
        return self.output.get(instance_id, b"")

    def reachable(self, instance_id: str) -> bool | None:
        return instance_id not in self.unreachable

    def check_cidr(self, cidr: str) -> str | None:
        return self.overlaps(cidr)

    def on_change(self, callback: Callable[[str], None]) -> None:
        self._told.append(callback)

    def available(self) -> str | None:
        return self.away

    def close(self) -> None:
        self._told.clear()

    @property
    def away(self) -> str | None:
        return self._away

    @away.setter
    def away(self, sentence: str | None) -> None:
        """Docker is stopped (the sentence says so) or back (None). Meanwhile the picture is the last one, and verbs come to nothing."""
        self._away, self._last_seen = sentence, dict(self._containers)

    # ---- what tests do ----------------------------------------------------------------------------------------------------------------

    def exit(self, instance_id: str, **fields: object) -> None:
        """The machine ends by itself."""
        self._change(instance_id, ContainerState.EXITED, **{"exit_code": 0, **fields})

    def remove(self, instance_id: str) -> None:
        """`docker rm -f`."""
        self._containers.pop(instance_id, None)
        self._tell(instance_id)

    def add(self, instance_id: str) -> None:
        """A container that nobody launched here."""
        self._set(Container(instance_id=instance_id, state=ContainerState.RUNNING, boots=1, orphan=True))

    def run(self, instance_id: str) -> None:
        """`docker start`."""
        self._booted(instance_id)

    # ---- inside -----------------------------------------------------------------------------------------------------------------------

    def _booted(self, instance_id: str) -> None:
        if self.launch_error:
            self._change(instance_id, ContainerState.FAILED, error=self.launch_error)
            return
        before = self._containers[instance_id]
        self._change(instance_id, ContainerState.RUNNING, boots=before.boots + 1, started_at=self._clock.now())

    def _change(self, instance_id: str, state: ContainerState, **fields: object) -> None:
        self._set(replace(self._containers[instance_id], state=state, **fields))  # type: ignore[arg-type]

    def _set(self, container: Container) -> None:
        self._containers[container.instance_id] = container
        self._tell(container.instance_id)

    def _tell(self, instance_id: str) -> None:
        for callback in self._told:
            callback(instance_id)

    def _later(self, wait: timedelta, instance_id: str, what: Callable[[str], None]) -> None:
        state = self._containers[instance_id].state

        def due() -> None:
            there = self._containers.get(instance_id)
            if there is not None and there.state is state:  # something else may have happened meanwhile
                what(instance_id)

        self._engine.at(self._clock.now() + wait, due)
