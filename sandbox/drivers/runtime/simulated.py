"""The Runtime of the simulated world (sandbox/drivers/world.py): deterministic, in virtual time, without I/O.

Machines belong to the world and outlive this object, as containers outlive the control plane: another SimulatedRuntime on the same world
finds them as orphans.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from sandbox.drivers.runtime.base import Container, ContainerState, LaunchSpec
from sandbox.drivers.runtime.cidr import overlap
from sandbox.drivers.runtime.user_data import application_starts
from sandbox.drivers.world import Machine, World

KILLED = 137  # exit code of a container whose first process got SIGKILL
STOPPED = 0  # exit code of instance-init on SIGTERM
CANNOT_STOP = (ContainerState.EXITED, ContainerState.FAILED, ContainerState.STOPPING, ContainerState.REMOVING)


@dataclass
class _Entry:
    container: Container
    console: str = ""
    generation: int = 0  # increases with each verb; the timer of an earlier verb then has no effect


class SimulatedRuntime:
    name = "simulated"

    def __init__(self, world: World) -> None:
        self._world = world
        self._callbacks: list[Callable[[str], None]] = []
        self._entries = {i: _Entry(_found(machine)) for i, machine in world.machines.items()}

    # ---- verbs -------------------------------------------------------------------------------------------------------------------------

    def launch(self, spec: LaunchSpec) -> None:
        if spec.instance_id in self._entries:
            return
        entry = _Entry(Container(instance_id=spec.instance_id, state=ContainerState.STARTING))
        self._entries[spec.instance_id] = entry
        if error := self._world.launch_error(spec.availability_zone):
            self._update(entry, state=ContainerState.FAILED, error=error)
            return
        self._world.machines[spec.instance_id] = Machine(
            instance_id=spec.instance_id,
            address=spec.private_ip_address,
            zone=spec.availability_zone,
            user_data=spec.user_data,
            cpus=spec.cpu_limit,
        )
        self._boot(entry, self._world.boot_time)

    def start(self, instance_id: str) -> None:
        entry = self._entries.get(instance_id)
        if entry and entry.container.state is ContainerState.EXITED:
            self._boot(entry, self._world.boot_time)

    def stop(self, instance_id: str, *, force: bool = False) -> None:
        entry = self._entries.get(instance_id)
        if entry is None or (entry.container.state in CANNOT_STOP and not (force and entry.container.state is ContainerState.STOPPING)):
            return
        self._update(entry, state=ContainerState.STOPPING)
        self._after(entry, timedelta(0) if force else self._world.stop_time, lambda: self._exited(entry, KILLED if force else STOPPED))

    def reboot(self, instance_id: str) -> None:
        entry = self._entries.get(instance_id)
        if entry and entry.container.state is ContainerState.RUNNING:
            self._down(instance_id)
            self._boot(entry, self._world.stop_time + self._world.boot_time)

    def terminate(self, instance_id: str) -> None:
        entry = self._entries.get(instance_id)
        if entry and entry.container.state is not ContainerState.REMOVING:
            self._update(entry, state=ContainerState.REMOVING)
            self._after(entry, self._world.stop_time, lambda: self._gone(instance_id))

    def remove_all(self) -> tuple[str, ...]:
        """Takes no virtual time."""
        for instance_id, entry in list(self._entries.items()):
            entry.generation += 1
            self._gone(instance_id)
        return ()

    def crash(self, instance_id: str, exit_code: int = KILLED) -> None:
        """The machine's processes end without a verb, as with `docker kill`."""
        entry = self._entries[instance_id]
        entry.generation += 1
        self._exited(entry, exit_code)

    # ---- reads -------------------------------------------------------------------------------------------------------------------------

    def containers(self) -> Mapping[str, Container]:
        return {instance_id: entry.container for instance_id, entry in self._entries.items()}

    def endpoint(self, private_ip_address: str, port: int) -> tuple[str, int]:
        return private_ip_address, port

    def console_output(self, instance_id: str) -> bytes:
        return self._entries[instance_id].console.encode()

    def reachable(self, instance_id: str) -> bool | None:
        entry = self._entries.get(instance_id)
        if entry is None or entry.container.state is not ContainerState.RUNNING:
            return None
        return not self._world.machine(instance_id).impaired

    def on_change(self, callback: Callable[[str], None]) -> None:
        self._callbacks.append(callback)

    def check_cidr(self, cidr: str) -> str | None:
        return overlap(cidr, self._world.other_networks)

    def available(self) -> str | None:
        return None

    def close(self) -> None:
        """Machines keep running; the timers of this object have no effect any more."""
        for entry in self._entries.values():
            entry.generation += 1

    # ---- what happens ------------------------------------------------------------------------------------------------------------------

    def _boot(self, entry: _Entry, after: timedelta) -> None:
        self._update(entry, state=ContainerState.STARTING, exit_code=None, oom_killed=False)
        self._after(entry, after, lambda: self._up(entry))

    def _up(self, entry: _Entry) -> None:
        now = self._world.clock.now()
        machine = self._world.machine(entry.container.instance_id)
        machine.boots += 1
        machine.running, machine.started_at = True, now
        serves = application_starts(machine.user_data, machine.boots)
        machine.answers_from = now + self._world.app_start_time if serves else None
        entry.console += f"boot {machine.boots}: {'the application starts' if serves else 'no application'}\n"
        self._update(entry, state=ContainerState.RUNNING, boots=machine.boots, started_at=now)

    def _exited(self, entry: _Entry, exit_code: int) -> None:
        self._down(entry.container.instance_id)
        self._update(entry, state=ContainerState.EXITED, exit_code=exit_code)

    def _gone(self, instance_id: str) -> None:
        self._world.machines.pop(instance_id, None)
        del self._entries[instance_id]
        self._notify(instance_id)

    def _down(self, instance_id: str) -> None:
        machine = self._world.machine(instance_id)
        machine.running, machine.answers_from = False, None

    def _after(self, entry: _Entry, duration: timedelta, then: Callable[[], None]) -> None:
        entry.generation += 1
        generation = entry.generation
        self._world.at(self._world.clock.now() + duration, lambda: then() if entry.generation == generation else None)

    def _update(self, entry: _Entry, **changes: object) -> None:
        entry.container = replace(entry.container, **changes)  # type: ignore[arg-type]
        self._notify(entry.container.instance_id)

    def _notify(self, instance_id: str) -> None:
        for callback in self._callbacks:
            callback(instance_id)


def _found(machine: Machine) -> Container:
    return Container(
        instance_id=machine.instance_id,
        state=ContainerState.RUNNING if machine.running else ContainerState.EXITED,
        started_at=machine.started_at,
        boots=machine.boots,
        orphan=True,
    )
