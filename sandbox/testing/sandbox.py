"""`Sandbox`: a sandbox that lives as long as a `with` block, or from `start` to `stop`."""

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

from sandbox.client import Client, SandboxClient
from sandbox.core.errors import UserError
from sandbox.launch import lifecycle
from sandbox.settings import Settings
from sandbox.testing import slots
from sandbox.testing.service import Service, Wanted
from sandbox.virtual.client import virtual_client
from scenarios.kit.definition.profiles import PROFILES
from scenarios.kit.stage import Stage


class Sandbox:
    """`runtime`: "simulated" (virtual time, in this process: a test of ten minutes takes seconds), "process", "docker", or "auto". `speed`:
    sandbox seconds per real second; not for "simulated". `settings`: further settings by name (`sandbox settings` lists them)."""

    def __init__(self, runtime: str = "simulated", *, speed: float = 1.0, **settings: object) -> None:
        self._runtime, self._given = runtime, {**settings, **({} if runtime == "simulated" else {"speed": speed})}
        self._slot: slots.Slot | None = None
        self._settings: Settings | None = None
        self._client: SandboxClient | None = None
        self._service: Service | None = None

    # ---- life --------------------------------------------------------------------------------------------------------------------------

    def start(self) -> "Sandbox":
        """Returns when it is healthy. Raises UserError with the next command when it cannot start."""
        if self._client is not None:
            return self
        if self._runtime == "simulated":
            self._client = virtual_client(Settings.from_environment({}, runtime="simulated", **self._given))
            return self
        self._slot = slots.take()
        try:
            folder = Path(tempfile.mkdtemp(prefix="sandbox-test-"))
            self._settings = Settings.from_environment(
                {}, **{**self._slot.settings(), "runtime": self._runtime, "state_dir": str(folder), **self._given}
            )
            lifecycle.start(self._settings, _silent)
        except BaseException:
            self.stop()
            raise
        self._client = Client(self._settings.endpoint, self._settings.region)
        return self

    def stop(self) -> None:
        """Removes it and everything in it. Calling it twice has no effect."""
        self._client = None
        settings, self._settings = self._settings, None
        try:
            if settings is not None:
                lifecycle.remove(settings, _silent)
                shutil.rmtree(settings.state_dir, ignore_errors=True)
        finally:
            if self._slot is not None:
                self._slot.release()
                self._slot = None

    def __enter__(self) -> "Sandbox":
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    # ---- what is in it -----------------------------------------------------------------------------------------------------------------

    @property
    def client(self) -> SandboxClient:
        """The client of its AWS API and of /_sandbox. Raises UserError when it was not started."""
        if self._client is None:
            raise UserError("The sandbox of this test is not started.", "use it in a `with` block, or call start()")
        return self._client

    @property
    def endpoint(self) -> str:
        """ "http://127.0.0.1:21000": for other AWS clients (AWS_ENDPOINT_URL). Of a simulated one "virtual": it has no address."""
        return self.client.endpoint

    def aws(self, service: str) -> Any:
        """A boto3 client of its API: "ec2", "autoscaling", "elbv2", "cloudwatch", "fis", …"""
        return self.client.aws(service)

    def wait(self, seconds: float) -> None:
        """Sandbox seconds pass."""
        self.client.wait(timedelta(seconds=seconds))

    def service(
        self,
        *,
        profile: str = "tuned",
        image: str | None = None,
        command: str | None = None,
        path: str | None = None,
        health_check_path: str | None = None,
        name: str = "service",
        **knobs: object,
    ) -> Service:
        """A service in one Auto Scaling group behind one load balancer; the returned `Service` is ready. One at a time in a sandbox.

        `image`: a container image (docker runtime). `command`: a command line, which finds its port in $PORT. Neither: the tutorial's
        application. `path`: of the clients' requests; of an own service "/", else one that uses CPU time. `knobs`: fields of the
        profile, such as zones=3, size=6, interval=10 (docs/scenarios.md). `name`: in the report.
        """
        if profile not in PROFILES:
            raise UserError(
                f"There is no profile {profile!r}. There are {', '.join(PROFILES)}.", "sandbox scenario show instance_terminate"
            )
        if self._service is not None:
            self._service.remove()
        own = image is not None or command is not None
        checked = health_check_path or ("/" if own else None)
        given = {**knobs, **({} if checked is None else {"path": checked})}
        wanted = Wanted(name=name, image=image, command=command, path=path, knobs=given)
        self._service = Service(Stage(self.client), PROFILES[profile], wanted)
        return self._service


def _silent(sentence: str) -> None:
    """Progress of a start is not shown: the test's own output is."""
