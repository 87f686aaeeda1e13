"""The meters against real usage: a program that keeps itself at a share of a core.

Tests wait for readings. The usage between two readings follows from the counters, not from the moment at which a test looks.
"""

import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox.core.clock import WallClock
from sandbox.drivers.metering.base import Meter, PeriodUsage, usage_between
from sandbox.drivers.metering.docker import docker_meter
from sandbox.drivers.metering.process import process_meter
from sandbox.drivers.runtime.docker import labels
from tests.support import rule
from tests.support.drivers.runtimes import MACHINE_IMAGE

INSTANCE = "i-0123456789abcdef0"
SPEED = 40.0  # of the clock: a reading each quarter of a second, which is ten sandbox seconds
LONG_ENOUGH = 2.0  # real seconds
PATIENCE = 60.0
PERIOD = 0.1  # real seconds: the kernel gives a container its limit in portions, one in each; a measurement may have one more or less

BURN = """
import sys, time
share, began = float(sys.argv[1]), time.monotonic()
while True:
    until = time.monotonic() + 0.01
    while time.process_time() < share * (time.monotonic() - began) and time.monotonic() < until:
        pass
    print(time.monotonic(), time.process_time(), flush=True)
    time.sleep(0.002)
"""
"""Busy until it has used its share of the time since it began, then idle for a moment. It prints what it has used: on a loaded machine that
may be less than its share, and the meter's reading is right when it is what was used."""


def measured(meter: Meter) -> tuple[PeriodUsage, float, float]:
    """The usage of the first seconds after the start, and their beginning and end on the machine's monotonic clock."""
    deadline = time.monotonic() + PATIENCE
    pace = threading.Event()
    while time.monotonic() < deadline:
        readings = [r for r in meter.readings(INSTANCE) if r.cpu_seconds > 0.1]  # past its start
        if readings and readings[-1].real - readings[0].real >= LONG_ENOUGH:
            spent = usage_between(readings, readings[0].at, readings[-1].at)
            assert spent is not None
            return spent, readings[0].real, readings[-1].real
        pace.wait(0.05)
    raise AssertionError(f"only {len(meter.readings(INSTANCE))} readings: {meter.available()}")


@contextmanager
def burning(share: float) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """The program, and the file that it writes to."""
    with tempfile.NamedTemporaryFile() as output:
        process = subprocess.Popen([sys.executable, "-c", BURN, str(share)], stdout=output)
        try:
            yield process, Path(output.name)
        finally:
            process.kill()
            process.wait()


def used(output: str, start: float, end: float) -> float:
    """Share of a core that the program says it used between two moments of the machine's clock."""
    pairs = [tuple(map(float, line.split())) for line in output.splitlines()[:-1]]
    (began, before), (ended, after) = min(pairs, key=lambda p: abs(p[0] - start)), min(pairs, key=lambda p: abs(p[0] - end))
    return (after - before) / (ended - began)


@rule("EC2-40")
@pytest.mark.process
@pytest.mark.parametrize(("limit", "percent"), [(0.5, 50.0), (1.0, 25.0)])
def test_a_process_at_a_share_of_its_limit_reads_that_share(limit: float, percent: float) -> None:
    with burning(limit * percent / 100) as (process, output):
        meter = process_meter(WallClock(SPEED), lambda: {INSTANCE: (process.pid, limit)})
        try:
            spent, start, end = measured(meter)
        finally:
            meter.close()
        truly = 100 * used(output.read_text(), start, end) / limit
    assert spent.cpu_utilization == pytest.approx(truly, abs=3)
    assert spent.network_in is None


@pytest.mark.process
def test_a_process_that_has_ended_has_no_further_readings() -> None:
    with burning(0.1) as (process, _):
        meter = process_meter(WallClock(SPEED), lambda: {INSTANCE: (process.pid, 1.0)})
        meter.close()
    before = meter.readings(INSTANCE)
    meter.sample()
    assert meter.readings(INSTANCE) == before


@contextmanager
def container(share: float, limit: float) -> Iterator[str]:
    """A container as the docker runtime labels it, alone in a sandbox of its own name. → that name."""
    name = f"metering-{uuid.uuid4().hex[:8]}"
    of = {labels.MANAGED: "instance", labels.NAME: name, labels.INSTANCE_ID: INSTANCE}
    given = [word for key, value in of.items() for word in ("--label", f"{key}={value}")]
    command = ["docker", "run", "--detach", "--rm", "--name", labels.container_name(name, INSTANCE), "--cpus", str(limit), *given]
    subprocess.run(
        [*command, "--entrypoint", "python3", MACHINE_IMAGE, "-c", BURN, str(share)],
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=PATIENCE,
    )
    try:
        yield name
    finally:
        gone = ["docker", "rm", "--force", labels.container_name(name, INSTANCE)]
        subprocess.run(gone, check=True, stdout=subprocess.DEVNULL, timeout=PATIENCE)


@rule("EC2-40")
@pytest.mark.docker
def test_a_container_at_half_of_its_limit_reads_that_share() -> None:
    with container(share=0.25, limit=0.5) as name:
        meter = docker_meter(WallClock(SPEED), name, None)
        try:
            spent, start, end = measured(meter)
        finally:
            meter.close()
        output = subprocess.run(["docker", "logs", labels.container_name(name, INSTANCE)], check=True, capture_output=True, text=True)
        truly = 100 * used(output.stdout, start, end) / 0.5
    assert spent.cpu_utilization == pytest.approx(truly, abs=3)
    assert spent.network_in is not None and spent.packets_in is not None


@rule("EC2-40")
@pytest.mark.docker
def test_a_container_that_wants_more_than_its_limit_reads_a_hundred() -> None:
    with container(share=1.0, limit=0.1) as name:  # little, so that a loaded machine can give it
        meter = docker_meter(WallClock(SPEED), name, None)
        try:
            spent, _, _ = measured(meter)
        finally:
            meter.close()
    assert spent.cpu_utilization == pytest.approx(100.0, abs=100 * PERIOD / LONG_ENOUGH + 1)
