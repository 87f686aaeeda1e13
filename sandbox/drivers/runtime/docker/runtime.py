"""Runs each instance as a container of the Docker engine.

Verbs run in worker threads. watching/ has what is known about each container, and keeps it up to date from Docker's events.
Containers are recognized by labels only (labels.py); those of an earlier control plane are adopted as orphans.
"""

from collections.abc import Callable, Mapping

from sandbox.core.clock import Clock
from sandbox.core.errors import DriverUnavailable, SandboxError
from sandbox.drivers.liveness import LivenessCheck
from sandbox.drivers.runtime.base import Container, ContainerState, Impairment, LaunchSpec, Shell
from sandbox.drivers.runtime.commands import Cancellation, CommandResult, MachineCommand
from sandbox.drivers.runtime.docker import labels
from sandbox.drivers.runtime.docker.commands.execs import DockerCommands
from sandbox.drivers.runtime.docker.commands.terminals import open_terminal
from sandbox.drivers.runtime.docker.engine import DockerEngine
from sandbox.drivers.runtime.docker.image_maker import DockerImageMaker
from sandbox.drivers.runtime.docker.images import ImageMissing
from sandbox.drivers.runtime.docker.networks import DockerNetworks
from sandbox.drivers.runtime.docker.router import Router
from sandbox.drivers.runtime.docker.verbs import DEFAULT_IMAGE, DockerVerbs, remove_all
from sandbox.drivers.runtime.docker.watching.console import with_kernel_messages
from sandbox.drivers.runtime.docker.watching.disk import Disk, DiskGuard
from sandbox.drivers.runtime.docker.watching.snapshot import Pending
from sandbox.drivers.runtime.docker.watching.tracker import ContainerTracker
from sandbox.drivers.runtime.docker.watching.user_data import read_result
from sandbox.drivers.runtime.docker.watching.watcher import DockerWatcher
from sandbox.drivers.runtime.terminals import Terminal
from sandbox.drivers.runtime.user_data.results import BootResult
from sandbox.drivers.runtime.user_data.watch import ResultWatch
from sandbox.drivers.worker import Workers

__all__ = ["DEFAULT_IMAGE", "DockerRuntime"]

WORKERS = 4  # more were not faster on two cores
FIRST_REFRESH_TIMEOUT = 15.0  # real seconds that the constructor waits for Docker's first response
LIVENESS_INTERVAL, LIVENESS_TIMEOUT = 3.0, 4.0  # real seconds
CONSOLE = 64 << 10  # bytes
CONSOLE_LINES = 5_000


