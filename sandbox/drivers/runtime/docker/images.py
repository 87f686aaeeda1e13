"""Own images and their containers: what an image runs, and our init in a container of it (own_images.py), by calls of the Docker engine."""

import threading

from sandbox.core.errors import SandboxError
from sandbox.drivers.runtime.base import LaunchSpec
from sandbox.drivers.runtime.docker import labels
from sandbox.drivers.runtime.docker.engine import DockerEngine
from sandbox.drivers.runtime.docker.errors import DockerApiError
from sandbox.drivers.runtime.docker.own_images import FILES, ImageConfig, image_config

NO_SUCH_IMAGE = (400, 404)  # 400: no name that an image can have


class ImageMissing(SandboxError):
    """The image of a launch does not exist."""


class DockerImages:
    """`machine_image`: has the init for own images."""

    def __init__(self, engine: DockerEngine, machine_image: str) -> None:
        self._engine, self._machine_image = engine, machine_image
        self._reading = threading.Lock()
        self._init_files: bytes | None = None  # read once, 2 MB

    def config(self, spec: LaunchSpec) -> ImageConfig | None:
        """Of the own image of an instance; None: it has the machine image. Raises ImageMissing with the sentence for the user."""
        if spec.image is None:
            return None
        try:
            with self._engine.calls() as client:
                return image_config(client.inspect_image(spec.image))
        except DockerApiError as refused:
            if refused.status not in NO_SUCH_IMAGE:
                raise
            sentence = f"The Docker image {spec.image} does not exist. next: docker build --tag {spec.image} ."
            raise ImageMissing(sentence) from refused

    def prepare(self, spec: LaunchSpec, config: ImageConfig | None) -> None:
        """Copies the init into the instance's container, which exists and has not been started yet."""
        if config is not None and config.needs_init:
            files = self._files()
            with self._engine.calls() as client:
                client.put_archive(labels.container_name(self._engine.name, spec.instance_id), "/", files)

    def _files(self) -> bytes:
        """The folder FILES of the machine image, as a tar archive. A container that never runs gives access to it."""
        with self._reading:
            if self._init_files is None:
                self._init_files = self._read_files()
            return self._init_files

    def _read_files(self) -> bytes:
        helper = f"{self._engine.name}-init-files"
        self._remove(helper)  # of a control plane that was killed meanwhile
        body = {"Image": self._machine_image, "Labels": labels.of_helper(self._engine.name), "HostConfig": {"NetworkMode": "none"}}
        with self._engine.calls() as client:
            client.create_container_from_config(body, helper)
        try:
            return self._archive(helper)
        finally:
            self._remove(helper)

    def _archive(self, container: str) -> bytes:
        try:
            with self._engine.calls() as client:
                stream, _ = client.get_archive(container, FILES)
                return b"".join(stream)
        except DockerApiError as refused:
            if refused.status != 404:
                raise
            sentence = f"The machine image {self._machine_image} has no {FILES}, which own images need. next: sandbox up"
            raise SandboxError(sentence) from refused

    def _remove(self, container: str) -> None:
        try:
            with self._engine.calls() as client:
                client.remove_container(container, force=True)
        except DockerApiError as refused:
            if refused.status not in (403, 404):  # 403: the filter found no container of this sandbox
                raise
