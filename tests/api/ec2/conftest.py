"""`world`: a virtual sandbox with one of each common kind of EC2 object, made by the API."""

from collections.abc import Iterator

import pytest

from sandbox.aws import state
from tests.support import VirtualSandbox, virtual_sandbox
from tests.support.services.ec2_calls import Things


@pytest.fixture
def virtual() -> Iterator[VirtualSandbox]:
    made = virtual_sandbox()
    state.reset(0)
    yield made


@pytest.fixture
def things(virtual: VirtualSandbox) -> Things:
    made = Things(virtual.client("ec2")).make()
    virtual.run(5)
    return made
