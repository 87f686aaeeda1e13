"""Closes open connections to a target at the end of the deregistration delay (TG-20), so that its open requests get a 502.

Envoy cannot do this; the kernel can (`ss -K`, which needs CAP_NET_ADMIN and a kernel with INET_DIAG_DESTROY). Where that is not permitted,
requests continue until the target ends them, as a terminated instance does.
"""

import shutil
import subprocess
from ipaddress import ip_address

_TIMEOUT = 5.0


def close_target_connections(host: str, port: int) -> str | None:
    """Closes this machine's connections to host:port. → None, or one sentence why not. Blocks for milliseconds."""
    program = shutil.which("ss")
    if program is None:
        return "connections cannot be closed: there is no `ss` here (package iproute2)"
    filters = ["dst", str(ip_address(host)), "dport", "=", f":{port}"]
    try:
        done = subprocess.run([program, "-K", "-t", *filters], capture_output=True, text=True, timeout=_TIMEOUT, check=False)
        left = subprocess.run([program, "-H", "-t", "-n", *filters], capture_output=True, text=True, timeout=_TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"connections to {host}:{port} could not be closed: {error}"
    if done.returncode != 0:
        return f"connections to {host}:{port} could not be closed: {done.stderr.strip() or 'not permitted'}"
    return f"connections to {host}:{port} are still open: this kernel cannot close them" if left.stdout.strip() else None
