"""The verbs that the workers of the Docker runtime carry out: launch, start, stop, reboot, terminate.

Each returns, raises DriverUnavailable (the worker retries), or raises SandboxError with the sentence that becomes the instance's state
reason. All are idempotent.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from sandbox.core.errors import DriverUnavailable, SandboxError
from sandbox.drivers.runtime.base import LaunchSpec
from sandbox.drivers.runtime.docker import labels
from sandbox.drivers.runtime.docker.engine import DockerApiError, DockerEngine
from sandbox.drivers.runtime.docker.networks import DockerNetworks

DEFAULT_IMAGE = "default"


class DockerVerbs:
    def __init__(self, engine: DockerEngine, networks: DockerNetworks, images: Mapping[str, str]) -> None:
        self._engine, self._networks, self._images = engine, networks, images

    def launch(self, spec: LaunchSpec) -> None:
        image = self._images.get(spec.image_id) or self._images[DEFAULT_IMAGE]
        self._networks.ensure(spec)
        with _with_message(partial(_launch_error, spec, image)):
            try:
                self._engine.create_container(spec, image)
            except DockerApiError as refused:
                found = self._engine.inspect(spec.instance_id) if refused.status == 409 else None
                if found is None:
                    if refused.status == 409 and self._engine.creation_in_progress(spec.instance_id):
                        raise DriverUnavailable(f"Docker is still creating the container of {spec.instance_id}.") from refused
                    raise
                if found.status != "created":
                    return  # created and started by an earlier control plane
            self._engine.start(spec.instance_id)

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
        return f"The Docker image {image} does not exist. next: make images"
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
        for network in engine.networks():
            if labels.ours(network.labels, engine.name):
                remaining += _attempt(f"network {network.name}", partial(engine.remove_network, network.name))
    except SandboxError as error:
        remaining.append(str(error))
    return tuple(remaining)


def _attempt(what: str, removal: Callable[[], None]) -> list[str]:
    try:
        removal()
    except SandboxError as error:
        return [f"The {what} could not be removed: {error}"]
    return []
