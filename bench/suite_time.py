"""The duration of the tests that need no Docker engine, run like `make test DOCKER=no`."""

import re
import subprocess
import time

from bench.kit.figure import Figure, at_most

GOAL = 90.0  # seconds
LONGEST = 900.0
SUMMARY = re.compile(r"^=* ?(\d+ (?:passed|failed).*?in [\d.]+s)", re.MULTILINE)


def measure() -> list[Figure]:
    began = time.monotonic()
    done = subprocess.run(["bash", "tools/test.sh", "no"], capture_output=True, text=True, timeout=LONGEST, check=False)
    took = time.monotonic() - began
    said = SUMMARY.findall(done.stdout)
    if done.returncode not in (0, 1) or not said:  # 1: some tests failed, which make test reports
        raise RuntimeError(f"tools/test.sh ended with {done.returncode}: {(done.stdout + done.stderr)[-500:]}")
    return [at_most("the tests without those that need Docker", took, "s", GOAL, f"make test DOCKER=no, once: {'; '.join(said)}")]
