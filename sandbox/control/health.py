"""The health of the sandbox: the status of each part, with one sentence. Pure; the caller passes what the parts report.

A failed part stays failed until that same part succeeds: the success of one part says nothing about another.
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
    name: str  # "engine" | "runtime" | "proxy" | "metadata" | "state" | "journal"
    ok: bool
    sentence: str
    remark: str = ""  # a sentence about a problem that does not make the part fail


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    why_not: str | None = None  # why it does not serve requests
    rejected: Sequence[str] = ()  # configuration that it rejected
    remark: str = ""  # a feature that is not available


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """Why the newest state, or the newest events, are not saved in the state folder."""

    state: str | None = None
    journal: str | None = None
    remark: str = ""  # about a saved state that could not be read


def parts(
    loops: Sequence[_Loop],
    now: datetime,
    speed: float,
    runtime: tuple[str, str | None],
    proxy: Proxy,
    disk: Disk,
) -> tuple[Part, ...]:
    """`runtime`: its name, and why it cannot launch instances (None: it can)."""
    name, problem = runtime
    proxy_problem = proxy.why_not
    if proxy_problem is None and proxy.rejected:
        proxy_problem = f"The load balancer proxy rejected its configuration: {proxy.rejected[-1]}"
    return (
        _engine(loops, now, speed),
        Part(name="runtime", ok=problem is None, sentence=problem or f"The {name} runtime can launch instances."),
        Part(name="proxy", ok=proxy_problem is None, sentence=proxy_problem or "The load balancer proxy is running.", remark=proxy.remark),
        Part(name="state", ok=disk.state is None, sentence=disk.state or "The state is saved.", remark=disk.remark),
        Part(name="journal", ok=disk.journal is None, sentence=disk.journal or "The journal is saved."),
    )


def metadata_part(why_not: str | None, *, supported: bool) -> Part:
    """`why_not`: why instances are not answered. Not `supported`: the runtime has no metadata service, which is no failure."""
    if not supported:
        return Part(name="metadata", ok=True, sentence="No metadata service runs.", remark=why_not or "")
    return Part(name="metadata", ok=why_not is None, sentence=why_not or "Instances can read their metadata.")


def _engine(loops: Sequence[_Loop], now: datetime, speed: float) -> Part:
    late = [loop for loop in loops if loop.due is not None and now - loop.due > LATE * speed]
    failing = [loop for loop in loops if loop.failures]
    if late:
        worst = min(late, key=lambda loop: loop.due or now)
        return Part(name="engine", ok=False, sentence=f"The engine is stalled: {worst.controller} for {worst.key} is overdue.")
    if failing:
        worst = max(failing, key=lambda loop: loop.failures)
        sentence = f"{worst.controller} for {worst.key} failed {worst.failures} times in a row: {worst.last_error}"
        return Part(name="engine", ok=False, sentence=sentence)
    return Part(name="engine", ok=True, sentence=f"{len(loops)} loops are running; none is failing.")
