"""The calls of the Docker Engine API that the sandbox uses, with its own errors.

Every call returns its result, raises DriverUnavailable (Docker does not answer; retry), or raises DockerApiError (Docker refused, with its
reason). Each thread has a client of its own, because the SDK's sessions are not thread-safe.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Network
from typing import Any

import requests
import urllib3
from docker.errors import APIError, DockerException

import docker
from sandbox.core.errors import DriverUnavailable, SandboxError
from sandbox.drivers.runtime import launch_spec_json
from sandbox.drivers.runtime.base import LaunchSpec
from sandbox.drivers.runtime.cidr import ipv4
from sandbox.drivers.runtime.docker import labels

TIMEOUT = 60  # real seconds for one call; creating a container on a slow disk may take long
STOP_SECONDS = 10  # between SIGTERM and SIGKILL; instance-init needs milliseconds
NEVER = "0001-01-01T00:00:00Z"  # Docker's StartedAt of a container that was never started
CAPABILITIES = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETUID", "SETGID", "NET_BIND_SERVICE", "KILL", "AUDIT_WRITE"]  # needed by deploy.sh
PIDS = 512
LOG = {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "2"}}


class DockerApiError(SandboxError):
    """Docker refused a call; `status` is the HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerInfo:
    """The part of Docker's `inspect` of an instance's container that the runtime uses."""

    container_id: str
    status: str  # created | running | paused | restarting | removing | exited | dead
    started: str  # Docker's StartedAt: differs after each start; NEVER before the first
    exit_code: int = 0
    oom_killed: bool = False
    error: str = ""
    attached: bool = True  # to its network
    spec: LaunchSpec | None = None  # from the label; None: cannot be read

    @property
    def started_at(self) -> datetime:
        """`started` as real time."""
        return parse_timestamp(self.started)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    id: str
    name: str
    labels: Mapping[str, str]
    cidrs: tuple[IPv4Network, ...]

    @property
    def interface(self) -> str:
        """The bridge on the host."""
        return f"br-{self.id[:12]}"


def parse_timestamp(text: str) -> datetime:
    """Docker's timestamps have nine decimals; Python reads six."""
    head, _, rest = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{head}.{rest[:6]:0<6}").replace(tzinfo=UTC)


@contextmanager
def _translated() -> Iterator[None]:
    """OSError includes the exceptions of requests. The socket filter answers 502 when the engine behind it does not answer."""
    try:
        yield
    except APIError as error:
        status = error.response.status_code if error.response is not None else 500
        text = str(error.explanation or error).strip()
        if status in (502, 503):
            raise DriverUnavailable(f"Docker does not answer: {text}") from error
        raise DockerApiError(text, status) from error
    except (OSError, DockerException, urllib3.exceptions.HTTPError) as error:
        raise DriverUnavailable(f"Docker does not answer: {reason(error)}") from error


def reason(error: BaseException) -> str:
    """The operating system's message: the SDK, requests and urllib3 wrap the exception several times."""
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return "timed out"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    inner = error.__cause__ or next((part for part in error.args if isinstance(part, BaseException)), None)
    return reason(inner) if inner else str(error)


