"""All settings in one table: name, default, parser, description. The fields of `Settings` are the rows.

Values come from the environment (`SANDBOX_PORT=4570`) and from command-line options, which take precedence. `sandbox settings` prints them.
An invalid value raises a UserError that names the variable, the value and what is expected.
"""

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from sandbox.core.errors import UserError
from sandbox.core.own_ports import DOCKER_FILTER, ENVOY_STREAM, OwnPort

PREFIX = "SANDBOX_"
MOST_STUDENTS = 64  # learners of a class: as many as SANDBOX_ACCOUNT_CIDRS has blocks
DEFAULT_NODE_PORTS = range(8101, 8113)  # for the nodes of four listeners in three zones


def _text(text: str) -> str:
    return text


def _optional(text: str) -> str | None:
    return text or None


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", text):
        raise ValueError("up to 31 lower-case letters, digits and hyphens, starting with a letter")
    return text


def _one_of(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"one of {', '.join(allowed)}")
        return text

    return parse


def _number(low: float, high: float, what: str) -> Callable[[str], float]:
    def parse(text: str) -> float:
        expected = f"{what} from {low:g} to {high:g}"
        try:
            value = float(text)
        except ValueError:
            raise ValueError(expected) from None
        if not low <= value <= high:
            raise ValueError(expected)
        return value

    return parse


def _whole(low: int, high: int, what: str = "a whole number") -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"-?\d+", text) or not low <= int(text) <= high:
            raise ValueError(f"{what} from {low} to {high}")
        return int(text)

    return parse


_port = _whole(1, 65535, "a port number")
_port_or_same = _whole(0, 65535, "0 or a port number")


def _ports(text: str) -> range:
    match = re.fullmatch(r"(\d+)-(\d+)", text)
    if not match or not 1 <= int(match[1]) <= int(match[2]) <= 65535:
        raise ValueError("a range of port numbers such as 8081-8100")
    return range(int(match[1]), int(match[2]) + 1)


def _cidr(text: str) -> str:
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError:
        network = None
    if network is None or not 16 <= network.prefixlen <= 20 or not network.is_private:
        raise ValueError("a private IPv4 network from /16 to /20 such as 172.31.0.0/16")
    return text


def _cidr_of_accounts(text: str) -> str:
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError:
        network = None
    if network is None or not 8 <= network.prefixlen <= 16 or not network.is_private:
        raise ValueError("a private IPv4 network from /8 to /16 such as 10.64.0.0/10")
    return text


def _address(text: str) -> str:
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        raise ValueError("an IPv4 address such as 203.0.113.10") from None


def _hosts(text: str) -> tuple[str, ...]:
    return tuple(host.strip() for host in text.split(",") if host.strip())


