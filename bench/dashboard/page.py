"""The live page: its first paint with 100 instances, how soon an event is on it, and what 20 open pages cost.

A simulated sandbox in a process of its own has 100 instances in a group behind a load balancer. Headless Chromium measures the first paint
(First Contentful Paint of the Paint Timing API), in turns with two other pages: one line of text, which is the least that it costs, and
the HTML of the page without its style sheet and scripts, from another server. A browser paints before it has read all of a page, so it is
also measured when the last byte was there, and when a frame with all cards was drawn. Chromium notes when the row of an event appears,
too. The 20 open pages are connections of another process that read the stream, while the state changes once a second; rounds with and
without them alternate.
"""

import asyncio
import shutil
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

import psutil
from playwright.sync_api import Page, sync_playwright

from bench.dashboard.loads import load, median, without_style
from bench.kit.child import Child, obey
from bench.kit.figure import Figure, at_most, not_measured, percentile, without_goal
from bench.kit.sandboxes import PORT, auto_scaling_group, listener, sandbox, target_group, until
from sandbox.client import Client

INSTANCES, PAGES = 100, 20
LOADS, EVENTS, ROUNDS = 10, 30, 10
SECONDS = 3.0  # of a round
URL = f"http://127.0.0.1:{PORT}/_sandbox/ui"
SHORT = f"{URL}/resources/no-such-thing"  # one line of text, for comparison
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
NOTES = """() => { window.seen = {}; new MutationObserver(changes => { for (const change of changes) for (const row of change.addedNodes)
    if (row.dataset?.event) window.seen[row.dataset.event] = performance.timeOrigin + performance.now(); })
    .observe(document.getElementById("event-rows"), {childList: true}); }"""


def measure() -> list[Figure]:
    with sandbox("simulated", speed=10) as client:
        instances = _service(client)
        return [*_in_a_browser(client, instances[0]), *_open_pages(client, instances[0])]


def _service(client: Client) -> list[str]:
    """100 instances that are healthy targets. → their ids."""
    group = target_group(client, "page", HealthCheckIntervalSeconds=10, HealthyThresholdCount=2)
    listener(client, "page", group)
    auto_scaling_group(client, "page", group, INSTANCES)
    elbv2 = client.aws("elbv2")

    def healthy() -> list[str] | None:
        found = elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        ids = [each["Target"]["Id"] for each in found if each["TargetHealth"]["State"] == "healthy"]
        return ids if len(ids) == INSTANCES else None

    return until(f"{INSTANCES} targets are healthy", healthy, 120)


# ---- in a browser ----------------------------------------------------------------------------------------------------------------------


def _in_a_browser(client: Client, instance: str) -> list[Figure]:
    path = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if path is None:
        return [not_measured("page: first paint", "not measured: no Chromium (bash tools/browser.sh)")]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            with without_style(URL) as plain:
                rounds = [tuple(load(browser, url) for url in (URL, SHORT, plain)) for _ in range(LOADS)]
            page, short, other = ([found[n] for found in rounds] for n in range(3))
            assert {found.cards for found in (*page, *other)} == {INSTANCES}
            delays = _delays(browser.new_page(), client, instance)
        finally:
            browser.close()
    return [
        without_goal("first paint of one line of text", median(short, "paint"), "ms", "in the same browser, in turns with the page"),
        without_goal(
            "first paint of the page's HTML without style and scripts", median(other, "paint"), "ms", "from another server, in turns"
        ),
        without_goal(
            "the last byte of the page is there", median(page, "bytes"), "ms", f"of one line of text: {median(short, 'bytes'):.0f} ms"
        ),
        without_goal(f"all {INSTANCES} cards are drawn", median(page, "drawn"), "ms", f"without style: {median(other, 'drawn'):.0f} ms"),
        at_most(
            f"first paint of the page, {INSTANCES} instances",
            median(page, "paint"),
            "ms",
            300,
            f"median of {LOADS} loads without a cache; slowest {max(found.paint for found in page):.0f} ms",
        ),
        at_most(
            "an event is on the page after",
            percentile(delays, 95),
            "ms",
            250,
            f"p95 of {EVENTS} changes, from before the API call to the row in the document; median {statistics.median(delays):.0f} ms",
        ),
    ]


