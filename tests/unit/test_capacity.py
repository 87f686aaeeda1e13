"""What a machine holds, in vCPUs, and how the settings say it."""

from pathlib import Path

import pytest

from sandbox.capacity import SIMULATED, Machine, resolved, this_machine
from sandbox.settings import Settings

GIB = 1 << 30


@pytest.mark.parametrize(
    ("machine", "settings", "vcpus"),
    [
        (Machine(cores=2, memory_mib=24_000), {}, 128),  # 16 × 2 cores ÷ 0.25 cores for each vCPU
        (Machine(cores=2, memory_mib=24_000), {"cores_per_vcpu": 1}, 32),
        (Machine(cores=8, memory_mib=8_192), {}, 64),  # 2 × 8 GiB ÷ 256 MiB for each instance
        (Machine(cores=8, memory_mib=8_192), {"memory_mib": 512}, 32),
        (Machine(cores=8, memory_mib=8_192, tasks=1_200), {}, 25),  # half of them ÷ 24 for each instance
        (Machine(cores=1, memory_mib=512), {}, 20),  # however small
    ],
)
def test_memory_cores_and_tasks_bound_what_a_machine_holds(machine: Machine, settings: dict[str, object], vcpus: int) -> None:
    assert machine.vcpus(Settings.from_environment({}, **settings)) == vcpus


@pytest.mark.parametrize(
    ("memory_mib", "settings", "together"),
    [
        (24_000, {}, 48_000),
        (4_096, {}, 10_240),  # ten t3.medium instances, however small the machine
        (1_024, {"memory_scale": 0.01}, 2_048),
    ],
)
def test_all_memory_limits_together_are_twice_the_memory(memory_mib: int, settings: dict[str, object], together: int) -> None:
    machine = Machine(cores=2, memory_mib=memory_mib)
    assert machine.instance_memory_mib(Settings.from_environment({}, **settings)) == together


def test_auto_is_the_machine_and_a_number_is_itself() -> None:
    own = this_machine(Settings()).vcpus(Settings())
    found = [
        resolved(Settings.from_environment({}, **given), simulated=False)
        for given in ({}, {"vcpu_limit": 4}, {"machine_vcpus": 10}, {"machine_vcpus": 10, "vcpu_limit": 0})
    ]
    assert [(one.machine_vcpus, one.vcpu_limit) for one in found] == [(own, own), (own, 4), (10, 10), (10, 0)]
    assert {one.machine_memory_mib for one in found} == {this_machine(Settings()).instance_memory_mib(Settings())}
    assert resolved(Settings.from_environment({}, machine_memory_mib=512), simulated=True).machine_memory_mib == 512


def test_simulated_machines_are_the_same_number_everywhere() -> None:
    found = resolved(Settings(), simulated=True)
    assert (found.machine_vcpus, found.vcpu_limit, found.machine_memory_mib) == (SIMULATED, SIMULATED, None)


def test_our_control_group_bounds_processes_and_not_containers_beside_our_own(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text(f"{GIB // 4}\n")
    (tmp_path / "pids.max").write_text("100\n")
    within = this_machine(Settings(), tmp_path)
    assert (within.memory_mib, within.tasks) == (256, 100)
    beside = this_machine(Settings.from_environment({}, topology="compose"), tmp_path)
    assert beside.memory_mib >= 256 and beside.tasks is None
    (tmp_path / "memory.max").write_text("max\n")
    assert this_machine(Settings(), tmp_path).memory_mib == beside.memory_mib
