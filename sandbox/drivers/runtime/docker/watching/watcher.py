"""Keeps the Docker runtime's snapshot up to date: one thread reads Docker's event stream. It inspects all containers when the stream opens,
and one container for each of its events. So the snapshot is at most milliseconds old, and correct again after Docker was down.
"""

import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from sandbox.core.backoff import backoff
from sandbox.drivers.runtime.docker import labels
from sandbox.drivers.runtime.docker.engine import DockerEngine
from sandbox.drivers.runtime.docker.networks import DockerNetworks
from sandbox.drivers.runtime.docker.watching.tracker import ContainerTracker
from sandbox.drivers.worker import FIRST_BACKOFF, LONGEST_BACKOFF, Workers


class DockerWatcher:
    """`images`: the Docker images that instances need. `unobserved`, `missing_image`: a sentence why instances cannot be seen or launched
    now, or None. `workers`: their retries are due when Docker answers again."""

    def __init__(
        self, engine: DockerEngine, networks: DockerNetworks, tracker: ContainerTracker, workers: Workers, images: Mapping[str, str]
    ) -> None:
        self._engine, self._networks, self._tracker, self._workers = engine, networks, tracker, workers
        self._images = tuple(dict.fromkeys(images.values()))
        self.unobserved: str | None = "Docker has not answered yet."
        self.missing_image: str | None = None
        self._stream: Any = None
        self._closing = threading.Event()
        self._refreshed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="docker-events", daemon=True)

    def start(self, timeout: float) -> None:
        """Waits up to `timeout` real seconds for Docker's first response."""
        self._thread.start()
        self._refreshed.wait(timeout)

    def stop_reading(self) -> None:
        self._closing.set()
        if self._stream is not None:
            with suppress(OSError, AttributeError, ValueError):  # the SDK may have closed it already
                self._stream.close()

    def join(self) -> None:
        self._thread.join(timeout=5)

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
                self.unobserved = str(error)
                self._refreshed.set()
                failures += 1
            self._closing.wait(backoff(failures, first=FIRST_BACKOFF, longest=LONGEST_BACKOFF) if failures else 0.0)

    def _refresh_all(self) -> None:
        self._networks.refresh()
        self._networks.attach_all()
        self._check_images()
        for instance_id in sorted({*self._tracker.inspected(), *self._engine.instance_ids()}):
            self._tracker.refresh(instance_id)
        self._networks.introduce(self._tracker.specs())
        self.unobserved = None
        self._refreshed.set()
        self._workers.retry_now()

    def _check_images(self) -> None:
        missing = [image for image in self._images if not self._engine.has_image(image)]
        self.missing_image = f"The Docker image {missing[0]} does not exist. next: sandbox up" if missing else None

    def _handle_event(self, event: Mapping[str, Any]) -> None:
        attributes = event.get("Actor", {}).get("Attributes", {})
        match event.get("Type"), event.get("Action", "").split(":")[0]:
            case "container", "die" | "start" | "pause" | "unpause" | "update" | "oom" | "destroy" as action if labels.ours(
                attributes, self._engine.name
            ):
                instance_id = attributes.get(labels.INSTANCE_ID, "")
                when = datetime.fromtimestamp(event["timeNano"] / 1e9, UTC)
                if action == "oom":
                    self._tracker.mark_out_of_memory(instance_id, when)
                if action == "die":
                    self._tracker.mark_exited(instance_id, when, int(attributes.get("exitCode", 0)))
                self._tracker.refresh(instance_id)
            case "network", "connect" | "disconnect":
                for instance_id in self._tracker.with_container(attributes.get("container")):
                    self._tracker.refresh(instance_id)
            case "network", "create" | "destroy":
                self._networks.refresh()
            case "image", "tag" | "untag" | "delete" | "load" | "import":
                self._check_images()
