"""The bundle for machines without a network: its size with images, and the time from its installation to a service that healed.

A stopwatch runs while the bundle is installed into an empty folder, a sandbox of local processes starts, a group of two instances behind a
load balancer is made, one is terminated, and two are healthy again. The wheels are in the bundle, so this is an installation with a warm
cache; nothing is downloaded.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from bench.kit.figure import NO_DOCKER, Figure, at_most, not_measured, without_goal
from bench.kit.sandboxes import PORT, auto_scaling_group, command, healthy, load_balancer, target_group, until, variables
from sandbox.client import Client
from sandbox.launch.compose import docker_problem

SIZE, HEALED, INSTALLED = "size of the bundle with images", "installation to a service that healed", "of it the installation"
MOST_MEGABYTES, MOST_SECONDS = 250.0, 60.0
LONGEST = 120.0  # seconds of one wait


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="bench-offline-") as folder:
        return [_size(Path(folder)), *_healed(Path(folder))]


def _size(folder: Path) -> Figure:
    if (obstacle := docker_problem()) is not None:
        return not_measured(SIZE, f"{NO_DOCKER} ({obstacle})")
    megabytes = _bundle(folder / "whole.run").stat().st_size / 1e6
    (folder / "whole.run").unlink()
    return at_most(SIZE, megabytes, "MB", MOST_MEGABYTES, "one file for this Python and architecture, with the base image; n=1")


def _bundle(file: Path, *options: str) -> Path:
    command(os.environ, "bundle", str(file), *options)
    return file


def _healed(folder: Path) -> list[Figure]:
    bundle, target = _bundle(folder / "sandbox.run", "--without-images"), folder / "installed"
    environment = {**os.environ, **variables(str(folder / "state")), "PYTHON": sys.executable}
    environment.pop("PYTHONPATH", None)
    sandbox = str(target / "bin" / "sandbox")
    began = time.monotonic()
    _run(environment, "sh", str(bundle), "install", "--into", str(target), "--without-images")
    installed = time.monotonic() - began
    try:
        _run(environment, sandbox, "up", "--runtime", "process")
        client = Client(f"http://127.0.0.1:{PORT}")
        try:
            heal(client)
        finally:
            client.close()
        seconds = time.monotonic() - began
    finally:
        _run(environment, sandbox, "down")
    how = "install from the bundle, up, a group of two behind a load balancer, one terminated, two healthy again; process runtime, n=1"
    return [at_most(HEALED, seconds, "s", MOST_SECONDS, how), without_goal(INSTALLED, installed, "s", "sh BUNDLE install; n=1")]


def heal(client: Client) -> None:
    """Makes the service, terminates one of its instances, and returns when it has two healthy ones without it."""
    group = target_group(client, "offline")
    load_balancer(client, "offline", group)
    auto_scaling_group(client, "offline", group, 2)
    first = until("two targets are healthy", lambda: now if len(now := healthy(client, group)) == 2 else None, LONGEST)
    client.aws("ec2").terminate_instances(InstanceIds=first[:1])
    until("the group has healed", lambda: len(now := healthy(client, group)) == 2 and first[0] not in now, LONGEST)


def _run(environment: Mapping[str, str], *words: str) -> None:
    done = subprocess.run(words, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: {(done.stdout.strip().splitlines() or ['no output'])[-1]}")
