"""Restores the clock, the AWS state and the journal of the previous control plane. serving.py calls it at the start.

Containers and Envoy outlive a control plane; the drivers find them themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sandbox.aws import state, state_file
from sandbox.aws.state_file import Unreadable
from sandbox.core.clock import Reading
from sandbox.core.events import Event
from sandbox.core.text import plural
from sandbox.parts import Sandbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where the clock continues."""

    at: datetime  # sandbox time
    speed: float


def start(saved: Path, earlier: Sequence[Event], configured: float, wall: datetime) -> Start:
    """Sandbox time never runs backwards. It continues at the time that the saved clock would show now (without a saved clock: at the
    machine's time, `wall`), but not before the newest event. `configured`: the speed of the settings."""
    reading = _reading(saved)
    known = [event.at for event in earlier[-1:]]
    if reading is None:
        return Start(at=max([wall, *known]), speed=configured)
    return Start(at=max([reading.after(wall), *known]), speed=reading.speed_after(configured))


def _reading(saved: Path) -> Reading | None:
    """The clock of the file's header, which may be readable even if the rest of the file is damaged."""
    try:
        return state_file.read_header(saved).clock
    except (FileNotFoundError, Unreadable):
        return None


def take_up(sandbox: Sandbox, earlier: Sequence[Event], saved: Path) -> None:
    """Loads journal and state, and records the result. A state that cannot be read is set aside, and the sandbox starts without it."""
    sandbox.journal.load(earlier)
    taken, known = "started without a saved state", ""
    machines = sandbox.drivers.runtime.containers()
    state_file.sweep(saved)
    if saved.exists():
        try:
            known = state.load(saved)
            taken = f"continued with the state of an earlier run and {plural(len(machines), 'machine')}"
        except Unreadable as error:
            taken = "started with an empty state"
            sandbox.journal.record(_set_aside(saved, error, len(machines)))
    if unsaved := sandbox.journal.events(after=known) if known else ():
        sandbox.journal.record(_forgotten(unsaved))
    runtime, speed = sandbox.drivers.runtime.name, sandbox.clock.speed
    sandbox.journal.record(
        Event(
            source="sandbox.control",
            detail_type="Sandbox Started",
            summary=f"the control plane {taken} ({runtime} runtime, speed {speed:g})",
            detail={"runtime": runtime, "speed": speed, "machines": sorted(machines)},
        )
    )
    sandbox.injector.take_up()


def _set_aside(saved: Path, error: Unreadable, machines: int) -> Event:
    """The data plane keeps running: see state.begin_after."""
    aside = state_file.set_aside(saved)
    state.begin_after(aside.name)
    summary = (
        f"{saved} {error}. It is kept as {aside.name}, and the state starts empty. {plural(machines, 'machine')} and the load balancer "
        "proxy keep running until a reset, or sandbox down"
    )
    return Event(
        source="sandbox.control", detail_type="State Set Aside", summary=summary, detail={"file": str(aside), "reason": str(error)}
    )


def _forgotten(unsaved: Sequence[Event]) -> Event:
    """The journal is written event by event, the state some milliseconds later, so the last changes may be in the journal only. Controllers
    detect again what they can observe; the effect of a user's call is lost."""
    ids = [event.id for event in unsaved]
    summary = f"the control plane died before it saved the effects of {plural(len(ids), 'event')} ({ids[0]} to {ids[-1]})"
    return Event(source="sandbox.control", detail_type="State Forgotten", summary=summary, detail={"events": ids})
