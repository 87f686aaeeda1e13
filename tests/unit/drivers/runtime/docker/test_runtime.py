"""What the Docker runtime reports as available while Docker answers some calls and not others."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from sandbox.core.clock import VirtualClock
from sandbox.drivers.runtime.docker import runtime as module
from sandbox.drivers.runtime.docker.runtime import DEFAULT_IMAGE, DockerRuntime

FAILURES = 3


class Engine:
    """A Docker engine that has the images, and fails FAILURES times to inspect its one container."""

    name = "test"

    def __init__(self) -> None:
        self.inspections = 0
        self.runtime: DockerRuntime | None = None
        self.reported: list[str | None] = []  # by available(), at each further inspection
        self.listening, self.closed = threading.Event(), threading.Event()

    def inspect(self, instance_id: str) -> None:
        self.inspections += 1
        if self.runtime is not None:
            self.reported.append(self.runtime.available())
        if self.inspections <= FAILURES:
            raise OSError("no answer about i-1")

    def instance_ids(self) -> list[str]:
        return ["i-1"]

    def networks(self) -> list[Any]:
        return []

    def has_image(self, image: str) -> bool:
        return True

    def answers(self) -> bool:
        return True

    @contextmanager
    def events(self) -> Iterator[Iterator[dict[str, Any]]]:
        yield self._events()

    def _events(self) -> Iterator[dict[str, Any]]:
        self.listening.set()
        self.closed.wait(30)
        yield from ()

    def close(self) -> None:
        self.closed.set()


def test_existing_images_do_not_clear_the_failure_to_inspect_containers(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine()
    monkeypatch.setattr(module, "DockerEngine", lambda *_arguments, **_named: engine)
    runtime = engine.runtime = DockerRuntime(VirtualClock(), "test", None, None, {DEFAULT_IMAGE: "machine"})
    try:
        assert runtime.available() == "no answer about i-1"
        assert engine.listening.wait(30)
        assert engine.reported and set(engine.reported) == {"no answer about i-1"}
        assert runtime.available() is None
    finally:
        engine.closed.set()
        runtime.close()
