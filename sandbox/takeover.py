"""What a control plane takes over from the one before it: the clock, the AWS state and the journal. serving.py calls it at the start.

Containers and Envoy outlive a control plane; the drivers find them by themselves.
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
    """Where the clock goes on."""

    at: datetime  # sandbox time
    speed: float


def start(saved: Path, earlier: Sequence[Event], configured: float, wall: datetime) -> Start:
    """Sandbox time never runs backwards: it is what the saved clock would show by now, and not before the newest event. Without a saved
    clock it is the machine's time (`wall`), and not before the newest event. `configured`: the speed of the settings."""
    reading = _reading(saved)
    known = [event.at for event in earlier[-1:]]
    if reading is None:
        return Start(at=max([wall, *known]), speed=configured)
    return Start(at=max([reading.after(wall), *known]), speed=reading.speed_after(configured))


def _reading(saved: Path) -> Reading | None:
    """Of the header, which may be read where the rest of the file is damaged."""
    try:
        return state_file.read_header(saved).clock
    except (FileNotFoundError, Unreadable):
        return None


def take_up(sandbox: Sandbox, earlier: Sequence[Event], saved: Path) -> None:
    """Loads journal and state, and records what came of it. A state that cannot be read is set aside, and the sandbox starts without."""
    sandbox.journal.load(earlier)
    taken, known = "started with nothing", ""
    machines = sandbox.drivers.runtime.containers()
    state_file.sweep(saved)
    if saved.exists():
        try:
            known = state.load(saved)
            taken = f"took up the state of an earlier run and {plural(len(machines), 'machine')}"
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


def _set_aside(saved: Path, error: Unreadable, machines: int) -> Event:
    """The data plane goes on: see state.begin_after."""
    aside = state_file.set_aside(saved)
    state.begin_after(aside.name)
    summary = (
        f"{saved} {error}. It is kept as {aside.name}, and the state starts empty. {plural(machines, 'machine')} and the load balancers' "
        "proxy go on as they are until a reset, or sandbox down"
    )
    return Event(
        source="sandbox.control", detail_type="State Set Aside", summary=summary, detail={"file": str(aside), "reason": str(error)}
    )


def _forgotten(unsaved: Sequence[Event]) -> Event:
    """The journal is written event by event, the state some milliseconds later: what came between is in the journal only. What the world
    shows is found again by the controllers; a user's call is not."""
    ids = [event.id for event in unsaved]
    summary = f"the control plane died before it had saved what came of {plural(len(ids), 'event')} ({ids[0]} to {ids[-1]})"
    return Event(source="sandbox.control", detail_type="State Forgotten", summary=summary, detail={"events": ids})
