"""Values of parameters of actions, which FIS passes as text: ISO 8601 durations, lists, numbers, JSON. Pure.

A `Shape` says whether a text fits and what is expected, for validation; the functions read values that fit.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
LONGEST_DURATION = timedelta(hours=12)  # FIS-7


@dataclass(frozen=True, slots=True)
class Shape:
    """`wanted`: what an error says is expected ("a percentage from 1 to 100")."""

    fits: Callable[[str], bool]
    wanted: str


def duration(text: str) -> timedelta | None:
    """ "PT1H30M" → 1:30:00; None: it is not an ISO 8601 duration of days, hours, minutes and seconds."""
    found = _DURATION.fullmatch(text)
    if found is None or text.endswith(("P", "T")) or len(text) > 32:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    try:
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        return None


def iso(length: timedelta) -> str:
    """The shortest form: timedelta(minutes=90) → "PT1H30M"."""
    hours, rest = divmod(int(length.total_seconds()), 3600)
    minutes, seconds = divmod(rest, 60)
    parts = ((hours, "H"), (minutes, "M"), (seconds, "S"))
    return "PT" + ("".join(f"{number}{unit}" for number, unit in parts if number) or "0S")


def listed(text: str) -> tuple[str, ...]:
    """ "a, b" → ("a", "b")."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def true(text: str | None) -> bool:
    return (text or "").lower() == "true"


def document(text: str) -> Mapping[str, Any] | None:
    """A JSON object; None: it is not one."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


# ---- shapes ------------------------------------------------------------------------------------------------------------------------------


def duration_between(least: str, most: str = "PT12H") -> Shape:
    low, high = duration(least), duration(most)
    assert low is not None and high is not None
    return Shape(
        lambda text: (found := duration(text)) is not None and low <= found <= high, f"a duration from {least} to {most} (ISO 8601)"
    )


def number_between(least: int, most: int) -> Shape:
    return Shape(lambda text: text.isascii() and text.isdigit() and least <= int(text) <= most, f"a number from {least} to {most}")


def one_of(*values: str) -> Shape:
    return Shape(lambda text: text in values, f"one of {', '.join(values)}")


def some_of(*values: str) -> Shape:
    return Shape(lambda text: bool(listed(text)) and set(listed(text)) <= set(values), f"some of {', '.join(values)}")


def list_of(pattern: str, wanted: str, most: int = 100) -> Shape:
    compiled = re.compile(pattern)
    return Shape(lambda text: 0 < len(listed(text)) <= most and all(compiled.fullmatch(each) for each in listed(text)), wanted)


ANY = Shape(lambda text: bool(text.strip()), "a value")
BOOLEAN = one_of("true", "false")
PERCENTAGE = number_between(1, 100)
ZONES = list_of(r"[a-z]{2,3}(-[a-z]+)+-\d[a-z]|[a-z0-9]+-az\d+", "names or ids of Availability Zones, separated by commas")
ZONE = list_of(r"[a-z]{2,3}(-[a-z]+)+-\d[a-z]|[a-z0-9]+-az\d+", "the name or id of an Availability Zone", most=1)
OPERATIONS = list_of(r"[A-Z][A-Za-z0-9]+", "names of API operations, separated by commas")
JSON_OBJECT = Shape(lambda text: document(text) is not None, "a JSON object")
