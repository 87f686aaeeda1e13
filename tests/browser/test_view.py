"""The page for everybody: on a phone, in the dark, with a keyboard, without motion; with hostile names; when the control plane has gone."""

import http.server
import json
import os
import re
import signal
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.clients import ClientSandbox
from tests.support.dashboard.browser import LONG, looking
from tests.support.dashboard.observed import HOSTILE


@pytest.fixture
def tagged(sandbox: ClientSandbox, service: str) -> Iterator[str]:
    """An instance whose name is hostile."""
    ec2, elbv2 = sandbox.aws("ec2"), sandbox.aws("elbv2")
    found = elbv2.describe_target_health(TargetGroupArn=service)["TargetHealthDescriptions"][0]["Target"]["Id"]
    ec2.create_tags(Resources=[found], Tags=[{"Key": "Name", "Value": f"<img src=x onerror=alert(1)>{HOSTILE}"}])
    yield found
    ec2.delete_tags(Resources=[found], Tags=[{"Key": "Name"}])


def test_everything_comes_from_the_sandbox_itself(browser: Browser, url: str, sandbox: ClientSandbox, service: str) -> None:
    with looking(browser, url) as screen:
        expect(screen.healthy()).to_have_count(3, timeout=LONG)
        assert {address for address in screen.requested if not address.startswith((sandbox.endpoint, "data:"))} == set()


def test_a_hostile_name_is_only_text(browser: Browser, url: str, tagged: str) -> None:
    with looking(browser, url) as screen:
        expect(screen.page.locator(f"#card-{tagged} .name")).to_have_text(f"<img src=x onerror=alert(1)>{HOSTILE}", timeout=LONG)
        assert screen.page.locator(".card img, .card script").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_all_without_scrolling_sideways(browser: Browser, url: str, service: str, scheme: str) -> None:
    with looking(browser, url, viewport={"width": 390, "height": 844}, color_scheme=scheme) as screen:
        expect(screen.healthy()).to_have_count(3, timeout=LONG)
        box = screen.page.locator("body").bounding_box()
        assert box is not None and box["width"] <= 390
        for part in screen.page.locator("section, article").all():
            inside = part.bounding_box()
            assert inside is None or inside["x"] + inside["width"] <= 390


def test_nothing_moves_for_who_asked_for_less_motion(browser: Browser, url: str, service: str) -> None:
    with looking(browser, url, reduced_motion="reduce") as screen:
        expect(screen.healthy()).to_have_count(3, timeout=LONG)
        screen.click("Send", screen.section("load"))
        expect(screen.page.locator(".flow.flowing").first).to_be_attached(timeout=LONG)
        expect(screen.page.locator(".flow.flowing .moving").first).to_have_css("animation-name", "none")
        screen.click("Stop", screen.section("load"))


def test_a_fault_is_injected_and_cleared_with_the_keyboard_alone(browser: Browser, url: str, service: str) -> None:
    with looking(browser, url) as screen:
        screen.page.get_by_role("link", name="Power off us-east-1b").press("Enter")
        expect(screen.page.locator("#fault-form")).to_be_visible()
        screen.page.get_by_role("button", name="Inject", exact=True).press("Enter")
        expect(screen.lane("us-east-1b")).to_have_class(re.compile("dark"), timeout=LONG)
        screen.sees_no_dialog()
        screen.page.get_by_role("button", name="Clear", exact=True).press("Enter")
        expect(screen.lane("us-east-1b")).not_to_have_class(re.compile("dark"), timeout=LONG)


def test_the_timeline_is_scrolled_back_to_the_page_of_that_moment_and_returns_to_now(browser: Browser, url: str, service: str) -> None:
    with looking(browser, url) as screen:
        page = screen.page
        expect(screen.healthy()).to_have_count(3, timeout=LONG)
        page.locator("#scroll").focus()
        page.keyboard.press("Home")
        expect(page.locator("#past")).to_contain_text("The page as of", timeout=LONG)
        expect(page.locator("#past-unknown li").first).to_be_visible()
        expect(page.locator(".card")).to_have_count(0)  # the sandbox has just started
        expect(page.locator("#paused")).to_be_visible()
        expect(page.get_by_role("button", name="Terminate")).to_have_count(0)
        shown = int((page.locator("#past").get_attribute("data-at") or "e0").removeprefix("e"))  # the last of the timeline's first step
        screen.click("Event after")
        expect(page.locator("#past")).to_contain_text(f"After event e{shown + 1:06}:", timeout=LONG)
        page.locator("#now").click()
        expect(page.locator("#past")).not_to_be_visible()
        expect(page.locator("#paused")).not_to_be_visible()
        expect(screen.healthy()).to_have_count(3, timeout=LONG)


def test_when_the_control_plane_has_gone_the_page_says_so_and_is_right_when_it_is_back(
    browser: Browser, url: str, sandbox: ClientSandbox, service: str
) -> None:
    with looking(browser, url) as screen:
        expect(screen.healthy().first).to_be_visible(timeout=LONG)
        os.kill(json.loads((sandbox.folder / "running.json").read_text())["pid"], signal.SIGKILL)
        screen.sees(screen.page.locator("#lost"), "The control plane does not answer")
        expect(screen.page.locator("#lost")).to_be_visible(timeout=LONG)
        sandbox.up()
        expect(screen.page.locator("#lost")).not_to_be_visible(timeout=LONG)
        sandbox.aws("sns").create_topic(Name="after-the-restart")
        expect(screen.page.locator(".event", has_text="after-the-restart")).to_have_count(1, timeout=LONG)
        ids = screen.page.locator("#event-rows li").evaluate_all("rows => rows.map(row => row.id)")
        assert len(ids) == len(set(ids))
        expect(screen.healthy()).to_have_count(3, timeout=LONG)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[str]:
    """A page of another port of this machine."""
    (tmp_path / "index.html").write_text("<h1>elsewhere</h1>")
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_page_of_another_port_can_neither_read_nor_frame_nor_change_anything(browser: Browser, url: str, elsewhere: str) -> None:
    with looking(browser, elsewhere) as screen:
        tried = """async (url) => {
            const found = [];
            for (const how of [{}, {mode: "no-cors"}, {method: "POST", headers: {"X-Sandbox-Client": "x"}, body: "{}"}]) {
                try { const answer = await fetch(url, how); found.push(answer.type === "opaque" ? "opaque" : await answer.text()); }
                catch (error) { found.push("refused"); }
            }
            return found;
        }"""
        assert "sandbox" not in " ".join(screen.page.evaluate(tried, url))
        screen.page.evaluate(
            "url => { const frame = document.createElement('iframe'); frame.src = url; document.body.append(frame); }", url
        )
        screen.page.wait_for_timeout(500)
        assert all("Availability Zones" not in frame.content() for frame in screen.page.frames)


def test_what_has_the_focus_keeps_it_while_the_page_changes(browser: Browser, url: str, sandbox: ClientSandbox, tagged: str) -> None:
    with looking(browser, url) as screen:
        name = screen.page.locator(f"#card-{tagged} .name")
        expect(name).to_be_attached()
        button = screen.page.get_by_role("button", name=f"Terminate {tagged}")
        button.focus()
        sandbox.aws("ec2").create_tags(Resources=[tagged], Tags=[{"Key": "Name", "Value": "another"}])
        expect(name).to_have_text("another")
        expect(button).to_be_focused()
