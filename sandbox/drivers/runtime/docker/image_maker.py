"""Makes Docker images of instances' containers, for CreateImage. Recognized by their labels, as containers are: a later control plane finds
them, and `sandbox down` removes them.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from sandbox.drivers.runtime.docker import labels
from sandbox.drivers.runtime.docker.engine import DockerEngine
from sandbox.drivers.runtime.docker.errors import DockerApiError
from sandbox.drivers.runtime.images import ImageState, MachineImage
from sandbox.drivers.worker import Workers

IN_USE = 409


class DockerImageMaker:
    def __init__(self, engine: DockerEngine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._made: dict[str, MachineImage] = {}
        self._callbacks: list[Callable[[str], None]] = []
        self._workers = Workers(1, "docker-images", self._job_failed)
        self._workers.submit("", self._refresh)

    def close(self) -> None:
        self._workers.close()

    def cannot_create(self) -> str | None:
        return None

    def create(self, instance_id: str, image_id: str) -> None:
        with self._lock:
            known = self._made.get(image_id)
            if known is not None and known.state is not ImageState.FAILED:
                return
            self._made[image_id] = MachineImage(image_id=image_id, state=ImageState.PENDING)
        self._workers.submit(image_id, lambda: self._commit(instance_id, image_id))

    def remove(self, image_id: str) -> None:
        self._workers.submit(image_id, lambda: self._remove(image_id))

    def made(self) -> Mapping[str, MachineImage]:
        with self._lock:
            return dict(self._made)

    def on_change(self, callback: Callable[[str], None]) -> None:
        self._callbacks.append(callback)

    def _refresh(self) -> None:
        """Finds the images of an earlier control plane."""
        with self._engine.calls() as client:
            found = images_of(client, self._engine.name)
        with self._lock:
            self._made |= {image_id: _available(image_id, reference) for image_id, reference in found.items()}
        for image_id in found:
            self._notify(image_id)

    def _commit(self, instance_id: str, image_id: str) -> None:
        """The container is not paused, which would look like a fault that freezes it."""
        if self.made()[image_id].state is ImageState.AVAILABLE:
            return  # an earlier control plane made it
        marks = " ".join(f'{key}="{value}"' for key, value in labels.of_image(self._engine.name, image_id).items())
        repository = labels.image_repository(self._engine.name)
        try:
            with self._engine.calls() as client:
                container = labels.container_name(self._engine.name, instance_id)
                client.commit(container, repository, image_id, pause=False, changes=f"LABEL {marks}")
        except DockerApiError as refused:
            self._set(MachineImage(image_id=image_id, state=ImageState.FAILED, error=f"Docker could not commit {instance_id}: {refused}"))
            return
        self._set(_available(image_id, f"{repository}:{image_id}"))

    def _remove(self, image_id: str) -> None:
        try:
            with self._engine.calls() as client:
                client.remove_image(f"{labels.image_repository(self._engine.name)}:{image_id}")
        except DockerApiError as refused:
            if refused.status == IN_USE:
                return
            if refused.status != 404:
                raise
        with self._lock:
            self._made.pop(image_id, None)
        self._notify(image_id)

    def _job_failed(self, image_id: str, error: Exception) -> None:
        self._set(MachineImage(image_id=image_id, state=ImageState.FAILED, error=f"{type(error).__name__}: {error}"))

    def _set(self, image: MachineImage) -> None:
        with self._lock:
            self._made[image.image_id] = image
        self._notify(image.image_id)

    def _notify(self, image_id: str) -> None:
        for callback in self._callbacks:
            callback(image_id)


def images_of(client: Any, name: str) -> dict[str, str]:
    """AMI id → reference of the images of this sandbox. `client`: the SDK's."""
    repository = labels.image_repository(name)
    tags = (tag for one in client.images(name=repository) for tag in one.get("RepoTags") or ())
    return {tag.rpartition(":")[2]: tag for tag in tags}


def _available(image_id: str, reference: str) -> MachineImage:
    return MachineImage(image_id=image_id, state=ImageState.AVAILABLE, reference=reference)


def leftovers(engine: DockerEngine) -> Iterator[tuple[str, Callable[[], None]]]:
    """What is there of this sandbox besides instances and networks: its name and how to remove it. Images made of instances, and the
    containers that a killed control plane left while it read the init of own images."""
    with engine.calls() as client:
        images = images_of(client, engine.name)
        asked = [f"{labels.NAME}={engine.name}", f"{labels.MANAGED}={labels.HELPER}"]
        helpers = [str(one["Id"]) for one in client.containers(all=True, filters={"label": asked})]
    for reference in images.values():
        yield f"image {reference}", partial(_remove_image, engine, reference)
    for container in helpers:
        yield f"container {container[:12]}", partial(_remove_container, engine, container)


def _remove_image(engine: DockerEngine, reference: str) -> None:
    with engine.calls() as client:
        client.remove_image(reference, force=True)


def _remove_container(engine: DockerEngine, container: str) -> None:
    with engine.calls() as client:
        client.remove_container(container, force=True)
