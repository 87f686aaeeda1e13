"""The end of a deregistration delay (TG-20): open connections to a target are ended, which gives its open requests a 502.

Envoy has no configuration for it; the kernel can (`ss -K`, which needs CAP_NET_ADMIN and a kernel with INET_DIAG_DESTROY). Where that
is not permitted requests go on until the target ends them itself, which a terminated instance does.
"""

import shutil
import subprocess
from ipaddress import ip_address

_TIMEOUT = 5.0


def cut(host: str, port: int) -> str | None:
    """Ends this machine's connections to host:port. → None, or why it could not be done. Blocks for some milliseconds."""
    program = shutil.which("ss")
    if program is None:
        return "connections cannot be cut here: there is no `ss` (package iproute2)"
    filters = ["dst", str(ip_address(host)), "dport", "=", f":{port}"]
    try:
        done = subprocess.run([program, "-K", "-t", *filters], capture_output=True, text=True, timeout=_TIMEOUT, check=False)
        left = subprocess.run([program, "-H", "-t", "-n", *filters], capture_output=True, text=True, timeout=_TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"connections to {host}:{port} could not be cut: {error}"
    if done.returncode != 0:
        return f"connections to {host}:{port} could not be cut: {done.stderr.strip() or 'not permitted'}"
    return f"connections to {host}:{port} are still open: this kernel does not cut them" if left.stdout.strip() else None