class DockerRuntime:
    """`name`: of the sandbox, for labels and names. `images`: AMI id → Docker image; "default" is used for all other AMIs. `disk`: None if
    the disk of the containers is not to be watched."""

    name = "docker"

    def __init__(
        self, clock: Clock, name: str, docker_host: str | None, router: Router | None, images: Mapping[str, str], disk: Disk | None = None
    ) -> None:
        if not labels.VALID_NAME.fullmatch(name):
            raise SandboxError(f"invalid sandbox name {name!r}: expected lowercase letters, digits, dots, dashes and underscores")
        if DEFAULT_IMAGE not in images:
            raise SandboxError(f"the Docker runtime needs an image {DEFAULT_IMAGE!r} for AMIs without an image of their own")
        self._engine = DockerEngine(name, docker_host)
        self._networks = DockerNetworks(self._engine, router)
        self._verbs = DockerVerbs(self._engine, self._networks, dict(images))
        self._commands = DockerCommands(self._engine)
        self.images = DockerImageMaker(self._engine)
        self._liveness_engine = DockerEngine(name, docker_host, timeout=LIVENESS_TIMEOUT)
        self._liveness = LivenessCheck("docker-liveness", LIVENESS_INTERVAL, self._liveness_engine.answers)
        self._liveness.start()
        self._workers = Workers(WORKERS, "docker", self._job_failed)
        self._tracker = ContainerTracker(clock, self._engine, on_created=self._start_created, on_boot=self._booted)
        self._results = ResultWatch(self._read_result, self._tracker.set_user_data)
        self._watcher = DockerWatcher(self._engine, self._networks, self._tracker, self._workers, images)
        self._watcher.start(FIRST_REFRESH_TIMEOUT)
        self._disk = DiskGuard(disk, self._engine.written, self._disk_full) if disk else None
        if self._disk:
            self._disk.start()

    # ---- verbs -------------------------------------------------------------------------------------------------------------------------

    def launch(self, spec: LaunchSpec) -> None:
        number = self._tracker.add(spec.instance_id)
        if number is not None:
            self._submit(spec.instance_id, number, lambda: self._launch(spec))

    def start(self, instance_id: str) -> None:
        self._request(
            instance_id, Pending.STARTING, (ContainerState.EXITED, ContainerState.STOPPING), lambda: self._verbs.start(instance_id)
        )

    def stop(self, instance_id: str, *, force: bool = False) -> None:
        states = (ContainerState.RUNNING, ContainerState.STARTING) + ((ContainerState.STOPPING,) if force else ())
        self._request(instance_id, Pending.STOPPING, states, lambda: self._verbs.stop(instance_id, force=force))

    def reboot(self, instance_id: str) -> None:
        self._request(instance_id, Pending.REBOOTING, (ContainerState.RUNNING,), lambda: self._verbs.reboot(instance_id))

    def terminate(self, instance_id: str) -> None:
        everything_else = tuple(s for s in ContainerState if s is not ContainerState.REMOVING)
        self._request(instance_id, Pending.REMOVING, everything_else, lambda: self._verbs.terminate(instance_id))

    def impair(self, instance_id: str, impairment: Impairment) -> None:
        """The worker carries out what was requested last."""
        if self._tracker.request_impairment(instance_id, impairment):
            self._workers.submit(instance_id, lambda: self._impair(instance_id))

    def cannot_impair(self, impairment: Impairment) -> str | None:
        return None

    def kill_application(self, instance_id: str) -> None:
        if self._tracker.runs(instance_id):
            self._workers.submit(instance_id, lambda: self._verbs.kill_application(instance_id))

    def crash(self, instance_id: str) -> None:
        """Docker's event tells the end of the container."""
        if self._tracker.runs(instance_id):
            self._workers.submit(instance_id, lambda: self._verbs.crash(instance_id))

    def remove_all(self) -> tuple[str, ...]:
        """Also the networks of the sandbox's subnets."""
        return remove_all(self._engine)

    # ---- reads -------------------------------------------------------------------------------------------------------------------------

    def containers(self) -> Mapping[str, Container]:
        return self._tracker.containers()

    def endpoint(self, private_ip_address: str, port: int) -> tuple[str, int]:
        """The address itself: a Linux host reaches containers directly, and in compose this process is in the router's namespace."""
        return private_ip_address, port

    def console_output(self, instance_id: str) -> bytes:
        kills, memory_mib = self._tracker.oom_kills(instance_id)
        written = self._engine.logs(instance_id, CONSOLE_LINES, timestamps=bool(kills))
        return (with_kernel_messages(written, kills, memory_mib) if kills else written)[-CONSOLE:]

    def run_command(self, instance_id: str, command: MachineCommand, cancellation: Cancellation | None = None) -> CommandResult:
        return self._commands.run(instance_id, command, cancellation or Cancellation())

    def open_terminal(self, instance_id: str) -> Terminal:
        found = self.containers().get(instance_id)
        if found is None or found.state is not ContainerState.RUNNING or found.impairment.frozen:  # Docker starts no exec in a paused one
            raise KeyError(instance_id)
        return open_terminal(self._engine, instance_id)

    def shell(self, instance_id: str) -> Shell | None:
        found = self.containers().get(instance_id)
        if found is None or found.state is not ContainerState.RUNNING:
            return None
        return Shell(container=labels.container_name(self._engine.name, instance_id))

    def reachable(self, instance_id: str) -> bool | None:
        return self._tracker.reachable(instance_id)

    def check_cidr(self, cidr: str) -> str | None:
        """By the latest snapshot of Docker's networks and the host's routes."""
        return self._networks.check_cidr(cidr)

    def available(self) -> str | None:
        frozen = "Docker does not answer: it accepts connections, but sends no response." if self._liveness.failed else None
        return self._watcher.unobserved or frozen or self._watcher.missing_image

    def on_change(self, callback: Callable[[str], None]) -> None:
        self._tracker.on_change(callback)

    def close(self) -> None:
        if self._disk:
            self._disk.stop()
        self._watcher.stop_reading()
        self._workers.close()
        self.images.close()
        self._watcher.join()
        self._liveness.stop()
        self._liveness_engine.close()
        self._results.close()
        self._engine.close()

    # ---- jobs (worker threads) ------------------------------------------------------------------------------------------------------

    def _request(self, instance_id: str, pending: Pending, states: tuple[ContainerState, ...], job: Callable[[], None]) -> None:
        number = self._tracker.request(instance_id, pending, states)
        if number is not None:
            self._submit(instance_id, number, job)

    def _submit(self, instance_id: str, number: int, job: Callable[[], None]) -> None:
        def run_job() -> None:
            failed = self._attempt(job)
            self._tracker.refresh(instance_id)
            self._tracker.complete(instance_id, number, str(failed) if failed else None, image_missing=isinstance(failed, ImageMissing))

        self._tracker.notify(instance_id)
        self._workers.submit(instance_id, run_job)

    def _attempt(self, job: Callable[[], None]) -> SandboxError | None:
        """→ why Docker refused it permanently. Raises DriverUnavailable, so that the worker tries again."""
        try:
            job()
        except DriverUnavailable:
            raise
        except SandboxError as error:
            return error
        return None

    def _launch(self, spec: LaunchSpec) -> None:
        if self._tracker.awaits_launch(spec.instance_id):
            self._verbs.launch(spec)

    def _booted(self, instance_id: str) -> None:
        self._results.expect(instance_id)

    def _read_result(self, instance_id: str) -> BootResult | None:
        return read_result(self._engine, instance_id, self._tracker.started(instance_id))

    def _impair(self, instance_id: str) -> None:
        wanted = self._tracker.wanted_impairment(instance_id)
        failed = self._attempt(lambda: self._verbs.impair(instance_id, wanted)) if wanted is not None else None
        self._tracker.refresh(instance_id)
        self._tracker.complete_impairment(instance_id, str(failed) if failed else None)

    def _start_created(self, instance_id: str) -> None:
        """An earlier control plane ended between creating and starting it."""

        def start() -> None:
            self._verbs.start_created(instance_id)
            self._tracker.refresh(instance_id)

        self._workers.submit(instance_id, start)

    def _disk_full(self, instance_id: str, written: int) -> None:
        """Not a verb of the workers: it must not wait behind others while the disk fills."""
        if self._tracker.runs(instance_id) and self._tracker.containers()[instance_id].disk_full is None:
            self._engine.pause(instance_id)
            self._tracker.mark_disk_full(instance_id, written)

    def _job_failed(self, instance_id: str, error: Exception) -> None:
        """A bug in a verb becomes the error of the instance, not the silent end of a thread."""
        self._tracker.complete(instance_id, 0, f"{type(error).__name__}: {error}")
