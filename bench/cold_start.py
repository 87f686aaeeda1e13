"""Cold start: from the start of the process to its first answer to DescribeInstances, ours against stock moto_server."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress

from bench.kit.figure import Figure, ratio
from bench.kit.sandboxes import NAME, PORT, command, variables

ROUNDS = 5
BODY = b"Action=DescribeInstances&Version=2016-11-15"
HEADERS = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260507/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=0",
    "Content-Type": "application/x-www-form-urlencoded",
}
LONGEST, TO_END = 60.0, 20.0  # seconds
STOCK = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(PORT)]
OURS = [sys.executable, "-m", "sandbox.cli.main", "serve"]


def measure() -> list[Figure]:
    ours, stock = [], []
    for _ in range(ROUNDS):  # alternating, so that both run under the same conditions
        stock.append(seconds_to_first_answer(STOCK, os.environ))
        ours.append(_ours())
    return [ratio("cold start to first DescribeInstances", ours, stock, 0.6, "limit: stock moto_server")]


def _ours() -> float:
    with tempfile.TemporaryDirectory(prefix="bench-") as state:
        environment = os.environ | variables(state) | {"SANDBOX_NAME": f"{NAME}-cold", "SANDBOX_RUNTIME": "process"}
        try:
            return seconds_to_first_answer(OURS, environment)
        finally:
            command(environment, "down")


def seconds_to_first_answer(words: Sequence[str], environment: Mapping[str, str]) -> float:
    began = time.monotonic()
    process = subprocess.Popen(words, env=dict(environment), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        while time.monotonic() - began < LONGEST:
            if answers():
                return time.monotonic() - began
            if process.poll() is not None:
                raise RuntimeError(f"{' '.join(words)} ended with {process.returncode}")
            time.sleep(0.005)  # polling interval
        raise TimeoutError(f"{' '.join(words)} did not answer in {LONGEST:g} s")
    finally:
        end(process)


def answers() -> bool:
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}/", BODY, HEADERS)
    with suppress(OSError), urllib.request.urlopen(request, timeout=LONGEST) as answer:
        return b"DescribeInstancesResponse" in answer.read()
    return False


def end(process: "subprocess.Popen[bytes]") -> None:
    """Stops the process. One that does not stop at SIGTERM is killed, and the error is raised."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise
