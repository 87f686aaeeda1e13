"""AWS calls in process. Input: nothing but sandbox.aws, on a clock that stands still. Output: `aws`, a maker of clients on empty state."""

from collections.abc import Callable, Iterator

import pytest

from sandbox.aws import seams, state
from sandbox.aws.hosting import moto_time
from sandbox.aws.http.gateway import Gateway
from sandbox.aws.http.transport import Transport
from sandbox.core.clock import VirtualClock
from sandbox.core.journal import Journal
from tests.support.aws import Aws, request
from tests.support.elb import Elb, running
from tests.support.ports import use_ports
from tests.support.services.cloudformation import Workbench
from tests.support.virtual import virtual_sandbox


@pytest.fixture
def aws() -> Iterator[Aws]:
    state.reset(seed=7)
    seams.install()
    clock = VirtualClock()
    moto_time.install(clock)
    made = Aws(clock, Journal(clock))
    fakes = {"clients": made.transport, "faults": made.faults, "machines": made.machines, "run_script": made.scripts}
    use_ports(clock, made.journal, made.wake, seed=7, **fakes)
    yield made
    state.reset()


@pytest.fixture
def call(aws: Aws) -> Callable[..., tuple[int, dict[str, str], bytes]]:
    """A raw request: call("POST", "/", body, header=value) → status, headers (names in lower case), body."""

    def raw(method: str = "POST", path: str = "/", body: bytes = b"", **environ: str) -> tuple[int, dict[str, str], bytes]:
        return request(aws.gateway, method, path, body, **environ)

    return raw


@pytest.fixture(scope="module")
def transport() -> Transport:
    """One for all tests of a module: creating boto3's clients is slow, and neither they nor the gateway have state."""
    return Transport(Gateway())


@pytest.fixture
def elb(transport: Transport) -> Iterator[Elb]:
    yield from running(transport)


@pytest.fixture
def bench() -> Iterator[Workbench]:
    """Where CloudFormation's resource types make single resources; whatever a test makes is deleted again, and nothing may stay."""
    made = Workbench(virtual_sandbox(seed=3))
    yield made
    made.clear()
    made.sandbox.sandbox.close()
