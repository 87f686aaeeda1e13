"""The docker runtime's containers: starts and removes the project of docker-compose.yml, with the Compose version of this machine.

Instances and subnets are not part of the Compose project, because the control plane creates them. They are removed first; otherwise Docker
could not remove the project's networks.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from sandbox.core.errors import UserError
from sandbox.core.text import plural
from sandbox.drivers.runtime.docker.engine import DockerEngine
from sandbox.drivers.runtime.docker.networks import DockerNetworks
from sandbox.drivers.runtime.docker.verbs import remove_all
from sandbox.images import HERE, work_folder
from sandbox.launch import desktop
from sandbox.launch.reservation import reserved
from sandbox.settings import Settings

NAMES_INSIDE = 8079  # the port of http://<DNSName>/ in the network namespace, as in docker-compose.yml
PROJECT = Path(__file__).with_name("docker-compose.yml")


def docker_problem() -> str | None:
    """Why Docker cannot be used, in one sentence. None: a Docker engine responds."""
    if shutil.which("docker") is None:
        return "The docker command was not found."
    asked = subprocess.run(["docker", "version", "--format", "{{.Server.Version}}"], capture_output=True, text=True, check=False)
    if asked.returncode != 0:
        return f"The Docker engine does not respond ({(asked.stderr.strip().splitlines() or ['no error message'])[-1]})."
    return None


def compose_command() -> Sequence[str]:
    """`docker compose` (v2) or `docker-compose` (1.29 or v2). Raises UserError when neither is installed."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) and subprocess.run([*command, "version"], capture_output=True, check=False).returncode == 0:
            return command
    raise UserError(
        "Docker Compose was not found. The docker runtime needs it.",
        "apt-get install docker-compose (or the docker-compose-plugin of your system), or: sandbox up --runtime process",
    )


