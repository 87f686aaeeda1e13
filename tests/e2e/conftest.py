"""One real sandbox for all tests here, brought up and taken down by the real command.

Inputs: a Docker engine, the images (built when they are missing). Outputs: `sandbox`, with boto3 clients and what docker knows; `service`.
"""

import os
from collections.abc import Iterator

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
