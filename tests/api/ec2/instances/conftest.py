"""`ec2`: an EC2 of its own, with machines in virtual time."""

from collections.abc import Iterator

import pytest

from sandbox.aws import seams, state
from sandbox.aws.context import LOCK
from sandbox.aws.hosting import moto_time
from sandbox.aws.http.gateway import Gateway
from sandbox.aws.http.transport import Transport
from sandbox.core.clock import VirtualClock
from sandbox.core.journal import Journal
from sandbox.engine import Engine
from sandbox.services.ec2.controller import Ec2Controller
from tests.support.api.ec2 import Ec2
from tests.support.ports import FakeFaults, use_ports
from tests.support.services.machines import Machines


@pytest.fixture(scope="module")
def transport() -> Transport:
    """Once, for making a client of EC2 takes longer than a test."""
    return Transport(Gateway())


@pytest.fixture
def ec2(transport: Transport) -> Iterator[Ec2]:
    clock = VirtualClock()
    journal = Journal(clock)
    engine = Engine(clock, journal, LOCK)
    machines = Machines(clock, engine)
    faults = FakeFaults()
    use_ports(clock, journal, engine.wake, clients=transport, machines=machines, faults=faults)
    moto_time.install(clock)
    state.reset()
    seams.install()
    controller = Ec2Controller(journal, machines)
    engine.add([controller])
    yield Ec2(clock, journal, engine, machines, faults, transport)
    state.reset()
