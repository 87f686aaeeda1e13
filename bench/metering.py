"""The cost of reading the CPU time and network counters of 50 containers every five seconds, with real containers."""

import os
import shutil
import statistics
import subprocess
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from bench.kit.figure import Figure, at_most
from sandbox.core.clock import WallClock
from sandbox.drivers.metering.docker import docker_meter
from sandbox.drivers.runtime.docker import labels

CONTAINERS, EVERY, ROUNDS = 50, 5.0, 30
IMAGE = os.environ.get("SANDBOX_MACHINE_IMAGE", "sandbox/machine:latest")
GOAL = 3.0  # percent of one core


def docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], check=True, capture_output=True, text=True, timeout=120)
    return done.stdout


@contextmanager
def containers(count: int) -> Iterator[str]:
    """Starts idle containers with the docker runtime's labels. → the name of their sandbox."""
    name = f"bench-{uuid.uuid4().hex[:8]}"

    def start(number: int) -> None:
        instance = f"i-{number:017x}"
        of = {labels.MANAGED: "instance", labels.NAME: name, labels.INSTANCE_ID: instance}
        given = [word for key, value in of.items() for word in ("--label", f"{key}={value}")]
        docker(
            "run", "-d", "--cpus", "0.1", "--name", labels.container_name(name, instance), *given, "--entrypoint", "sleep", IMAGE, "1000"
        )

    try:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(start, range(count)))
        yield name
    finally:
        if ours := docker("ps", "-aq", "--filter", f"label={labels.NAME}={name}").split():
            docker("rm", "-f", *ours)


def measure() -> list[Figure]:
    """Without Docker: no figures, and a message."""
    if shutil.which("docker") is None or subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True, check=False).returncode:
        print(f"metering is not measured: there is no Docker engine with the image {IMAGE}")
        return []
    with containers(CONTAINERS) as name:
        meter = docker_meter(WallClock(), name, None)
        meter.close()  # from here on it reads only when sample() is called
        meter.sample()  # the first round asks Docker for each container's first process
        own, whole = [], []
        for _ in range(ROUNDS):
            began, used = time.monotonic(), time.thread_time()
            meter.sample()
            own.append(time.thread_time() - used)
            whole.append(time.monotonic() - began)
        assert meter.available() is None, meter.available()
        assert len(meter.instances()) == CONTAINERS
    method = f"{CONTAINERS} containers each {EVERY:g} s; median of {ROUNDS} rounds"
    return [
        at_most("metering 50 containers", 100 * statistics.median(own) / EVERY, "% of a core", GOAL, f"our processor time, {method}"),
        at_most(
            "the same with Docker's part", 100 * statistics.median(whole) / EVERY, "% of a core", GOAL, f"time of a whole round, {method}"
        ),
    ]
