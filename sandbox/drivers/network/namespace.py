"""Commands in the network namespace of the VPC router: `ip` and `nft`. The control plane shares that namespace (docker-compose.yml), so
they run as its own child processes.
"""

import subprocess
from collections.abc import Callable, Sequence

from sandbox.core.errors import Misconfigured

Run = Callable[[Sequence[str], str | None], str]
"""Runs a command with a text on its standard input in the router's namespace; → its output. Raises Misconfigured when it fails."""

_TIMEOUT = 30  # real seconds


def run_here(command: Sequence[str], text: str | None = None) -> str:
    try:
        return subprocess.run(command, input=text, check=True, capture_output=True, text=True, timeout=_TIMEOUT).stdout
    except FileNotFoundError as error:
        raise Misconfigured(f"The VPC router needs {command[0]}, which is not installed here.") from error
    except subprocess.CalledProcessError as error:
        raise Misconfigured(f"`{' '.join(command)}` failed in the VPC router: {error.stderr.strip()}") from error
