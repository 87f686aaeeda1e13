"""Every setting in one table: name, default, how it is read, one sentence. `Settings` is that table: the dataclass's fields are its rows.

Values come from the environment (`SANDBOX_PORT=4570`), then from options of the command line. wiring and `context().settings` read them;
`sandbox settings` prints them. A value that cannot be is refused with the variable, the value and what is allowed.
"""

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from sandbox.core.errors import UserError
from sandbox.core.own_ports import DOCKER_FILTER, ENVOY_STREAM, OwnPort

PREFIX = "SANDBOX_"


def _text(text: str) -> str:
    return text


def _optional(text: str) -> str | None:
    return text or None


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", text):
        raise ValueError("a name of small letters, digits and hyphens that starts with a letter, 31 characters at most")
    return text


def _one_of(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"one of {', '.join(allowed)}")
        return text

    return parse


def _number(low: float, high: float, what: str) -> Callable[[str], float]:
    def parse(text: str) -> float:
        refusal = f"{what} from {low:g} to {high:g}"
        try:
            value = float(text)
        except ValueError:
            raise ValueError(refusal) from None
        if not low <= value <= high:
            raise ValueError(refusal)
        return value

    return parse


def _whole(low: int, high: int, what: str = "a whole number") -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"-?\d+", text) or not low <= int(text) <= high:
            raise ValueError(f"{what} from {low} to {high}")
        return int(text)

    return parse


_port = _whole(1, 65535, "a port")
_port_or_same = _whole(0, 65535, "a port, or 0 for the same,")


def _ports(text: str) -> range:
    match = re.fullmatch(r"(\d+)-(\d+)", text)
    if not match or not 1 <= int(match[1]) <= int(match[2]) <= 65535:
        raise ValueError("a range of ports, the lower first: 8081-8100")
    return range(int(match[1]), int(match[2]) + 1)


def _cidr(text: str) -> str:
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError:
        network = None
    if network is None or not 16 <= network.prefixlen <= 20 or not network.is_private:  # six /20-like subnets have to fit
        raise ValueError("a private IPv4 network from /16 to /20: 172.31.0.0/16")
    return text


def _hosts(text: str) -> tuple[str, ...]:
    return tuple(host.strip() for host in text.split(",") if host.strip())


def _account(text: str) -> str:
    if not re.fullmatch(r"\d{12}", text):
        raise ValueError("twelve digits")
    return text


def _region(text: str) -> str:
    if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", text):
        raise ValueError("the name of a Region: us-east-1")
    return text


def _whole_or_auto(low: int, high: int) -> Callable[[str], int | None]:
    parse_number = _whole(low, high, "auto, or a whole number")
    return lambda text: None if text == "auto" else parse_number(text)


def _row(default: str, parse: Callable[[str], Any], sentence: str) -> Any:
    return field(default=parse(default), metadata={"default": default, "parse": parse, "sentence": sentence})


def _only(port: int) -> range:
    return range(port, port + 1)


