"""How long a target still receives requests after it became unhealthy, with a real Envoy, real health checks and a steady load.

The time of the change is that of its event in the journal, converted to real time with the sandbox's clock; a request's time is when it
reaches the target. A target that receives no request after the change counts as 0.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import cycle, islice
from typing import Any

from bench.kit.figure import Figure, at_most, percentile, without_goal
from bench.kit.lb import local, under_load
from bench.kit.sandboxes import healthy, until
from sandbox.client import Client

FLIPS, TARGETS, RATE, SPEED = 100, 4, 400.0, 20.0
GOAL = 25.0  # ms, p99
CHANGE = "Target Health State Change"
MOST = 5000  # events in one answer


def measure() -> list[Figure]:
    with under_load(TARGETS, RATE, speed=SPEED) as scene:
        ids = healthy(scene.client, scene.group)
        read_clock(scene.client)  # the first response is slow
        before = read_clock(scene.client)
        begun = scene.client.get("events", newest=1)["last"]
        for target in islice(cycle(ids), FLIPS):
            scene.targets.set_health(local(target), False)
            until(f"{target} is unhealthy", lambda target=target: target not in healthy(scene.client, scene.group), 60, 0.02)
            scene.targets.set_health(local(target), True)
            until(f"{target} is healthy", lambda target=target: target in healthy(scene.client, scene.group), 60, 0.02)
        events = scene.client.get("events", after=begun, newest=MOST)["events"]
        starts = scene.targets.starts()
        sent, _ = scene.load.stop()
    late = lateness(changes(events, before), {target: starts[local(target)] for target in ids})
    method = f"{len(late)} flips of {TARGETS} targets, {sent} requests, {RATE:g} a second"
    return [
        at_most("verdict to last request on the target, p99", 1000 * percentile(late, 99), "ms", GOAL, method),
        without_goal("the same, median", 1000 * percentile(late, 50), "ms", method),
    ]


def read_clock(client: Client, rounds: int = 20) -> tuple[float, float]:
    """→ a monotonic time, and the sandbox's time then (in seconds), from the middle of the fastest of some requests."""
    best = (float("inf"), 0.0, 0.0)
    for _ in range(rounds):
        asked = time.monotonic()
        now = _seconds(client.get("clock")["now"])
        took = time.monotonic() - asked
        best = min(best, (took, asked + took / 2, now))
    return best[1], best[2]


def changes(events: Sequence[Mapping[str, Any]], clock: tuple[float, float], speed: float = SPEED) -> list[tuple[str, str, float]]:
    """(target, its new state, monotonic moment), oldest first."""
    moment, then = clock
    found = []
    for event in events:
        if event["detail-type"] == CHANGE:
            detail = event["detail"]
            found.append((detail["target"]["id"], detail["state"], moment + (_seconds(event["time"]) - then) / speed))
    return found


def lateness(verdicts: Sequence[tuple[str, str, float]], starts: Mapping[str, Sequence[float]]) -> list[float]:
    """Seconds from each verdict "unhealthy" to the target's last request before it was healthy again; 0 when it got none."""
    found = []
    for number, (target, state, moment) in enumerate(verdicts):
        if state != "unhealthy":
            continue
        again = next((at for t, s, at in verdicts[number + 1 :] if t == target and s == "healthy"), None)
        if again is not None:  # else it has not ended yet
            found.append(max((start - moment for start in starts[target] if moment < start < again), default=0.0))
    return found


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
