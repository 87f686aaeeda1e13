"""Runs each instance as a container of the Docker engine: the real runtime.

Verbs go to a few worker threads. One more thread holds Docker's event stream: it looks at everything when the stream opens, and at a
container when the stream tells of it, so the picture is right within milliseconds, and right again after Docker or the control plane was
away. What is ours is known by labels only (labels.py); containers of an earlier run are taken in as orphans.
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
from sandbox.drivers.runtime.docker.engine import DockerEngine, Facts
from sandbox.drivers.runtime.docker.networks import DockerNetworks
from sandbox.drivers.runtime.docker.router import Router
from sandbox.drivers.runtime.docker.snapshot import UP, Doing, Machine, picture, reachable
from sandbox.drivers.runtime.docker.verbs import DEFAULT_IMAGE, DockerVerbs, remove_all
from sandbox.drivers.worker import FIRST_BACKOFF, LONGEST_BACKOFF, Workers

__all__ = ["DEFAULT_IMAGE", "DockerRuntime"]

WORKERS = 4  # more were not faster on two cores (runtime.md section 3)
FIRST_LOOK = 15.0  # real seconds that the constructor waits for Docker's first answer
LIVENESS_INTERVAL, LIVENESS_TIMEOUT = 3.0, 4.0  # real seconds
CONSOLE = 64 << 10  # bytes
CONSOLE_LINES = 5_000
ACTIONS = ("start", "die", "oom", "pause", "unpause", "destroy")


class DockerRuntime:
    """`name` is the label and prefix of everything of this sandbox. `images`: AMI id → Docker image; "default" for all others."""

    name = "docker"

    def __init__(self, clock: Clock, name: str, docker_host: str | None, router: Router | None, images: Mapping[str, str]) -> None:
        if not labels.VALID_NAME.fullmatch(name):
            raise SandboxError(f"{name!r} cannot be a sandbox's name: small letters, digits, dot, dash and underscore only.")
        if DEFAULT_IMAGE not in images:
            raise SandboxError(f"The Docker runtime's images lack {DEFAULT_IMAGE!r}, the one for all AMIs that have none of their own.")
        self._clock, self._images = clock, dict(images)
        self._engine = DockerEngine(name, docker_host)
        self._networks = DockerNetworks(self._engine, router)
        self._verbs = DockerVerbs(self._engine, self._networks, self._images)
        self._machines: dict[str, Machine] = {}
        self._lock = threading.Lock()  # round _machines; never held during I/O
        self._looking = threading.Lock()  # one look at a time, so that an older answer never replaces a newer one
        self._callbacks: list[Callable[[str], None]] = []
        self._unseen: str | None = "Docker was not asked yet."  # why the last look at everything did not succeed
        self._missing: str | None = None  # the image that is not there
        self._stream: Any = None
        self._closing = threading.Event()
        self._looked = threading.Event()
        self._liveness_engine = DockerEngine(name, docker_host, timeout=LIVENESS_TIMEOUT)
        self._liveness = LivenessCheck("docker-liveness", LIVENESS_INTERVAL, self._liveness_engine.answers)
        self._liveness.start()
        self._workers = Workers(WORKERS, "docker", self._job_failed)
        self._watcher = threading.Thread(target=self._watch, name="docker-events", daemon=True)
        self._watcher.start()
        self._looked.wait(FIRST_LOOK)

    # ---- verbs -------------------------------------------------------------------------------------------------------------------------

    def launch(self, spec: LaunchSpec) -> None:
        with self._lock:
            if spec.instance_id in self._machines:
                return
            machine = self._machines[spec.instance_id] = Machine()
            number = machine.ask(Doing.STARTING)
        self._submit(spec.instance_id, number, lambda: self._launch(spec))

    def start(self, instance_id: str) -> None:
        self._ask(instance_id, Doing.STARTING, (ContainerState.EXITED, ContainerState.STOPPING), lambda: self._verbs.start(instance_id))

    def stop(self, instance_id: str, *, force: bool = False) -> None:
        states = (ContainerState.RUNNING, ContainerState.STARTING) + ((ContainerState.STOPPING,) if force else ())
        self._ask(instance_id, Doing.STOPPING, states, lambda: self._verbs.stop(instance_id, force=force))

    def reboot(self, instance_id: str) -> None:
        self._ask(instance_id, Doing.REBOOTING, (ContainerState.RUNNING,), lambda: self._verbs.reboot(instance_id))

    def terminate(self, instance_id: str) -> None:
        everything_else = tuple(s for s in ContainerState if s is not ContainerState.REMOVING)
        self._ask(instance_id, Doing.REMOVING, everything_else, lambda: self._verbs.terminate(instance_id))

    def remove_all(self) -> tuple[str, ...]:
        """And the networks of the sandbox's subnets."""
        return remove_all(self._engine)

    # ---- reads -------------------------------------------------------------------------------------------------------------------------

    def containers(self) -> Mapping[str, Container]:
        with self._lock:
            return {instance_id: picture(instance_id, machine) for instance_id, machine in self._machines.items()}

    def endpoint(self, private_ip_address: str, port: int) -> tuple[str, int]:
        """The address itself: on Linux the host reaches containers, and behind a router this process is in the router's namespace."""
        return private_ip_address, port

    def console_output(self, instance_id: str) -> bytes:
        return self._engine.logs(instance_id, CONSOLE_LINES)[-CONSOLE:]

    def reachable(self, instance_id: str) -> bool | None:
        with self._lock:
            machine = self._machines.get(instance_id)
            return reachable(machine) if machine else None

    def check_cidr(self, cidr: str) -> str | None:
        """By the latest look at Docker's networks and the host's routes."""
        return self._networks.check_cidr(cidr)

    def available(self) -> str | None:
        silent = "Docker does not answer: it is there, and stands still." if self._liveness.failed else None
        return self._unseen or silent or self._missing

    def on_change(self, callback: Callable[[str], None]) -> None:
        self._callbacks.append(callback)

    def close(self) -> None:
        self._closing.set()
        if self._stream is not None:
            with suppress(OSError, AttributeError, ValueError):  # the SDK closes what may be closed already
                self._stream.close()
        self._workers.close()
        self._watcher.join(timeout=5)
        self._liveness.stop()
        self._liveness_engine.close()
        self._engine.close()

    # ---- carrying out (worker threads) ----------------------------------------------------------------------------------------------

    def _ask(self, instance_id: str, doing: Doing, states: tuple[ContainerState, ...], job: Callable[[], None]) -> None:
        """Nothing happens when there is no such container, or when its state says that the verb is done, under way, or senseless."""
        with self._lock:
            machine = self._machines.get(instance_id)
            if machine is None or picture(instance_id, machine).state not in states:
                return
            number = machine.ask(doing)
        self._submit(instance_id, number, job)

    def _submit(self, instance_id: str, number: int, job: Callable[[], None]) -> None:
        def carry_out() -> None:
            failed = None
            try:
                job()
            except DriverUnavailable:
                raise
            except SandboxError as error:
                failed = str(error)
            self._look(instance_id)
            self._done(instance_id, number, failed)

        self._changed(instance_id)
        self._workers.submit(instance_id, carry_out)

    def _launch(self, spec: LaunchSpec) -> None:
        with self._lock:
            machine = self._machines.get(spec.instance_id)
            unwanted = machine is None or machine.doing is Doing.REMOVING
        if not unwanted:
            self._verbs.launch(spec)

    def _done(self, instance_id: str, number: int, failed: str | None) -> None:
        with self._lock:
            if machine := self._machines.get(instance_id):
                machine.done(number, failed)
        self._changed(instance_id)

    def _job_failed(self, instance_id: str, error: Exception) -> None:
        """A bug in a verb: the instance's failure says so, instead of a thread that died silently."""
        self._done(instance_id, 0, f"{type(error).__name__}: {error}")

    # ---- the picture (the events' thread; looks also from workers) ---------------------------------------------------------------------

    def _watch(self) -> None:
        failures = 0
        while not self._closing.is_set():
            try:
                with self._engine.events() as self._stream:  # opened before the look: nothing in between is lost
                    self._look_at_all()
                    failures = 0
                    for event in self._stream:
                        self._take(event)
            except Exception as error:  # whatever it was (Docker went, a line was cut off): look at everything again
                self._unseen = str(error)
                self._looked.set()
                failures += 1
            self._closing.wait(backoff(failures, first=FIRST_BACKOFF, longest=LONGEST_BACKOFF) if failures else 0.0)

    def _look_at_all(self) -> None:
        self._networks.look()
        self._networks.attach_all()
        self._check_images()
        with self._lock:
            known = {i for i, m in self._machines.items() if m.facts is not None}
        for instance_id in sorted({*known, *self._engine.instance_ids()}):
            self._look(instance_id)
        self._unseen = None
        self._looked.set()
        self._workers.retry_now()

    def _check_images(self) -> None:
        missing = [image for image in dict.fromkeys(self._images.values()) if not self._engine.has_image(image)]
        self._missing = f"The image {missing[0]} is not there: run make images." if missing else None

    def _take(self, event: Mapping[str, Any]) -> None:
        attributes = event.get("Actor", {}).get("Attributes", {})
        match event.get("Type"), event.get("Action", "").split(":")[0]:
            case "container", "die" | "start" | "pause" | "unpause" | "oom" | "destroy" as action if labels.ours(
                attributes, self._engine.name
            ):
                instance_id = attributes.get(labels.INSTANCE_ID, "")
                if action == "die":
                    self._died(instance_id, event)
                self._look(instance_id)
            case "network", "connect" | "disconnect":
                with self._lock:
                    mine = [i for i, m in self._machines.items() if m.facts and m.facts.container_id == attributes.get("container")]
                for instance_id in mine:
                    self._look(instance_id)
            case "network", "create" | "destroy":
                self._networks.look()
            case "image", "tag" | "untag" | "delete" | "load" | "import":
                self._check_images()

    def _died(self, instance_id: str, event: Mapping[str, Any]) -> None:
        """At once, without asking: Docker answers only when it has taken the network down. Unless it was started again since."""
        when = datetime.fromtimestamp(event["timeNano"] / 1e9, UTC)
        with self._lock:
            machine = self._machines.get(instance_id)
            if machine is None or machine.facts is None or machine.facts.status not in UP or when < machine.facts.started_at:
                return
            code = int(event["Actor"]["Attributes"].get("exitCode", 0))
            self._learn(machine, replace(machine.facts, status="exited", exit_code=code))
        self._changed(instance_id)

    def _look(self, instance_id: str) -> None:
        """Asks Docker about one container and takes in the answer; tells when the picture changed."""
        with self._looking:
            facts = self._engine.inspect(instance_id)
            with self._lock:
                before = self._machines.get(instance_id)
                seen = picture(instance_id, before) if before else None
                if facts is None:
                    now = None if before is None or before.facts or before.doing is Doing.REMOVING else seen
                    if now is None:
                        self._machines.pop(instance_id, None)
                else:
                    machine = self._machines.setdefault(instance_id, Machine(orphan=True))
                    self._learn(machine, facts)
                    now = picture(instance_id, machine)
        if before is None and now and facts and facts.status == "created" and not facts.error:
            self._workers.submit(instance_id, lambda: self._start_left(instance_id))
        if now != seen:
            self._changed(instance_id)

    def _learn(self, machine: Machine, facts: Facts) -> None:
        machine.learn(facts, self._clock, datetime.now(UTC))

    def _start_left(self, instance_id: str) -> None:
        """An earlier run was ended between making and starting it."""
        self._verbs.start(instance_id)
        self._look(instance_id)

    def _changed(self, instance_id: str) -> None:
        for callback in self._callbacks:
            callback(instance_id)