def _domain(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*", text) or len(text) > 100:
        raise ValueError("a domain name in lower case such as elb.localhost")
    return text


def _account(text: str) -> str:
    if not re.fullmatch(r"\d{12}", text):
        raise ValueError("12 digits")
    return text


def _region(text: str) -> str:
    if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", text):
        raise ValueError("a Region name such as us-east-1")
    return text


def _whole_or_auto(low: int, high: int) -> Callable[[str], int | None]:
    parse_number = _whole(low, high, "auto or a whole number")
    return lambda text: None if text == "auto" else parse_number(text)


def _row(default: str, parse: Callable[[str], Any], description: str) -> Any:
    return field(default=parse(default), metadata={"default": default, "parse": parse, "description": description})


def _only(port: int) -> range:
    return range(port, port + 1)


_INSIDE_COMPOSE = (
    OwnPort(what="the configuration port of the sandbox's proxy", host="127.0.0.1", ports=_only(ENVOY_STREAM)),
    OwnPort(what="the sandbox's port to the Docker engine", host=None, ports=_only(DOCKER_FILTER)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The table. `Settings()` has the defaults."""

    name: str = _row("sandbox", _name, "name of this sandbox; prefix of its containers, networks and labels")
    runtime: str = _row(
        "auto", _one_of("auto", "docker", "process", "simulated"), "what runs the instances; auto: docker if it is available, else process"
    )
    topology: str = _row("embedded", _one_of("embedded", "compose"), "how the control plane runs; set to compose by docker-compose.yml")
    timing: str = _row(
        "aws",
        _one_of("aws", "instant"),
        "aws: everything takes its time; instant: what an API call causes within 25 s has happened when its answer leaves "
        "(needs the simulated runtime; for unit tests)",
    )
    speed: float = _row("1", _number(0.001, 10_000, "a number"), "sandbox seconds per real second; AWS has 1")
    client_address: str = _row(
        "203.0.113.10", _address, "address that clients on this machine have for security groups and network ACLs of load balancers"
    )
    host: str = _row("127.0.0.1", _text, "address on which the API listens")
    port: int = _row("4566", _port, "port of the AWS API and of /_sandbox")
    front_port: int = _row("8080", _port, "port for all load balancers; the Host header selects one")
    names_port: int = _row(
        "80", _port_or_same, "port on which http://<DNSName>/ reaches the load balancers, if this machine has it free; 0: none"
    )
    dns_suffix: str = _row("elb.localhost", _domain, "domain of the DNS names of load balancers; AWS has elb.amazonaws.com")
    listener_ports: range = _row("8081-8100", _ports, "range of ports for listeners, one port for each")
    node_ports: range = _row(
        "8101-8112",
        _ports,
        "range of ports for the nodes of load balancers, one for each listener and zone, where nodes have no loopback address; "
        "by default always the 12 ports after SANDBOX_LISTENER_PORTS",
    )
    dns_cache_seconds: float = _row(
        "60",
        _number(0, 86_400, "seconds"),
        "how long clients keep the addresses of a load balancer's name; 60: they obey AWS's TTL, 0: each connection resolves the name",
    )
    metadata_port: int = _row(
        "1338", _port, "port of the metadata service at the loopback address of each instance (process runtime; containers have port 80)"
    )
    published_port: int = _row("0", _port_or_same, "port of the API on the host, if it differs; 0: the same as SANDBOX_PORT")
    published_front_port: int = _row("0", _port_or_same, "front port on the host, if it differs; 0: the same as SANDBOX_FRONT_PORT")
    published_names_port: int = _row("0", _port_or_same, "SANDBOX_NAMES_PORT on the host, set for docker-compose.yml; 0: it was not free")
    account: str = _row("123456789012", _account, "AWS account id")
    region: str = _row("us-east-1", _region, "default Region of `sandbox env` and of the CLI")
    state_dir: Path = _row(".sandbox", Path, "folder for the saved state, the journal, the log and the process id")  # noqa: RUF009 - Path is immutable
    seed: int = _row("0", _whole(0, 2**31 - 1), "seed of all random choices; with the same seed, a simulated run repeats exactly")
    cores_per_vcpu: float = _row("0.25", _number(0.01, 64, "a number"), "CPU cores that an instance can use per vCPU of its type")
    memory_scale: float = _row("0.25", _number(0.001, 64, "a number"), "memory limit of an instance as a part of its type's memory")
    memory_mib: int = _row("256", _whole(32, 1_048_576), "least memory limit of an instance in MiB, however small its type")
    disk_mib: int = _row(
        "8192",
        _whole(0, 1_048_576),
        "MiB that an instance may write to its disk (docker runtime); beyond that it is frozen; 0: no limit",
    )
    machine_vcpus: int | None = _row(
        "auto",
        _whole_or_auto(1, 1_000_000),
        "vCPUs of all instances together; auto: the smaller of 2 × memory of this machine / memory_mib and 16 × cores / cores_per_vcpu",
    )
    machine_memory_mib: int | None = _row(
        "auto",
        _whole_or_auto(32, 1_073_741_824),
        "memory limits of all instances together in MiB; auto: 2 × memory of this machine, none for simulated instances",
    )
    vcpu_limit: int | None = _row(
        "auto",
        _whole_or_auto(0, 1_000_000),
        "vCPU quota per account, Region and group of instance types; auto: machine_vcpus",
    )
    api_rate: float = _row(
        "0",
        _number(0, 100_000, "requests"),
        "requests per second that each AWS account may send, with bursts of twice as many; 0: any number",
    )
    launch_configurations: str = _row(
        "allowed",
        _one_of("allowed", "refused"),
        "refused: CreateLaunchConfiguration returns an error, as for AWS accounts created since 2024-10-01",
    )
    lb_provisioning_seconds: float = _row("3", _number(0, 3600, "seconds"), "seconds that a load balancer is provisioning (AWS: 60 to 180)")
    terminated_visible_minutes: float = _row("60", _number(0, 1440, "minutes"), "minutes until a terminated instance disappears")
    vpc_cidr: str = _row("172.31.0.0/16", _cidr, "CIDR block of the default VPC; must not overlap networks of this machine")
    account_cidrs: str = _row(
        "10.64.0.0/10",
        _cidr_of_accounts,
        "network from which the default VPC of each further AWS account gets a /16 block, as instances of all accounts share one network",
    )
    internet: str = _row(
        "no",
        _one_of("no", "yes"),
        "yes: containers reach the internet where their route table and public address let them on AWS; no: no packet leaves a VPC",
    )
    docker_host: str | None = _row("", _optional, "address of the Docker engine; empty: that of the docker command")
    docker_desktop: str = _row(
        "auto",
        _one_of("auto", "yes", "no"),
        "yes: use nothing of the host but the Docker engine, as Docker Desktop needs it; auto: as `docker info` says",
    )
    machine_image: str = _row("sandbox/machine:latest", _text, "container image of the instances")
    command: str | None = _row(
        "", _optional, "shell command that runs in instances instead of the tutorial's application, with PORT and HOST; empty: none"
    )
    allowed_hosts: tuple[str, ...] = _row("", _hosts, "further host names that the API accepts in the Host header, separated by commas")

    instance_access: str = _row(
        "aws",
        _one_of("aws", "none", "all"),
        "what instances reach of the sandbox at its API port (docker runtime): aws: the AWS API; none; all: /_sandbox too",
    )

    def __post_init__(self) -> None:
        if self.node_ports == DEFAULT_NODE_PORTS:
            after = self.listener_ports.stop
            object.__setattr__(self, "node_ports", range(after, after + len(DEFAULT_NODE_PORTS)))

    @staticmethod
    def from_environment(environ: Mapping[str, str] = os.environ, **overrides: object) -> "Settings":
        """Defaults, overridden by `SANDBOX_*`, overridden by the overrides that are not None. Raises UserError for an invalid value."""
        values = {}
        for row in fields(Settings):
            variable = PREFIX + row.name.upper()
            given = overrides.pop(row.name, None)
            text = environ.get(variable) if given is None else str(given)
            if text is not None and (text or row.metadata["default"] == ""):
                values[row.name] = _read(row.metadata["parse"], variable if given is None else f"--{row.name.replace('_', '-')}", text)
        if overrides:
            raise TypeError(f"unknown setting: {', '.join(overrides)}")
        return _consistent(Settings(**values))

    @property
    def api_port(self) -> int:
        """The port of the API for clients on this host."""
        return self.published_port or self.port

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def own_ports(self) -> tuple[OwnPort, ...]:
        """Ports on which this sandbox listens, in its network namespace and (ports published by Compose) on loopback of this machine."""
        api, front = {self.port, self.api_port}, {self.front_port, self.published_front_port or self.front_port}
        inside = _INSIDE_COMPOSE if self.topology == "compose" else ()
        return (
            *(self._own("the sandbox's API (SANDBOX_PORT)", _only(port)) for port in sorted(api)),
            *inside,
            *(
                self._own("the front port of the sandbox's load balancers (SANDBOX_FRONT_PORT)", _only(port), True)
                for port in sorted(front)
            ),
            *(
                self._own("the port of the load balancers' names (SANDBOX_NAMES_PORT)", _only(port), True)
                for port in sorted({self.names_port, self.published_names_port} - {0})
            ),
            self._own("a port for listeners of the sandbox's load balancers (SANDBOX_LISTENER_PORTS)", self.listener_ports, True),
            self._own("a port for nodes of the sandbox's load balancers (SANDBOX_NODE_PORTS)", self.node_ports, True),
        )

    @property
    def names_url_port(self) -> int | None:
        """The port of http://<DNSName>/ for clients on this host; None: there is none."""
        port = self.published_names_port if self.topology == "compose" else self.names_port
        return port or None

    def _own(self, what: str, ports: range, of_load_balancer: bool = False) -> OwnPort:
        return OwnPort(what=what, host=self.host, ports=ports, of_load_balancer=of_load_balancer)

    def as_json(self) -> dict[str, Any]:
        return {row.name: _plain(getattr(self, row.name)) for row in fields(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    name: str
    variable: str
    default: str
    description: str


def table() -> tuple[Row, ...]:
    """The rows, for `sandbox settings` and the tests of documents."""
    return tuple(
        Row(name=f.name, variable=PREFIX + f.name.upper(), default=f.metadata["default"], description=f.metadata["description"])
        for f in fields(Settings)
    )


def _consistent(settings: Settings) -> Settings:
    """Raises UserError for settings that exclude each other."""
    if settings.timing == "instant" and settings.runtime != "simulated":
        problem = f"SANDBOX_TIMING=instant needs SANDBOX_RUNTIME=simulated, but the runtime is {settings.runtime}: real machines take time."
        raise UserError(problem, "SANDBOX_TIMING=instant sandbox up --runtime simulated")
    return replace(settings, lb_provisioning_seconds=0.0) if settings.timing == "instant" else settings


def _read(parse: Callable[[str], Any], where: str, text: str) -> Any:
    try:
        return parse(text)
    except ValueError as error:
        raise UserError(f"Invalid {where}={text}: expected {error}.", "sandbox settings") from None


def _plain(value: Any) -> Any:
    if isinstance(value, range):
        return f"{value.start}-{value.stop - 1}"
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value) if isinstance(value, Path) else value
