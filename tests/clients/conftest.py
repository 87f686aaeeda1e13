"""One sandbox for all clients, in the process runtime. Each test starts from what is there and asserts that its client leaves nothing.

A failed test may leave resources behind, and then the tests after it would fail too. So the sandbox is made anew after a failure: what a
client broke is reported once, by the test of that client.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.clients import ClientSandbox, running
from tests.support.real_clients.leftovers import Ledger


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/clients/" in item.nodeid:
            item.add_marker(pytest.mark.clients)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[ClientSandbox]:
    """Its state is in a folder that every account may enter, unlike pytest's: user data of a sandbox that runs as root runs as `nobody`."""
    with TemporaryDirectory(prefix="sandbox-clients-") as folder:
        Path(folder).chmod(0o755)
        with running(Path(folder), "clients") as made:
            yield made


@pytest.fixture(scope="module", autouse=True)
def new_after_a_failed_module(request: pytest.FixtureRequest, sandbox: ClientSandbox) -> Iterator[None]:
    """For what the fixtures of a module share: they are gone when this one ends."""
    failures = request.session.testsfailed
    yield
    if request.session.testsfailed > failures:
        sandbox.renew()


@pytest.fixture
def nothing_left(request: pytest.FixtureRequest, sandbox: ClientSandbox) -> Iterator[None]:
    """After the test, the account holds exactly what it held before. After a failed one, the sandbox is a new one."""
    failures = request.session.testsfailed
    ledger = Ledger(sandbox)
    yield
    ledger.close(failed=request.session.testsfailed > failures)
