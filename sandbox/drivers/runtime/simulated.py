"""The Runtime of the simulated world (sandbox/drivers/world.py): deterministic, in virtual time, without I/O.

Machines belong to the world and outlive this object, as containers outlive the control plane: another SimulatedRuntime on the same world
finds them as orphans.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from sandbox.core.errors import Misconfigured
from sandbox.drivers.runtime.base import UNIMPAIRED, Container, ContainerState, Impairment, LaunchSpec, Shell
from sandbox.drivers.runtime.cidr import overlap
from sandbox.drivers.runtime.commands import KEPT, Cancellation, CommandEnd, CommandResult, MachineCommand
from sandbox.drivers.runtime.images import ImageState, MachineImage
from sandbox.drivers.runtime.terminals import Terminal
from sandbox.drivers.runtime.user_data.effect import application_starts, assumed_result
from sandbox.drivers.world import Machine, ScriptedCommand, World

KILLED = 137  # exit code of a container whose first process got SIGKILL
STOPPED = 0  # exit code of instance-init on SIGTERM
NO_MEMORY = "a simulated machine has no memory that could run out."
HTTP, ANY_PORT = 80, range(1, 65536)
"""Where applications listen: that of the machine image at 80, one of an own image wherever its target group asks."""
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
        self.images = SimulatedImages(world)
        self._callbacks: list[Callable[[str], None]] = []
        self._entries = {i: _Entry(_found(machine)) for i, machine in world.machines.items()}
        self._snapshot: dict[str, Container] | None = None

    # ---- verbs -------------------------------------------------------------------------------------------------------------------------

    def launch(self, spec: LaunchSpec) -> None:
        if spec.instance_id in self._entries:
            return
        entry = _Entry(Container(instance_id=spec.instance_id, state=ContainerState.STARTING))
        self._entries[spec.instance_id] = entry
        self._snapshot = None
        if error := self._world.launch_error(spec.availability_zone):
            self._update(entry, state=ContainerState.FAILED, error=error)
            return
        if spec.image in self._world.missing_images:
            error = f"The image {spec.image} does not exist. next: docker build --tag {spec.image} ."
            self._update(entry, state=ContainerState.FAILED, error=error, image_missing=True)
            return
        self._world.machines[spec.instance_id] = Machine(
            instance_id=spec.instance_id,
            address=spec.private_ip_address,
            zone=spec.availability_zone,
            user_data=spec.user_data,
            cpus=spec.cpu_limit,
            own_application=spec.own_application,
            ports=ANY_PORT if spec.own_application else (HTTP,),
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
        entry = self._running(instance_id)
        if entry:
            entry.generation += 1
            self._exited(entry, exit_code)

    def kill_application(self, instance_id: str) -> None:
        if self._running(instance_id):
            self._world.machine(instance_id).answers_from = None

    def impair(self, instance_id: str, impairment: Impairment) -> None:
        if why_not := self.cannot_impair(impairment):
            raise Misconfigured(why_not)
        entry = self._running(instance_id)
        if entry and entry.container.impairment != impairment:
            machine = self._world.machine(instance_id)
            machine.frozen, machine.cpu_left = impairment.frozen, impairment.cpu_percent
            self._update(entry, impairment=impairment, cores=_cores(machine))

    def cannot_impair(self, impairment: Impairment) -> str | None:
        return None if impairment.memory_percent == UNIMPAIRED.memory_percent else NO_MEMORY

    # ---- reads -------------------------------------------------------------------------------------------------------------------------

    def containers(self) -> Mapping[str, Container]:
        """Made once for each change: thousands of keys read it."""
        if self._snapshot is None:
            self._snapshot = {instance_id: entry.container for instance_id, entry in self._entries.items()}
        return self._snapshot

    def endpoint(self, private_ip_address: str, port: int) -> tuple[str, int]:
        return private_ip_address, port

    def console_output(self, instance_id: str) -> bytes:
        return self._entries[instance_id].console.encode()

    def run_command(self, instance_id: str, command: MachineCommand, cancellation: Cancellation | None = None) -> CommandResult:
        """What the world's script says, at once: drivers/commands/simulated.py lets the command's virtual time pass."""
        scripted = self.scripted(instance_id, command)
        return CommandResult(end=CommandEnd.CANCELED) if cancellation and cancellation.requested else result(scripted, command.timeout)

    def scripted(self, instance_id: str, command: MachineCommand) -> ScriptedCommand:
        """Asks the world once. Raises KeyError if the machine does not run or is frozen."""
        entry = self._running(instance_id)
        if entry is None or entry.container.impairment.frozen:
            raise KeyError(instance_id)
        return self._world.command(self._world.machine(instance_id), command)

    def open_terminal(self, instance_id: str) -> Terminal:
        raise Misconfigured("simulated machines have no shell")

    def shell(self, instance_id: str) -> Shell | None:
        return None

    def reachable(self, instance_id: str) -> bool | None:
        entry = self._entries.get(instance_id)
        if entry is None or entry.container.state is not ContainerState.RUNNING:
            return None
        return self._world.responsive(self._world.machine(instance_id))

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

    def _running(self, instance_id: str) -> _Entry | None:
        entry = self._entries.get(instance_id)
        return entry if entry and entry.container.state is ContainerState.RUNNING else None

    # ---- what happens ------------------------------------------------------------------------------------------------------------------

    def _boot(self, entry: _Entry, after: timedelta) -> None:
        self._update(entry, state=ContainerState.STARTING, exit_code=None, oom_killed=False)
        self._after(entry, after, lambda: self._up(entry))

    def _up(self, entry: _Entry) -> None:
        now = self._world.clock.now()
        machine = self._world.machine(entry.container.instance_id)
        machine.boots += 1
        machine.running, machine.started_at = True, now
        serves = machine.own_application or application_starts(machine.user_data, machine.boots)
        machine.answers_from = now + self._world.app_start_time if serves else None
        result = assumed_result(machine.user_data, machine.boots, now) if machine.user_data else None
        entry.console += f"boot {machine.boots}: {'the application starts' if serves else 'no application'}\n"
        if result and result.reason:
            entry.console += f"handlers[WARNING]: {result.reason}\n"
        impairment = Impairment(frozen=machine.frozen, cpu_percent=machine.cpu_left)
        booted = {"boots": machine.boots, "started_at": now, "impairment": impairment, "cores": _cores(machine), "user_data": result}
        self._update(entry, state=ContainerState.RUNNING, **booted)

    def _exited(self, entry: _Entry, exit_code: int) -> None:
        self._down(entry.container.instance_id)
        self._update(entry, state=ContainerState.EXITED, exit_code=exit_code, impairment=UNIMPAIRED, cores=None)

    def _gone(self, instance_id: str) -> None:
        self._world.machines.pop(instance_id, None)
        del self._entries[instance_id]
        self._snapshot = None
        self._notify(instance_id)

    def _down(self, instance_id: str) -> None:
        machine = self._world.machine(instance_id)
        machine.running, machine.answers_from, machine.frozen = False, None, False

    def _after(self, entry: _Entry, duration: timedelta, then: Callable[[], None]) -> None:
        entry.generation += 1
        generation = entry.generation
        self._world.at(self._world.clock.now() + duration, lambda: then() if entry.generation == generation else None)

    def _update(self, entry: _Entry, **changes: object) -> None:
        entry.container = replace(entry.container, **changes)  # type: ignore[arg-type]
        self._snapshot = None
        self._notify(entry.container.instance_id)

    def _notify(self, instance_id: str) -> None:
        for callback in self._callbacks:
            callback(instance_id)


def result(scripted: ScriptedCommand, timeout: float) -> CommandResult:
    """`timeout`: seconds."""
    stdout, stderr = scripted.stdout[:KEPT], scripted.stderr[:KEPT]
    if scripted.duration.total_seconds() > timeout:
        return CommandResult(end=CommandEnd.TIMED_OUT, stdout=stdout, stderr=stderr, detail=f"it ran longer than {timeout:g} s")
    return CommandResult(end=CommandEnd.EXITED, exit_code=scripted.exit_code, stdout=stdout, stderr=stderr)


def _found(machine: Machine) -> Container:
    return Container(
        instance_id=machine.instance_id,
        state=ContainerState.RUNNING if machine.running else ContainerState.EXITED,
        started_at=machine.started_at,
        boots=machine.boots,
        orphan=True,
        impairment=Impairment(frozen=machine.frozen, cpu_percent=machine.cpu_left),
        cores=_cores(machine) if machine.running else None,
    )


def _cores(machine: Machine) -> float:
    return machine.cpus * machine.cpu_left / 100


class SimulatedImages:
    """They belong to the world, as Docker's images outlive the control plane."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._callbacks: list[Callable[[str], None]] = []

    def cannot_create(self) -> str | None:
        return None

    def create(self, instance_id: str, image_id: str) -> None:
        if image_id not in self._world.images:
            self._world.images[image_id] = None
            self._world.at(self._world.clock.now() + self._world.image_time, lambda: self._ready(image_id))

    def remove(self, image_id: str) -> None:
        self._world.images.pop(image_id, None)
        self._notify(image_id)

    def made(self) -> Mapping[str, MachineImage]:
        return {image_id: _image(image_id, reference) for image_id, reference in self._world.images.items()}

    def on_change(self, callback: Callable[[str], None]) -> None:
        self._callbacks.append(callback)

    def _ready(self, image_id: str) -> None:
        if image_id in self._world.images:
            self._world.images[image_id] = f"simulated/ami:{image_id}"
            self._notify(image_id)

    def _notify(self, image_id: str) -> None:
        for callback in self._callbacks:
            callback(image_id)


def _image(image_id: str, reference: str | None) -> MachineImage:
    state = ImageState.AVAILABLE if reference else ImageState.PENDING
    return MachineImage(image_id=image_id, state=state, reference=reference or "")
