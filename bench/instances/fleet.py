"""A group of 50 containers behind one load balancer: the time until all are healthy and have responded, and the memory they use."""

import re
import statistics
import time

from bench.instances.boot import answered_by
from bench.kit.containers import Containers
from bench.kit.figure import NO_DOCKER, Figure, at_least, at_most, not_measured, without_goal
from bench.kit.sandboxes import auto_scaling_group, healthy, load_balancer, sandbox, target_group, until
from sandbox.client import Client
from sandbox.launch.compose import docker_problem

SERVING, MEMORY = "containers serving behind one load balancer", "memory of the control plane with 50 instances"
COUNT, LONGEST = 50, 600.0
SMALL = {"cores_per_vcpu": 0.05, "memory_scale": 0.02, "memory_mib": 96}  # 0.1 cores and 96 MiB for a t3.medium
MEMORY_GOAL = 250.0  # MB
OWN_MEMORY = """
import pathlib
for process in pathlib.Path("/proc").glob("[0-9]*"):
    if b"serve" in (words := (process / "cmdline").read_bytes().split(b"\\0")) and b"-m" in words:
        print((process / "smaps_rollup").read_text())
"""


def measure() -> list[Figure]:
    if (obstacle := docker_problem()) is not None:
        return [not_measured(name, f"{NO_DOCKER} ({obstacle})") for name in (SERVING, MEMORY)]
    containers = Containers()
    with sandbox("docker", **SMALL) as client:
        answered, seconds = serving(client, COUNT)
        own = memory(containers.execute("sandbox", "python3", "-c", OWN_MEMORY))
        each = [containers.memory_in_use(instance_id) / 1e6 for instance_id in sorted(answered)]
    method = f"an Auto Scaling group of {COUNT} in two zones: how many of them answered some of {3 * COUNT} requests"
    return [
        at_least(SERVING, float(len(answered)), "containers", float(COUNT), method),
        without_goal("from CreateAutoScalingGroup to all of them healthy", seconds, "s", "limits of 0.1 core and 96 MiB each"),
        without_goal("memory of one of them", statistics.median(each), "MB", "the container's own, page cache left out; median"),
        at_most(MEMORY, own["Pss"], "MB", MEMORY_GOAL, f"PSS; RSS is {own['Rss']:.0f} MB"),
    ]


def serving(client: Client, count: int) -> tuple[set[str], float]:
    """→ the instances that answered through one load balancer, of a group of `count`; seconds until all were healthy."""
    group = target_group(client, "bench")
    _, url = load_balancer(client, "bench", group)
    began = time.monotonic()
    auto_scaling_group(client, "bench", group, count)
    until(f"{count} targets are healthy", lambda: len(healthy(client, group)) == count, LONGEST, 0.5)
    seconds = time.monotonic() - began
    return {who for _ in range(3 * count) if (who := answered_by(url))}, seconds  # round robin: three turns


def memory(smaps_rollup: str) -> dict[str, float]:
    """{"Rss": MB, "Pss": MB} of /proc/<pid>/smaps_rollup."""
    return {name: int(kilobytes) * 1024 / 1e6 for name, kilobytes in re.findall(r"^(Rss|Pss): +(\d+) kB$", smaps_rollup, re.MULTILINE)}