class DockerEngine:
    """`name`: of the sandbox whose containers and networks these are. `host`: as DOCKER_HOST, the default. `timeout`: real seconds."""

    def __init__(self, name: str, host: str | None = None, timeout: float = TIMEOUT) -> None:
        self.name, self._timeout = name, timeout
        self._host = host
        self._clients = threading.local()
        self._made: list[Any] = []
        self._cpus: int | None = None

    def _client(self) -> Any:
        if not hasattr(self._clients, "client"):
            options = {"base_url": self._host} if self._host else docker.utils.kwargs_from_env()
            self._clients.client = docker.APIClient(version="auto", timeout=self._timeout, **options)
            self._made.append(self._clients.client)
        return self._clients.client

    def close(self) -> None:
        """Closes the connections of all threads. A later call opens a new one."""
        for client in self._made:
            client.close()
        self._made.clear()

    def answers(self) -> bool:
        try:
            with _translated():
                return bool(self._client().ping())
        except SandboxError:
            return False

    # ---- reads -------------------------------------------------------------------------------------------------------------------------

    def inspect(self, instance_id: str) -> ContainerInfo | None:
        """None: there is no such container, or it does not belong to this sandbox."""
        try:
            with _translated():
                found = self._client().inspect_container(labels.container_name(self.name, instance_id))
        except DockerApiError as refused:
            if refused.status == 404:
                return None
            raise
        return _container_info(found) if labels.ours(found["Config"].get("Labels"), self.name) else None

    def creation_in_progress(self, instance_id: str) -> bool:
        """After a 409 (name taken): whether an earlier request still creates the container, so that it cannot be inspected yet."""
        try:
            with _translated():
                self._client().inspect_container(labels.container_name(self.name, instance_id))
        except DockerApiError as refused:
            return refused.status == 404
        return False

    def instance_ids(self) -> list[str]:
        """Of all containers with our labels, running or not."""
        with _translated():
            found = self._client().containers(all=True, filters={"label": [f"{labels.NAME}={self.name}", f"{labels.MANAGED}=instance"]})
        return sorted(c["Labels"][labels.INSTANCE_ID] for c in found if labels.INSTANCE_ID in c["Labels"])

    def networks(self) -> list[Network]:
        """All networks of the engine, ours and others."""
        with _translated():
            return [_network(n) for n in self._client().networks()]

    def networks_in_use(self) -> set[str]:
        """Names of the networks that containers of our instances are in, running or not."""
        with _translated():
            found = self._client().containers(all=True, filters={"label": [f"{labels.NAME}={self.name}", f"{labels.MANAGED}=instance"]})
        return {network for c in found for network in c["NetworkSettings"]["Networks"]}

    def cpus(self) -> int:
        """Cores of the engine's machine; read once."""
        if self._cpus is None:
            with _translated():
                self._cpus = int(self._client().info()["NCPU"])
        return self._cpus

    def has_image(self, image: str) -> bool:
        try:
            with _translated():
                self._client().inspect_image(image)
        except DockerApiError as refused:
            if refused.status == 404:
                return False
            raise
        return True

    def logs(self, instance_id: str, lines: int) -> bytes:
        """Raises KeyError when there is no such container."""
        try:
            with _translated():
                return bytes(self._client().logs(labels.container_name(self.name, instance_id), tail=lines))
        except DockerApiError as refused:
            if refused.status == 404:
                raise KeyError(instance_id) from refused
            raise

    @contextmanager
    def events(self) -> Iterator[Any]:
        """The stream of container, network and image events, as Docker's JSON. Its close() may be called from another thread."""
        with _translated():
            stream = self._client().events(decode=True, filters={"type": ["container", "network", "image"]})
            try:
                yield stream
            finally:
                stream.close()
                with suppress(OSError, ValueError, urllib3.exceptions.HTTPError):
                    stream._response.close()  # the SDK's close() leaves the connection to the garbage collector

    # ---- changes -----------------------------------------------------------------------------------------------------------------------

    def create_container(self, spec: LaunchSpec, image: str) -> None:
        """Raises DockerApiError with status 409 when it exists."""
        config = container_config(self.name, spec, image, min(spec.cpu_limit, self.cpus()))  # Docker refuses more than the machine has
        with _translated():
            self._client().create_container_from_config(config, labels.container_name(self.name, spec.instance_id))

    def start(self, instance_id: str) -> None:
        with _translated():
            self._client().start(labels.container_name(self.name, instance_id))

    def stop(self, instance_id: str, *, force: bool) -> None:
        with _translated():
            self._client().stop(labels.container_name(self.name, instance_id), timeout=0 if force else STOP_SECONDS)

    def restart(self, instance_id: str) -> None:
        with _translated():
            self._client().restart(labels.container_name(self.name, instance_id), timeout=STOP_SECONDS)

    def remove(self, instance_id: str) -> None:
        """With its volumes, running or not."""
        with _translated():
            self._client().remove_container(labels.container_name(self.name, instance_id), force=True, v=True)

    def create_network(self, subnet_id: str, cidr: str, gateway: str, *, routed: bool) -> None:
        """`routed`: a router container is the gateway, so the host has no address in the network and does not masquerade."""
        options = {"inhibit_ipv4": "true", "enable_ip_masquerade": "false"} if routed else {}
        with _translated():
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
            with _translated():
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
            raise DriverUnavailable(f"there is no container {role} of sandbox {self.name}. next: make sandbox")
        with _translated():
            self._client().start(found["Id"])

    def connect(self, container: str, network: str, address: str) -> None:
        """No effect when it is connected."""
        with _translated():
            client = self._client()
            if container not in (client.inspect_network(network).get("Containers") or {}):
                client.connect_container_to_network(container, network, ipv4_address=address)

    def container_with(self, *wanted: str, running: bool = True) -> Mapping[str, Any] | None:
        """Docker's summary of the running container with these labels ("sandbox.role=netns"), or None. `running=False`: also one that does
        not run."""
        with _translated():
            found = self._client().containers(all=not running, filters={"label": list(wanted)})
        return found[0] if found else None


def container_config(name: str, spec: LaunchSpec, image: str, cpus: float) -> dict[str, Any]:
    """The body of the create call. instance-init removes these variables from the environment before anything else runs."""
    network = labels.network_name(name, spec.subnet_id)
    memory = spec.memory_mib << 20
    user_data = "" if spec.user_data is None else launch_spec_json.encoded(spec.user_data)
    return {
        "Image": image,
        "Hostname": spec.private_dns_name.split(".")[0],  # DNS-3
        "Env": [
            f"INSTANCE_ID={spec.instance_id}",
            f"AVAILABILITY_ZONE={spec.availability_zone}",
            f"AWS_REGION={spec.region}",
            f"USER_DATA={user_data}",
        ],
        "Labels": labels.of_instance(name, spec),
        "HostConfig": {
            "NetworkMode": network,
            "Init": True,
            "CapDrop": ["ALL"],
            "CapAdd": CAPABILITIES,
            "NanoCpus": int(cpus * 1e9),
            "Memory": memory,
            "MemorySwap": memory,  # equal to Memory: no swap
            "PidsLimit": PIDS,
            "LogConfig": LOG,
        },
        "NetworkingConfig": {"EndpointsConfig": {network: {"IPAMConfig": {"IPv4Address": spec.private_ip_address}}}},
    }


def _container_info(found: Mapping[str, Any]) -> ContainerInfo:
    state = found["State"]
    try:
        spec = launch_spec_json.from_json(found["Config"]["Labels"].get(labels.SPEC, ""))
    except ValueError:
        spec = None
    return ContainerInfo(
        container_id=found["Id"],
        status=state["Status"],
        started=state["StartedAt"],
        exit_code=state["ExitCode"],
        oom_killed=state["OOMKilled"],
        error=state["Error"],
        attached=any(n.get("IPAddress") for n in found["NetworkSettings"]["Networks"].values()),
        spec=spec,
    )


def _network(found: Mapping[str, Any]) -> Network:
    pools = (found.get("IPAM") or {}).get("Config") or []
    return Network(
        id=found["Id"],
        name=found["Name"],
        labels=found.get("Labels") or {},
        cidrs=tuple(ipv4(pool["Subnet"] for pool in pools if pool.get("Subnet"))),
    )
