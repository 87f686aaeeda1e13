"""The pytest plugin (entry point pytest11): fixtures of a sandbox for tests of one's own service.

    def test_a_dark_zone_is_survived(service, load, fault):
        web = service(command="python -m http.server $PORT", zones=3, size=6)
        traffic = load(rate=60, retries=2)
        web.wait(30)
        fault("zone-blackhole", web.fullest_zone(), lasting=120)
        web.wait(300)
        assert traffic.availability >= 99, traffic.losses

    pytest --sandbox-runtime process --sandbox-reports reports

The sandbox is one for the whole session (one for each worker of pytest-xdist). A failed test with traffic leaves its report in a folder
named after it. Whatever a test leaves in force is undone after it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.core.errors import UserError

if TYPE_CHECKING:  # pytest loads this module in every session; the sandbox is imported by those that use it
    from sandbox.report.model import Report
    from sandbox.testing import Sandbox, Service, Traffic

FAILURE = pytest.StashKey[str]()  # why a test failed
WRITTEN = "report of the sandbox"  # the property of a test that names its report


class _Reports:
    """Names the reports at the end of the session, also those that workers of pytest-xdist wrote."""

    def __init__(self) -> None:
        self._written: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown":
            self._written += [str(value) for name, value in report.user_properties if name == WRITTEN]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._written:
            terminalreporter.section("reports of the sandbox")
        for path in self._written:
            terminalreporter.line(path)


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # a worker's reports reach the process that started it
        config.pluginmanager.register(_Reports(), "sandbox-reports")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("sandbox", "a local AWS sandbox for tests of a service")
    group.addoption("--sandbox-runtime", choices=("simulated", "process", "docker", "auto"), help="what runs the instances")
    group.addoption("--sandbox-speed", type=float, help="seconds of sandbox time per real second (not for simulated)")
    group.addoption("--sandbox-reports", metavar="DIR", help="folder for the reports of failed tests")
    parser.addini("sandbox_runtime", "what runs the instances: simulated (the default), process, docker or auto", default="simulated")
    parser.addini("sandbox_speed", "seconds of sandbox time per real second", default="1")
    parser.addini("sandbox_reports", "folder for the reports of failed tests", default="sandbox-reports")


def _option(config: pytest.Config, name: str) -> str:
    given = config.getoption(f"--sandbox-{name}")
    return str(given) if given is not None else str(config.getini(f"sandbox_{name}"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keeps why a test failed, for the report that its `service` writes."""
    found = yield
    if call.when == "call" and call.excinfo is not None and not call.excinfo.errisinstance(pytest.skip.Exception):
        item.stash[FAILURE] = f"{call.excinfo.typename}: {str(call.excinfo.value).splitlines()[0] if str(call.excinfo.value) else ''}"
    return found


@pytest.fixture(scope="session")
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """The session's sandbox."""
    from sandbox.testing import Sandbox  # noqa: PLC0415 - see above

    config = request.config
    made = Sandbox(_option(config, "runtime"), speed=float(_option(config, "speed")))
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.fixture
def aws(sandbox: Sandbox) -> Callable[[str], Any]:
    """aws("ec2") is a boto3 client of the sandbox."""
    return sandbox.aws


class _Services:
    """The services of one test. They are built one after the other; the last one is in place."""

    def __init__(self, sandbox: Sandbox, name: str) -> None:
        self._sandbox, self._name = sandbox, name
        self.current: Service | None = None

    def __call__(self, **wanted: Any) -> Service:
        self.current = self._sandbox.service(**{"name": self._name, **wanted})
        return self.current

    def needed(self, by: str) -> Service:
        if self.current is None:
            raise UserError(f"{by} needs a service, and this test has built none.", "web = service(…) before it")
        return self.current


@pytest.fixture
def service(sandbox: Sandbox, request: pytest.FixtureRequest) -> Iterator[_Services]:
    """service(zones=3, size=6, …) builds a service and returns it when it is healthy: sandbox.testing.Sandbox.service."""
    made = _Services(sandbox, request.node.name)
    try:
        yield made
    finally:
        if made.current is not None:
            _finish(made.current, request.node)


def _finish(service: Service, item: pytest.Item) -> None:
    """Writes the report of a failed test, then removes the service."""
    try:
        failure = item.stash.get(FAILURE, None)
        if failure is not None and service.run.stream is not None:
            folder = Path(_option(item.config, "reports")) / re.sub(r"[^\w.-]+", "_", item.nodeid)
            files = service.write_report(folder, failure)
            item.user_properties.append((WRITTEN, str(files[0])))
    finally:
        service.remove()


@pytest.fixture
def load(service: _Services) -> Callable[..., Traffic]:
    """load(rate=60, path="/", retries=2, …) starts client traffic on the test's service: sandbox.testing.Service.load."""

    def start(rate: float, path: str | None = None, **clients: object) -> Traffic:
        return service.needed("load").load(rate, path, **clients)

    return start


@pytest.fixture
def fault(service: _Services) -> Callable[..., str]:
    """fault("zone-blackhole", zone, lasting=120) injects a fault and returns its id; it is cleared after the test at the latest."""

    def inject(kind: str, *targets: str, lasting: float | None = None, **parameters: object) -> str:
        return service.needed("fault").inject(kind, *targets, lasting=lasting, **parameters)

    return inject


@pytest.fixture
def report(service: _Services) -> Callable[[], Report]:
    """report() stops the traffic and returns a sandbox.report.model.Report of what happened so far."""
    return lambda: service.needed("report").report()
