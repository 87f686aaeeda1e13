"""One sandbox for all clients, in the process runtime. Each test starts from what is there and asserts that its client leaves nothing."""

import time
from collections.abc import Iterator

import pytest

from tests.support.clients import ClientSandbox, free_ports, inventory

LISTENERS = 10


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/clients/" in item.nodeid:
            item.add_marker(pytest.mark.clients)


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClientSandbox]:
    first = free_ports(LISTENERS + 2)
    made = ClientSandbox(tmp_path_factory.mktemp("clients"), first, first + 1, range(first + 2, first + 2 + LISTENERS))
    made.up()
    yield made
    made.down()


@pytest.fixture
def nothing_left(sandbox: ClientSandbox) -> Iterator[None]:
    """After the test, the account holds exactly what it held before. Instances and load balancers may take a moment to disappear."""
    before = inventory(sandbox)
    yield

    deadline = time.monotonic() + 30
    while changed := _changed(before, inventory(sandbox)):
        assert time.monotonic() < deadline, f"left over, or gone: {changed}"
        time.sleep(0.2)


def _changed(before: dict[str, list[str]], after: dict[str, list[str]]) -> dict[str, list[str]]:
    return {kind: changed for kind, ids in after.items() if (changed := sorted(set(ids) ^ set(before[kind])))}
