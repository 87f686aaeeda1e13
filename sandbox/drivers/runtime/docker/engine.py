"""The calls of the Docker Engine API that the sandbox uses, with its own errors.

Every call returns its result, raises DriverUnavailable (Docker does not answer; retry), or raises DockerApiError (Docker refused, with its
reason). Each thread has a client of its own, because the SDK's sessions are not thread-safe.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import docker
import urllib3

from sandbox.core.errors import DriverUnavailable, SandboxError
from sandbox.drivers.runtime.base import LaunchSpec
from sandbox.drivers.runtime.docker import labels
from sandbox.drivers.runtime.docker.errors import DockerApiError, translated
from sandbox.drivers.runtime.docker.own_images import ImageConfig
from sandbox.drivers.runtime.docker.values import ContainerInfo, EngineMachine, Network, container_config, container_info, network

TIMEOUT = 60  # real seconds for one call; creating a container on a slow disk may take long
STOP_SECONDS = 10  # between SIGTERM and SIGKILL; instance-init needs milliseconds


class DockerEngine:
    """`name`: of the sandbox whose containers and networks these are. `host`: as DOCKER_HOST, the default. `timeout`: real seconds."""

    def __init__(self, name: str, host: str | None = None, timeout: float = TIMEOUT) -> None:
        self.name, self._timeout = name, timeout
        self._host = host
        self._clients = threading.local()
        self._made: list[Any] = []
        self._machine: EngineMachine | None = None

    def _client(self) -> Any:
        if not hasattr(self._clients, "client"):
            options = {"base_url": self._host} if self._host else docker.utils.kwargs_from_env()
            self._clients.client = docker.APIClient(version="auto", timeout=self._timeout, **options)
            self._made.append(self._clients.client)
        return self._clients.client

    @contextmanager
    def calls(self) -> Iterator[Any]:
        """This thread's client of the SDK, for calls that are not below; their errors are translated."""
        with translated():
            yield self._client()

    def close(self) -> None:
        """Closes the connections of all threads. A later call opens a new one."""
        for client in self._made:
            client.close()
        self._made.clear()

    def answers(self) -> bool:
        try:
            with translated():
                return bool(self._client().ping())
        except SandboxError:
            return False

    # ---- reads -------------------------------------------------------------------------------------------------------------------------

    def inspect(self, instance_id: str) -> ContainerInfo | None:
        """None: there is no such container, or it does not belong to this sandbox."""
        try:
            with translated():
                found = self._client().inspect_container(labels.container_name(self.name, instance_id))
        except DockerApiError as refused:
            if refused.status == 404:
                return None
            raise
        return container_info(found, self.machine()) if labels.ours(found["Config"].get("Labels"), self.name) else None

    def creation_in_progress(self, instance_id: str) -> bool:
        """After a 409 (name taken): whether an earlier request still creates the container, so that it cannot be inspected yet."""
        try:
            with translated():
                self._client().inspect_container(labels.container_name(self.name, instance_id))
        except DockerApiError as refused:
            return refused.status == 404
        return False

    def instance_ids(self) -> list[str]:
        """Of all containers with our labels, running or not."""
        with translated():
            found = self._client().containers(all=True, filters={"label": [f"{labels.NAME}={self.name}", f"{labels.MANAGED}=instance"]})
        return sorted(c["Labels"][labels.INSTANCE_ID] for c in found if labels.INSTANCE_ID in c["Labels"])

    def written(self) -> dict[str, int]:
        """Instance id → bytes that its running container has written to its disk. Docker walks its files."""
        wanted = {"label": [f"{labels.NAME}={self.name}", f"{labels.MANAGED}=instance"]}
        with translated():
            found = self._client().containers(size=True, filters=wanted)
        return {c["Labels"][labels.INSTANCE_ID]: int(c.get("SizeRw") or 0) for c in found if labels.INSTANCE_ID in c["Labels"]}

    def networks(self) -> list[Network]:
        """All networks of the engine, ours and others."""
        with translated():
            return [network(n) for n in self._client().networks()]

    def networks_in_use(self) -> set[str]:
        """Names of the networks that containers of our instances are in, running or not."""
        with translated():
            found = self._client().containers(all=True, filters={"label": [f"{labels.NAME}={self.name}", f"{labels.MANAGED}=instance"]})
        return {network for c in found for network in c["NetworkSettings"]["Networks"]}

    def machine(self) -> EngineMachine:
        """Read once."""
        if self._machine is None:
            with translated():
                client = self._client()
                info = client.info()
            major, minor = client.api_version.split(".")
            self._machine = EngineMachine(cpus=int(info["NCPU"]), memory=int(info["MemTotal"]), api=(int(major), int(minor)))
        return self._machine

    def has_image(self, image: str) -> bool:
        try:
            with translated():
                self._client().inspect_image(image)
        except DockerApiError as refused:
            if refused.status == 404:
                return False
            raise
        return True

    def logs(self, instance_id: str, lines: int, *, timestamps: bool = False) -> bytes:
        """The newest lines; `timestamps`: each has its time before it, and so has each part of a line above 16 KB. Raises KeyError when
        there is no such container."""
        try:
            with translated():
                return bytes(self._client().logs(labels.container_name(self.name, instance_id), tail=lines, timestamps=timestamps))
        except DockerApiError as refused:
            if refused.status == 404:
                raise KeyError(instance_id) from refused
            raise

    @contextmanager
    def events(self) -> Iterator[Any]:
        """The stream of container, network and image events, as Docker's JSON. Its close() may be called from another thread."""
        with translated():
            stream = self._client().events(decode=True, filters={"type": ["container", "network", "image"]})
            try:
                yield stream
            finally:
                stream.close()
                with suppress(OSError, ValueError, urllib3.exceptions.HTTPError):
                    stream._response.close()  # the SDK's close() leaves the connection to the garbage collector

    # ---- changes -----------------------------------------------------------------------------------------------------------------------

    def create_container(self, spec: LaunchSpec, image: str, runs: ImageConfig | None = None) -> None:
        """`runs`: of an own image. Raises DockerApiError with status 409 when it exists."""
        config = container_config(self.name, spec, image, self.machine(), runs)
        with translated():
            self._client().create_container_from_config(config, labels.container_name(self.name, spec.instance_id))

    def start(self, instance_id: str) -> None:
        with translated():
            self._client().start(labels.container_name(self.name, instance_id))

    def stop(self, instance_id: str, *, force: bool) -> None:
        with translated():
            self._client().stop(labels.container_name(self.name, instance_id), timeout=0 if force else STOP_SECONDS)

    def restart(self, instance_id: str) -> None:
        with translated():
            self._client().restart(labels.container_name(self.name, instance_id), timeout=STOP_SECONDS)

    def kill(self, instance_id: str, signal: str) -> None:
        """Sends a signal to its first process, which docker-init passes on to instance-init."""
        with translated():
            self._client().kill(labels.container_name(self.name, instance_id), signal)

    def pause(self, instance_id: str) -> None:
        with translated():
            self._client().pause(labels.container_name(self.name, instance_id))

    def unpause(self, instance_id: str) -> None:
        with translated():
            self._client().unpause(labels.container_name(self.name, instance_id))

    def limit(self, instance_id: str, *, nano_cpus: int, memory: int) -> None:
        """Other limits of a running container. The SDK's own call does not have NanoCpus."""
        client = self._client()
        url = client._url("/containers/{0}/update", labels.container_name(self.name, instance_id))
        with translated():
            client._raise_for_status(client._post_json(url, data={"NanoCpus": nano_cpus, "Memory": memory, "MemorySwap": memory}))

    def remove(self, instance_id: str) -> None:
        """With its volumes, running or not."""
        with translated():
            self._client().remove_container(labels.container_name(self.name, instance_id), force=True, v=True)

    def create_network(self, subnet_id: str, cidr: str, gateway: str, *, routed: bool) -> None:
        """`routed`: a router container is the gateway, so the host has no address in the network and does not masquerade."""
        options = {"inhibit_ipv4": "true", "enable_ip_masquerade": "false"} if routed else {}
        with translated():
            self._client().create_network(
                labels.network_name(self.name, subnet_id),
                driver="bridge",
                options={f"com.docker.network.bridge.{key}": value for key, value in options.items()},
                ipam={"Driver": "default", "Config": [{"Subnet": cidr, "Gateway": gateway}]},
                check_duplicate=True,
                labels=labels.of_subnet(self.name, subnet_id),
            )

    def remove_network(self, network: str) -> None:
        """Disconnects the containers that are still connected, such as the router's. No effect when there is no such network."""
        try:
            with translated():
                client = self._client()
                for container in client.inspect_network(network).get("Containers") or {}:
                    client.disconnect_container_from_network(container, network, force=True)
                client.remove_network(network)
        except DockerApiError as refused:
            if refused.status != 404:
                raise

    def start_role(self, role: str) -> None:
        """Starts the container of docker-compose.yml with that role. No effect when it runs."""
        found = self.container_with(f"{labels.ROLE}={role}", f"{labels.TOPOLOGY}={self.name}", running=False)
        if found is None:
            raise DriverUnavailable(f"there is no container {role} of sandbox {self.name}. next: sandbox up")
        with translated():
            self._client().start(found["Id"])

    def connect(self, container: str, network: str, address: str) -> None:
        """No effect when it is connected."""
        with translated():
            client = self._client()
            if container not in (client.inspect_network(network).get("Containers") or {}):
                client.connect_container_to_network(container, network, ipv4_address=address)

    def container_with(self, *wanted: str, running: bool = True) -> Mapping[str, Any] | None:
        """Docker's summary of the running container with these labels ("sandbox.role=netns"), or None. `running=False`: also one that does
        not run."""
        with translated():
            found = self._client().containers(all=not running, filters={"label": list(wanted)})
        return found[0] if found else None
