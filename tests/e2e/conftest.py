"""One real sandbox for all tests here, brought up and taken down by the real command; and the package's wheel.

Inputs: a Docker engine, the images (built when they are missing). Outputs: `sandbox`, with boto3 clients and what docker knows; `service`;
`wheel`.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.live import SETTINGS, Sandbox, Service, create, remove


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    state = tmp_path_factory.mktemp("e2e")
    made = Sandbox({**os.environ, **SETTINGS, "SANDBOX_STATE_DIR": str(state)})
    made.run("down")
    came = made.run("up", "--runtime", "docker", check=False)
    assert came.returncode == 0, came.stdout + came.stderr
    yield made
    made.run("down")


@pytest.fixture
def service(sandbox: Sandbox, request: pytest.FixtureRequest) -> Iterator[Service]:
    """Parameter: the health check type; ELB when none is given."""
    made = create(sandbox, "web", getattr(request, "param", "ELB"))
    yield made
    remove(sandbox, made)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of this checkout, built in a copy of it."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    ignored = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "tests", "bench")
    shutil.copytree(Path(__file__).resolve().parents[2], source, ignore=ignored)
    make = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(source)]
    subprocess.run(make, check=True, capture_output=True)
    [built] = folder.glob("*.whl")
    return built
