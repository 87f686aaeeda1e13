"""The verbs that the workers of the Docker runtime carry out: launch, start, stop, reboot, terminate, and those of faults.

Each returns, raises DriverUnavailable (the worker retries), or raises SandboxError with the sentence that becomes the instance's state
reason. All are idempotent.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http import HTTPStatus

from sandbox.core.errors import DriverUnavailable, SandboxError
from sandbox.drivers.runtime.base import Impairment, LaunchSpec
from sandbox.drivers.runtime.docker import impairments, labels
from sandbox.drivers.runtime.docker.engine import DockerEngine
from sandbox.drivers.runtime.docker.errors import DockerApiError
from sandbox.drivers.runtime.docker.image_maker import leftovers
from sandbox.drivers.runtime.docker.images import DockerImages
from sandbox.drivers.runtime.docker.networks import DockerNetworks
from sandbox.drivers.runtime.docker.watching.snapshot import UP

DEFAULT_IMAGE = "default"
REMOVALS, REMOVAL_PAUSE = 5, 0.5  # attempts of `sandbox down`, and real seconds between them
OTHERS_REMOVAL = 60.0  # real seconds for a removal that another client has begun
IN_PROGRESS = "already in progress"  # Docker's words about it
KILL_APPLICATION = "SIGUSR1"  # instance-init then kills every other process of the machine


class DockerVerbs:
    def __init__(self, engine: DockerEngine, networks: DockerNetworks, images: Mapping[str, str]) -> None:
        self._engine, self._networks, self._images = engine, networks, images
        self._own = DockerImages(engine, images[DEFAULT_IMAGE])

    def launch(self, spec: LaunchSpec) -> None:
        image = spec.image or self._images.get(spec.image_id) or self._images[DEFAULT_IMAGE]
        runs = self._own.config(spec)
        if not self._networks.routed:
            spec = replace(spec, mac_address=None)  # instances find each other themselves
        self._networks.ensure(spec)
        with _with_message(partial(_launch_error, spec, image)):
            try:
                self._engine.create_container(spec, image, runs)
            except DockerApiError as refused:
                found = self._engine.inspect(spec.instance_id) if refused.status == 409 else None
                if found is None:
                    if refused.status == 409 and self._engine.creation_in_progress(spec.instance_id):
                        raise DriverUnavailable(f"Docker is still creating the container of {spec.instance_id}.") from refused
                    raise
                if found.status != "created":
                    return  # created and started by an earlier control plane
            self._own.prepare(spec, runs)
            self._engine.start(spec.instance_id)

    def start_created(self, instance_id: str) -> None:
        """Of a container that an earlier control plane created and did not start."""
        info = self._engine.inspect(instance_id)
        if info is not None and info.spec is not None:
            self._own.prepare(info.spec, self._own.config(info.spec))
        self.start(instance_id)

    def start(self, instance_id: str) -> None:
        with _with_message(lambda text: f"Docker could not start {instance_id}: {text}"):
            self._engine.start(instance_id)

    def reboot(self, instance_id: str) -> None:
        with _with_message(lambda text: f"Docker could not reboot {instance_id}: {text}"):
            self._engine.restart(instance_id)

    def stop(self, instance_id: str, *, force: bool) -> None:
        with _until_ended(gone=(304, 404, 409)):
            self._engine.stop(instance_id, force=force)

    def terminate(self, instance_id: str) -> None:
        with _until_ended(gone=(404, 409)):
            self._engine.remove(instance_id)

    def crash(self, instance_id: str) -> None:
        with _until_ended(gone=(404, 409)):
            self._engine.kill(instance_id, "SIGKILL")

    def kill_application(self, instance_id: str) -> None:
        with _until_ended(gone=(404, 409)):
            self._engine.kill(instance_id, KILL_APPLICATION)

    def impair(self, instance_id: str, wanted: Impairment) -> None:
        """Brings a running container to this impairment, whatever it has now."""
        info = self._engine.inspect(instance_id)
        if info is None or info.spec is None or info.status not in UP:
            return
        limits = impairments.limits(info.spec, wanted, info.machine)
        with _with_message(lambda text: f"Docker could not impair {instance_id}: {text}"):
            if (info.nano_cpus, info.memory) != limits:
                self._engine.limit(instance_id, nano_cpus=limits[0], memory=limits[1])
            if wanted.frozen and info.status == "running":
                self._engine.pause(instance_id)
            if not wanted.frozen and info.status == "paused":
                self._engine.unpause(instance_id)


@contextmanager
def _with_message(sentence: Callable[[str], str]) -> Iterator[None]:
    try:
        yield
    except DockerApiError as refused:
        raise SandboxError(sentence(str(refused))) from refused


@contextmanager
def _until_ended(gone: tuple[int, ...]) -> Iterator[None]:
    """For verbs that end or remove a container: a server error (500) is retried; the statuses of `gone` mean that it is done."""
    try:
        yield
    except DockerApiError as refused:
        if refused.status >= 500:
            raise DriverUnavailable(str(refused)) from refused
        if refused.status not in gone:
            raise


def _launch_error(spec: LaunchSpec, image: str, text: str) -> str:
    if "No such image" in text:
        return f"The Docker image {image} does not exist. next: sandbox up"
    if "ddress already in use" in text:
        return f"The address {spec.private_ip_address} of {spec.instance_id} is in use in the Docker network of {spec.subnet_id}."
    if "no space left" in text:
        return "Docker has no disk space left."
    return f"Docker could not launch {spec.instance_id}: {text}"


def remove_all(engine: DockerEngine) -> tuple[str, ...]:
    """Removes the sandbox's containers, then its networks, and nothing else. Continues when one cannot be removed.

    → one sentence for each thing that could not be removed. Needs no running runtime: `sandbox down` calls it.
    """
    remaining = []
    try:
        for instance_id in engine.instance_ids():
            remaining += _attempt(f"container {labels.container_name(engine.name, instance_id)}", partial(engine.remove, instance_id))
        for what, removal in leftovers(engine):
            remaining += _attempt(what, removal)
        for network in engine.networks():
            if labels.ours(network.labels, engine.name):
                remaining += _attempt(f"network {network.name}", partial(engine.remove_network, network.name))
    except SandboxError as error:
        remaining.append(str(error))
    return tuple(remaining)


def _attempt(what: str, removal: Callable[[], None]) -> list[str]:
    """Docker fails to remove a container while it writes down what happened to it, such as the death of many processes: then again. After
    that it may go on to list a container that it no longer has. A removal that the control plane asked for before it was stopped goes on
    without it: then until it has ended."""
    left, deadline = REMOVALS, time.monotonic() + OTHERS_REMOVAL
    while True:
        try:
            removal()
            return []
        except SandboxError as error:
            status = error.status if isinstance(error, DockerApiError) else 0
            if status == HTTPStatus.NOT_FOUND:
                return []
            goes_on = status == HTTPStatus.CONFLICT and IN_PROGRESS in str(error) and time.monotonic() < deadline
            left -= not goes_on
            if not goes_on and (left == 0 or status < HTTPStatus.INTERNAL_SERVER_ERROR):
                return [f"The {what} could not be removed: {error}"]
            time.sleep(REMOVAL_PAUSE)
