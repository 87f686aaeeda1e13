"""Which sandbox is meant: what `up` noted in the state folder, the endpoint, a client of it."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from sandbox.client import Client
from sandbox.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What `sandbox up` wrote down: how the next commands find it."""

    endpoint: str
    name: str
    runtime: str
    topology: str  # "embedded" | "compose"
    pid: int = 0  # 0: not a process of ours

    @staticmethod
    def file(settings: Settings) -> Path:
        return settings.state_dir / "running.json"

    @staticmethod
    def read(settings: Settings) -> "Running | None":
        try:
            return Running(**json.loads(Running.file(settings).read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, settings: Settings) -> None:
        file = Running.file(settings)
        file.parent.mkdir(parents=True, exist_ok=True)
        value = {"endpoint": self.endpoint, "name": self.name, "runtime": self.runtime, "topology": self.topology, "pid": self.pid}
        file.write_text(json.dumps(value))


def endpoint(settings: Settings) -> str:
    """By SANDBOX_PORT when it is set, else of the sandbox that `up` started here, else the default."""
    named = os.environ.get("SANDBOX_PORT") or os.environ.get("SANDBOX_PUBLISHED_PORT")
    running = None if named else Running.read(settings)
    return running.endpoint if running else settings.endpoint


def client(settings: Settings | None = None, timeout: float = 60.0) -> Client:
    given = settings or Settings.from_environment()
    return Client(endpoint(given), given.region, timeout)
