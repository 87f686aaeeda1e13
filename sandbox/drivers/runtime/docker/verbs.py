"""What the workers of the Docker runtime carry out, each in one go: launch, start, stop, reboot, terminate.

Each ends well, raises DriverUnavailable (the worker tries again), or raises SandboxError with the one sentence that becomes the instance's
state reason. A verb whose effect is there already ends well.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from sandbox.core.errors import DriverUnavailable, SandboxError
from sandbox.drivers.runtime.base import LaunchSpec
from sandbox.drivers.runtime.docker import labels
from sandbox.drivers.runtime.docker.engine import DockerEngine, Refused
from sandbox.drivers.runtime.docker.networks import DockerNetworks

DEFAULT_IMAGE = "default"


class DockerVerbs:
    def __init__(self, engine: DockerEngine, networks: DockerNetworks, images: Mapping[str, str]) -> None:
        self._engine, self._networks, self._images = engine, networks, images

    def launch(self, spec: LaunchSpec) -> None:
        image = self._images.get(spec.image_id) or self._images[DEFAULT_IMAGE]
        self._networks.ensure(spec)
        with _explained(partial(_why_not, spec, image)):
            try:
                self._engine.create_container(spec, image)
            except Refused as refused:
                found = self._engine.inspect(spec.instance_id) if refused.status == 409 else None
                if found is None:
                    if refused.status == 409 and self._engine.being_made(spec.instance_id):
                        raise DriverUnavailable(f"Docker is still making {spec.instance_id}.") from refused
                    raise
                if found.status != "created":
                    return  # an earlier run's, started already
            self._engine.start(spec.instance_id)

    def start(self, instance_id: str) -> None:
        with _explained(lambda text: f"Docker could not start {instance_id}: {text}"):
            self._engine.start(instance_id)

    def reboot(self, instance_id: str) -> None:
        with _explained(lambda text: f"Docker could not reboot {instance_id}: {text}"):
            self._engine.restart(instance_id)

    def stop(self, instance_id: str, *, force: bool) -> None:
        with _insisting(gone=(304, 404, 409)):
            self._engine.stop(instance_id, force=force)

    def terminate(self, instance_id: str) -> None:
        with _insisting(gone=(404, 409)):
            self._engine.remove(instance_id)


@contextmanager
def _explained(sentence: Callable[[str], str]) -> Iterator[None]:
    try:
        yield
    except Refused as refused:
        raise SandboxError(sentence(str(refused))) from refused


@contextmanager
def _insisting(gone: tuple[int, ...]) -> Iterator[None]:
    """For verbs that end things: an engine that stumbles (500) is asked again; what is gone, going or at rest is what was wanted."""
    try:
        yield
    except Refused as refused:
        if refused.status >= 500:
            raise DriverUnavailable(str(refused)) from refused
        if refused.status not in gone:
            raise


def _why_not(spec: LaunchSpec, image: str, text: str) -> str:
    if "No such image" in text:
        return f"The image {image} is not there: run make images."
    if "ddress already in use" in text:
        return f"The address {spec.private_ip_address} of {spec.instance_id} is in use in the Docker network of {spec.subnet_id}."
    if "no space left" in text:
        return "Docker has no disk space left."
    return f"Docker could not launch {spec.instance_id}: {text}"


def remove_all(engine: DockerEngine) -> tuple[str, ...]:
    """Removes the sandbox's containers, then its networks, and nothing else; goes on where something cannot be removed.

    → one sentence for each thing that stayed, none when all is gone. Needs no running runtime: `sandbox down` calls it.
    """
    stayed = []
    try:
        for instance_id in engine.instance_ids():
            stayed += _tried(f"container {labels.container_name(engine.name, instance_id)}", partial(engine.remove, instance_id))
        for network in engine.networks():
            if labels.ours(network.labels, engine.name):
                stayed += _tried(f"network {network.name}", partial(engine.remove_network, network.name))
    except SandboxError as error:
        stayed.append(str(error))
    return tuple(stayed)


def _tried(what: str, removal: Callable[[], None]) -> list[str]:
    try:
        removal()
    except SandboxError as error:
        return [f"The {what} could not be removed: {error}"]
    return []
