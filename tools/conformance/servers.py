"""The two servers: the sandbox in instant timing with simulated instances, and stock moto_server. Both have moto's test images."""

import gzip
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

LONGEST = 60.0  # seconds to start
MANY = "100000"


@contextmanager
def sandbox(folder: Path) -> Iterator[str]:
    """→ its URL."""
    with tempfile.TemporaryDirectory(prefix="conformance-") as state:
        port = _free_port()
        settings = {
            "SANDBOX_NAME": "conformance",
            "SANDBOX_TIMING": "instant",
            "SANDBOX_RUNTIME": "simulated",
            "SANDBOX_PORT": str(port),
            "SANDBOX_STATE_DIR": state,
            "SANDBOX_MACHINE_VCPUS": MANY,
            "SANDBOX_VCPU_LIMIT": MANY,
            "MOTO_AMIS_PATH": str(_images(folder)),
        }
        with _server([sys.executable, "-m", "sandbox.cli.main", "serve"], settings, f"http://localhost:{port}/_sandbox/health") as url:
            yield url


@contextmanager
def stock() -> Iterator[str]:
    """→ its URL."""
    port = _free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with _server(command, {"MOTO_EC2_LOAD_DEFAULT_AMIS": "false"}, f"http://localhost:{port}/moto-api/data.json") as url:
        yield url


def _images(folder: Path) -> Path:
    """The sandbox's images and those that moto's tests name."""
    theirs = json.loads(gzip.decompress((files("moto") / "ec2/resources/amis.json.gz").read_bytes()))
    ours = json.loads((files("sandbox") / "aws/amis.json").read_bytes())
    path = (folder / "images.json").resolve()
    path.write_text(json.dumps([*theirs, *ours]))
    return path


@contextmanager
def _server(command: Sequence[str], settings: Mapping[str, str], ready: str) -> Iterator[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SANDBOX_", "MOTO_"))}
    process = subprocess.Popen(command, env=kept | settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        _until_ready(process, ready)
        yield ready.split("/", 3)[0] + "//" + ready.split("/", 3)[2]
    finally:
        process.terminate()
        process.wait(LONGEST)


def _until_ready(process: "subprocess.Popen[bytes]", url: str) -> None:
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args} ended with {process.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=LONGEST):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"{url} did not answer in {LONGEST:g} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
