"""The docker runtime's processes: docker-compose.yml brought up and taken down, with whichever Compose this machine has.

`up` and `down` of the CLI call it. Instances and subnets are no part of the compose project (the control plane makes them): they are
removed before it, or the project's networks could not be.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from sandbox.core.errors import UserError
from sandbox.drivers.runtime.docker.engine import DockerEngine
from sandbox.drivers.runtime.docker.networks import DockerNetworks
from sandbox.drivers.runtime.docker.verbs import remove_all
from sandbox.launch.reservation import reserved
from sandbox.settings import Settings

ROOT = Path(__file__).resolve().parent.parent.parent


def why_not() -> str | None:
    """None when a Docker engine answers, else one sentence."""
    if shutil.which("docker") is None:
        return "There is no docker command on this machine."
    asked = subprocess.run(["docker", "version", "--format", "{{.Server.Version}}"], capture_output=True, text=True, check=False)
    if asked.returncode != 0:
        return f"No Docker engine answers ({(asked.stderr.strip().splitlines() or ['no reason given'])[-1]})."
    return None


def compose_command() -> Sequence[str]:
    """`docker compose` (v2) or `docker-compose` (1.29 or v2). UserError when there is neither."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) and subprocess.run([*command, "version"], capture_output=True, check=False).returncode == 0:
            return command
    raise UserError(
        "Docker is there, but no Compose (the docker runtime's processes are one compose project).",
        "apt-get install docker-compose (or your system's docker-compose-plugin), or make sandbox RUNTIME=process",
    )


