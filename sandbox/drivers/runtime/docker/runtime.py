"""Runs each instance as a container of the Docker engine.

Verbs run in worker threads. Another thread reads Docker's event stream: it inspects all containers when the stream opens, and one container
for each of its events. So the snapshot is at most milliseconds old, and correct again after Docker or the control plane was down.
Containers are recognized by labels only (labels.py); those of an earlier control plane are adopted as orphans.
"""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sandbox.core.backoff import backoff
from sandbox.core.clock import Clock
from sandbox.core.errors import DriverUnavailable, SandboxError
from sandbox.drivers.liveness import LivenessCheck
from sandbox.drivers.runtime.base import Container, ContainerState, LaunchSpec
from sandbox.drivers.runtime.docker import labels
from sandbox.drivers.runtime.docker.engine import ContainerInfo, DockerEngine
from sandbox.drivers.runtime.docker.networks import DockerNetworks
from sandbox.drivers.runtime.docker.router import Router
from sandbox.drivers.runtime.docker.snapshot import UP, Pending, TrackedContainer, observed, reachable
from sandbox.drivers.runtime.docker.verbs import DEFAULT_IMAGE, DockerVerbs, remove_all
from sandbox.drivers.worker import FIRST_BACKOFF, LONGEST_BACKOFF, Workers

__all__ = ["DEFAULT_IMAGE", "DockerRuntime"]

WORKERS = 4  # more were not faster on two cores
FIRST_REFRESH_TIMEOUT = 15.0  # real seconds that the constructor waits for Docker's first response
LIVENESS_INTERVAL, LIVENESS_TIMEOUT = 3.0, 4.0  # real seconds
CONSOLE = 64 << 10  # bytes
CONSOLE_LINES = 5_000
ACTIONS = ("start", "die", "oom", "pause", "unpause", "destroy")


