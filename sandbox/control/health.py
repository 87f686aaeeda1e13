"""Is all well? Each part with a sentence. Pure; wiring passes what the parts say of themselves.

A part has one condition, which only that part's own success ends: what one thing does says nothing about another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

LATE = timedelta(seconds=30)  # of real time


class _Loop(Protocol):
    controller: str
    key: str
    due: datetime | None
    failures: int
    last_error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    name: str  # "engine" | "runtime" | "proxy" | "state" | "journal"
    ok: bool
    sentence: str
    remark: str = ""  # a sentence on what is well enough to go on, and yet to be known


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    why_not: str | None = None  # why it does not serve
    rejected: Sequence[str] = ()  # configuration that it refused
    remark: str = ""  # what it does without


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """Why the state folder does not hold the newest state, or the newest events."""

    state: str | None = None
    journal: str | None = None
    remark: str = ""  # on a state that could not be read


def parts(
    loops: Sequence[_Loop],
    now: datetime,
    speed: float,
    runtime: tuple[str, str | None],
    proxy: Proxy,
    disk: Disk,
) -> tuple[Part, ...]:
    """`runtime`: its name and why it cannot launch; `proxy` and `disk`: what they say of themselves."""
    name, problem = runtime
    ill = proxy.why_not
    if ill is None and proxy.rejected:
        ill = f"The load balancers' proxy refused configuration: {proxy.rejected[-1]}"
    return (
        _engine(loops, now, speed),
        Part(name="runtime", ok=problem is None, sentence=problem or f"The {name} runtime can launch instances."),
        Part(name="proxy", ok=ill is None, sentence=ill or "The load balancers' proxy serves.", remark=proxy.remark),
        Part(name="state", ok=disk.state is None, sentence=disk.state or "The state is on disk.", remark=disk.remark),
        Part(name="journal", ok=disk.journal is None, sentence=disk.journal or "The journal is on disk."),
    )


def _engine(loops: Sequence[_Loop], now: datetime, speed: float) -> Part:
    late = [loop for loop in loops if loop.due is not None and now - loop.due > LATE * speed]
    failing = [loop for loop in loops if loop.failures]
    if late:
        worst = min(late, key=lambda loop: loop.due or now)
        return Part(name="engine", ok=False, sentence=f"{worst.controller} should have looked at {worst.key} long ago: the engine hangs.")
    if failing:
        worst = max(failing, key=lambda loop: loop.failures)
        sentence = f"{worst.controller} failed {worst.failures} times in a row on {worst.key}: {worst.last_error}"
        return Part(name="engine", ok=False, sentence=sentence)
    return Part(name="engine", ok=True, sentence=f"{len(loops)} loops run, none fails.")
