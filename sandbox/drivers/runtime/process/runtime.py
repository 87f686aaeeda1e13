"""Runs each instance as a process of this machine, for machines without a Docker engine: the application itself, served on loopback.

On Linux instance a.b.c.d listens on 127.b.c.d; elsewhere on a port of its own on 127.0.0.1. Less realistic than a container: CPU and memory
are not limited, there is no disk but a folder, user data runs there without root as far as it can (boot_plan.py), and the machine ends with
its first process. Processes outlive the control plane; the next one adopts them by their records (records.py). instances.py has what is
known about each instance, and jobs.py what the workers do.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from sandbox.core.clock import Clock
from sandbox.core.errors import Misconfigured, SandboxError
from sandbox.drivers.network.loopback import LoopbackNetwork
from sandbox.drivers.runtime.base import UNIMPAIRED, Container, ContainerState, Impairment, LaunchSpec, Shell
from sandbox.drivers.runtime.commands import Cancellation, CommandResult, MachineCommand
from sandbox.drivers.runtime.images import NoImages
from sandbox.drivers.runtime.process import processes
from sandbox.drivers.runtime.process.commands import ProcessCommands
from sandbox.drivers.runtime.process.instances import Instance, Instances, starting
from sandbox.drivers.runtime.process.jobs import ProcessJobs
from sandbox.drivers.runtime.process.loopback import PER_ADDRESS, loopback_of
from sandbox.drivers.runtime.process.records import Records
from sandbox.drivers.runtime.process.surroundings import NOTHING_AROUND, Surroundings
from sandbox.drivers.runtime.terminals import Terminal
from sandbox.drivers.worker import Workers

WORKERS = 4
HTTP = 80
NOTHING_LISTENS = 1  # returned for ports other than the application's where all instances share 127.0.0.1
CONSOLE = 64 << 10  # bytes
NO_DISK = "the process runtime keeps no disk of an instance; use the docker runtime, or `sandbox ami register --command`"
NO_LIMITS = "in the process runtime, CPU and memory of an instance are not limited."


class ProcessRuntime:
    """`directory`: of records and console logs. `port_offset`: added to ports (0: port 80 itself). `app`: app.py or its folder. `network`:
    None if none of its subnets can be cut off. `surroundings`: what instances find besides themselves."""

    name = "process"

    def __init__(  # noqa: PLR0913 - each is a part of its own
        self,
        clock: Clock,
        directory: Path,
        port_offset: int,
        app: Path,
        *,
        per_address: bool = PER_ADDRESS,
        network: LoopbackNetwork | None = None,
        surroundings: Surroundings = NOTHING_AROUND,
    ) -> None:
        self.images = NoImages(NO_DISK)
        self._offset, self._per_address, self._network = port_offset, per_address, network
        self._instances, self._records = Instances(), Records(directory)
        folder = app.parent if app.is_file() else app
        http = HTTP + port_offset if per_address else None
        self._jobs = ProcessJobs(clock, self._instances, self._records, http=http, app=folder, surroundings=surroundings)
        self._commands = ProcessCommands(self._instances, self._records, surroundings)
        self._workers = Workers(WORKERS, "process", self._job_failed)
        for record in self._records.load():
            self._jobs.adopt(record)

    # ---- verbs -------------------------------------------------------------------------------------------------------------------------

    def launch(self, spec: LaunchSpec) -> None:
        if self._instances.add(starting(spec, self._host(spec.private_ip_address))):
            self._submit(spec.instance_id, self._jobs.boot)

    def start(self, instance_id: str) -> None:
        self._request(instance_id, ContainerState.STARTING, (ContainerState.EXITED, ContainerState.STOPPING), self._jobs.boot)

    def stop(self, instance_id: str, *, force: bool = False) -> None:
        states = (ContainerState.RUNNING, ContainerState.STARTING) + ((ContainerState.STOPPING,) if force else ())
        if force:
            self._jobs.kill_now(instance_id)
        self._request(instance_id, ContainerState.STOPPING, states, lambda instance: self._jobs.end(instance, force=force))

    def reboot(self, instance_id: str) -> None:
        self._request(instance_id, ContainerState.STARTING, (ContainerState.RUNNING,), self._jobs.reboot)

    def terminate(self, instance_id: str) -> None:
        states = tuple(s for s in ContainerState if s is not ContainerState.REMOVING)
        self._request(instance_id, ContainerState.REMOVING, states, self._jobs.remove)

    def impair(self, instance_id: str, impairment: Impairment) -> None:
        """Freezing takes microseconds, so it is done here."""
        if why_not := self.cannot_impair(impairment):
            raise Misconfigured(why_not)
        with self._instances.lock:
            instance = self._instances.running(instance_id)
            if instance is None or instance.process is None:
                return
            instance.process.freeze(impairment.frozen)
            changed = instance.container.impairment != impairment
            instance.container = replace(instance.container, impairment=impairment)
        if changed:
            self._instances.notify(instance_id)

    def cannot_impair(self, impairment: Impairment) -> str | None:
        return None if replace(impairment, frozen=False) == UNIMPAIRED else NO_LIMITS

    def kill_application(self, instance_id: str) -> None:
        if self._instances.running(instance_id):
            self._workers.submit(instance_id, lambda: self._run_job(instance_id, self._jobs.end_application))

    def crash(self, instance_id: str) -> None:
        instance = self._instances.running(instance_id)
        if instance and instance.process:
            with suppress(ProcessLookupError):
                instance.process.kill()

    def remove_all(self) -> tuple[str, ...]:
        """Returns when all have ended.

        All are killed before any is waited for: with hundreds of them, ending one after another would take too long. That includes
        processes of a control plane that was killed before it wrote their records."""
        processes.kill_all(self._records.mark)
        for instance_id in self._instances.containers():
            self.terminate(instance_id)
        self._workers.join()
        return tuple(f"The process of {instance_id} could not be removed." for instance_id in self._instances.containers())

    # ---- reads -------------------------------------------------------------------------------------------------------------------------

    def containers(self) -> Mapping[str, Container]:
        return self._instances.containers()

    def endpoint(self, private_ip_address: str, port: int) -> tuple[str, int]:
        """On Linux 127.b.c.d and the port plus the offset; elsewhere 127.0.0.1 and the instance's own port for port 80. In a subnet that is
        cut off: where connections time out."""
        if self._per_address:
            at = (self._host(private_ip_address), port + self._offset)
            return self._network.endpoint(private_ip_address, at) if self._network else at
        known = [i.record for i in self._instances.all() if i.record.spec.private_ip_address == private_ip_address]
        own = [record.port for record in known if record.port and record.spec.port == port]
        return "127.0.0.1", own[0] if own else NOTHING_LISTENS

    def console_output(self, instance_id: str) -> bytes:
        if self._instances.get(instance_id) is None:
            raise KeyError(instance_id)
        return self._records.console(instance_id, CONSOLE)

    def run_command(self, instance_id: str, command: MachineCommand, cancellation: Cancellation | None = None) -> CommandResult:
        return self._commands.run(instance_id, command, cancellation or Cancellation())

    def open_terminal(self, instance_id: str) -> Terminal:
        return self._commands.open_terminal(instance_id)

    def shell(self, instance_id: str) -> Shell | None:
        return self._commands.shell(instance_id)

    def reachable(self, instance_id: str) -> bool | None:
        """False while its process is stopped (SIGSTOP); None while it does not run. A system call, which takes microseconds."""
        instance = self._instances.running(instance_id)
        process = instance.process if instance else None
        if instance is None or process is None:
            return None
        return not (instance.container.impairment.frozen or process.frozen())

    def processes(self) -> Mapping[str, tuple[int, float]]:
        """Process id and nominal cores of each running instance, for the meter. The cores are not enforced, so usage may exceed them."""
        running = ((i.instance_id, i.process, i.record.spec.cpu_limit) for i in self._instances.all())
        return {instance_id: (process.pid, cores) for instance_id, process, cores in running if process is not None}

    def on_change(self, callback: Callable[[str], None]) -> None:
        self._instances.on_change(callback)

    def check_cidr(self, cidr: str) -> str | None:
        """Always None: private addresses are mapped to loopback addresses, so nothing can overlap."""
        return None

    def available(self) -> str | None:
        return None

    def close(self) -> None:
        self._instances.close()
        self._workers.close()
        self._jobs.close()

    # ---- jobs (worker threads) ---------------------------------------------------------------------------------------------------------

    def _request(self, instance_id: str, state: ContainerState, when: tuple[ContainerState, ...], job: Callable[[Instance], None]) -> None:
        if self._instances.request(instance_id, state, when):
            self._submit(instance_id, job)

    def _submit(self, instance_id: str, job: Callable[[Instance], None]) -> None:
        self._instances.notify(instance_id)
        self._workers.submit(instance_id, lambda: self._run_job(instance_id, job))

    def _run_job(self, instance_id: str, job: Callable[[Instance], None]) -> None:
        instance = self._instances.get(instance_id)
        if instance is None:
            return
        try:
            job(instance)
        except SandboxError as error:
            self._instances.update(instance, state=ContainerState.FAILED, error=str(error))

    def _job_failed(self, instance_id: str, error: Exception) -> None:
        if instance := self._instances.get(instance_id):
            self._instances.update(instance, state=ContainerState.FAILED, error=f"{type(error).__name__}: {error}")

    def _host(self, private_ip_address: str) -> str:
        return loopback_of(private_ip_address) if self._per_address else "127.0.0.1"