class DockerRuntime:
    """`name`: of the sandbox, for labels and names. `images`: AMI id → Docker image; "default" is used for all other AMIs."""

    name = "docker"

    def __init__(self, clock: Clock, name: str, docker_host: str | None, router: Router | None, images: Mapping[str, str]) -> None:
        if not labels.VALID_NAME.fullmatch(name):
            raise SandboxError(f"invalid sandbox name {name!r}: expected lowercase letters, digits, dots, dashes and underscores")
        if DEFAULT_IMAGE not in images:
            raise SandboxError(f"the Docker runtime needs an image {DEFAULT_IMAGE!r} for AMIs without an image of their own")
        self._clock, self._images = clock, dict(images)
        self._engine = DockerEngine(name, docker_host)
        self._networks = DockerNetworks(self._engine, router)
        self._verbs = DockerVerbs(self._engine, self._networks, self._images)
        self._tracked: dict[str, TrackedContainer] = {}
        self._lock = threading.Lock()  # guards _tracked; never held during I/O
        self._refreshing = threading.Lock()  # one inspection at a time: an older response never replaces a newer one
        self._callbacks: list[Callable[[str], None]] = []
        self._unobserved: str | None = "Docker has not answered yet."  # why the last refresh of all containers failed
        self._missing_image: str | None = None  # why instances cannot be launched
        self._stream: Any = None
        self._closing = threading.Event()
        self._refreshed = threading.Event()
        self._liveness_engine = DockerEngine(name, docker_host, timeout=LIVENESS_TIMEOUT)
        self._liveness = LivenessCheck("docker-liveness", LIVENESS_INTERVAL, self._liveness_engine.answers)
        self._liveness.start()
        self._workers = Workers(WORKERS, "docker", self._job_failed)
        self._watcher = threading.Thread(target=self._watch, name="docker-events", daemon=True)
        self._watcher.start()
        self._refreshed.wait(FIRST_REFRESH_TIMEOUT)

    # ---- verbs -------------------------------------------------------------------------------------------------------------------------

    def launch(self, spec: LaunchSpec) -> None:
        with self._lock:
            if spec.instance_id in self._tracked:
                return
            tracked = self._tracked[spec.instance_id] = TrackedContainer()
            number = tracked.request(Pending.STARTING)
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

    def remove_all(self) -> tuple[str, ...]:
        """Also the networks of the sandbox's subnets."""
        return remove_all(self._engine)

    # ---- reads -------------------------------------------------------------------------------------------------------------------------

    def containers(self) -> Mapping[str, Container]:
        with self._lock:
            return {instance_id: observed(instance_id, tracked) for instance_id, tracked in self._tracked.items()}

    def endpoint(self, private_ip_address: str, port: int) -> tuple[str, int]:
        """The address itself: a Linux host reaches containers directly, and in compose this process is in the router's namespace."""
        return private_ip_address, port

    def console_output(self, instance_id: str) -> bytes:
        return self._engine.logs(instance_id, CONSOLE_LINES)[-CONSOLE:]

    def reachable(self, instance_id: str) -> bool | None:
        with self._lock:
            tracked = self._tracked.get(instance_id)
            return reachable(tracked) if tracked else None

    def check_cidr(self, cidr: str) -> str | None:
        """By the latest snapshot of Docker's networks and the host's routes."""
        return self._networks.check_cidr(cidr)

    def available(self) -> str | None:
        frozen = "Docker does not answer: it accepts connections, but sends no response." if self._liveness.failed else None
        return self._unobserved or frozen or self._missing_image

    def on_change(self, callback: Callable[[str], None]) -> None:
        self._callbacks.append(callback)

    def close(self) -> None:
        self._closing.set()
        if self._stream is not None:
            with suppress(OSError, AttributeError, ValueError):  # the SDK may have closed it already
                self._stream.close()
        self._workers.close()
        self._watcher.join(timeout=5)
        self._liveness.stop()
        self._liveness_engine.close()
        self._engine.close()

    # ---- jobs (worker threads) ------------------------------------------------------------------------------------------------------

    def _request(self, instance_id: str, pending: Pending, states: tuple[ContainerState, ...], job: Callable[[], None]) -> None:
        """No effect when there is no such container, or when it is not in one of these states: the verb is done, in progress or not
        applicable."""
        with self._lock:
            tracked = self._tracked.get(instance_id)
            if tracked is None or observed(instance_id, tracked).state not in states:
                return
            number = tracked.request(pending)
        self._submit(instance_id, number, job)

    def _submit(self, instance_id: str, number: int, job: Callable[[], None]) -> None:
        def run_job() -> None:
            failed = None
            try:
                job()
            except DriverUnavailable:
                raise
            except SandboxError as error:
                failed = str(error)
            self._refresh(instance_id)
            self._complete(instance_id, number, failed)

        self._notify(instance_id)
        self._workers.submit(instance_id, run_job)

    def _launch(self, spec: LaunchSpec) -> None:
        with self._lock:
            tracked = self._tracked.get(spec.instance_id)
            cancelled = tracked is None or tracked.pending is Pending.REMOVING
        if not cancelled:
            self._verbs.launch(spec)

    def _complete(self, instance_id: str, number: int, failed: str | None) -> None:
        with self._lock:
            if tracked := self._tracked.get(instance_id):
                tracked.complete(number, failed)
        self._notify(instance_id)

    def _job_failed(self, instance_id: str, error: Exception) -> None:
        """A bug in a verb becomes the error of the instance, not the silent end of a thread."""
        self._complete(instance_id, 0, f"{type(error).__name__}: {error}")

    # ---- the snapshot (event thread; also refreshed by workers) ------------------------------------------------------------------------

    def _watch(self) -> None:
        failures = 0
        while not self._closing.is_set():
            try:
                with self._engine.events() as self._stream:  # opened before the refresh: no event in between is lost
                    self._refresh_all()
                    failures = 0
                    for event in self._stream:
                        self._handle_event(event)
            except Exception as error:  # Docker stopped, or a line was truncated: refresh all containers again
                self._unobserved = str(error)
                self._refreshed.set()
                failures += 1
            self._closing.wait(backoff(failures, first=FIRST_BACKOFF, longest=LONGEST_BACKOFF) if failures else 0.0)

    def _refresh_all(self) -> None:
        self._networks.refresh()
        self._networks.attach_all()
        self._check_images()
        with self._lock:
            known = {i for i, m in self._tracked.items() if m.info is not None}
        for instance_id in sorted({*known, *self._engine.instance_ids()}):
            self._refresh(instance_id)
        self._unobserved = None
        self._refreshed.set()
        self._workers.retry_now()

    def _check_images(self) -> None:
        missing = [image for image in dict.fromkeys(self._images.values()) if not self._engine.has_image(image)]
        self._missing_image = f"The Docker image {missing[0]} does not exist. next: make images" if missing else None

    def _handle_event(self, event: Mapping[str, Any]) -> None:
        attributes = event.get("Actor", {}).get("Attributes", {})
        match event.get("Type"), event.get("Action", "").split(":")[0]:
            case "container", "die" | "start" | "pause" | "unpause" | "oom" | "destroy" as action if labels.ours(
                attributes, self._engine.name
            ):
                instance_id = attributes.get(labels.INSTANCE_ID, "")
                if action == "die":
                    self._mark_exited(instance_id, event)
                self._refresh(instance_id)
            case "network", "connect" | "disconnect":
                with self._lock:
                    mine = [i for i, m in self._tracked.items() if m.info and m.info.container_id == attributes.get("container")]
                for instance_id in mine:
                    self._refresh(instance_id)
            case "network", "create" | "destroy":
                self._networks.refresh()
            case "image", "tag" | "untag" | "delete" | "load" | "import":
                self._check_images()

    def _mark_exited(self, instance_id: str, event: Mapping[str, Any]) -> None:
        """Updates the snapshot from the event, unless the container was started again since. Docker would answer an inspect call only after
        it has taken the network down."""
        when = datetime.fromtimestamp(event["timeNano"] / 1e9, UTC)
        with self._lock:
            tracked = self._tracked.get(instance_id)
            if tracked is None or tracked.info is None or tracked.info.status not in UP or when < tracked.info.started_at:
                return
            code = int(event["Actor"]["Attributes"].get("exitCode", 0))
            self._update(tracked, replace(tracked.info, status="exited", exit_code=code))
        self._notify(instance_id)

    def _refresh(self, instance_id: str) -> None:
        """Inspects one container, updates the snapshot, and notifies when it changed."""
        with self._refreshing:
            info = self._engine.inspect(instance_id)
            with self._lock:
                before = self._tracked.get(instance_id)
                seen = observed(instance_id, before) if before else None
                if info is None:
                    now = None if before is None or before.info or before.pending is Pending.REMOVING else seen
                    if now is None:
                        self._tracked.pop(instance_id, None)
                else:
                    tracked = self._tracked.setdefault(instance_id, TrackedContainer(orphan=True))
                    self._update(tracked, info)
                    now = observed(instance_id, tracked)
        if before is None and now and info and info.status == "created" and not info.error:
            self._workers.submit(instance_id, lambda: self._start_created(instance_id))
        if now != seen:
            self._notify(instance_id)

    def _update(self, tracked: TrackedContainer, info: ContainerInfo) -> None:
        tracked.update(info, self._clock, datetime.now(UTC))

    def _start_created(self, instance_id: str) -> None:
        """An earlier control plane ended between creating and starting it."""
        self._verbs.start(instance_id)
        self._refresh(instance_id)

    def _notify(self, instance_id: str) -> None:
        for callback in self._callbacks:
            callback(instance_id)
