"""The proxies of the contract suite: a real Envoy for a module's tests, and the simulated one."""

from collections.abc import Iterator

import pytest

from sandbox.drivers.proxy.envoy import proxy as process
from tests.support.drivers.proxies import EnvoyHarness, Harness, SimulatedHarness, fixed, listener, rule


@pytest.fixture(scope="module")
def envoy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EnvoyHarness]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(process, "_LIVENESS_INTERVAL", 0.1)  # connections are counted with it
        harness = EnvoyHarness(tmp_path_factory.mktemp("envoy"))
        harness.apply(listener(rule(None, fixed("ready"))))
    yield harness
    harness.close()


@pytest.fixture(params=["simulated", pytest.param("envoy", marks=pytest.mark.process)])
def harness(request: pytest.FixtureRequest) -> Harness:
    return SimulatedHarness() if request.param == "simulated" else request.getfixturevalue("envoy")
