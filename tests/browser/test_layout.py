"""Nothing covers anything: each box of the page has its own place, whatever the width and however tall a zone's lane is."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.dashboard.browser import LONG, looking
from tests.support.dashboard.crowd import SHORT, TALL, ZONES, crowded

OVERLAPS = """() => {
    const boxes = [...document.querySelectorAll("section.section, section.timeline, section.events, .section h2, .lane, .item")]
        .flatMap(each => [...each.getClientRects()].map(box => [each, box]));  // a section in two columns has two boxes
    const named = each => `${each.tagName.toLowerCase()}.${each.className} ${each.id}`.trim();
    const along = (a, b, from, to) => Math.min(a[to], b[to]) - Math.max(a[from], b[from]);
    const shared = (a, b) => Math.min(along(a, b, "left", "right"), along(a, b, "top", "bottom"));
    return boxes.flatMap(([one, a], n) => boxes.slice(n + 1)
        .filter(([other, b]) => !one.contains(other) && !other.contains(one) && shared(a, b) > 1)
        .map(([other]) => `${named(one)} | ${named(other)}`));
}"""
"""Pairs of boxes, neither in the other, that share more than a pixel."""
STEP = 700  # pixels


@pytest.fixture(scope="module")
def crowd() -> Iterator[str]:
    with crowded() as address:
        yield address


def _overlaps(page: Page) -> list[str]:
    found: list[str] = page.evaluate(OVERLAPS)
    return found


def _scroll_to_the_end(page: Page) -> None:
    """In steps: what comes into view for the first time gets its true height."""
    for top in range(0, int(page.evaluate("document.documentElement.scrollHeight")), STEP):
        page.evaluate("top => new Promise(seen => { scrollTo(0, top); requestAnimationFrame(() => requestAnimationFrame(seen)); })", top)


@pytest.mark.parametrize("width", [1280, 1600, 390])
def test_no_box_covers_another_before_and_after_scrolling(browser: Browser, crowd: str, width: int) -> None:
    with looking(browser, crowd, viewport={"width": width, "height": 900}) as screen:
        expect(screen.cards()).to_have_count(TALL + 2 * SHORT, timeout=LONG)
        expect(screen.lane(ZONES[2]).locator(".cut")).to_be_visible()
        assert _overlaps(screen.page) == []
        _scroll_to_the_end(screen.page)
        assert _overlaps(screen.page) == []


def test_a_lane_that_hides_a_heading_is_seen_here(browser: Browser, crowd: str) -> None:
    """The negative control of the tests above."""
    with looking(browser, crowd) as screen:
        expect(screen.cards()).to_have_count(TALL + 2 * SHORT, timeout=LONG)
        screen.section("zones").evaluate("zones => { zones.style.maxHeight = '20rem'; }")
        found = _overlaps(screen.page)
        assert any("lane" in pair and "h2" in pair for pair in found), found


@pytest.mark.parametrize("width", [1280, 390])
def test_no_box_covers_another_on_paper(browser: Browser, crowd: str, width: int) -> None:
    with looking(browser, crowd, viewport={"width": width, "height": 900}) as screen:
        screen.page.emulate_media(media="print")
        expect(screen.cards()).to_have_count(TALL + 2 * SHORT, timeout=LONG)
        assert _overlaps(screen.page) == []


def test_a_phone_does_not_scroll_sideways_with_a_table_of_many_targets_open(browser: Browser, crowd: str) -> None:
    with looking(browser, crowd, viewport={"width": 390, "height": 844}) as screen:
        screen.page.locator(".item.targets summary", has_text=f"{TALL} targets").click()
        expect(screen.page.locator(".item.targets tbody tr")).to_have_count(TALL + 2 * SHORT, timeout=LONG)
        assert screen.page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_short_lane_ends_with_its_cards_and_a_long_one_has_the_whole_width(browser: Browser, crowd: str) -> None:
    with looking(browser, crowd) as screen:
        long, short, zones = (each.bounding_box() for each in (screen.lane(ZONES[1]), screen.lane(ZONES[0]), screen.section("zones")))
        last = screen.cards(ZONES[0]).last.bounding_box()
        assert long is not None and short is not None and zones is not None and last is not None
        assert long["width"] == pytest.approx(zones["width"], abs=1)
        assert short["y"] + short["height"] - (last["y"] + last["height"]) < 100