def images(report: Callable[[str], None]) -> Mapping[str, str]:
    """Builds missing images. Returns SANDBOX_CONTROL_IMAGE and SANDBOX_MACHINE_IMAGE. Reports each line of the build's output."""
    script, environment = ["bash", str(HERE / "images.sh")], {**os.environ, "PYTHON": sys.executable}
    with subprocess.Popen(script, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace") as build:
        assert build.stdout is not None
        for line in build.stdout:
            report(line.rstrip())
    if build.returncode != 0:
        raise UserError("Building the images failed. The output above shows the reason.", "sandbox up")
    lines = (work_folder() / "images.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def up(settings: Settings, report: Callable[[str], None]) -> None:
    """Builds missing images and starts the project, or updates a running one. Returns when its containers run, not yet healthy."""
    names_port = published_names_port(settings)
    try:
        _up(replace(settings, published_names_port=names_port), report)
    except UserError as error:
        if not names_port or not re.search(rf"\b{names_port}\b", error.message):
            raise
        report(f"Docker cannot publish port {names_port}, so http://<DNSName>/ will not answer. {error.message}")
        _up(settings, report)


def published_names_port(settings: Settings) -> int:
    """The host's port for http://<DNSName>/; 0: none, because another program uses it. That of a running project stays as it is."""
    label = f"label=sandbox.topology={settings.name}"
    listed = subprocess.run(
        ["docker", "ps", "--filter", label, "--filter", "label=sandbox.role=netns", "--format", "{{.Ports}}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.stdout.strip():
        return settings.names_port if f"127.0.0.1:{settings.names_port}->{NAMES_INSIDE}/" in listed.stdout else 0
    return settings.names_port if settings.names_port and not _answers(settings.names_port) else 0


def _answers(port: int) -> bool:
    """Whether a program of this machine listens on the port. A user without privileges cannot try to bind it."""
    with socket.socket() as trial:
        trial.settimeout(1)
        return trial.connect_ex(("127.0.0.1", port)) == 0


def _up(settings: Settings, report: Callable[[str], None]) -> None:
    command = compose_command()
    engine = DockerEngine(settings.name, settings.docker_host)
    try:
        _check_network(engine, settings)
        given = desktop.variables(settings)
        if given is desktop.DESKTOP:
            report(desktop.SENTENCE)
        built = {**images(report), **given}
        report(f"Starting the containers of {settings.name} with {' '.join(command)}.")
        if not any(network.name == f"{settings.name}-edge" for network in engine.networks()):
            with reserved(engine, settings):
                _compose(settings, ["up", "--detach", "netns"], built)  # the service that is in both networks
    finally:
        engine.close()
    _compose(settings, ["up", "--detach", "--remove-orphans"], built)


def _check_network(engine: DockerEngine, settings: Settings) -> None:
    """Raises UserError before anything starts. Otherwise an overlap would only show at the first instance launch."""
    networks = DockerNetworks(engine, None)
    networks.refresh()
    if overlap := networks.check_cidr(settings.vpc_cidr):
        raise UserError(f"Cannot create the network of the default VPC: {overlap}", "SANDBOX_VPC_CIDR=10.99.0.0/16 sandbox up")


def exists(settings: Settings) -> bool:
    """Whether the Docker engine has anything of this sandbox: containers of the project, instances, or networks."""
    if docker_problem() is not None:
        return False
    labels = (f"sandbox.topology={settings.name}", f"sandbox.name={settings.name}")
    return any(_ids(kind, label) for label in labels for kind in (["ps", "--all"], ["network", "ls"]))


def down(settings: Settings) -> list[str]:
    """Removes instances and subnets by label, then the project with its state. Returns sentences about what was removed."""
    _compose(settings, ["stop", "sandbox"], {})  # or it would replace removed instances
    instances = len(_ids(["ps", "--all"], f"sandbox.name={settings.name}"))
    remaining = remove_all(DockerEngine(settings.name, settings.docker_host))
    _compose(settings, ["down", "--volumes", "--remove-orphans"], {})
    if remaining:
        raise UserError("Some resources could not be removed. " + " ".join(remaining), "sandbox down")
    return [f"Removed {plural(instances, 'instance')} and the networks.", "Removed the control plane and the load balancer proxy."]


def logs(settings: Settings, newest: int) -> list[str]:
    """The newest log lines of the control plane, of Envoy and of the metadata service."""
    command = _command(settings, ["logs", f"--tail={newest}", "sandbox", "dataplane", "metadata"])
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()


def _ids(kind: Sequence[str], label: str) -> list[str]:
    listed = subprocess.run(["docker", *kind, "--quiet", "--filter", f"label={label}"], capture_output=True, text=True, check=False)
    return listed.stdout.split()


def _command(settings: Settings, arguments: Sequence[str]) -> list[str]:
    return [*compose_command(), "--file", str(PROJECT), "--project-name", settings.name, *arguments]


def _compose(settings: Settings, arguments: Sequence[str], extra: Mapping[str, str]) -> None:
    environment = {**os.environ, **_variables(settings), **extra}
    done = subprocess.run(_command(settings, arguments), env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise compose_error(settings, arguments[0], done.stderr)


def _variables(settings: Settings) -> Mapping[str, str]:
    ports, nodes = settings.listener_ports, settings.node_ports
    return {
        "SANDBOX_NAME": settings.name,
        "SANDBOX_PORT": str(settings.port),
        "SANDBOX_FRONT_PORT": str(settings.front_port),
        "SANDBOX_DNS_SUFFIX": settings.dns_suffix,
        "SANDBOX_NAMES_INSIDE": str(NAMES_INSIDE if settings.names_port else 0),
        "SANDBOX_NAMES_ON_HOST": str(settings.published_names_port or ""),
        "SANDBOX_LISTENER_PORTS": f"{ports.start}-{ports.stop - 1}",
        "SANDBOX_NODE_PORTS": f"{nodes.start}-{nodes.stop - 1}",
        "SANDBOX_DNS_CACHE_SECONDS": f"{settings.dns_cache_seconds:g}",
        "SANDBOX_ACCOUNT": settings.account,
        "SANDBOX_REGION": settings.region,
        "SANDBOX_ALLOWED_HOSTS": ",".join(settings.allowed_hosts),
        "SANDBOX_INSTANCE_ACCESS": settings.instance_access,
        "SANDBOX_CLIENT_ADDRESS": settings.client_address,
        "SANDBOX_INTERNET": settings.internet,
        "SANDBOX_SPEED": f"{settings.speed:g}",
        "SANDBOX_SEED": str(settings.seed),
        "SANDBOX_VPC_CIDR": settings.vpc_cidr,
        "SANDBOX_API_RATE": f"{settings.api_rate:g}",
        "SANDBOX_ACCOUNT_CIDRS": settings.account_cidrs,
        "SANDBOX_COMMAND": settings.command or "",
        "SANDBOX_LAUNCH_CONFIGURATIONS": settings.launch_configurations,
        "SANDBOX_LB_PROVISIONING_SECONDS": f"{settings.lb_provisioning_seconds:g}",
        "SANDBOX_CORES_PER_VCPU": f"{settings.cores_per_vcpu:g}",
        "SANDBOX_MEMORY_SCALE": f"{settings.memory_scale:g}",
        "SANDBOX_MEMORY_MIB": str(settings.memory_mib),
        "SANDBOX_DISK_MIB": str(settings.disk_mib),
        "SANDBOX_MACHINE_MEMORY_MIB": str(settings.machine_memory_mib or "auto"),
        "SANDBOX_MACHINE_VCPUS": str(settings.machine_vcpus or "auto"),
        "SANDBOX_VCPU_LIMIT": str("auto" if settings.vcpu_limit is None else settings.vcpu_limit),
        "SANDBOX_TERMINATED_VISIBLE_MINUTES": f"{settings.terminated_visible_minutes:g}",
    }


def compose_error(settings: Settings, verb: str, stderr: str) -> UserError:
    """The error for a failed Compose command: a port in use with the setting that changes it, else the error lines of Compose."""
    if taken := re.search(r":(\d+): bind: address already in use|:(\d+) failed: port is already allocated", stderr):
        port = int(taken[1] or taken[2])
        return UserError(f"Port {port} on 127.0.0.1 is in use by another program.", f"{_other_port(settings, port)} sandbox up")
    lines = [line.strip() for line in stderr.splitlines() if "rror" in line or "failed" in line.lower()] or stderr.strip().splitlines()[-1:]
    reason = " / ".join(dict.fromkeys(lines))[:600] or "no error message"
    return UserError(f"Compose {verb} failed: {reason}", f"docker-compose --project-name {settings.name} logs; sandbox down; sandbox up")


def _other_port(settings: Settings, port: int) -> str:
    """A setting with another port for the listener that needs this one."""
    if port == settings.api_port:
        return f"SANDBOX_PORT={port + 1}"
    if port == settings.names_port:
        return "SANDBOX_NAMES_PORT=0"
    if port == (settings.published_front_port or settings.front_port):
        return f"SANDBOX_FRONT_PORT={port - 1}"
    if port in settings.node_ports:
        nodes = settings.node_ports
        return f"SANDBOX_NODE_PORTS={nodes.start + 100}-{nodes.stop + 99}"
    ports = settings.listener_ports
    return f"SANDBOX_LISTENER_PORTS={ports.start + 100}-{ports.stop + 99}"
