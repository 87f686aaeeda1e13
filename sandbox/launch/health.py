"""The health of a sandbox as /_sandbox/health reports it, and waiting for it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.client import Client, NotRunning
from sandbox.core.errors import UserError
from sandbox.launch.running import endpoint
from sandbox.settings import Settings

START_TIMEOUT = 120.0  # real seconds
POLL_INTERVAL = 0.1  # real seconds
REQUEST_TIMEOUT = 10.0  # real seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    name: str
    ok: bool
    sentence: str
    remark: str = ""  # a limitation that does not make the part unhealthy


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    endpoint: str
    name: str
    runtime: str
    speed: float  # sandbox seconds per real second
    parts: tuple[Part, ...]

    @property
    def ok(self) -> bool:
        return all(part.ok for part in self.parts)

    @property
    def problems(self) -> str:
        """One sentence for each unhealthy part."""
        return " ".join(part.sentence for part in self.parts if not part.ok)


def read_health(settings: Settings, at: str | None = None) -> Health | None:
    """The health of the sandbox at the endpoint `at`, or at that of the settings. None: nothing responds there.

    Raises NotASandbox when another program responds.
    """
    client = Client(at or endpoint(settings), settings.region, REQUEST_TIMEOUT)
    try:
        return _health(client.endpoint, client.get("health"))
    except NotRunning:
        return None
    finally:
        client.close()


def _health(at: str, answer: Any) -> Health:
    parts = tuple(Part(name=p["name"], ok=p["ok"], sentence=p["sentence"], remark=p.get("remark", "")) for p in answer["parts"])
    return Health(endpoint=at, name=answer["name"], runtime=answer["runtime"], speed=float(answer["speed"]), parts=parts)


def wait_until_healthy(settings: Settings, exit_error: Callable[[], UserError | None]) -> Health:
    """Returns the health once every part is ok. `exit_error`: why the control plane has exited; None while it runs.

    Raises that error, or UserError after START_TIMEOUT.
    """
    deadline = time.monotonic() + START_TIMEOUT
    health: Health | None = None
    while time.monotonic() < deadline:
        health = read_health(settings)
        if health and health.ok:
            return health
        if (error := exit_error()) is not None:
            raise error
        time.sleep(POLL_INTERVAL)
    problems = health.problems if health else "It does not respond."
    raise UserError(f"The sandbox is not healthy after {START_TIMEOUT:g} seconds. {problems}", "sandbox logs control")
