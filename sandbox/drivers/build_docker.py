"""The drivers of the docker runtime. drivers/build.py imports this only where it is used: the Docker client takes a tenth of a second to
import, and 8 MB.
"""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sandbox.core.clock import Clock
from sandbox.drivers.metering.base import Meter
from sandbox.drivers.metering.docker import docker_meter
from sandbox.drivers.runtime.base import Runtime
from sandbox.drivers.runtime.docker.engine import DockerEngine
from sandbox.drivers.runtime.docker.router import NetnsRouter
from sandbox.drivers.runtime.docker.runtime import DEFAULT_IMAGE, DockerRuntime
from sandbox.drivers.runtime.docker.watching.disk import Disk
from sandbox.settings import Settings


def containers(clock: Clock, settings: Settings) -> tuple[Runtime, Meter]:
    router = NetnsRouter(DockerEngine(settings.name, settings.docker_host)) if settings.topology == "compose" else None
    runtime = DockerRuntime(clock, settings.name, settings.docker_host, router, {DEFAULT_IMAGE: settings.machine_image}, _disk(settings))
    return runtime, docker_meter(clock, settings.name, settings.docker_host or os.environ.get("DOCKER_HOST"))


def restart_of_the_proxy(settings: Settings) -> Callable[[], None]:
    """→ what starts the proxy's container again (compose)."""
    return partial(DockerEngine(settings.name, settings.docker_host).start_role, "dataplane")


def _disk(settings: Settings) -> Disk | None:
    """In compose, the root of our own container is on the disk of all containers; elsewhere Docker's folder, if it is on this machine."""
    path = Path("/" if settings.topology == "compose" else "/var/lib/docker")
    return Disk(path=path, limit=settings.disk_mib << 20) if settings.disk_mib and path.exists() else None
