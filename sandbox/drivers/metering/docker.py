"""The meter of the Docker runtime: one call to the socket filter for all counters (compose), or reads them itself on a Linux host."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from sandbox.core.clock import Clock
from sandbox.core.errors import DriverUnavailable
from sandbox.drivers.http_client import HttpClient
from sandbox.drivers.metering.containers import ContainerCounters
from sandbox.drivers.metering.sampling import SamplingMeter

LOCAL_ENGINE = "unix:///var/run/docker.sock"
USAGE_PATH = "/_sandbox/usage"  # answered by the socket filter
_TIMEOUT = 5.0  # real seconds


def docker_meter(clock: Clock, name: str, docker_host: str | None) -> SamplingMeter:
    """`docker_host` tcp://…: the socket filter; unix://… or None: the engine itself on this machine."""
    url = docker_host or LOCAL_ENGINE
    server = HttpClient(url, _TIMEOUT)
    if urlsplit(url).scheme == "unix":
        counters = ContainerCounters(lambda path: _json(server, path), name)
        return SamplingMeter(clock, counters.read).started()
    return SamplingMeter(clock, lambda: _json(server, USAGE_PATH)).started()


def _json(server: HttpClient, path: str) -> Any:
    """The decoded body; {} when there is no such thing. Raises DriverUnavailable on any other status."""
    response = server.request("GET", path)
    if response.status_code == HTTPStatus.NOT_FOUND:
        return {}
    if response.status_code != HTTPStatus.OK:
        raise DriverUnavailable(f"GET {path}: status {response.status_code}: {response.text[:200]}")
    return response.json()
