"""What an impairment is for a container, and how Docker's answer is read back."""

from dataclasses import replace

import pytest

from sandbox.drivers.runtime.base import UNIMPAIRED, Impairment
from sandbox.drivers.runtime.docker.impairments import limits, observed
from sandbox.drivers.runtime.docker.values import ContainerInfo, EngineMachine
from tests.support.drivers.runtimes import launch_spec

SPEC = replace(launch_spec(), cpu_limit=0.5, memory_mib=256)
MIB = 1 << 20
MACHINE = EngineMachine(cpus=2, memory=1024 * MIB)


def info(nano_cpus: int, memory: int, status: str = "running") -> ContainerInfo:
    return ContainerInfo(
        container_id="c", status=status, started="2026-05-07T12:00:00Z", spec=SPEC, nano_cpus=nano_cpus, memory=memory, machine=MACHINE
    )


@pytest.mark.parametrize(
    ("impairment", "nano_cpus", "memory"),
    [
        (UNIMPAIRED, 500_000_000, 256 * MIB),
        (Impairment(cpu_percent=20), 100_000_000, 256 * MIB),
        (Impairment(memory_percent=50), 500_000_000, 128 * MIB),
        (Impairment(cpu_percent=1, memory_percent=1), 10_000_000, 6 * MIB),  # the least that Docker accepts
    ],
)
def test_limits_are_shares_of_the_specification(impairment: Impairment, nano_cpus: int, memory: int) -> None:
    assert limits(SPEC, impairment, MACHINE) == (nano_cpus, memory)


@pytest.mark.parametrize("percent", [100, 99, 50, 33, 7, 2])
def test_what_was_set_is_read_back(percent: int) -> None:
    wanted = Impairment(cpu_percent=percent, memory_percent=max(percent, 3))
    assert observed(info(*limits(SPEC, wanted, MACHINE))) == wanted


def test_a_container_without_limits_is_not_impaired_and_a_paused_one_is_frozen() -> None:
    assert observed(info(0, 0)) == UNIMPAIRED
    assert observed(info(500_000_000, 256 * MIB, "paused")) == Impairment(frozen=True)


def test_a_specification_with_more_than_the_machine_has_is_whole_with_all_of_it() -> None:
    large = replace(SPEC, cpu_limit=8.0, memory_mib=4096)
    assert limits(large, UNIMPAIRED, MACHINE) == (2_000_000_000, 1024 * MIB)
    assert observed(replace(info(2_000_000_000, 1024 * MIB), spec=large)) == UNIMPAIRED
