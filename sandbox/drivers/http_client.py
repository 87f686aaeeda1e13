"""HTTP requests to one server of this machine, over a Unix socket or TCP: Envoy's admin interface, the Docker engine, its socket filter.

Each request has a connection of its own, so that the response comes from the process that listens now, and nothing needs closing.
"""

from urllib.parse import urlsplit

import httpx

from sandbox.core.errors import DriverUnavailable


class HttpClient:
    """Thread-safe."""

    def __init__(self, url: str, timeout: float) -> None:
        """`url`: unix:///path/of/socket, tcp://host:port (as in DOCKER_HOST) or http://host:port; `timeout`: real seconds for connecting
        and for each wait for data."""
        self._url, parts = url, urlsplit(url)
        over_unix = parts.scheme == "unix"
        limits = httpx.Limits(max_keepalive_connections=0)
        transport = httpx.HTTPTransport(uds=parts.path if over_unix else None, limits=limits, verify=False, trust_env=False)
        base = "http://localhost" if over_unix else f"http://{parts.netloc}"
        self._client = httpx.Client(base_url=base, transport=transport, timeout=timeout, trust_env=False)

    def request(self, method: str, path: str) -> httpx.Response:
        """The complete response, whatever its status. Raises DriverUnavailable when there is none."""
        try:
            return self._client.request(method, path)
        except httpx.HTTPError as error:
            raise DriverUnavailable(f"{method} {self._url}{path}: {error or type(error).__name__}") from error
