"""Which tests run where: those marked `docker` need an engine, and are never passed over silently where one is required."""

import gc
import os
import shutil
import signal
import subprocess

import pytest

pytest.register_assert_rewrite("tests.support")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's background job ignores Ctrl-C, and so would every program that a test starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _docker_answers() -> bool:
    if shutil.which("docker") is None:
        return False
    asked = subprocess.run(["docker", "version", "--format", "{{.Server.Version}}"], capture_output=True, timeout=30, check=False)
    return asked.returncode == 0


def pytest_collection_finish() -> None:
    """What was imported (moto above all) lives as long as the tests: looking through it for garbage again and again is a fifth of their
    time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    wanted = [item for item in items if item.get_closest_marker("docker")]
    if not wanted or _docker_answers():
        return
    if os.environ.get("SANDBOX_REQUIRE_DOCKER") == "1":
        raise pytest.UsageError("no Docker engine responds, and SANDBOX_REQUIRE_DOCKER=1 requires the tests with real containers")
    for item in wanted:
        item.add_marker(pytest.mark.skip(reason="no Docker engine responds"))
