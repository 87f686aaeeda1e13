"""The meter of the docker runtime: asks the socket filter for all counters in one call (compose), or reads them itself on a Linux host."""

import http.client
import json
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlparse

from sandbox.core.clock import Clock
from sandbox.drivers.metering.containers import ContainerCounters
from sandbox.drivers.metering.sampling import SamplingMeter

USAGE_PATH = "/_sandbox/usage"  # answered by the socket filter


def docker_meter(clock: Clock, name: str, docker_host: str | None) -> SamplingMeter:
    """`docker_host` tcp://…: the socket filter; unix://… or None: the engine itself on this machine."""
    url = urlparse(docker_host or "unix:///var/run/docker.sock")
    if url.scheme in ("tcp", "http"):
        return SamplingMeter(clock, lambda: _get(http.client.HTTPConnection(url.hostname or "", url.port, timeout=5), USAGE_PATH)).started()
    counters = ContainerCounters(lambda path: _get(_UnixConnection(url.path), path), name)
    return SamplingMeter(clock, counters.read).started()


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("docker", timeout=5)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _get(connection: http.client.HTTPConnection, path: str) -> Mapping[str, Any]:
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status == 404:
            return {}
        if answer.status != 200:
            raise OSError(f"GET {path}: {answer.status} {body[:200].decode(errors='replace')}")
        found: Mapping[str, Any] = json.loads(body)
        return found
    finally:
        connection.close()