def _delays(page: Page, client: Client, instance: str) -> list[float]:
    """Milliseconds from before each change until the row of its event is in the document."""
    page.goto(URL)
    page.evaluate(NOTES)
    _seen(page, client, instance, "first")  # whenever the stream opens, it brings what the page missed: from then on, it is open
    return [_seen(page, client, instance, f"name {number}") for number in range(EVENTS)]


def _seen(page: Page, client: Client, instance: str, name: str) -> float:
    """Changes something. → milliseconds from before the change until the row of its event is in the document."""
    began = time.time() * 1000
    _change(client, instance, name)
    event_id = client.get("events", newest=1)["events"][-1]["id"]
    seen = page.wait_for_function(f"() => window.seen['{event_id}']", timeout=10_000).json_value()
    return float(seen) - began


def _change(client: Client, instance: str, name: str) -> None:
    client.aws("ec2").create_tags(Resources=[instance], Tags=[{"Key": "Name", "Value": name}])


# ---- open pages ------------------------------------------------------------------------------------------------------------------------


def _open_pages(client: Client, instance: str) -> list[Figure]:
    server = psutil.Process(next(c.pid for c in psutil.net_connections() if c.laddr and c.laddr.port == PORT and c.status == "LISTEN"))
    without, beside = list[tuple[float, list[float]]](), list[tuple[float, list[float]]]()
    for _ in range(ROUNDS):
        without.append(_round(server, client, instance))
        with _pages():
            beside.append(_round(server, client, instance))
    cost = statistics.median(share for share, _ in beside) - statistics.median(share for share, _ in without)
    calls, calls_beside = ([seconds for _, call in rounds for seconds in call] for rounds in (without, beside))
    later = 1000 * (statistics.median(calls_beside) - statistics.median(calls))
    tails = f"p99 {1000 * percentile(calls_beside, 99):.1f} and {1000 * percentile(calls, 99):.1f} ms"
    return [
        at_most(
            f"{PAGES} open pages cost", 100 * cost, "% of a core", 5, f"CPU of the control plane, minus that without pages; {ROUNDS} rounds"
        ),
        at_most(f"an API call is later beside {PAGES} open pages by", later, "ms", 1, f"medians of {len(calls_beside)} calls; {tails}"),
    ]


def _round(server: psutil.Process, client: Client, instance: str) -> tuple[float, list[float]]:
    """→ the share of a core that the control plane used, and the seconds of each call. One change a second, ten reads."""
    began, used, calls = time.perf_counter(), _used(server), []
    for number in range(int(SECONDS * 10)):
        time.sleep(max(0.0, began + number / 10 - time.perf_counter()))
        if number % 10 == 0:
            _change(client, instance, f"name {number}")
        at = time.perf_counter()
        client.aws("autoscaling").describe_auto_scaling_groups()
        calls.append(time.perf_counter() - at)
    return (_used(server) - used) / (time.perf_counter() - began), calls


def _used(server: psutil.Process) -> float:
    times = server.cpu_times()
    return float(times.user + times.system)


@contextmanager
def _pages() -> Iterator[None]:
    held = Child(_work)
    try:
        until("all pages have been given everything", lambda: held.ask("read") >= PAGES or None, 20)
        yield
    finally:
        held.close()


def _work(connection: Connection) -> None:
    """In a process of its own: reads the streams of the open pages."""
    asyncio.run(_read_all(connection))


async def _read_all(connection: Connection) -> None:
    started = set[int]()

    async def read(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
        writer.write(b"GET /_sandbox/ui/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while piece := await reader.read(2**20):
            if b"event: change" in piece:
                started.add(number)

    def answer(_: str, __: Any) -> int:
        return len(started)

    tasks = [asyncio.create_task(read(number)) for number in range(PAGES)]
    await obey(connection, answer, None)
    for task in tasks:
        task.cancel()
