"""Runs each instance as a process of this machine, for machines without a Docker engine: the application itself, served on loopback.

On Linux instance a.b.c.d listens on 127.b.c.d; elsewhere on a port of its own on 127.0.0.1. Less realistic than a container: CPU and memory
are not limited, there is no disk, user data is not run (a script only has the effect that the application starts), and the machine ends
with its application. Processes outlive the control plane; the next one adopts them by their records (records.py).
"""

import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox.core.clock import Clock
from sandbox.core.errors import SandboxError
from sandbox.drivers.runtime.base import Container, ContainerState, LaunchSpec
from sandbox.drivers.runtime.process import processes
from sandbox.drivers.runtime.process.processes import InstanceProcess
from sandbox.drivers.runtime.process.records import Record, Records
from sandbox.drivers.runtime.user_data import application_starts
from sandbox.drivers.worker import Workers

WORKERS = 4
HTTP = 80
NOTHING_LISTENS = 1  # returned for ports other than the application's where all instances share 127.0.0.1
CONSOLE = 64 << 10  # bytes
UNAFFECTED = (ContainerState.STOPPING, ContainerState.REMOVING)


@dataclass
class _Instance:
    record: Record
    container: Container
    process: InstanceProcess | None = None  # None: it does not run


class ProcessRuntime:
    """`directory`: of records and console logs. `port_offset`: added to ports (0: port 80 itself). `app`: app.py or its folder."""

    name = "process"

    def __init__(self, clock: Clock, directory: Path, port_offset: int, app: Path, *, per_address: bool = sys.platform == "linux") -> None:
        self._clock, self._offset, self._per_address = clock, port_offset, per_address
        self._app = app.parent if app.is_file() else app
        self._records = Records(directory)
        self._mark = str(directory.resolve())
        self._lock = threading.RLock()
        self._callbacks: list[Callable[[str], None]] = []
        self._instances: dict[str, _Instance] = {}
        self._closed = False
        self._workers = Workers(WORKERS, "process", self._job_failed)
        for record in self._records.load():
            self._adopt(record)

    # ---- verbs -------------------------------------------------------------------------------------------------------------------------

    def launch(self, spec: LaunchSpec) -> None:
        with self._lock:
            if spec.instance_id in self._instances:
                return
            record = Record(spec=spec, host=self._host(spec.private_ip_address))
            starting = Container(instance_id=spec.instance_id, state=ContainerState.STARTING)
            self._instances[spec.instance_id] = _Instance(record, starting)
        self._submit(spec.instance_id, self._boot)

    def start(self, instance_id: str) -> None:
        self._request(instance_id, ContainerState.STARTING, (ContainerState.EXITED, ContainerState.STOPPING), self._boot)

    def stop(self, instance_id: str, *, force: bool = False) -> None:
        states = (ContainerState.RUNNING, ContainerState.STARTING) + ((ContainerState.STOPPING,) if force else ())
        if force:
            self._kill_now(instance_id)
        self._request(instance_id, ContainerState.STOPPING, states, lambda instance: self._end(instance, force=force))

    def reboot(self, instance_id: str) -> None:
        self._request(instance_id, ContainerState.STARTING, (ContainerState.RUNNING,), self._reboot)

    def terminate(self, instance_id: str) -> None:
        states = tuple(s for s in ContainerState if s is not ContainerState.REMOVING)
        self._request(instance_id, ContainerState.REMOVING, states, self._remove)

    def remove_all(self) -> tuple[str, ...]:
        """Returns when all have ended.

        All are killed before any is waited for: with hundreds of them, ending one after another would take too long. That includes
        processes of a control plane that was killed before it wrote their records."""
        processes.kill_all(self._mark)
        for instance_id in list(self._instances):
            self.terminate(instance_id)
        self._workers.join()
        return tuple(f"The process of {instance_id} could not be removed." for instance_id in self._instances)

    # ---- reads -------------------------------------------------------------------------------------------------------------------------

    def containers(self) -> Mapping[str, Container]:
        with self._lock:
            return {instance_id: instance.container for instance_id, instance in self._instances.items()}

    def endpoint(self, private_ip_address: str, port: int) -> tuple[str, int]:
        """On Linux 127.b.c.d and the port plus the offset; elsewhere 127.0.0.1 and the instance's own port for port 80."""
        if self._per_address:
            return self._host(private_ip_address), port + self._offset
        with self._lock:
            own = [i.record.port for i in self._instances.values() if i.record.spec.private_ip_address == private_ip_address]
        return "127.0.0.1", own[0] if own and own[0] and port == HTTP else NOTHING_LISTENS

    def console_output(self, instance_id: str) -> bytes:
        if instance_id not in self._instances:
            raise KeyError(instance_id)
        return self._records.console(instance_id, CONSOLE)

    def reachable(self, instance_id: str) -> bool | None:
        """False while its process is stopped (SIGSTOP); None while it does not run. A system call, which takes microseconds."""
        with self._lock:
            instance = self._instances.get(instance_id)
        if instance is None or instance.process is None or instance.container.state is not ContainerState.RUNNING:
            return None
        return not instance.process.frozen()

    def processes(self) -> Mapping[str, tuple[int, float]]:
        """Process id and nominal cores of each running instance, for the meter. The cores are not enforced, so usage may exceed them."""
        with self._lock:
            return {key: (i.process.pid, i.record.spec.cpu_limit) for key, i in self._instances.items() if i.process is not None}

    def on_change(self, callback: Callable[[str], None]) -> None:
        self._callbacks.append(callback)

    def check_cidr(self, cidr: str) -> str | None:
        """Always None: private addresses are mapped to loopback addresses, so nothing can overlap."""
        return None

    def available(self) -> str | None:
        return None

    def close(self) -> None:
        self._closed = True
        self._workers.close()

    # ---- jobs (worker threads) ---------------------------------------------------------------------------------------------------------

    def _request(self, instance_id: str, state: ContainerState, when: tuple[ContainerState, ...], job: Callable[[_Instance], None]) -> None:
        with self._lock:
            instance = self._instances.get(instance_id)
            if instance is None or instance.container.state not in when:
                return
            instance.container = replace(instance.container, state=state, error=None)
        self._submit(instance_id, job)

    def _submit(self, instance_id: str, job: Callable[[_Instance], None]) -> None:
        self._notify(instance_id)
        self._workers.submit(instance_id, lambda: self._run_job(instance_id, job))

    def _run_job(self, instance_id: str, job: Callable[[_Instance], None]) -> None:
        instance = self._instances.get(instance_id)
        if instance is None:
            return
        try:
            job(instance)
        except SandboxError as error:
            self._update(instance, state=ContainerState.FAILED, error=str(error))

    def _boot(self, instance: _Instance) -> None:
        record, spec = instance.record, instance.record.spec
        if instance.container.state is ContainerState.REMOVING:
            return
        boot = record.boots + 1
        port = HTTP + self._offset if self._per_address else record.port or processes.free_port(record.host)
        with self._records.open_console(spec.instance_id) as console:
            console.write(_boot_message(spec, boot))
            if application_starts(spec.user_data, boot):
                processes.check_port(record.host, port, spec.instance_id)
                process = processes.serve(self._app, record.host, port, _environment(spec) | {processes.MARK: self._mark}, console)
            else:
                process = processes.idle({processes.MARK: self._mark}, console)
        instance.record = replace(record, port=port, boots=boot, pid=process.pid, created=process.created)
        self._records.save(instance.record)
        with self._lock:
            instance.process = process
            if instance.container.state is ContainerState.STARTING:
                instance.container = replace(
                    instance.container, state=ContainerState.RUNNING, boots=boot, started_at=self._clock.now(), exit_code=None, error=None
                )
        self._notify(spec.instance_id)
        self._watch(instance, process)

    def _end(self, instance: _Instance, *, force: bool) -> None:
        code = instance.process.end(force=force) if instance.process else instance.container.exit_code
        self._exited(instance, instance.process, code)
        if instance.container.state is ContainerState.STOPPING:
            self._update(instance, state=ContainerState.EXITED, exit_code=code)

    def _reboot(self, instance: _Instance) -> None:
        if instance.process:
            instance.process.end(force=False)
        self._boot(instance)

    def _remove(self, instance: _Instance) -> None:
        instance_id = instance.record.spec.instance_id
        if instance.process:
            instance.process.end(force=True)
        self._records.remove(instance_id)
        with self._lock:
            self._instances.pop(instance_id, None)
        self._notify(instance_id)

    def _kill_now(self, instance_id: str) -> None:
        """A forced stop ends a graceful stop that still waits."""
        with self._lock:
            instance = self._instances.get(instance_id)
        if instance and instance.process and instance.container.state is ContainerState.STOPPING:
            with suppress(ProcessLookupError):
                instance.process.kill()

    # ---- the snapshot ------------------------------------------------------------------------------------------------------------------

    def _watch(self, instance: _Instance, process: InstanceProcess) -> None:
        """One thread per process waits in the kernel until the process ends."""
        name = f"wait-{instance.record.spec.instance_id}"
        threading.Thread(target=lambda: self._exited(instance, process, process.wait()), name=name, daemon=True).start()

    def _exited(self, instance: _Instance, process: InstanceProcess | None, code: int | None) -> None:
        with self._lock:
            if process is None or instance.process is not process or self._closed:
                return
            instance.process = None
            expected = instance.container.state in UNAFFECTED or instance.container.state is ContainerState.STARTING
        if not expected:
            self._update(instance, state=ContainerState.EXITED, exit_code=code)

    def _adopt(self, record: Record) -> None:
        process = processes.find(record.pid, record.created)
        found = Container(
            instance_id=record.spec.instance_id,
            state=ContainerState.RUNNING if process else ContainerState.EXITED,
            started_at=self._clock.now() - process.age() * self._clock.speed if process else None,
            boots=record.boots,
            orphan=True,
        )
        instance = self._instances[record.spec.instance_id] = _Instance(record, found, process)
        if process:
            self._watch(instance, process)

    def _update(self, instance: _Instance, *, state: ContainerState, exit_code: int | None = None, error: str | None = None) -> None:
        with self._lock:
            instance.container = replace(instance.container, state=state, exit_code=exit_code, error=error)
        self._notify(instance.record.spec.instance_id)

    def _job_failed(self, instance_id: str, error: Exception) -> None:
        if instance := self._instances.get(instance_id):
            self._update(instance, state=ContainerState.FAILED, error=f"{type(error).__name__}: {error}")

    def _notify(self, instance_id: str) -> None:
        for callback in self._callbacks:
            callback(instance_id)

    def _host(self, private_ip_address: str) -> str:
        return "127." + private_ip_address.partition(".")[2] if self._per_address else "127.0.0.1"


def _environment(spec: LaunchSpec) -> dict[str, str]:
    """The environment variables that stand for instance-data.json of a container (app/app.py)."""
    return {
        "INSTANCE_ID": spec.instance_id,
        "AVAILABILITY_ZONE": spec.availability_zone,
        "AWS_REGION": spec.region,
        "INSTANCE_HOSTNAME": spec.private_dns_name.split(".")[0],
    }


def _boot_message(spec: LaunchSpec, boot: int) -> bytes:
    """The line in the console log at a boot."""
    if not spec.user_data:
        text = "the application starts"
    elif application_starts(spec.user_data, boot):
        text = "the process runtime does not run user data; the application starts as the script would have started it"
    elif spec.user_data.startswith(b"#!"):
        text = "user data runs at the first boot only; nothing starts the application"
    else:
        text = "user data without #! is not run; there is no application"
    return f"boot {boot} of {spec.instance_id}: {text}\n".encode()
