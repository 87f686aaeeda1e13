"""Messages of the stream, in the form of server-sent events (HTML Living Standard, 9.2). The id of each is that of the journal's last event
which it contains, so that a page that connects again says what it has (Last-Event-ID)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from markupsafe import Markup

RETRY = b"retry: 1000\n\n"  # real milliseconds until a page connects again


def message(name: str, data: Mapping[str, Any], event_id: str = "") -> bytes:
    """`data` becomes one line of JSON."""
    head = f"id: {event_id}\n" if event_id else ""
    return f"{head}event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a page has to show now."""

    parts: Mapping[str, Markup]  # elements by id
    numbers: Mapping[str, str]  # all of them
    events: Sequence[str]  # rows of HTML, the newest first
    clock: Mapping[str, Any]
    last: str  # id of the journal's last event in it
    whole: bool = False  # `parts` are all that the page has


def change(found: Change) -> bytes:
    data = {each.name: getattr(found, each.name) for each in fields(found)}
    return message("change", data, found.last)


def tick(clock: Mapping[str, Any]) -> bytes:
    """Tells an open page that the control plane is there."""
    return message("tick", {"clock": clock})


def clock(now: datetime, speed: float) -> Mapping[str, Any]:
    return {"now": now.isoformat(timespec="milliseconds"), "speed": speed}
