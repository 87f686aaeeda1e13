"""One load of a page in headless Chromium, and the page without its style to compare with."""

import re
import socket
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser

from bench.kit.sandboxes import PORT, until

PLAIN = PORT + 2  # port of the server of the page without style
FRAME = """addEventListener("DOMContentLoaded", () => requestAnimationFrame(() => {
    const drawn = new MessageChannel();
    drawn.port1.onmessage = () => { window.drawn = performance.now(); };
    drawn.port2.postMessage(0); }))"""
"""Notes when the frame after the end of the document was drawn."""
TIMES = """() => { const paint = performance.getEntriesByName("first-contentful-paint")[0]?.startTime;
    const bytes = performance.getEntriesByType("navigation")[0].responseEnd, cards = document.querySelectorAll(".card").length;
    return paint && window.drawn ? {paint, bytes, drawn: window.drawn, cards} : null; }"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Of one load, in milliseconds from the start of the navigation."""

    bytes: float  # the last one was there
    paint: float  # First Contentful Paint
    drawn: float  # the first frame with the whole document
    cards: int  # in the document


def median(found: Sequence[Times], name: str) -> float:
    return statistics.median({"bytes": each.bytes, "paint": each.paint, "drawn": each.drawn}[name] for each in found)


def load(browser: Browser, url: str) -> Times:
    """In a browser context of its own: without a cache."""
    context = browser.new_context()
    try:
        page = context.new_page()
        page.add_init_script(FRAME)
        page.goto(url)
        return Times(**page.wait_for_function(TIMES, timeout=30_000).json_value())
    finally:
        context.close()


@contextmanager
def without_style(page: str) -> Iterator[str]:
    """→ the address of the page as it is now, without its style sheet and scripts, served by a process of its own."""
    html = re.sub(r"<(style|script)\b.*?</\1>", "", urllib.request.urlopen(page, timeout=30).read().decode(), flags=re.DOTALL)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        Path(folder, "index.html").write_text(html)
        command = [sys.executable, "-m", "http.server", str(PLAIN), "--bind", "127.0.0.1", "--directory", folder]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until("the other server answers", _answers, 20)
            yield f"http://127.0.0.1:{PLAIN}/"
        finally:
            server.terminate()
            server.wait()


def _answers() -> bool | None:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", PLAIN)) == 0 or None
