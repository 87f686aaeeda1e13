"""The Learn tab: a lesson's steps turn green without a reload while somebody works, and the sandbox answers its question."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.clients import ClientSandbox
from tests.support.dashboard.browser import LONG, looking

IMAGE = "ami-0c047a86012500412"


@pytest.fixture
def lesson(url: str) -> str:
    return f"{url}/learn/never_reached"


@pytest.fixture
def instances(sandbox: ClientSandbox) -> Iterator[list[Any]]:
    """Ids of what a test launches: they are terminated at its end."""
    made: list[Any] = []
    yield made
    if made:
        sandbox.aws("ec2").terminate_instances(InstanceIds=made)


def launch(sandbox: ClientSandbox, instances: list[Any]) -> None:
    ec2 = sandbox.aws("ec2")
    for subnet in ec2.describe_subnets()["Subnets"][:2]:
        answer = ec2.run_instances(ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=subnet["SubnetId"])
        instances.append(answer["Instances"][0]["InstanceId"])


def begin(page: Page) -> None:
    page.get_by_role("button", name="Begin", exact=True).or_(page.get_by_role("button", name="Begin again")).click()
    expect(page.locator("#step-1")).to_contain_text("Now:", timeout=LONG)


def test_the_live_page_leads_to_all_lessons(browser: Browser, url: str) -> None:
    with looking(browser, url) as screen:
        screen.click("Learn")
        expect(screen.page.locator(".lessons li")).to_have_count(13)
        screen.page.locator(".lessons a", has_text="A load balancer that nobody reaches").click()
        expect(screen.page.locator("#step-1")).to_contain_text("Launch two instances")


def test_a_step_turns_green_without_a_reload(browser: Browser, lesson: str, sandbox: ClientSandbox, instances: list[Any]) -> None:
    with looking(browser, lesson) as screen:
        begin(screen.page)
        screen.page.locator("#step-1 summary").click()
        expect(screen.page.locator("#step-1 pre")).to_contain_text("aws ec2 run-instances")
        expect(screen.page.locator("#step-1")).not_to_have_class("step green")
        screen.page.evaluate("window.sameDocument = true")
        launch(sandbox, instances)
        expect(screen.page.locator("#step-1")).to_have_class("step green", timeout=LONG)
        expect(screen.page.locator("#step-2")).to_have_class("step")
        assert screen.page.evaluate("window.sameDocument") is True


def test_a_question_is_answered_by_a_run(browser: Browser, lesson: str) -> None:
    with looking(browser, lesson) as screen:
        screen.click("Yes: Auto Scaling launches it, and the load balancer finds it.")
        expect(screen.page.locator("#steps")).to_contain_text("in virtual time …", timeout=LONG)
        expect(screen.page.locator(".verdict")).to_contain_text("The run says otherwise.", timeout=4 * LONG)
        expect(screen.page.locator(".verdict")).to_contain_text("instance_terminate, profile tutorial: FAILED.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_lessons_without_scrolling_sideways(browser: Browser, url: str, lesson: str, scheme: str) -> None:
    for address in (f"{url}/learn", lesson):
        with looking(browser, address, viewport={"width": 390, "height": 844}, color_scheme=scheme) as screen:
            assert screen.page.evaluate("document.documentElement.scrollWidth") <= 390
