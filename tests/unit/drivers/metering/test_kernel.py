"""Kernel counters, read from files as cgroup v1, cgroup v2 and /proc have them."""

from pathlib import Path

import pytest

from sandbox.drivers.metering.kernel import Counters, cpu_limit, read

NET = """Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 999 9 0 0 0 0 0 0 999 9 0 0 0 0 0 0
  eth0: 1000 10 0 0 0 0 0 0 2000 20 0 0 0 0 0 0
  eth1:    5  1 0 0 0 0 0 0    7  2 0 0 0 0 0 0
"""


def process(root: Path, membership: str) -> Path:
    (root / "proc/42/net").mkdir(parents=True)
    (root / "proc/42/cgroup").write_text(membership)
    (root / "proc/42/net/dev").write_text(NET)
    return root / "proc"


def test_cgroup_version_1_is_read(tmp_path: Path) -> None:
    proc = process(tmp_path, "3:memory:/docker/abc\n2:cpuacct:/docker/abc\n0::/x\n")
    (tmp_path / "cgroup/cpuacct/docker/abc").mkdir(parents=True)
    (tmp_path / "cgroup/cpuacct/docker/abc/cpuacct.usage").write_text("2500000000\n")
    assert read(42, proc, tmp_path / "cgroup") == Counters(2.5, 1005, 2007, 11, 22)


def test_cgroup_version_2_is_read(tmp_path: Path) -> None:
    proc = process(tmp_path, "0::/system.slice/docker-abc.scope\n")
    (tmp_path / "cgroup/system.slice/docker-abc.scope").mkdir(parents=True)
    (tmp_path / "cgroup/system.slice/docker-abc.scope/cpu.stat").write_text("usage_usec 1500000\nuser_usec 1\n")
    assert read(42, proc, tmp_path / "cgroup") == Counters(1.5, 1005, 2007, 11, 22)


def test_a_process_of_another_cgroup_has_no_counters(tmp_path: Path) -> None:
    proc = process(tmp_path, "0::/system.slice/docker-abc.scope\n")
    (tmp_path / "cgroup/system.slice/docker-abc.scope").mkdir(parents=True)
    (tmp_path / "cgroup/system.slice/docker-abc.scope/cpu.stat").write_text("usage_usec 1500000\nuser_usec 1\n")
    assert read(42, proc, tmp_path / "cgroup", within="abc") is not None
    assert read(42, proc, tmp_path / "cgroup", within="def") is None


def test_a_process_that_is_gone_has_no_counters(tmp_path: Path) -> None:
    assert read(42, tmp_path, tmp_path) is None


@pytest.mark.parametrize(
    ("membership", "files", "cores"),
    [
        ("2:cpu,cpuacct:/abc\n", {"cpu,cpuacct/abc/cpu.cfs_quota_us": "5000", "cpu,cpuacct/abc/cpu.cfs_period_us": "100000"}, 0.05),
        ("2:cpu:/abc\n", {"cpu/abc/cpu.cfs_quota_us": "-1", "cpu/abc/cpu.cfs_period_us": "100000"}, None),
        ("0::/docker-abc.scope\n", {"docker-abc.scope/cpu.max": "25000 100000"}, 0.25),
        ("0::/docker-abc.scope\n", {"docker-abc.scope/cpu.max": "max 100000"}, None),
        ("0::/docker-abc.scope\n", {}, None),
    ],
)
def test_the_cores_that_the_quota_gives_now(tmp_path: Path, membership: str, files: dict[str, str], cores: float | None) -> None:
    proc = process(tmp_path, membership)
    for name, text in files.items():
        (tmp_path / "cgroup" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "cgroup" / name).write_text(f"{text}\n")
    assert cpu_limit(42, proc, tmp_path / "cgroup") == cores
