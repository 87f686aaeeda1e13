"""One sandbox of local processes with the tutorial's service in three zones, and one browser, for all tests of the live page."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.support.clients import ClientSandbox, running
from tests.support.dashboard.browser import launched
from tests.support.live import until
from tests.support.tutorial_stack import STACK, TEMPLATE, ended, healthy, outputs


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClientSandbox]:
    with running(tmp_path_factory.mktemp("browser"), "browser") as made:
        yield made


@pytest.fixture(scope="session")
def service(sandbox: ClientSandbox) -> str:
    """→ the ARN of its target group, with three healthy targets."""
    cloudformation = sandbox.aws("cloudformation")
    cloudformation.create_stack(StackName=STACK, TemplateBody=TEMPLATE.read_text())
    assert ended(cloudformation) == "CREATE_COMPLETE"
    arn = outputs(cloudformation)["TargetGroupArn"]
    until(lambda: healthy(sandbox.aws("elbv2"), arn), "three healthy targets")
    return arn


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = launched(playwright)
        yield found
        found.close()


@pytest.fixture
def url(sandbox: ClientSandbox) -> str:
    return f"{sandbox.endpoint}/_sandbox/ui"
