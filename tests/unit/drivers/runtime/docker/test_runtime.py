"""What the docker runtime says of itself while Docker answers some questions and not others."""

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
    """A Docker engine that knows its images, and fails FAILURES times to say anything about its one container."""

    name = "test"

    def __init__(self) -> None:
        self.looks = 0
        self.runtime: DockerRuntime | None = None
        self.said: list[str | None] = []  # by the runtime, while it looked again
        self.listening, self.closed = threading.Event(), threading.Event()

    def inspect(self, instance_id: str) -> None:
        self.looks += 1
        if self.runtime is not None:
            self.said.append(self.runtime.available())
        if self.looks <= FAILURES:
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


def test_images_that_are_there_do_not_end_the_failure_to_look_at_containers(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine()
    monkeypatch.setattr(module, "DockerEngine", lambda *_arguments, **_named: engine)
    runtime = engine.runtime = DockerRuntime(VirtualClock(), "test", None, None, {DEFAULT_IMAGE: "machine"})
    try:
        assert runtime.available() == "no answer about i-1"
        assert engine.listening.wait(30)
        assert engine.said and set(engine.said) == {"no answer about i-1"}
        assert runtime.available() is None
    finally:
        engine.closed.set()
        runtime.close()
