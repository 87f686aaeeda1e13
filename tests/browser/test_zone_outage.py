"""A person looks at a zone outage: cuts a zone by a click, sees it go dark and the group heal, and runs a scenario to its report."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.support.clients import ClientSandbox
from tests.support.dashboard.browser import LONG, Screen, looking

CUT = "us-east-1a"
SLOW = 4 * LONG


@pytest.fixture
def screen(browser: Browser, url: str, service: str) -> Screen:
    with looking(browser, url) as found:
        expect(found.healthy()).to_have_count(3, timeout=LONG)
        yield found  # type: ignore[misc]


def test_a_zone_is_cut_by_a_click_and_the_group_heals(screen: Screen) -> None:
    page, group = screen.page, screen.section("groups").locator(".group").first
    screen.click("Send", screen.section("load"))
    expect(page.locator(".flow.flowing")).to_have_count(3, timeout=LONG)

    screen.click(f"Cut off {CUT}")
    screen.sees(page.locator("#equal"), f"sandbox fault inject zone-blackhole {CUT} --for 10m")
    screen.sees(page.locator("#equal"), "aws fis create-experiment-template")
    screen.click("Inject")
    expect(screen.lane(CUT)).to_have_class(re.compile("dark"), timeout=LONG)
    screen.sees_no_dialog()
    screen.sees(screen.lane(CUT), "cut off")
    screen.sees(screen.section("faults"), "zone-blackhole")
    screen.sees(screen.section("faults").locator("[data-until]"), "left")
    screen.sees(screen.lane(CUT).locator(".target.state-bad").first, "unhealthy Target.Timeout")
    screen.sees(group.locator("dd").nth(2), "2")

    screen.click("Clear", screen.section("faults"))
    expect(screen.lane(CUT)).not_to_have_class(re.compile("dark"), timeout=LONG)
    expect(screen.healthy()).to_have_count(3, timeout=SLOW)
    screen.sees(group.locator("dd").nth(2), "3", SLOW)
    screen.click("Stop", screen.section("load"))
    screen.sees(screen.section("load"), "answered well")


def test_an_event_opens_its_chain_of_causes(screen: Screen) -> None:
    screen.page.locator(".event", has_text="is unhealthy: 2 health checks").first.get_by_role("link").click()
    story = screen.page.locator("dialog .story")
    expect(story.locator("li").first).to_contain_text(f"zone-blackhole on {CUT}")
    expect(story.locator("li.about")).to_contain_text("is unhealthy")
    screen.page.keyboard.press("Escape")
    expect(screen.page.locator("dialog")).not_to_be_visible()


def test_a_terminated_instance_is_replaced(screen: Screen) -> None:
    first = screen.cards().first.locator(".who a").inner_text()
    screen.click(f"Terminate {first}")
    expect(screen.page.locator(f"#card-{first}")).to_have_count(0, timeout=LONG)
    expect(screen.healthy()).to_have_count(3, timeout=SLOW)


def test_a_scenario_is_started_its_criteria_are_judged_and_its_report_opens(screen: Screen) -> None:
    screen.click("Run a scenario")
    screen.page.locator("select[name=name]").select_option("instance_terminate")
    form = screen.page.locator("dialog form.form")
    form.locator("[name=speed]").fill("5")
    form.locator("[name=knobs]").fill("size=2 zones=2 load=10")  # two instances, four requests per second: the machine may be busy
    screen.click("Run", form)
    run = screen.section("runs").locator(".run").first
    steady = run.locator(".phases li", has_text="Steady state")
    expect(steady).to_have_class(re.compile("phase-(running|done|stopped)"), timeout=SLOW)  # it may be over before a busy browser shows it
    expect(run.locator(".verdict")).to_be_visible(timeout=SLOW)
    verdict = run.locator(".verdict").inner_text().split(":")[0].split()[-1]
    criteria = {tone: run.locator(f".criteria li.state-{tone}").count() for tone in ("good", "bad", "unknown")}
    if verdict == "CAPACITY_CHECK_FAILED":  # the machine was too busy for a steady state: nothing was judged, and nothing looks judged
        assert criteria["good"] == criteria["bad"] == 0 < criteria["unknown"]
    else:
        assert verdict in ("SUCCEEDED", "FAILED")  # a busy machine may lose a request; the page shows what was judged
        expect(run.locator(".phases li")).to_have_class([re.compile("phase-done")] * run.locator(".phases li").count())
        assert (criteria["bad"] == 0) == (verdict == "SUCCEEDED")
        assert criteria["unknown"] == 0 < criteria["good"] + criteria["bad"]
    screen.click("Open the report", run)
    expect(screen.page.get_by_role("heading", level=1)).to_contain_text("One instance is terminated")
    expect(screen.page.locator(".verdict")).to_contain_text(verdict)


def test_the_speed_of_the_clock_is_set(screen: Screen, sandbox: ClientSandbox) -> None:
    field = screen.page.locator("#status input[name=speed]")
    field.fill("12")
    screen.click("Set")
    screen.sees(screen.page.locator("#said"), "The clock runs at speed 12.")
    assert sandbox.get("clock")["speed"] == 12
    field.fill("10")
    screen.click("Set")
    screen.sees(screen.page.locator("#said"), "The clock runs at speed 10.")
