"""What the Compose project uses of the machine besides its Docker engine, and what it uses instead where the engine runs in a virtual
machine of its own (Docker Desktop). The variables are those of docker-compose.yml.
"""

import subprocess
from collections.abc import Mapping

from sandbox.settings import Settings

LINUX: Mapping[str, str] = {}
"""The defaults of docker-compose.yml: counters from /proc and cgroup files, and a courier in the host's network."""

DESKTOP: Mapping[str, str] = {
    "SANDBOX_USAGE": "stats",  # counters from Docker's statistics
    "SANDBOX_HOST_PROC": "nothing",  # the empty volume
    "SANDBOX_HOST_CGROUPS": "nothing",
    "SANDBOX_COURIER_NETWORK": "bridge",
    "SANDBOX_COURIER_HOST": "host.docker.internal",  # where the courier finds the user's loopback
    "SANDBOX_HOST_ADDRESS": "host-gateway",
}
SENTENCE = "Docker runs in its own virtual machine: CPU is read from Docker's statistics, and SNS posts to host.docker.internal."


def variables(settings: Settings) -> Mapping[str, str]:
    return DESKTOP if is_desktop(settings) else LINUX


def is_desktop(settings: Settings) -> bool:
    """By the setting; `auto`: as `docker info` says."""
    if settings.docker_desktop != "auto":
        return settings.docker_desktop == "yes"
    asked = subprocess.run(["docker", "info", "--format", "{{.OperatingSystem}}"], capture_output=True, text=True, check=False)
    return asked.stdout.strip() == "Docker Desktop"
