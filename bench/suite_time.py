"""How long the tests take that need no Docker engine: pytest in a process of its own, on the whole machine."""

import subprocess
import sys
import time

from bench.figure import Figure, at_most

GOAL = 90.0  # seconds
LONGEST = 900.0


def measure() -> list[Figure]:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-m", "not docker"], capture_output=True, text=True, timeout=LONGEST, check=False
    )
    took = time.monotonic() - began
    said = (done.stdout.strip().splitlines() or ["no output"])[-1]
    if done.returncode not in (0, 1):  # 1: some failed, which is for make test to judge
        raise RuntimeError(f"pytest ended with {done.returncode}: {said}")
    return [at_most("the tests without their Docker part", took, "s", GOAL, f"pytest -m 'not docker', once: {said}")]
