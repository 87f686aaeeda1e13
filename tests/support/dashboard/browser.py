"""Headless Chromium that looks at the live page. It is the distribution's: Playwright drives it and downloads none."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Playwright, expect

NAMES = ("chromium", "chromium-browser", "google-chrome")
LIVE = "() => 'live' in document.documentElement.dataset || !document.querySelector('script[src$=\"/page.js\"]')"
"""The page's scripts are there, and a click does what it says; or it is no page of ours."""
LONG = 90_000.0  # real milliseconds in which anything here has come true


def launched(playwright: Playwright) -> Browser:
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.fail("There is no Chromium. next: bash tools/browser.sh")
    expect.set_options(timeout=30_000)  # real milliseconds: the machine may be busy
    return playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])  # as root, its own sandbox does not start


@dataclass(kw_only=True)
class Screen:
    """The page as a person sees it."""

    page: Page
    problems: list[str] = field(default_factory=list)  # what its scripts complained about
    requested: list[str] = field(default_factory=list)  # every address that it asked for

    def lane(self, zone: str) -> Locator:
        return self.page.locator(f".lane[data-zone='{zone}']")

    def cards(self, zone: str = "") -> Locator:
        return (self.lane(zone) if zone else self.page).locator(".card")

    def healthy(self) -> Locator:
        return self.page.locator(".card .target.state-good")

    def section(self, name: str) -> Locator:
        return self.page.locator(f"section#{name}")

    def click(self, name: str, within: Locator | None = None) -> None:
        """The button or link with this name."""
        place = within or self.page
        place.get_by_role("button", name=name, exact=True).or_(place.get_by_role("link", name=name, exact=True)).click()

    def sees_no_dialog(self) -> None:
        """An open dialog makes the page behind it inert: it takes neither focus nor keys, even when it already shows the change."""
        expect(self.page.locator("dialog")).not_to_be_visible(timeout=LONG)

    def sees(self, found: Locator, text: str, timeout: float = LONG) -> None:
        expect(found).to_contain_text(text, timeout=timeout)

    def shows_number(self, found: Locator) -> None:
        expect(found).to_have_text(re.compile(r"\d"), timeout=LONG)


@contextmanager
def looking(browser: Browser, url: str, **how: Any) -> Iterator[Screen]:
    """`how`: of the browser's context, such as its viewport and colour scheme. Fails if a script of the page failed."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **how})
    screen = Screen(page=context.new_page())
    screen.page.on("pageerror", lambda error: screen.problems.append(str(error)))
    screen.page.on("request", lambda request: screen.requested.append(request.url))
    screen.page.on("dialog", lambda dialog: dialog.accept())
    screen.page.goto(url)
    try:
        screen.page.wait_for_function(LIVE, timeout=LONG, polling=100)
        yield screen
        assert screen.problems == []
    finally:
        context.close()