def images() -> Mapping[str, str]:
    """Builds what is not built and returns SANDBOX_CONTROL_IMAGE and SANDBOX_MACHINE_IMAGE. Says what it does on the terminal."""
    if not (ROOT / "tools/images/images.sh").exists():
        raise UserError("The images are built from a checkout of the project, and this is none.", "make images, in a clone of the project")
    built = subprocess.run(["bash", str(ROOT / "tools/images/images.sh")], check=False)
    if built.returncode != 0:
        raise UserError("The images could not be built: the reason stands above.", "make images")
    lines = (ROOT / "build/images.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def up(settings: Settings) -> None:
    """Builds the images that are missing and starts the project, or changes what differs in a running one. Returns when its containers
    run; when it is healthy is for the caller to ask."""
    command = compose_command()
    engine = DockerEngine(settings.name, settings.docker_host)
    try:
        _check_network(engine, settings)
        built = images()
        click.echo(f"Starting the containers of {settings.name} with {' '.join(command)}.")
        if not any(network.name == f"{settings.name}-edge" for network in engine.networks()):
            with reserved(engine, settings):
                _compose(settings, ["up", "--detach", "netns"], built)  # which is in both, and does nothing else
    finally:
        engine.close()
    _compose(settings, ["up", "--detach", "--remove-orphans"], built)


def _check_network(engine: DockerEngine, settings: Settings) -> None:
    """Before anything is started: an overlap would else be found at the first launch."""
    networks = DockerNetworks(engine, None)
    networks.refresh()
    if overlap := networks.check_cidr(settings.vpc_cidr):
        raise UserError(f"The default VPC has no network: {overlap}", "SANDBOX_VPC_CIDR=10.99.0.0/16 sandbox up")


def there(settings: Settings) -> bool:
    """Is anything of this sandbox on the Docker engine: the project's containers, instances, or networks?"""
    if why_not() is not None:
        return False
    labels = (f"sandbox.topology={settings.name}", f"sandbox.name={settings.name}")
    return any(_ids(kind, label) for label in labels for kind in (["ps", "--all"], ["network", "ls"]))


def down(settings: Settings) -> list[str]:
    """Removes instances and subnets by label, then the project with its state. Nothing of others on the same engine. → what was done."""
    _compose(settings, ["stop", "sandbox"], {})  # so that it does not launch what is being removed
    machines = len(_ids(["ps", "--all"], f"sandbox.name={settings.name}"))
    stayed = remove_all(DockerEngine(settings.name, settings.docker_host))
    _compose(settings, ["down", "--volumes", "--remove-orphans"], {})
    if stayed:
        raise UserError("Not everything could be removed: " + " ".join(stayed), "sandbox down")
    return [f"{machines} machines and their networks are removed.", "The control plane and the load balancers' proxy are removed."]


def logs(settings: Settings, newest: int) -> list[str]:
    """The newest lines of the control plane and of Envoy."""
    command = _command(settings, ["logs", f"--tail={newest}", "sandbox", "dataplane"])
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()


def _ids(kind: Sequence[str], label: str) -> list[str]:
    listed = subprocess.run(["docker", *kind, "--quiet", "--filter", f"label={label}"], capture_output=True, text=True, check=False)
    return listed.stdout.split()


def _command(settings: Settings, arguments: Sequence[str]) -> list[str]:
    return [*compose_command(), "--file", str(ROOT / "docker-compose.yml"), "--project-name", settings.name, *arguments]


def _compose(settings: Settings, arguments: Sequence[str], extra: Mapping[str, str]) -> None:
    environment = {**os.environ, **_variables(settings), **extra}
    done = subprocess.run(_command(settings, arguments), env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise failure(settings, arguments[0], done.stderr)


def _variables(settings: Settings) -> Mapping[str, str]:
    ports = settings.listener_ports
    return {
        "SANDBOX_NAME": settings.name,
        "SANDBOX_PORT": str(settings.port),
        "SANDBOX_FRONT_PORT": str(settings.front_port),
        "SANDBOX_LISTENER_PORTS": f"{ports.start}-{ports.stop - 1}",
        "SANDBOX_ACCOUNT": settings.account,
        "SANDBOX_REGION": settings.region,
        "SANDBOX_ALLOWED_HOSTS": ",".join(settings.allowed_hosts),
        "SANDBOX_SPEED": f"{settings.speed:g}",
        "SANDBOX_SEED": str(settings.seed),
        "SANDBOX_VPC_CIDR": settings.vpc_cidr,
        "SANDBOX_LAUNCH_CONFIGURATIONS": settings.launch_configurations,
        "SANDBOX_LB_PROVISIONING_SECONDS": f"{settings.lb_provisioning_seconds:g}",
        "SANDBOX_CORES_PER_VCPU": f"{settings.cores_per_vcpu:g}",
        "SANDBOX_MEMORY_MIB": str(settings.memory_mib),
        "SANDBOX_MACHINE_VCPUS": str(settings.machine_vcpus or "auto"),
        "SANDBOX_VCPU_LIMIT": str("auto" if settings.vcpu_limit is None else settings.vcpu_limit),
        "SANDBOX_TERMINATED_VISIBLE_MINUTES": f"{settings.terminated_visible_minutes:g}",
    }


def failure(settings: Settings, verb: str, stderr: str) -> UserError:
    """A port that is taken, with what to type; else Compose's own words."""
    if taken := re.search(r":(\d+): bind: address already in use|:(\d+) failed: port is already allocated", stderr):
        port = int(taken[1] or taken[2])
        return UserError(f"Port {port} of 127.0.0.1 is in use by another program.", f"{_other(settings, port)} sandbox up")
    lines = [line.strip() for line in stderr.splitlines() if "rror" in line or "failed" in line.lower()] or stderr.strip().splitlines()[-1:]
    said = " / ".join(dict.fromkeys(lines))[:600] or "no reason given"
    return UserError(f"compose {verb} failed: {said}", f"docker-compose --project-name {settings.name} logs; make down; make sandbox")


def _other(settings: Settings, port: int) -> str:
    """The setting that moves what wanted the port."""
    if port == settings.api_port:
        return f"SANDBOX_PORT={port + 1}"
    if port == (settings.published_front_port or settings.front_port):
        return f"SANDBOX_FRONT_PORT={port - 1}"
    ports = settings.listener_ports
    return f"SANDBOX_LISTENER_PORTS={ports.start + 100}-{ports.stop + 99}"