_INSIDE_COMPOSE = (
    OwnPort(what="where the sandbox configures its proxy", host="127.0.0.1", ports=_only(ENVOY_STREAM)),
    OwnPort(what="the sandbox's way to the Docker engine", host=None, ports=_only(DOCKER_FILTER)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The table. `Settings()` is all defaults."""

    name: str = _row("sandbox", _name, "prefix of the containers, networks and labels of this sandbox")
    runtime: str = _row("auto", _one_of("auto", "docker", "process", "simulated"), "what instances are; auto: docker where it answers")
    topology: str = _row("embedded", _one_of("embedded", "compose"), "how the control plane runs; compose is set by docker-compose.yml")
    speed: float = _row("1", _number(0.001, 10_000, "a number"), "sandbox seconds per real second; 1 is AWS")
    host: str = _row("127.0.0.1", _text, "address that the API binds")
    port: int = _row("4566", _port, "port of the AWS API and of /_sandbox")
    front_port: int = _row("8080", _port, "port that serves every load balancer by its Host header")
    listener_ports: range = _row("8081-8100", _ports, "ports for listeners, one each")
    published_port: int = _row("0", _port_or_same, "the API's port as seen from the host; 0: the same as port")
    published_front_port: int = _row("0", _port_or_same, "the front port as seen from the host; 0: the same as front_port")
    account: str = _row("123456789012", _account, "the AWS account")
    region: str = _row("us-east-1", _region, "the Region of `sandbox env` and of the CLI's own calls")
    state_dir: Path = _row(".sandbox", Path, "folder of state, journal, log and process id")  # noqa: RUF009 - Path is immutable
    seed: int = _row("0", _whole(0, 2**31 - 1), "seed of all chance; the same seed gives the same story")
    cores_per_vcpu: float = _row("0.25", _number(0.01, 64, "a number"), "CPU limit of an instance for each vCPU of its type")
    memory_mib: int = _row("256", _whole(32, 1_048_576), "memory limit of an instance, whatever its type, in MiB")
    machine_vcpus: int | None = _row(
        "auto",
        _whole_or_auto(1, 1_000_000),
        "vCPUs of all instances together; auto: the lesser of 2 × this machine's memory ÷ memory_mib and 16 × its cores ÷ cores_per_vcpu",
    )
    vcpu_limit: int | None = _row(
        "auto",
        _whole_or_auto(0, 1_000_000),
        "vCPU quota of each account and Region for each group of instance types (EC2-15); auto: machine_vcpus",
    )
    launch_configurations: str = _row(
        "allowed", _one_of("allowed", "refused"), "refused: CreateLaunchConfiguration fails as in accounts made since 2024-10-01 (ASG-16)"
    )
    lb_provisioning_seconds: float = _row("3", _number(0, 3600, "seconds"), "how long a load balancer is provisioning (AWS: 60 to 180)")
    terminated_visible_minutes: float = _row("60", _number(0, 1440, "minutes"), "how long a terminated instance is still described")
    vpc_cidr: str = _row("172.31.0.0/16", _cidr, "network of the default VPC; must not overlap networks of this machine")
    docker_host: str | None = _row("", _optional, "the Docker engine's address; empty: as the docker command finds it")
    machine_image: str = _row("sandbox/machine:latest", _text, "image that instances run")
    allowed_hosts: tuple[str, ...] = _row("", _hosts, "Host names besides loopback's that the API answers to, separated by commas")

    @staticmethod
    def from_environment(environ: Mapping[str, str] = os.environ, **overrides: object) -> "Settings":
        """The defaults, then `SANDBOX_*`, then the overrides that are not None (written as in the environment). Raises UserError."""
        values = {}
        for row in fields(Settings):
            variable = PREFIX + row.name.upper()
            given = overrides.pop(row.name, None)
            text = environ.get(variable) if given is None else str(given)
            if text is not None and (text or row.metadata["default"] == ""):
                values[row.name] = _read(row.metadata["parse"], variable if given is None else f"--{row.name.replace('_', '-')}", text)
        if overrides:
            raise TypeError(f"no such setting: {', '.join(overrides)}")
        return Settings(**values)

    @property
    def api_port(self) -> int:
        """The API's port as clients on this host see it."""
        return self.published_port or self.port

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def own_ports(self) -> tuple[OwnPort, ...]:
        """Where this sandbox listens, within its network namespace and (the published ports of compose) on this machine's loopback."""
        api, front = {self.port, self.api_port}, {self.front_port, self.published_front_port or self.front_port}
        inside = _INSIDE_COMPOSE if self.topology == "compose" else ()
        return (
            *(self._own("the sandbox's API (SANDBOX_PORT)", _only(port)) for port in sorted(api)),
            *inside,
            *(
                self._own("the front port of the sandbox's load balancers (SANDBOX_FRONT_PORT)", _only(port), True)
                for port in sorted(front)
            ),
            self._own("a port for listeners of the sandbox's load balancers (SANDBOX_LISTENER_PORTS)", self.listener_ports, True),
        )

    def _own(self, what: str, ports: range, of_load_balancer: bool = False) -> OwnPort:
        return OwnPort(what=what, host=self.host, ports=ports, of_load_balancer=of_load_balancer)

    def as_json(self) -> dict[str, Any]:
        return {row.name: _plain(getattr(self, row.name)) for row in fields(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    name: str
    variable: str
    default: str
    sentence: str


def table() -> tuple[Row, ...]:
    """For `sandbox settings` and the documents."""
    return tuple(
        Row(name=f.name, variable=PREFIX + f.name.upper(), default=f.metadata["default"], sentence=f.metadata["sentence"])
        for f in fields(Settings)
    )


def _read(parse: Callable[[str], Any], where: str, text: str) -> Any:
    try:
        return parse(text)
    except ValueError as error:
        raise UserError(f"{where}={text} cannot be: it is {error}.", "sandbox settings") from None


def _plain(value: Any) -> Any:
    if isinstance(value, range):
        return f"{value.start}-{value.stop - 1}"
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value) if isinstance(value, Path) else value
