"""Cold start: from the start of the process to its first answer to DescribeInstances, ours against stock moto_server."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence

from bench.figure import Figure, ratio

ROUNDS = 5
BODY = b"Action=DescribeInstances&Version=2016-11-15"
HEADERS = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260507/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=0",
    "Content-Type": "application/x-www-form-urlencoded",
}
LONGEST = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def seconds_to_first_answer(command: Sequence[str], port: int, environment: dict[str, str]) -> float:
    began = time.monotonic()
    process = subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        while time.monotonic() - began < LONGEST:
            request = urllib.request.Request(f"http://127.0.0.1:{port}/", BODY, HEADERS)
            try:
                with urllib.request.urlopen(request, timeout=LONGEST) as answer:
                    assert b"DescribeInstancesResponse" in answer.read()
                    return time.monotonic() - began
            except OSError:
                assert process.poll() is None, f"{command} ended with {process.returncode}"
                time.sleep(0.005)  # the pace of asking, not a wait for a condition
        raise AssertionError(f"{command} did not answer in {LONGEST} s")
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def measure() -> list[Figure]:
    ours, stock = [], []
    for _ in range(ROUNDS):  # interleaved, so that both meet the same machine
        port = free_port()
        stock.append(seconds_to_first_answer([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], port, {}))
        with tempfile.TemporaryDirectory() as directory:
            port = free_port()
            settings = {
                "SANDBOX_PORT": str(port),
                "SANDBOX_FRONT_PORT": str(free_port()),
                "SANDBOX_LISTENER_PORTS": f"{port + 1}-{port + 3}" if port < 65000 else "18081-18083",
                "SANDBOX_STATE_DIR": directory,
                "SANDBOX_RUNTIME": "process",
                "SANDBOX_NAME": "bench-cold",
            }
            ours.append(seconds_to_first_answer([sys.executable, "-m", "sandbox.cli.main", "serve"], port, settings))
            subprocess.run(
                [sys.executable, "-m", "sandbox.cli.main", "down"], env={**os.environ, **settings}, check=True, stdout=subprocess.DEVNULL
            )
    return [ratio("cold start to first DescribeInstances", ours, stock, 1.0, "limit: stock moto_server")]
